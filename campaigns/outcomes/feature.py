"""The manifest of the table of outcomes."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from campaigns.outcomes.policy import GRANTS, OPTIONS, Permission
from campaigns.outcomes.views import blueprint

feature = Feature(
    name="outcomes",
    blueprint=blueprint,
    grants=GRANTS,
    options=OPTIONS,
    navigation=(
        NavItem(
            _l("What follows from outcomes"),
            "outcomes.index",
            Permission.VIEW,
            "signpost-split",
            "outreach",
            92,
        ),
    ),
)
