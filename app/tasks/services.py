"""Opening and closing what somebody must do."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import User
from app.core import signals, timeline
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.employers.models import Employer
from app.tasks import queries
from app.tasks.models import Task, TaskState
from app.tasks.policy import may_work_on

Source = tuple[str, int]

DONE = msgid("Task done: %(title)s")


def open_task(
    kind: str,
    title: str,
    due_on: date,
    *,
    employer: Employer | None = None,
    branch_id: int | None = None,
    owner_id: int | None = None,
    params: Mapping[str, Any] | None = None,
    note: str = "",
    source: Source | None = None,
    actor: Actor | None = None,
    again: bool = False,
    fresh: bool = False,
    pool: bool = False,
) -> Task:
    """Opens a task; the same kind and source give the task that is already there, closed or not.

    `title` is a msgid (with `params`) or a person's own words. Without an owner it goes to the employer's,
    or with `pool` to nobody, until somebody of the branch takes it.
    With `again`, a source whose task was closed may ask anew. `fresh` is for many at once whose sources are
    known to have none: nothing is looked up, and the caller flushes them together.
    """
    if source and not fresh and (known := _known(kind, source, again)):
        return known
    if branch_id is None and employer is None:
        raise ValueError("a task belongs to an employer or to a branch")
    task = Task(
        kind=kind,
        title=title.strip(),
        params=dict(params or {}),
        note=note.strip(),
        due_on=due_on,
        employer=employer,
        branch_id=employer.branch_id if employer else branch_id,
        owner_id=owner_id or (employer.owner_id if employer and not pool else None),
        created_by_id=actor.id if actor else None,
        source_type=source[0] if source else None,
        source_id=source[1] if source else None,
    )
    db.session.add(task)
    if not fresh:
        db.session.flush()
    return task


def _known(kind: str, source: Source, again: bool) -> Task | None:
    query = select(Task).where(Task.kind == kind, Task.source_type == source[0], Task.source_id == source[1])
    if again:
        query = query.where(Task.state == TaskState.OPEN)
    return db.session.scalars(query.order_by(Task.id.desc()).limit(1)).first()


def open_by_hand(
    title: str, due_on: date, actor: Actor, *, employer: Employer | None = None, owner: User | None = None
) -> Task:
    """A task in a person's own words; due today or later."""
    _refuse_past(due_on)
    if not title.strip():
        raise DomainError(_l("Say what is to be done."))
    return open_task(
        "other",
        title,
        due_on,
        employer=employer,
        branch_id=None if employer else actor.branch_id,
        owner_id=owner.id if owner else actor.id,
        actor=actor,
    )


def open_for(employer: Employer, title: str, due_on: date, actor: Actor, *, for_owner: bool) -> Task:
    """One of many tasks of the same words: for the employer's owner, or else for whoever asks.

    DomainError when such a task is open there already, so that asking twice doubles nothing.
    """
    _refuse_past(due_on)
    title = title.strip()
    same = select(Task.id).where(
        Task.employer_id == employer.id, Task.title == title, Task.state == TaskState.OPEN
    )
    if db.session.scalars(same.limit(1)).first() is not None:
        raise DomainError(_l("The same task is open there already."))
    owner = employer.owner if for_owner and employer.owner and employer.owner.active else None
    owner_id = owner.id if owner else actor.id
    return open_task("other", title, due_on, employer=employer, owner_id=owner_id, actor=actor)


def complete(task: Task, actor: Actor | None, result: str = "") -> None:
    """Closes a task as done, with what came of it; Conflict when it is closed already."""
    _refuse_elsewhere(task, actor)
    _close(task, TaskState.DONE, actor, result)
    if task.employer_id is not None:
        timeline.record(
            task.employer_id,
            "task",
            DONE,
            params={"title": {"msgid": task.title, "params": task.params}, "comment": task.result},
            actor=actor,
        )


def cancel(task: Task, actor: Actor | None, reason: str) -> None:
    """Closes a task that need not be done any more; a reason is required of a person."""
    if actor is not None and not reason.strip():
        raise DomainError(_l("Say why the task is no longer needed."))
    _refuse_elsewhere(task, actor)
    _close(task, TaskState.CANCELLED, actor, reason)


def _close(task: Task, state: TaskState, actor: Actor | None, result: str) -> None:
    _authorise(task, actor)
    task.state, task.result, task.closed_at = state, result.strip(), now()
    task.closed_by_id = actor.id if actor else None
    db.session.flush()


def reassign(task: Task, owner: User, actor: Actor | None) -> None:
    """Gives an open task to a colleague of its branch."""
    _authorise(task, actor)
    if not owner.active or owner.branch_id != task.branch_id:
        raise DomainError(_l("Choose an active colleague of the same branch."))
    task.owner_id = owner.id
    signals.task_passed_on.send(task, owner=owner)
    db.session.flush()


def put_off(task: Task, due_on: date, actor: Actor | None) -> None:
    """Moves the day on which an open task is due; the first day stays on record."""
    _authorise(task, actor)
    _refuse_past(due_on)
    task.first_due_on = task.first_due_on or task.due_on
    task.due_on = due_on
    db.session.flush()


def _refuse_elsewhere(task: Task, actor: Actor | None) -> None:
    """Two ways to be done with one thing would tell two stories of it."""
    if actor is not None and queries.is_recorded(task):
        raise DomainError(_l("Record what came of it on the page that the task comes from: that closes it."))


def _authorise(task: Task, actor: Actor | None) -> None:
    if not may_work_on(actor, task):
        raise Forbidden(_l("This is somebody else's task."))
    if task.state is not TaskState.OPEN:
        raise Conflict(_l("This task is closed already. Reload the page to see its result."))


def _refuse_past(due_on: date) -> None:
    if due_on < today():
        raise DomainError(_l("The due date lies in the past: choose today or later."))


def settle(source: Source, kinds: Sequence[str], result: str = "") -> None:
    """Closes the open tasks that a record gave rise to: what they asked for has come about by itself."""
    asked = (Task.source_type == source[0], Task.source_id == source[1], Task.kind.in_(kinds))
    for task in db.session.scalars(select(Task).where(*asked, Task.state == TaskState.OPEN)):
        task.state, task.closed_at, task.result = TaskState.DONE, now(), result
    db.session.flush()


def complete_of(employer_id: int, kind: str) -> None:
    """Closes an employer's open tasks of a kind as done, each told on its timeline."""
    asked = (Task.employer_id == employer_id, Task.kind == kind, Task.state == TaskState.OPEN)
    for task in db.session.scalars(select(Task).where(*asked)).all():
        complete(task, None)
