"""The gateways' manifest: a command group, and what their codes mean."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from campaigns.gateways.cli import group
from campaigns.gateways.policy import GRANTS, Permission
from campaigns.gateways.views import blueprint

feature = Feature(
    name="gateways",
    blueprint=blueprint,
    cli=group,
    grants=GRANTS,
    navigation=(
        NavItem(
            _l("Gateway codes"), "gateway_codes.index", Permission.CODES_VIEW, "broadcast-pin", "admin", 70
        ),
    ),
)
