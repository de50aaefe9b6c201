"""The manifest of leads."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.core.permissions import LEADERS, OFFICE, Role
from app.leads import demo
from app.leads.forms import BANK_ACCOUNTS, REGISTRY, SOCIAL_INSURANCE
from app.leads.policy import Permission
from app.leads.views import blueprint

feature = Feature(
    name="leads",
    blueprint=blueprint,
    demo=demo.load,
    navigation=(NavItem(_l("Lead ledger"), "leads.index", Permission.VIEW, "binoculars", "employers", 20),),
    grants={Permission.VIEW: OFFICE, Permission.IMPORT: (Role.SPECIALIST, *LEADERS)},
    import_specs=(REGISTRY, BANK_ACCOUNTS, SOCIAL_INSURANCE),
)
