"""The manifest of the results in figures."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from campaigns.drafting.policy import Permission
from campaigns.results.breakdown.views import blueprint

feature = Feature(
    name="breakdown",
    blueprint=blueprint,
    navigation=(
        NavItem(
            _l("Campaigns compared"), "breakdown.compare", Permission.VIEW, "bar-chart-steps", "outreach", 36
        ),
    ),
)
