"""The employers' manifest."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.finds import SearchKind
from app.core.handing_over import Kept, Matter
from app.core.jobs import Every
from app.core.links import url_if
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Role
from app.employers import demo
from app.employers.cli import employers, segments
from app.employers.models import Employer
from app.employers.policy import Permission, not_merged, visible_to
from app.employers.queries import find_segments, representatives_overtaken
from app.employers.search import views as search_views
from app.employers.search.jobs import complete_search
from app.employers.services import hand_over_backed_up, hand_over_owned
from app.employers.views import blueprint

#: what goes to somebody else when a person rotates
MATTERS = (
    Matter(
        "employers", _l("Employers owned"), Employer, Employer.owner_id, not_merged, Employer.name,
        Employer.id, give=hand_over_owned, endpoint="employers.show", argument="employer_id",
        listed=lambda user_id: url_if("employers.index", **{"owner.in": user_id}),
    ),
    Matter(
        "backups", _l("Employers backed up"), Employer, Employer.backup_owner_id, not_merged, Employer.name,
        Employer.id, give=hand_over_backed_up, endpoint="employers.show", argument="employer_id",
    ),
)  # fmt: skip

feature = Feature(
    name="employers",
    matters=MATTERS,
    kept=(
        Kept("employers.first_contact_owner_id", _l("Whoever was asked first answers to the end.")),
        Kept("segments.owner_id", _l("One's own saved views.")),
    ),
    blueprint=blueprint,
    grants={
        Permission.VIEW: (*OFFICE, Role.BANK_PARTNER),
        Permission.EDIT: (Role.SPECIALIST, *LEADERS),
        Permission.EXPORT: OFFICE,
        Permission.ASSIGN: LEADERS,
        Permission.REVEAL: OFFICE,
        Permission.PUBLISH: LEADERS,
    },
    navigation=(
        NavItem(_l("Employers"), "employers.index", Permission.VIEW, "buildings", "employers", 10),
        NavItem(_l("Segments"), "employers.segments", Permission.VIEW, "bookmarks", "employers", 40),
    ),
    search=(SearchKind("segments", _l("Segments"), "employers.segments", find_segments, order=40),),
    cli=(employers, segments),
    demo=demo.load,
    schedule=(Every(3600, complete_search),),
    timeline_kinds=(
        TimelineKind("employer", _l("Employer"), "building"),
        TimelineKind("contact", _l("Contact"), "person-lines-fill"),
    ),
    record_kinds=(
        RecordKind(
            "employer",
            _l("Employer"),
            Employer,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.VIEW,
            remove=Permission.VIEW,
            employer_id=lambda employer: employer.id,
            title=lambda employer: employer.name,
            endpoint="employers.show",
            argument="employer_id",
        ),
    ),
    movers=(
        Mover(
            "employer_contacts", _l("Contacts"), distinct=("contact_id", "role", "until"), anchor="contacts",
            settle=representatives_overtaken,
        ),
        Mover("former_names", _l("Former names"), distinct=("name_key",)),
        Mover("employer_search", _l("Search"), "id", stays=_l("It is made anew.")),
        Mover("employers", _l("Records merged before"), "merged_into_id"),
    ),
    init=search_views.init_app,
)  # fmt: skip
