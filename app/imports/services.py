"""What people ask of an import: take a file, apply it, stop, take it back; `running` is the engine."""

from datetime import date
from pathlib import PurePath
from typing import BinaryIO

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, update

from app.accounts.models import Branch
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.files.kept import keep
from app.core.importing.conflicts import KEEP, TAKE
from app.core.importing.spec import ImportSpec
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.sheets.reading import kind_of
from app.imports import queries, workflow
from app.imports.columns.queries import source_called
from app.imports.models import BatchState, ImportBatch, ImportRow
from app.imports.policy import may_use
from app.imports.reading.services import usual_day


def receive(
    spec: ImportSpec,
    stream: BinaryIO,
    file_name: str,
    actor: Actor | None,
    *,
    branch: Branch,
    as_of: date | None = None,
    period: Period | None = None,
    source: str = "",
    conflicts: str = KEEP,
    apply: bool = False,
) -> ImportBatch:
    """Keep the file and open a batch for it: for a dry run, or to be applied at once.

    `source` says whose file it is, and so which remembered columns hold for it. With `conflicts` "take" the
    file's word replaces people's corrections, unseen.

    Raises Forbidden, SheetRefused for what is plainly no spreadsheet, and DomainError for a date in the
    future.
    """
    if not may_use(actor, spec):
        raise Forbidden(_l("Your role does not allow imports of this kind."))
    if as_of is not None and as_of > today():
        raise DomainError(_l("The date “as of” lies in the future."))
    if period is not None and period > Period.of(today()):
        raise DomainError(_l("The month lies in the future."))
    batch = ImportBatch(
        spec=spec.name,
        branch_id=branch.id,
        created_by_id=actor.id if actor else None,
        file_name=PurePath(file_name.replace("\\", "/")).name[-200:],
        sha256=keep(queries.folder(), stream, kind_of),
        as_of=as_of or (None if _told_by_the_file(spec, period) else usual_day(period)),
        period=period,
        source=source_called(source, spec.name, branch.id) or None,
        answers={"everything": TAKE} if conflicts == TAKE else None,
        state=BatchState.APPLYING if apply else BatchState.PREVIEWING,
        started_at=now(),
    )
    db.session.add(batch)
    db.session.flush()
    return batch


def start_applying(batch: ImportBatch) -> None:
    """Let the worker apply what the dry run showed. Raises Conflict when somebody already did."""
    counts = dict.fromkeys(("done", "last_row", "new", "changed", "unchanged", "rejected", "conflicts"), 0)
    workflow.move(batch, workflow.APPLY, reasons={}, **counts)
    db.session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id))


def cancel(batch: ImportBatch) -> None:
    """Stop: a dry run is dropped, what was applied so far is taken back by the worker. Raises Conflict."""
    workflow.move(batch, workflow.DROP if workflow.DROP.fits(batch) else workflow.CANCEL)


def start_undoing(batch: ImportBatch) -> None:
    """Let the worker take an applied (or half applied and failed) batch back, or what it kept before.

    Raises Conflict.
    """
    if not workflow.UNDO_REST.fits(batch):
        workflow.move(batch, workflow.UNDO)
        return
    workflow.move(batch, workflow.UNDO_REST, kept=0)
    kept = update(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.undone.is_(False))
    db.session.execute(kept.values(undone=None, kept={}), execution_options={"synchronize_session": False})


def _told_by_the_file(spec: ImportSpec, period: Period | None) -> bool:
    """Whether the day is yet to be found in the file."""
    return period is None and (spec.needs_period or spec.needs_as_of)
