"""The manifest of who must contribute."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem, Panel
from app.core.jobs import DailyAt
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, Actor
from app.employers.models import Employer
from app.leads.eligibility import demo
from app.leads.eligibility.jobs import judge_all
from app.leads.eligibility.models import VERDICT_LABELS
from app.leads.eligibility.queries import held_of
from app.leads.eligibility.views import blueprint
from app.leads.ledger.policy import STAGES
from app.leads.policy import Permission


def load_panel(employer: Employer, _actor: Actor) -> Mapping[str, Any]:
    """What is held of a firm without an account."""
    held = held_of(employer.id) if employer.stage in STAGES else None
    return {"held": held, "verdicts": VERDICT_LABELS, "lead": employer.stage in STAGES}


feature = Feature(
    name="eligibility",
    blueprint=blueprint,
    demo=demo.load,
    navigation=(
        NavItem(_l("Who must contribute"), "eligibility.index", Permission.VIEW, "question-circle",
                "leads", 26),
    ),
    grants={Permission.RULES: LEADERS},
    panels=(
        Panel("eligibility", _l("Duty to contribute"), "leads/_eligibility.html", load_panel,
              Permission.VIEW, 17, later=True),
    ),
    schedule=(DailyAt("05:30", judge_all),),
    movers=(
        Mover("eligibility", _l("Duty to contribute"),
              stays=_l("The record that is kept is judged by itself.")),
    ),
)  # fmt: skip
