"""The lifecycle's manifest."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, TimelineKind
from app.core.permissions import LEADERS, Role
from app.lifecycle import demo
from app.lifecycle.policy import OPTIONS, Permission
from app.lifecycle.workflow import LIFECYCLE

feature = Feature(
    name="lifecycle",
    grants={
        Permission.MOVE: (Role.SPECIALIST, *LEADERS),
        Permission.DISMISS: (Role.SPECIALIST, *LEADERS),
        Permission.CLOSE: (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER, *LEADERS),
        Permission.CORRECT_CLOSED: LEADERS,
    },
    workflows=(LIFECYCLE,),
    options=OPTIONS,
    demo=demo.load,
    timeline_kinds=(TimelineKind("stage", _l("Stage"), "signpost-split"),),
)
