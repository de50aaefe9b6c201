"""A firm that is not gone after all need not be helped to close: its case goes on where it stood before.

What people added stays: the reason, promises and letters. A closing that somebody has begun since is not
touched, nor is a case whose own reason says that the firm does not operate any more.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from app.contributions.arrears.models import ArrearsCase, CaseState
from app.contributions.arrears.policy import is_to_be_closed
from app.contributions.arrears.services import CASES, reckon
from app.contributions.arrears.workflow import ARREARS
from app.core import signals, timeline
from app.core.bulk import update_rows
from app.core.clock import now
from app.core.db import among, db
from app.core.language.i18n import msgid
from app.core.workflow.engine import WorkflowHistory
from app.core.workflow.sets import SetMove, note_restored
from app.employers.models import Employer
from app.lifecycle.closing.helping.services import being_closed, status_told

GOES_ON = msgid("Not gone after all (operating status: %(status)s): the case goes on where it stood before")


class _Mistaken(NamedTuple):
    """A case that is helped to close, of a firm that is not gone."""

    case_id: int
    employer_id: int
    status: str | None


@signals.operating_status_changed.connect
def _on_status(_sender: object, employer_ids: Collection[int], **_more: Any) -> None:
    go_on(employer_ids)


def go_on(employer_ids: Collection[int] | None = None) -> int:
    """Takes the help to close back from cases of these employers, or of all; gives from how many."""
    db.session.flush()
    closing = [ArrearsCase.state == CaseState.CLOSING, ~is_to_be_closed(), ~being_closed()]
    if employer_ids is not None:
        closing.append(among(Employer.id, employer_ids))
    query = select(ArrearsCase.id, Employer.id, Employer.operating_status)
    query = query.join(Employer, Employer.id == ArrearsCase.employer_id).where(*closing)
    if found := [_Mistaken(*row) for row in db.session.execute(query)]:
        _take_back(found)
        # what was promised is held against the statements that came meanwhile
        reckon(select(Employer.id).where(among(Employer.id, [one.employer_id for one in found])))
    return len(found)


def _take_back(found: Sequence[_Mistaken]) -> None:
    before = _states_before([one.case_id for one in found])
    restored = [
        (
            SetMove(
                one.case_id, one.employer_id, CaseState.CLOSING.value, {"operating_status": one.status or ""}
            ),
            before.get(one.case_id, CaseState.CONTACTED).value,
        )
        for one in found
    ]
    moment = now()
    rows = [
        {"id": move.record_id, "state": CaseState(state), "state_since": moment} for move, state in restored
    ]
    update_rows(CASES, rows)
    note_restored(ARREARS, restored)
    told = [
        timeline.Happening(one.employer_id, GOES_ON, {"status": status_told(one.status)}, link_id=one.case_id)
        for one in found
    ]
    timeline.record_many(ARREARS.kind, told, endpoint="arrears.show")


def _states_before(case_ids: Sequence[int]) -> dict[int, CaseState]:
    """In what state each was when somebody began to help it to close."""
    rows = WorkflowHistory
    query = select(rows.record_id, rows.source).where(
        rows.workflow == ARREARS.name, rows.transition == "assist_closing", among(rows.record_id, case_ids)
    )
    return {case_id: CaseState(source) for case_id, source in db.session.execute(query.order_by(rows.id))}
