"""What was reckoned when a statement came is reckoned anew when the approved terms are others."""

from collections.abc import Collection

from sqlalchemy import select

from app.contributions.models import ContributionFact
from app.contributions.policy import Facts, rule_on, stands
from app.contributions.standing.queries import approved_terms
from app.core.bulk import update_rows
from app.core.db import among, db
from app.core.periods import Period
from app.core.reversible import table_of
from app.employers.models import Employer


def reckon_anew(employer_ids: Collection[int]) -> list[int]:
    """Months in arrears of each fact of these employers, on the day of its statement; gives whose changed.

    Facts stay what the statements said: only what follows from them is written. What a later statement says
    of an employer counts for the employer itself.
    """
    terms = approved_terms(employer_ids)
    query = select(ContributionFact).where(among(ContributionFact.employer_id, employer_ids))
    changed: list[dict[str, int]] = []
    latest: dict[tuple[int, Period], int] = {}
    touched: set[int] = set()
    for fact in db.session.scalars(query.order_by(ContributionFact.version)):
        said = Facts(fact.account_status, fact.paid_through, fact.pay_day, fact.first_contribution_month)
        own = terms.get(fact.employer_id, ())
        _status, months = stands(said, fact.as_of, rule_on(fact.as_of), own, fact.period)
        latest[fact.employer_id, fact.period] = months
        if months != fact.arrears_months:
            changed.append({"id": fact.id, "arrears_months": months})
            touched.add(fact.employer_id)
    update_rows(table_of(ContributionFact), changed)
    for employer in db.session.scalars(select(Employer).where(among(Employer.id, touched))):
        if employer.statement_period is not None:
            employer.arrears_months = latest.get((employer.id, employer.statement_period), 0)
    db.session.flush()
    return sorted(touched)
