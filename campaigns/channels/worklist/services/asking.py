"""The one open task of a row: by when, for whom, and its end."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.accounts.models import User
from app.core.clock import now, today
from app.core.db import among, db
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.periods import Period
from app.core.permissions import Actor, may
from app.core.rules.workdays import add_working_days
from app.core.workflow.acts import demand
from app.employers.queries import possible_owners
from app.tasks.models import Task, TaskState
from app.tasks.services import open_task
from campaigns.channels.worklist.models import Drive, DriveRow
from campaigns.channels.worklist.policy import Permission
from campaigns.channels.worklist.workflow import ROW, STEER

#: the kind of its tasks, and where they come from
KIND, SOURCE = "drive", ROW.name

DO = msgid("Drive: %(drive)s")


def due_on(drive: Drive, ripe: Period | None = None) -> date:
    """By when an employer that is given out today, or in the month from which on its matter is due, is to be
    done; never after the drive's last day."""
    begin = max(today(), ripe.first_day) if ripe else today()
    return min(add_working_days(begin, drive.days, provisional=True), max(drive.ends_on, today()))


def ask(row: DriveRow, words: str, on: date, actor: Actor | None, *, fresh: bool = False) -> Task:
    """The one open task of a row, for whoever has it."""
    return open_task(
        KIND, words, on, employer=row.employer, owner_id=row.owner_id, params={"drive": row.drive.name},
        source=(SOURCE, row.id), actor=actor, again=True, fresh=fresh,
    )  # fmt: skip


def keep_days(ids: Collection[int]) -> None:
    """Open tasks are due when their rows are."""
    days = {id_: day for id_, day in db.session.execute(
        select(DriveRow.id, DriveRow.due_on).where(among(DriveRow.id, ids))
    )}  # fmt: skip
    for task in db.session.scalars(_open_tasks(list(days))):
        task.due_on = days[task.source_id]
    db.session.flush()


def reassign(row: DriveRow, owner: User, actor: Actor) -> None:
    """Gives the row and its open task to a colleague of the employer's branch."""
    demand(row.drive, STEER, actor)
    if owner.id not in {one.id for one in possible_owners(row.employer.branch_id)}:
        raise DomainError(_l("Choose an active colleague of the employer's branch."))
    if not may(owner, Permission.WORK):
        raise DomainError(_l("Choose somebody who may record outcomes of drives."))
    row.owner_id = owner.id
    for task in db.session.scalars(_open_tasks([row.id])):
        task.owner_id = owner.id
    db.session.flush()


def _open_tasks(ids: Sequence[int]) -> Any:
    return select(Task).where(
        Task.kind == KIND,
        Task.source_type == SOURCE,
        among(Task.source_id, ids),
        Task.state == TaskState.OPEN,
    )


def drop_tasks(ids: Sequence[int]) -> None:
    open_ones = (Task.kind == KIND, Task.source_type == SOURCE, Task.state == TaskState.OPEN)
    dropped = update(Task).where(*open_ones, among(Task.source_id, ids))
    db.session.execute(dropped.values(state=TaskState.CANCELLED, closed_at=now()))
