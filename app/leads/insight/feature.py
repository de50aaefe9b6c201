"""The manifest of the ledger's figures."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.leads.insight.views import blueprint
from app.leads.policy import Permission

feature = Feature(
    name="insight",
    blueprint=blueprint,
    navigation=(
        NavItem(_l("Leads month by month"), "insight.monthly", Permission.VIEW, "calendar3", "insight", 32),
        NavItem(_l("Conversion funnel"), "insight.funnel", Permission.VIEW, "funnel", "insight", 34),
    ),
)
