"""The manifest of reconciliation."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from campaigns.drafting.policy import Permission
from campaigns.ledger.cli import group
from campaigns.results.reconciling import demo
from campaigns.results.reconciling.cli import reconcile
from campaigns.results.reconciling.forms import BILL
from campaigns.results.reconciling.views import blueprint

group.add_command(reconcile)

feature = Feature(
    name="reconciling",
    blueprint=blueprint,
    demo=demo.load,
    import_specs=(BILL,),
    navigation=(
        NavItem(_l("Gateway's bills"), "reconciling.bills", Permission.VIEW, "receipt", "outreach", 88),
    ),
)
