"""What was reckoned when a statement came is reckoned anew when the approved terms are others."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select

from app.contributions.models import ContributionFact
from app.contributions.policy import Facts, reckoned, rule_on
from app.contributions.standing.queries import approved_terms
from app.core.bulk import read_tuples, update_rows
from app.core.db import among, db
from app.core.periods import Period
from app.core.undoing.reversible import table_of
from app.employers.models import Employer

#: employers at a time: their facts of all years are in memory at once
CHUNK = 500


def reckon_anew(employer_ids: Collection[int]) -> list[int]:
    """Months in arrears of each fact of these employers, on the day of its statement; gives whose changed.

    Facts stay what the statements said: only what follows from them is written. What a later statement says
    of an employer counts for the employer itself. Nobody edited it thereby: an undo does not ask about it.
    """
    ids, changed = sorted(employer_ids), []
    db.session.flush()
    for start in range(0, len(ids), CHUNK):
        changed += _reckon(ids[start : start + CHUNK])
    if changed:
        db.session.expire_all()
    return changed


def _reckon(employer_ids: Sequence[int]) -> list[int]:
    terms, fact = approved_terms(employer_ids), ContributionFact
    said = (fact.account_status, fact.paid_through, fact.pay_day, fact.first_contribution_month)
    columns = (fact.id, fact.employer_id, fact.period, fact.as_of, fact.arrears_months, *said)
    query = select(*columns).where(among(fact.employer_id, employer_ids)).order_by(fact.version)
    written: list[dict[str, Any]] = []
    latest: dict[tuple[int, Period], int] = {}
    touched: set[int] = set()
    for id_, employer_id, period, day, before, *facts in read_tuples(query):
        months, _stage = reckoned(Facts(*facts), day, rule_on(day), terms.get(employer_id, ()), period)
        latest[employer_id, period] = months
        if months != before:
            written.append({"id": id_, "arrears_months": months})
            touched.add(employer_id)
    update_rows(table_of(fact), written)
    return sorted(touched | _follow(employer_ids, latest))


def _follow(employer_ids: Sequence[int], latest: dict[tuple[int, Period], int]) -> set[int]:
    """Brings the employers in step with the fact of their latest statement; gives which were not."""
    columns = (Employer.id, Employer.statement_period, Employer.arrears_months, Employer.updated_at)
    rows = []
    for id_, period, before, stamp in read_tuples(select(*columns).where(among(Employer.id, employer_ids))):
        months = latest.get((id_, period), before)
        if months != before:
            rows.append({"id": id_, "arrears_months": months, "updated_at": stamp})
    update_rows(table_of(Employer), rows)
    return {row["id"] for row in rows}
