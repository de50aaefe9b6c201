"""Working out a plan, and keeping it."""

from collections.abc import Sequence
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.core import timeline
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.formats import money
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.rules.rates import Bounds, Cost, Group, bounds, monthly_cost
from app.employers.models import Employer
from app.outreach.plans.models import ContributionPlan

KIND = "plan"
MADE = msgid(
    "Contribution plan %(number)s: a month %(employer)s yuan of the employer, %(employees)s of employees"
)
MOST_GROUPS = 5


def work_out(groups: Sequence[Group], employer_rate: Decimal, employee_rate: Decimal) -> tuple[Cost, Bounds]:
    """The monthly cost within today's bounds; DomainError with every reason against it."""
    within = bounds()
    reasons = []
    if not groups:
        reasons.append(_l("Enter how many employees there are, and their average wage."))
    if len(groups) > MOST_GROUPS:
        reasons.append(_l("A plan has at most %(most)s groups of employees.", most=MOST_GROUPS))
    if any(group.heads < 1 or group.wage <= 0 for group in groups):
        reasons.append(_l("Employees and wages are greater than nought."))
    if not within.allows(employer_rate) or not within.allows(employee_rate):
        lowest, highest = (f"{rate * 100:.0f}" for rate in (within.lowest_rate, within.highest_rate))
        reasons.append(_l("A rate lies between %(low)s %% and %(high)s %%.", low=lowest, high=highest))
    if reasons:
        raise DomainError(_l("This plan cannot be worked out:"), reasons)
    return monthly_cost(groups, employer_rate, employee_rate, within), within


def save_plan(
    employer: Employer,
    groups: Sequence[Group],
    employer_rate: Decimal,
    employee_rate: Decimal,
    note: str,
    actor: Actor,
) -> ContributionPlan:
    """Keeps the plan as the employer's next version; earlier ones stay."""
    cost, within = work_out(groups, employer_rate, employee_rate)
    last = select(func.max(ContributionPlan.number)).where(ContributionPlan.employer_id == employer.id)
    plan = ContributionPlan(
        employer_id=employer.id,
        number=(db.session.scalar(last) or 0) + 1,
        groups=[{"heads": group.heads, "wage": str(group.wage)} for group in groups],
        employer_rate=employer_rate,
        employee_rate=employee_rate,
        lowest_base=within.lowest_base,
        highest_base=within.highest_base,
        heads=cost.heads,
        employer_amount=cost.employer,
        employees_amount=cost.employees,
        note=note.strip(),
        by_id=actor.id,
    )
    db.session.add(plan)
    db.session.flush()
    params = {"number": plan.number, "employer": money(cost.employer), "employees": money(cost.employees)}
    timeline.record(
        employer.id, KIND, MADE, params=params, actor=actor, endpoint="plans.show", link_id=plan.id
    )
    return plan
