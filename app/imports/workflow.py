"""The states of a batch: who may move it, and the lease that keeps two runs apart.

People move a batch by `move`, a worker by the `Hold` it has claimed. Both are single conditional
statements, so that of two clicks, or of two workers, one wins.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import CursorResult, or_, update

from app.core.clock import now
from app.core.db import db
from app.core.errors import Conflict
from app.core.permissions import Actor, may
from app.imports.models import BUSY, BatchState, ImportBatch
from app.imports.policy import Permission

LEASE = timedelta(seconds=60)
#: how often batches are looked for whose run has stopped
SWEEP = timedelta(seconds=10)
#: a run that works says so at least this often; a page tells of whoever is silent for longer
SILENT = timedelta(seconds=15)

STATE_LABELS = {
    BatchState.UNMAPPED: _l("Columns to be named"),
    BatchState.PREVIEWING: _l("Dry run in progress"),
    BatchState.PREVIEWED: _l("Awaiting decision"),
    BatchState.APPLYING: _l("Being applied"),
    BatchState.APPLIED: _l("Applied"),
    BatchState.CANCELLING: _l("Being cancelled"),
    BatchState.CANCELLED: _l("Cancelled"),
    BatchState.UNDOING: _l("Being undone"),
    BatchState.UNDONE: _l("Undone"),
    BatchState.FAILED: _l("Failed"),
}
STATE_TONES = {
    BatchState.UNMAPPED: "warning",
    BatchState.PREVIEWING: "active",
    BatchState.PREVIEWED: "warning",
    BatchState.APPLYING: "active",
    BatchState.APPLIED: "good",
    BatchState.CANCELLING: "active",
    BatchState.CANCELLED: "neutral",
    BatchState.UNDOING: "active",
    BatchState.UNDONE: "neutral",
    BatchState.FAILED: "danger",
}


@dataclass(frozen=True)
class Step:
    """What a person makes of a batch; `worth` says whether there is anything in it for the step to do."""

    sources: Sequence[BatchState]
    target: BatchState
    permission: Permission
    worth: Callable[[ImportBatch], bool] = lambda _batch: True

    def fits(self, batch: ImportBatch) -> bool:
        """Whether the step starts from the batch's state and has something to do there."""
        return batch.state in self.sources and self.worth(batch) and not self.bars_cleared(batch)

    def bars_cleared(self, batch: ImportBatch) -> bool:
        """Without its file and rows a batch can only be dropped."""
        return batch.cleared_at is not None and self.target is not BatchState.CANCELLED


def _writes(batch: ImportBatch) -> bool:
    return batch.new + batch.changed > 0


APPLY = Step((BatchState.PREVIEWED,), BatchState.APPLYING, Permission.RUN, _writes)
DROP = Step(
    (BatchState.UNMAPPED, BatchState.PREVIEWING, BatchState.PREVIEWED), BatchState.CANCELLED, Permission.RUN
)
#: somebody said which column is which: the dry run begins anew
REREAD = Step((BatchState.UNMAPPED, BatchState.PREVIEWED), BatchState.PREVIEWING, Permission.RUN)
#: somebody decided what is to become of people's corrections: the dry run counts anew
ANSWER = Step(
    (BatchState.PREVIEWED,), BatchState.PREVIEWING, Permission.RUN, lambda batch: batch.conflicts > 0
)
CANCEL = Step((BatchState.APPLYING,), BatchState.CANCELLING, Permission.RUN)
UNDO = Step((BatchState.APPLIED, BatchState.FAILED), BatchState.UNDOING, Permission.UNDO, _writes)
#: what was kept may be taken back once nothing stands in its way any more
UNDO_REST = Step((BatchState.UNDONE,), BatchState.UNDOING, Permission.UNDO, lambda batch: batch.kept > 0)

STEPS = {
    "apply": APPLY,
    "reread": REREAD,
    "answer": ANSWER,
    "drop": DROP,
    "cancel": CANCEL,
    "undo": UNDO,
    "undo_rest": UNDO_REST,
}


def steps(batch: ImportBatch, actor: Actor) -> frozenset[str]:
    """The names of the steps that the actor may take with the batch now; its page shows these alone."""
    return frozenset(name for name, step in STEPS.items() if step.fits(batch) and may(actor, step.permission))


def move(batch: ImportBatch, step: Step, **values: Any) -> None:
    """Take one of the steps above. Raises Conflict when the batch is in none of its source states."""
    if step.bars_cleared(batch):
        raise Conflict(_l("The file and the rows of this import were deleted: its time to be kept is over."))
    finished_at = None if step.target in BUSY else now()
    if not _execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch.id, ImportBatch.state.in_(step.sources))
        .values(state=step.target, attempts=0, finished_at=finished_at, **values)
    ):
        db.session.refresh(batch)
        raise Conflict(
            _l("This step does not fit: the import is “%(state)s” now.", state=STATE_LABELS[batch.state])
        )
    db.session.refresh(batch)


def _execute(statement: Any) -> int:
    result = db.session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


class Interrupted(Exception):
    """The batch was cancelled, or another run holds it now."""


@dataclass(slots=True)
class Hold:
    """One run's hold on one batch, good for a minute after each `keep`."""

    batch_id: int
    token: str
    state: BatchState

    def keep(self, **values: Any) -> None:
        """Write progress and renew the lease. Raises Interrupted when the batch is no longer this run's."""
        if not _execute(
            update(ImportBatch)
            .where(
                ImportBatch.id == self.batch_id,
                ImportBatch.worker == self.token,
                ImportBatch.state == self.state,
            )
            .values(**{"lease_until": now() + LEASE, **values})
        ):
            raise Interrupted

    def finish(self, state: BatchState, **values: Any) -> None:
        """The work is done: move on and let go."""
        self.keep(state=state, worker=None, lease_until=None, finished_at=now(), **values)
        self.state = state

    def lost(self) -> bool:
        """After Interrupted: whether nothing is left for this run. A cancelled batch is still its own."""
        batch = db.session.get_one(ImportBatch, self.batch_id, populate_existing=True)
        if batch.worker != self.token or batch.state == self.state:
            return True
        self.state = batch.state
        return False


@dataclass(frozen=True, slots=True)
class Silence:
    """A batch without progress: since how many seconds, and in about how many another run takes over."""

    idle: int
    left: int


def silence(batch: ImportBatch) -> Silence | None:
    """What its page says while nothing moves; None while its run does, and where no run has begun."""
    if not batch.busy or batch.lease_until is None:
        return None
    moment = now()
    idle = moment - (batch.lease_until - LEASE)
    left = max(batch.lease_until + SWEEP - moment, SWEEP)
    return Silence(int(idle.total_seconds()), int(left.total_seconds())) if idle > SILENT else None


def claim(batch_id: int) -> Hold | None:
    """Take hold of a batch that wants work and that no live run has."""
    token, moment = secrets.token_hex(16), now()
    free = or_(ImportBatch.lease_until.is_(None), ImportBatch.lease_until < moment)
    claimed = _execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id, ImportBatch.state.in_(BUSY), free)
        .values(worker=token, lease_until=moment + LEASE, attempts=ImportBatch.attempts + 1)
    )
    if not claimed:
        return None
    batch = db.session.get_one(ImportBatch, batch_id, populate_existing=True)
    return Hold(batch_id, token, batch.state)
