"""The manifest of the day of visits."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.leads.policy import Permission
from app.leads.route.views import blueprint

feature = Feature(
    name="route",
    blueprint=blueprint,
    navigation=(NavItem(_l("A day of visits"), "route.index", Permission.VIEW, "signpost-2", "visits", 34),),
)
