"""The manifest of leads."""

from app.core.features import Feature
from app.core.permissions import LEADERS, OFFICE, Role
from app.leads import demo
from app.leads.forms import BANK_ACCOUNTS, REGISTRY, SOCIAL_INSURANCE
from app.leads.policy import Permission

feature = Feature(
    name="leads",
    demo=demo.load,
    grants={Permission.VIEW: OFFICE, Permission.IMPORT: (Role.SPECIALIST, *LEADERS)},
    import_specs=(REGISTRY, BANK_ACCOUNTS, SOCIAL_INSURANCE),
)
