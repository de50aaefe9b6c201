"""Two years of monthly statements for the synthetic department, ending in what the employers show today."""

from typing import Any

from sqlalchemy import insert, select

from app.contributions.models import ContributionFact
from app.core.db import db
from app.core.demo import Demo
from app.core.periods import Period
from app.core.rules.dues import months_in_arrears
from app.employers.models import AccountStatus, Employer, Stage


def load(demo: Demo) -> None:
    """One fact for each employer and month since its account was opened."""
    query = select(Employer).where(Employer.account_opened_on.is_not(None)).order_by(Employer.id)
    rows = [row for employer in db.session.scalars(query) for row in _facts(demo, employer)]
    db.session.execute(insert(ContributionFact), rows)


def _facts(demo: Demo, employer: Employer) -> list[dict[str, Any]]:
    """Backwards from today, so that the last month is exactly what the employer shows."""
    opened = Period.of(employer.account_opened_on or demo.today)
    heads = employer.heads or 0
    rows = []
    for month in reversed([month for month in demo.months if month >= opened]):
        rows.append(_fact(demo, employer, month, heads))
        heads = max(0, heads - demo.random.randrange(-1, 3)) if heads > 3 else heads
    return rows


def _fact(demo: Demo, employer: Employer, month: Period, heads: int) -> dict[str, Any]:
    current = month == demo.month
    paid = employer.paid_through
    through = paid if current or paid is None else min(paid, month)
    as_of = demo.today if current else month.last_day
    normal = employer.stage in (Stage.CONTRIBUTING, Stage.IN_ARREARS, Stage.CLOSING)
    per_head = (employer.monthly_amount or 0) / employer.heads if employer.heads else 0
    return {
        "employer_id": employer.id,
        "period": month,
        "version": 1,
        "account_status": employer.account_status if current or not through else AccountStatus.NORMAL,
        "heads": heads,
        "sealed_heads": employer.sealed_heads,
        "employer_rate": employer.employer_rate,
        "employee_rate": employer.employee_rate,
        "monthly_amount": round(per_head * heads, 2),
        "paid_through": through,
        "pay_day": employer.pay_day,
        "first_contribution_month": employer.first_contribution_month,
        "arrears_months": months_in_arrears(through, employer.pay_day, as_of) if normal else 0,
        "as_of": as_of,
    }
