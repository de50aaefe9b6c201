"""The task to help a firm to close its account: opened, given its day, and ended when there is no need."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from app.core import signals, timeline
from app.core.clock import now, today
from app.core.db import among, db
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.rules.workdays import on_or_after
from app.core.timeline import Happening
from app.employers.models import Employer, Stage
from app.employers.policy import not_merged
from app.lifecycle.closing import queries
from app.lifecycle.closing.models import Closing, ClosingState
from app.lifecycle.closing.placing.services import KIND
from app.lifecycle.closing.policy import register_clock
from app.lifecycle.policy import GONE
from app.lifecycle.workflow import WITH_ACCOUNT
from app.tasks.models import Task, TaskState
from app.tasks.services import open_task

HELP, SOURCE = "closing_help", "gone_employer"
GONE_WITH_ACCOUNT = msgid("The firm is revoked or deregistered: help it to close its account")
#: what came of a task whose firm is not gone after all
OPERATES = msgid("By what is known now the firm is not gone: its account need not be closed")
ENDED = msgid("Not gone after all (operating status: %(status)s): nobody need help to close its account")


def mind_clock(closing: Closing, actor: Actor | None) -> None:
    """While the deregistration is not registered, its owner has a task due with the term of the law."""
    due_on = register_clock(closing.event_on, None).due_on
    open_ = closing.state is ClosingState.PREPARING and due_on is not None
    source = (Task.kind == HELP, Task.source_type == SOURCE, Task.source_id == closing.employer_id)
    task = db.session.scalars(select(Task).where(*source, Task.state == TaskState.OPEN)).one_or_none()
    if open_ and due_on is not None:
        employer = db.session.get_one(Employer, closing.employer_id)
        _ask_to_help(employer, due_on, actor).due_on = _working(due_on)
    elif task is not None and closing.state is not ClosingState.PREPARING:
        task.state, task.closed_at = TaskState.DONE, now()
        task.closed_by_id = actor.id if actor else None
    db.session.flush()


def _working(day: date) -> date:
    return on_or_after(max(today(), day))


def _ask_to_help(employer: Employer, due_on: date, actor: Actor | None) -> Task:
    return open_task(
        HELP, GONE_WITH_ACCOUNT, _working(due_on), employer=employer, source=(SOURCE, employer.id),
        actor=actor, again=True,
    )  # fmt: skip


def help_to_close() -> None:
    """Opens a task for each employer that is revoked or deregistered and still has an account, once.

    The day is that of the rule (thirty days from the event), or today's where it has passed. What was closed
    meanwhile, or is not gone after all, needs no help any more.
    """
    _spare_the_closed()
    spare_the_operating()
    asked = select(Task.id).where(
        Task.kind == HELP,
        Task.source_type == SOURCE,
        Task.source_id == Employer.id,
        # whoever was said to be gone by mistake may be gone in truth later
        Task.result != OPERATES,
    )
    query = select(Employer).where(
        Employer.operating_status.in_(GONE),
        Employer.stage.in_((*WITH_ACCOUNT, "sealed")),
        not_merged(),
        ~asked.exists(),
    )
    for employer in db.session.scalars(query.order_by(Employer.id)):
        due_on = register_clock(employer.operating_status_as_of or today(), None).due_on
        _ask_to_help(employer, due_on or today(), None)


def _spare_the_closed() -> None:
    closed = select(Employer.id).where(Employer.stage == "closed")
    open_ones = (Task.kind == HELP, Task.state == TaskState.OPEN, Task.employer_id.in_(closed))
    values = {"state": TaskState.DONE, "closed_at": now()}
    db.session.execute(update(Task).where(*open_ones).values(**values))


@signals.operating_status_changed.connect
def _on_status(_sender: object, employer_ids: Collection[int], **_more: Any) -> None:
    spare_the_operating(employer_ids)


def spare_the_operating(employer_ids: Collection[int] | None = None) -> None:
    """Ends the help for those of these employers, or of all, that are not gone after all, and tells why.

    A closing that a person has begun since is that person's to give up: its task stays.
    """
    db.session.flush()
    mistaken = [Task.kind == HELP, Task.state == TaskState.OPEN, operating(), ~being_closed()]
    if employer_ids is not None:
        mistaken.append(among(Employer.id, employer_ids))
    query = select(Task.id, Employer.id, Employer.operating_status)
    found = db.session.execute(query.join(Employer, Employer.id == Task.employer_id).where(*mistaken)).all()
    if not found:
        return
    ended = update(Task).where(among(Task.id, [task_id for task_id, _employer_id, _status in found]))
    values = {"state": TaskState.CANCELLED, "closed_at": now(), "result": OPERATES}
    db.session.execute(ended.values(values), execution_options={"synchronize_session": "fetch"})
    told = [
        Happening(employer_id, ENDED, {"status": status_told(status)}) for _id, employer_id, status in found
    ]
    timeline.record_many(KIND, told)


def operating() -> ColumnElement[bool]:
    """Whether an employer is not known to be revoked or deregistered."""
    return func.coalesce(Employer.operating_status, "").not_in(GONE)


def being_closed() -> ColumnElement[bool]:
    """Whether somebody has begun to close the employer's account."""
    begun = select(Closing.id).where(Closing.employer_id == Employer.id, queries.standing)
    return (Employer.stage == Stage.CLOSING) | begun.exists()


def status_told(status: str | None) -> Any:
    """An operating status as stories tell it."""
    return {"code_table": "operating_status", "code": status} if status else "—"
