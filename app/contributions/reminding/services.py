"""Making the reminders of a day: tasks for the owners, each once for a period and an employer."""

from datetime import date
from typing import Any

from app.contributions.reminding.policy import REMINDER, TITLES, Speed
from app.contributions.reminding.queries import Reminder, reminders, source_of
from app.core.bulk import insert_rows
from app.core.reversible import table_of
from app.core.workdays import add_working_days, is_working_day
from app.tasks.models import Task, TaskState


def remind(day: date) -> int:
    """Opens the day's tasks; gives how many. On days off nothing: the next working day makes up for them."""
    if not is_working_day(day):
        return 0
    rows = [_task(speed, one, day) for speed in Speed for one in reminders(speed, day)]
    insert_rows(table_of(Task), rows)
    return len(rows)


def _task(speed: Speed, one: Reminder, day: date) -> dict[str, Any]:
    """One that is behind is urged the same day; who is to pay in time, by the next working day."""
    due_on = day if speed is Speed.SAME_DAY else add_working_days(day, 1, provisional=True)
    return {
        "kind": REMINDER,
        "title": TITLES[speed],
        "params": {"month": str(one.month), "day": one.due_on.isoformat()},
        "due_on": due_on,
        "employer_id": one.employer_id,
        "branch_id": one.branch_id,
        "owner_id": one.owner_id,
        "source_type": source_of(one.month),
        "source_id": one.employer_id,
        "state": TaskState.OPEN,
        "note": "",
        "result": "",
    }
