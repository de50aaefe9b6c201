"""The manifest of templates."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from campaigns.drafting.templates.policy import GRANTS, Permission
from campaigns.drafting.templates.views import blueprint

feature = Feature(
    name="sms_templates",
    blueprint=blueprint,
    grants=GRANTS,
    navigation=(
        NavItem(
            _l("Templates of messages"),
            "templates.index",
            Permission.VIEW,
            "chat-square-text",
            "outreach",
            35,
        ),
    ),
)
