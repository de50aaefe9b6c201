"""Making the reminders of a day: tasks for the owners, each once for a period and an employer."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Select, update

from app.contributions.reminding.policy import NOT_OPERATING, PAID, REMINDER, TITLES, Speed
from app.contributions.reminding.queries import (
    Reminder,
    of_those_to_be_closed,
    paid_meanwhile,
    reminders,
    source_of,
)
from app.core import signals
from app.core.bulk import insert_rows
from app.core.clock import now
from app.core.db import db
from app.core.rules.workdays import add_working_days, calendar
from app.core.undoing.reversible import table_of
from app.tasks.models import Task, TaskState


def remind(day: date) -> int:
    """Opens the day's tasks; gives how many. On days off nothing: the next working day makes up for them."""
    settle_stopped()
    # weekdays will do for a year whose holidays are not entered yet
    if not calendar(day.year, provisional=True).is_working_day(day):
        return 0
    rows = [_task(speed, one, day) for speed in Speed for one in reminders(speed, day)]
    insert_rows(table_of(Task), rows)
    return len(rows)


def settle_paid() -> None:
    """Nobody need be reminded of a month any more that the latest statement shows as paid."""
    _settle(paid_meanwhile(), TaskState.DONE, PAID)


@signals.operating_status_changed.connect
def _on_status(_sender: object, employer_ids: Collection[int], **_more: Any) -> None:
    settle_stopped(employer_ids)


def settle_stopped(employer_ids: Collection[int] | None = None) -> None:
    """Nobody need urge employers, these or any, that are helped to close their account instead."""
    db.session.flush()
    _settle(of_those_to_be_closed(employer_ids), TaskState.CANCELLED, NOT_OPERATING)


def _settle(asked: Select[int], state: TaskState, result: str) -> None:
    closed = {"state": state, "result": result, "closed_at": now()}
    settled = update(Task).where(Task.id.in_(asked)).values(closed)
    db.session.execute(settled, execution_options={"synchronize_session": False})


def _task(speed: Speed, one: Reminder, day: date) -> dict[str, Any]:
    """One that is behind is urged the same day; who is to pay in time, by the next working day."""
    due_on = day if speed is Speed.SAME_DAY else add_working_days(day, 1, provisional=True)
    return {
        "kind": REMINDER,
        "title": TITLES[speed],
        "params": {"month": {"period": str(one.month)}, "day": one.due_on.isoformat()},
        "due_on": due_on,
        "employer_id": one.employer_id,
        "branch_id": one.branch_id,
        "owner_id": one.owner_id,
        "source_type": source_of(one.month, speed),
        "source_id": one.employer_id,
        "state": TaskState.OPEN,
        "note": "",
        "result": "",
    }
