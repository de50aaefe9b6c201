"""The manifest of the profile."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, Panel, TimelineKind
from app.core.jobs import Every
from app.core.merging.moving import Mover
from app.core.permissions import OFFICE
from app.employers.profile import demo, services
from app.employers.profile.jobs import refresh_quality
from app.employers.profile.lists import FIELDS
from app.employers.profile.models import RiskFlag, ServiceNote
from app.employers.profile.policy import Permission
from app.employers.profile.queries import remarks_of
from app.employers.profile.services import NOTE, RISK
from app.employers.profile.views import blueprint

feature = Feature(
    name="profile",
    blueprint=blueprint,
    demo=demo.load,
    grants={Permission.VIEW: OFFICE, Permission.WRITE: OFFICE},
    employer_fields=FIELDS,
    schedule=(Every(3600, refresh_quality),),
    init=lambda _app: services.install(),
    panels=(
        Panel(
            "profile",
            _l("Service notes and risks"),
            "employers/profile/_panel.html",
            lambda employer, _actor: {"remarks": remarks_of(employer.id)},
            Permission.VIEW,
            5,
        ),
    ),
    timeline_kinds=(
        TimelineKind(NOTE, _l("Service note"), "journal-text", Permission.VIEW),
        TimelineKind(RISK, _l("Risk flag"), "flag", Permission.VIEW),
    ),
    movers=(
        Mover(ServiceNote.__tablename__, _l("Service notes"), anchor="profile"),
        Mover(RiskFlag.__tablename__, _l("Risk flags"), distinct=("code", "until"), anchor="profile"),
    ),
)
