"""What escalations ask of arrears cases: which is open, and how it ended."""

from collections.abc import Collection

from sqlalchemy import select

from app.contributions.arrears.models import ArrearsCase, CaseState
from app.core.db import db
from app.core.escalating import Ending, Outcome
from app.employers.models import Employer

_OUTCOMES = {
    CaseState.SETTLED: Outcome.PAID,
    CaseState.RELIEVED: Outcome.RELIEVED,
    CaseState.CLOSED: Outcome.CLOSED,
    CaseState.WITHDRAWN: Outcome.LAPSED,
}


def open_case(employer: Employer) -> int | None:
    """The id of the case that may be pursued."""
    query = select(ArrearsCase.id).where(
        ArrearsCase.employer_id == employer.id, ArrearsCase.closed_on.is_(None)
    )
    return db.session.scalar(query)


def endings(case_ids: Collection[int]) -> dict[int, Ending]:
    """How the cases ended that are over; one that is gone was taken back with its statement."""
    case = ArrearsCase
    query = select(case.id, case.state, case.closed_on, case.closed_period).where(case.id.in_(case_ids))
    known = {row.id: row for row in db.session.execute(query)}
    found = {id_: Ending(Outcome.LAPSED) for id_ in case_ids if id_ not in known}
    for id_, row in known.items():
        if row.closed_on is not None:
            told = {"statement": str(row.closed_period)} if row.closed_period else {}
            found[id_] = Ending(_OUTCOMES.get(row.state, Outcome.LAPSED), told)
    return found
