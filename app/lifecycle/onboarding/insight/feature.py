"""The manifest of what account openings come to."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.lifecycle.onboarding.insight.views import blueprint
from app.lifecycle.onboarding.policy import Permission

feature = Feature(
    name="openings",
    blueprint=blueprint,
    navigation=(
        NavItem(
            _l("Openings in figures"), "openings.figures", Permission.VIEW, "bar-chart-steps", "insight", 36
        ),
    ),
)
