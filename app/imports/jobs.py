"""The worker's side of imports."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from app.core.clock import now
from app.core.db import db
from app.core.files.kept import path_of
from app.core.jobs import enqueue, job
from app.imports import queries
from app.imports.models import ImportBatch, ImportRow
from app.imports.running.services import running, stumble


@job(timeout=3600)
def run_batch(batch_id: int) -> None:
    """Whatever the batch asks for now: dry run, apply, take back. A second run finds nothing to do."""
    try:
        for _ in running(batch_id):
            db.session.commit()
    except Exception as error:
        db.session.rollback()
        stumble(batch_id, error)
        db.session.commit()
        raise


def dry_run(batch: ImportBatch) -> None:
    """Ends the transaction that asks for a dry run: of a small file it is done at once, else by a worker."""
    batch_id, small = batch.id, queries.is_small(batch)
    if not small:
        enqueue(run_batch, batch_id)
    db.session.commit()
    if small:
        run_batch(batch_id)


@job(timeout=60)
def sweep_batches() -> None:
    """Find the batches that a killed worker or a flushed queue left behind, and wake a worker for each."""
    for batch_id in queries.abandoned():
        enqueue(run_batch, batch_id)


@job()
def discard_file(sha256: str) -> None:
    """Deletes an imported file that no import needs any more."""
    if not queries.is_needed(sha256):
        path_of(queries.folder(), sha256).unlink(missing_ok=True)


def clear(ids: Sequence[int]) -> int:
    """Deletes files and rows of imports; the counts stay. The files go once the transaction has ended."""
    batches = db.session.scalars(select(ImportBatch).where(ImportBatch.id.in_(ids))).all()
    db.session.execute(delete(ImportRow).where(ImportRow.batch_id.in_(ids)))
    for batch in batches:
        batch.cleared_at = now()
        enqueue(discard_file, batch.sha256)
    db.session.flush()
    return len(batches)
