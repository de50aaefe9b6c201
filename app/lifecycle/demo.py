"""How the synthetic employers came to where they stand: the history and the timeline of their stages."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select

from app.core import timeline
from app.core.db import db
from app.core.demo import Demo
from app.core.workflow.engine import SUMMARY, WorkflowHistory
from app.employers.models import Employer, Stage
from app.lifecycle.workflow import LIFECYCLE

#: stages that an employer passes without a date of their own
BY_SINCE = {
    Stage.ENGAGED: ("engage", "prospect"),
    Stage.DISMISSED: ("dismiss", "prospect"),
    Stage.IN_ARREARS: ("statement_in_arrears", "contributing"),
    Stage.ON_RELIEF: ("statement_on_relief", "contributing"),
    Stage.SEALED: ("statement_sealed", "contributing"),
    Stage.CLOSING: ("begin_closing", "contributing"),
    Stage.CLOSED: ("statement_closed", "contributing"),
}
Step = tuple[datetime, str, str, str]


def load(demo: Demo) -> None:
    """One row for each step; those of the statement have no actor."""
    history: list[dict[str, Any]] = []
    happenings: list[timeline.Happening] = []
    for employer in db.session.scalars(select(Employer).order_by(Employer.id)):
        for at, step, source, target in _steps(demo, employer):
            history.append(_row(employer.id, at, step, source, target))
            params = {"workflow": LIFECYCLE.name, "source": source, "target": target}
            happenings.append(timeline.Happening(employer.id, SUMMARY, params, at))
    db.session.execute(insert(WorkflowHistory), history)
    timeline.record_many(LIFECYCLE.kind, happenings)


def _steps(demo: Demo, employer: Employer) -> Iterator[Step]:
    if employer.account_opened_on:
        yield _at(demo, employer.account_opened_on), "register", "engaged", "registered"
    if employer.online_signed_on:
        yield _at(demo, employer.online_signed_on), "enrol", "registered", "enrolled"
    if employer.first_contribution_month and employer.account_opened_on:
        first = min(demo.today, max(employer.account_opened_on, employer.first_contribution_month.last_day))
        before = "enrolled" if employer.online_signed_on else "registered"
        yield _at(demo, first), "statement_contributing", before, "contributing"
    if employer.stage in BY_SINCE:
        step, source = BY_SINCE[employer.stage]
        yield employer.stage_since, step, source, employer.stage.value


def _at(demo: Demo, day: date) -> datetime:
    return demo.moment(day)


def _row(record_id: int, at: datetime, step: str, source: str, target: str) -> dict[str, Any]:
    return {
        "workflow": LIFECYCLE.name,
        "record_id": record_id,
        "transition": step,
        "source": source,
        "target": target,
        "at": at,
        "answers": {},
        "evidence": {},
    }
