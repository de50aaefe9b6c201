"""The manifest of hand-overs."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem, TimelineKind
from app.core.handing_over import Kept
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE
from app.tasks.rotation.policy import CONFIRM_DAYS, Permission
from app.tasks.rotation.views import blueprint

_TELLS = _l("It tells who handed over to whom.")

feature = Feature(
    name="rotation",
    blueprint=blueprint,
    navigation=(
        NavItem(_l("Hand-overs"), "rotation.index", Permission.VIEW, "arrow-left-right", "work", 26),
    ),
    grants={Permission.VIEW: OFFICE, Permission.MAKE: LEADERS},
    options=(CONFIRM_DAYS,),
    kept=(Kept("handovers.from_id", _TELLS), Kept("handovers.to_id", _TELLS)),
    movers=(
        Mover("handover_items", _l("Hand-overs"), stays=_l("It tells what was handed over then.")),
        Mover(
            "handover_items", _l("Hand-overs"), "record_id", stays=_l("It tells what was handed over then.")
        ),
    ),
    timeline_kinds=(TimelineKind("handover", _l("Hand-over"), "arrow-left-right", Permission.VIEW),),
)
