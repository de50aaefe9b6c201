"""The worker's side of imports."""

from app.core.db import db
from app.core.jobs import enqueue, job
from app.imports import queries, services


@job(timeout=3600)
def run_batch(batch_id: int) -> None:
    """Whatever the batch asks for now: dry run, apply, take back. A second run finds nothing to do."""
    try:
        for _ in services.running(batch_id):
            db.session.commit()
    except Exception as error:
        db.session.rollback()
        services.stumble(batch_id, error)
        db.session.commit()
        raise


@job(timeout=60)
def sweep_batches() -> None:
    """Find the batches that a killed worker or a flushed queue left behind, and wake a worker for each."""
    for batch_id in queries.abandoned():
        enqueue(run_batch, batch_id)
