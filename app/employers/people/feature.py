"""The manifest of people."""

from flask_babel import lazy_gettext as _l

from app.core.criteria.trees import Tree, rule
from app.core.features import Feature, Kpi, NavItem
from app.core.files.attachable import RecordKind
from app.core.finds import SearchKind
from app.core.merging.moving import PEOPLE, Mover
from app.core.periods import Period
from app.core.permissions import LEADERS, Role
from app.core.personal.retaining import Retention
from app.employers.models import ROLE_LABELS, Contact, EmployerContact
from app.employers.people.forms import CONTACTS
from app.employers.people.lists import FIELDS, find_people
from app.employers.people.policy import ACTIVE, Permission, editable_by, role_visible_to
from app.employers.people.queries import roles_held_twice
from app.employers.people.services import forgetting
from app.employers.people.views import blueprint
from app.employers.policy import Permission as EmployerPermission

_MERGED = _l("Merges of contacts")
_EACH_MERGE = _l("Each merge tells what was done then.")


def active(_period: Period) -> Tree:
    """Active employers: those with an account in use."""
    return {"match": "all", "rules": [rule("stage", "in", [stage.value for stage in ACTIVE])]}


def reached(period: Period) -> Tree:
    """手机号覆盖率: active employers with a handler whose mobile number is verified."""
    return {"match": "all", "rules": [*active(period)["rules"], rule("verified_handler", "yes")]}


feature = Feature(
    name="people",
    blueprint=blueprint,
    navigation=(
        NavItem(
            _l("Contacts"), "people.index", EmployerPermission.VIEW, "person-lines-fill", "employers", 30
        ),
    ),
    grants={
        Permission.REVEAL_ID: (Role.ENFORCEMENT_OFFICER, *LEADERS),
        Permission.MERGE: LEADERS,
        Permission.IMPORT: (Role.SPECIALIST, *LEADERS),
    },
    import_specs=(CONTACTS,),
    employer_fields=FIELDS,
    search=(SearchKind("people", _l("Contacts"), "people.index", find_people, order=10),),
    kpis=(Kpi("mobile_coverage", _l("Mobile coverage"), reached, active, order=50),),
    record_kinds=(
        # what is kept of a person himself is for those whom he serves now
        RecordKind(
            "contact",
            _l("Contact"),
            Contact,
            editable_by,
            view=EmployerPermission.VIEW,
            attach=EmployerPermission.EDIT,
            remove=EmployerPermission.EDIT,
            employer_id=lambda _contact: None,
            title=lambda contact: contact.name,
            endpoint="people.show",
        ),
        RecordKind(
            "contact_role",
            _l("Letter of authorisation"),
            EmployerContact,
            role_visible_to,
            view=EmployerPermission.VIEW,
            attach=EmployerPermission.EDIT,
            remove=EmployerPermission.EDIT,
            employer_id=lambda link: link.employer_id,
            title=lambda link: f"{link.contact.name} · {ROLE_LABELS[link.role]}",
            endpoint="people.role",
        ),
    ),
    retention=(
        Retention(
            "contacts",
            _l("Contacts who left"),
            _l(
                "Counted from the end of the last role: name, numbers, address and ID number are deleted, "
                "also from messages, tasks and the timeline, and so are their files and letters of "
                "authorisation. The roles stay, without a name."
            ),
            forgetting.due,
            forgetting.forget,
        ),
    ),
    movers=(
        Mover(
            "employer_contacts", _l("Roles"), "contact_id", distinct=("employer_id", "role", "until"),
            settle=roles_held_twice, of=PEOPLE,
        ),
        Mover(
            "attachments", _l("Files"), "record_id", distinct=("kind", "sha256"), only={"kind": "contact"},
            of=PEOPLE,
        ),
        Mover("contacts", _l("Records merged before"), "merged_into_id", of=PEOPLE),
        Mover("contact_merges", _MERGED, "kept_id", stays=_EACH_MERGE, of=PEOPLE),
        Mover("contact_merges", _MERGED, "merged_id", stays=_EACH_MERGE, of=PEOPLE),
    ),
)  # fmt: skip
