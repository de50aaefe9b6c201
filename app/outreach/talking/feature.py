"""The manifest of scripts."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.core.permissions import LEADERS, OFFICE
from app.outreach.talking import demo
from app.outreach.talking.policy import Permission
from app.outreach.talking.views import blueprint

feature = Feature(
    name="talking",
    blueprint=blueprint,
    demo=demo.load,
    navigation=(
        NavItem(_l("Scripts and sheets"), "talking.index", Permission.VIEW, "chat-quote", "visits", 40),
    ),
    grants={Permission.VIEW: OFFICE, Permission.WRITE: LEADERS, Permission.REHEARSE: OFFICE},
)
