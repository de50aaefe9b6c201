"""Reading plans."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.queries import name_of
from app.core import signals
from app.core.clock import SHANGHAI, local
from app.core.db import db
from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.rules import rates
from app.outreach.plans.models import ContributionPlan
from app.outreach.plans.policy import visible_to


def find(plan_id: int, actor: Actor) -> ContributionPlan:
    """The plan, or NotFound when its employer is out of the actor's reach."""
    query = select(ContributionPlan).where(ContributionPlan.id == plan_id, visible_to(actor))
    return the_one(query.options(joinedload(ContributionPlan.employer)), _l("There is no such plan."))


def valid_until(plan: ContributionPlan) -> date:
    """The last day on which the plan's bounds hold."""
    return rates.valid_until(local(plan.created_at).date())


def overtaken(plan: ContributionPlan) -> bool:
    """Whether floor or ceiling of its day were set anew after the plan was worked out."""
    held = rates.bounds(local(plan.created_at).date())
    return (plan.lowest_base, plan.highest_base) != (held.lowest_base, held.highest_base)


@signals.options_backdated.connect
def made_by_old_bounds(_sender: object, since: date, **_more: object) -> list[Any]:
    """How many plans of the days since then were worked out with another floor or ceiling."""
    begins = datetime.combine(since, time(), SHANGHAI)
    query = select(ContributionPlan).where(ContributionPlan.created_at >= begins)
    number = sum(map(overtaken, db.session.scalars(query)))
    if not number:
        return []
    return [
        _l(
            "%(count)s contribution plans since %(day)s were worked out with another floor or ceiling;"
            " their pages say so.",
            count=number, day=since.isoformat(),
        )
    ]  # fmt: skip


def values_of(plan: ContributionPlan) -> dict[str, str]:
    """The plan as messages and letters say it."""
    amounts = {
        "base": plan.average_base,
        "employer_amount": plan.employer_amount,
        "employees_amount": plan.employees_amount,
        "total_amount": plan.employer_amount + plan.employees_amount,
    }
    return {
        "plan_heads": str(plan.heads),
        "employer_rate": f"{plan.employer_rate * 100:f}",
        "employee_rate": f"{plan.employee_rate * 100:f}",
        "valid_until": valid_until(plan).isoformat(),
        **{name: f"{amount:.2f}" for name, amount in amounts.items()},
    }


def plans_of(employer_id: int, limit: int = 5) -> Sequence[ContributionPlan]:
    """The employer's plans, the newest first."""
    query = select(ContributionPlan).where(ContributionPlan.employer_id == employer_id)
    query = query.options(name_of(ContributionPlan.by)).order_by(ContributionPlan.number.desc())
    return db.session.scalars(query.limit(limit)).all()
