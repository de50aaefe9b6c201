"""The manifest of claiming."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.criteria.fields import kept_for
from app.core.features import Feature, NavItem, Panel, TimelineKind
from app.core.handing_over import Kept
from app.core.jobs import DailyAt
from app.core.permissions import LEADERS, Actor, Role
from app.employers.models import Employer
from app.leads.ledger.lists import accounts_due, registration_due
from app.leads.ledger.models import LEFT_LABELS
from app.leads.ledger.policy import STAGES
from app.leads.ledger.queries import reasons, stays_of
from app.leads.policy import Permission
from app.leads.pool.forms import CLAIM, GIVE_BACK
from app.leads.pool.jobs import mind_idle_leads
from app.leads.pool.lists import LIES
from app.leads.pool.policy import OPTIONS
from app.leads.pool.views import blueprint
from app.lifecycle.onboarding.policy import ACCOUNTS


def load_panel(employer: Employer, actor: Actor) -> Mapping[str, Any]:
    """The stays of the employer in the ledger, its clocks, and what the reader may do."""
    stays = stays_of(employer.id)
    lead = next((stay for stay in stays if stay.left_on is None), None)
    waiting = employer.account_opened_on and not ACCOUNTS.reached_by(employer)
    return {
        "lead": lead,
        "reasons": reasons(lead) if lead else [],
        "stays": stays,
        "left": LEFT_LABELS,
        "registration": registration_due(employer) if employer.stage in STAGES else None,
        "accounts": accounts_due(employer) if waiting else None,
        "mine": employer.owner_id == actor.id,
    }


feature = Feature(
    name="pool",
    blueprint=blueprint,
    navigation=(NavItem(_l("Leads per specialist"), "pool.index", Permission.VIEW, "people", "leads", 24),),
    grants={
        Permission.CLAIM: (Role.SPECIALIST, *LEADERS),
        Permission.CAPACITY: LEADERS,
    },
    kept=(Kept("lead_capacities.user_id", _l("How much one person can carry.")),),
    employer_fields=kept_for(Permission.VIEW, (LIES,)),
    employer_actions=(CLAIM, GIVE_BACK),
    panels=(
        Panel("lead", _l("Lead ledger"), "leads/_panel.html", load_panel, Permission.VIEW, 15, later=True),
    ),
    timeline_kinds=(TimelineKind("lead", _l("Lead ledger"), "binoculars", Permission.VIEW),),
    options=OPTIONS,
    schedule=(DailyAt("06:10", mind_idle_leads),),
)
