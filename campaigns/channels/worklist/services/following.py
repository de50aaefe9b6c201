"""What ends or begins anew with rows, drives, owners and tasks: all by signals."""

from typing import Any

from sqlalchemy import select

from app.accounts.models import User
from app.core import signals
from app.core.db import among, db
from app.core.permissions import Actor
from app.core.workflow.engine import Move, Workflow
from app.employers.models import Employer
from app.tasks.models import Task
from campaigns.channels.worklist import queries
from campaigns.channels.worklist.models import DriveRow, RowState
from campaigns.channels.worklist.services.asking import DO, KIND, SOURCE, ask, drop_tasks, due_on
from campaigns.channels.worklist.workflow import DRIVE, ROW


@signals.after_transition.connect
def _keep_tasks(
    workflow: Workflow[Any], *, record: Any = None, move: Move | None = None, **_sets: Any
) -> None:
    """A row that is given up asks for nothing any more, a reopened one does again; so with whole drives."""
    if move is None:
        return
    if workflow is ROW:
        if move.target == RowState.OPEN:
            _ask_again(record, move.actor)
        elif move.transition.name == "give_up":
            drop_tasks([record.id])
    elif workflow is DRIVE:
        ids = queries.row_ids(record.id, RowState.OPEN)
        if move.target != "running":
            drop_tasks(ids)
        else:
            for row in db.session.scalars(select(DriveRow).where(among(DriveRow.id, ids))):
                _ask_again(row, move.actor)


def _ask_again(row: DriveRow, actor: Actor | None) -> None:
    """Whoever has left meanwhile is asked for nothing: the row is the employer's owner's then."""
    if row.owner is not None and not row.owner.active:
        row.owner_id = row.employer.owner_id
    ask(row, DO, due_on(row.drive), actor)


@signals.owner_changed.connect
def _follow_owner(employer: Employer, *, old: User | None, new: User | None, **_more: Any) -> int:
    """What the former owner had to do here is the new one's; what was given to somebody else stays there.

    Their tasks are passed on with all others of the employer.
    """
    theirs = DriveRow.owner_id == (old.id if old else None)
    query = select(DriveRow).where(
        DriveRow.employer_id == employer.id, DriveRow.state == RowState.OPEN, theirs
    )
    for row in db.session.scalars(query):
        row.owner_id = new.id if new else None
    return 0


@signals.task_passed_on.connect
def _follow_task(task: Task, *, owner: User, **_more: Any) -> None:
    """Whoever is given the task is given the employer in the drive."""
    if (task.kind, task.source_type) == (KIND, SOURCE):
        db.session.get_one(DriveRow, task.source_id).owner_id = owner.id
