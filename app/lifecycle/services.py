"""What happens to stages when an import is taken back; and firms that are gone but have an account."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from app.core.clock import now, today
from app.core.db import db
from app.core.i18n import msgid
from app.core.import_spec import Context
from app.core.workdays import calendar
from app.core.workflow import WorkflowHistory
from app.core.workflow_sets import SetMove, note_restored
from app.employers.models import Employer
from app.employers.policy import not_merged
from app.employers.search.services import reindex
from app.employers.sources.services import tell_restored
from app.lifecycle.policy import DEREGISTER_DAYS, GONE
from app.lifecycle.workflow import LIFECYCLE, WITH_ACCOUNT
from app.tasks.models import DEADLINE, Task, TaskState
from app.tasks.services import open_task

#: what the house itself hung on an imported employer; anything a person added keeps it from being removed
GOES_WITH_EMPLOYERS = {
    "employer_search": None,
    "leads": None,
    "tasks": (Task.kind == DEADLINE) & Task.closed_by_id.is_(None),
}


def removing_employers(table: str, ids: Sequence[int], _context: Context) -> None:
    """Clears the history of employers that are about to go with the import that brought them."""
    if table == Employer.__tablename__:
        db.session.execute(
            delete(WorkflowHistory).where(
                WorkflowHistory.workflow == LIFECYCLE.name, WorkflowHistory.record_id.in_(ids)
            ),
            execution_options={"synchronize_session": False},
        )


def reverted_employers(restored: Mapping[str, Sequence[int]], context: Context) -> None:
    """Writes down the stages that the undo set back, and brings the search up to date."""
    ids = list(restored.get(Employer.__tablename__, ()))
    note_restored(LIFECYCLE, _set_back(ids), comment="import undone")
    tell_restored(ids, context)
    reindex(ids)


def _set_back(ids: Sequence[int]) -> list[tuple[SetMove, str]]:
    """Employers whose stage no longer is the one that their history ends with."""
    last = (
        select(func.max(WorkflowHistory.id))
        .where(WorkflowHistory.workflow == LIFECYCLE.name, WorkflowHistory.record_id.in_(ids))
        .group_by(WorkflowHistory.record_id)
    )
    query = (
        select(Employer.id, WorkflowHistory.target, Employer.stage)
        .join(WorkflowHistory, WorkflowHistory.record_id == Employer.id)
        .where(WorkflowHistory.id.in_(last), WorkflowHistory.target != Employer.stage)
    )
    rows: Sequence[Any] = db.session.execute(query).all()
    return [(SetMove(id_, id_, ended), stage.value) for id_, ended, stage in rows]


HELP, SOURCE = "closing_help", "gone_employer"
GONE_WITH_ACCOUNT = msgid("The firm is revoked or deregistered: help it to close its account")


def help_to_close() -> None:
    """Opens a task for each employer that is revoked or deregistered and still has an account, once.

    The day is that of the rule (thirty days from the event), or today's where it has passed. What was closed
    meanwhile needs no help any more.
    """
    _spare_the_closed()
    asked = select(Task.id).where(
        Task.kind == HELP, Task.source_type == SOURCE, Task.source_id == Employer.id
    )
    query = select(Employer).where(
        Employer.operating_status.in_(GONE),
        Employer.stage.in_((*WITH_ACCOUNT, "sealed")),
        not_merged(),
        ~asked.exists(),
    )
    days, working = timedelta(days=DEREGISTER_DAYS.value()), calendar(today().year, provisional=True)
    for employer in db.session.scalars(query.order_by(Employer.id)):
        since = employer.operating_status_as_of or today()
        due_on = working.on_or_after(max(today(), since + days))
        open_task(HELP, GONE_WITH_ACCOUNT, due_on, employer=employer, source=(SOURCE, employer.id))


def _spare_the_closed() -> None:
    closed = select(Employer.id).where(Employer.stage == "closed")
    open_ones = (Task.kind == HELP, Task.state == TaskState.OPEN, Task.employer_id.in_(closed))
    values = {"state": TaskState.DONE, "closed_at": now()}
    db.session.execute(update(Task).where(*open_ones).values(**values))
