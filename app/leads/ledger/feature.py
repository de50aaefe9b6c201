"""The manifest of the ledger."""

from flask_babel import lazy_gettext as _l

from app.core.criteria.fields import kept_for
from app.core.escalating import Breach, Origin
from app.core.features import Feature, NavItem
from app.core.handing_over import Matter
from app.core.jobs import DailyAt
from app.core.links import url_if
from app.core.merging.moving import Mover
from app.employers.models import Employer
from app.leads.ledger import demo
from app.leads.ledger.jobs import put_in_order
from app.leads.ledger.lists import EMPLOYER_FIELDS
from app.leads.ledger.models import Lead
from app.leads.ledger.policy import OPTIONS, pursued
from app.leads.ledger.queries import endings, never_won, objections_to_escalation
from app.leads.ledger.views import blueprint
from app.leads.policy import Permission

#: obliged, and still not registered
ESCALATING = Origin(
    "lead",
    _l("Lead that does not register"),
    Breach.REGISTER,
    pursued,
    objections_to_escalation,
    endings,
    workflow="lifecycle",
    endpoint="employers.show",
    argument="employer_id",
)

feature = Feature(
    name="ledger",
    blueprint=blueprint,
    demo=demo.load,
    navigation=(NavItem(_l("Lead ledger"), "leads.index", Permission.VIEW, "binoculars", "leads", 20),),
    employer_fields=kept_for(Permission.VIEW, EMPLOYER_FIELDS),
    origins=(ESCALATING,),
    matters=(
        Matter(
            "leads",
            _l("Leads"),
            Lead,
            Employer.owner_id,
            lambda: Lead.left_on.is_(None),
            Employer.name,
            Lead.employer_id,
            along=True,
            listed=lambda user_id: url_if("leads.index", **{"owner.in": user_id}),
        ),
    ),
    options=OPTIONS,
    # after the employers of the day's files were placed
    schedule=(DailyAt("05:40", put_in_order),),
    movers=(
        Mover(
            "leads",
            _l("Stays in the lead ledger"),
            distinct=("left_on",),
            settle=never_won,
            follows=("registered_on", "paid_on", "left_on", "left_why"),
        ),
    ),
)
