"""The manifest of arrears."""

from flask_babel import lazy_gettext as _l

from app.contributions.arrears.cli import group
from app.contributions.arrears.policy import OPTIONS, Permission
from app.contributions.arrears.queries import left_with
from app.contributions.arrears.workflow import ARREARS
from app.contributions.standing.policy import OPTIONS as BUCKETS
from app.core.features import Feature, TimelineKind
from app.core.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Role

feature = Feature(
    name="arrears",
    grants={
        Permission.VIEW: OFFICE,
        Permission.WORK: (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER, *LEADERS),
    },
    cli=group,
    workflows=(ARREARS,),
    timeline_kinds=(TimelineKind("arrears", _l("Arrears case"), "hourglass-split", Permission.VIEW),),
    movers=(
        Mover(
            "arrears_cases",
            _l("Arrears cases"),
            distinct=("closed_on",),
            anchor="arrears",
            settle=left_with,
        ),
    ),
    options=(*BUCKETS, *OPTIONS),
)
