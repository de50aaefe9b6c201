"""The worker's side of what was asked of a list."""

from datetime import timedelta

from sqlalchemy import delete, select

from app.core.clock import now
from app.core.db import db
from app.core.jobs import enqueue, job
from app.core.listing.exporting import write_export
from app.core.listing.running import go_on, stumble
from app.core.listing.runs import BUSY, ListRun, RunKind, RunState, exports_folder

#: a run that nobody has touched for so long has lost its worker
SILENT_SECONDS = 120
#: how long the file of an export can be fetched, and how long results are kept
FILE_DAYS = 7
RESULT_DAYS = 90


@job(timeout=7200)
def carry_on(run_id: int) -> None:
    """Whatever the run asks for now. A second worker finds nothing to do, or takes turns with this one."""
    run = db.session.get(ListRun, run_id)
    if run is None or not run.busy:
        return
    try:
        if run.kind is RunKind.EXPORT:
            write_export(run_id)
            return
        while go_on(run_id):
            db.session.commit()
    except Exception:
        db.session.rollback()
        stumble(run_id)
        db.session.commit()
        raise


@job(timeout=300)
def sweep_runs() -> None:
    """Wakes a worker for each run that lost its own."""
    silent = ListRun.updated_at < now() - timedelta(seconds=SILENT_SECONDS)
    for run_id in db.session.scalars(select(ListRun.id).where(ListRun.state.in_(BUSY), silent)):
        enqueue(carry_on, run_id)


@job(timeout=300)
def sweep_exports() -> None:
    """Removes files that waited long enough, files that nobody knows, and results of long ago."""
    oldest = now() - timedelta(days=FILE_DAYS)
    ended = ListRun.state == RunState.DONE
    for run in db.session.scalars(
        select(ListRun).where(ListRun.kind == RunKind.EXPORT, ended, ListRun.finished_at < oldest)
    ):
        run.file.unlink(missing_ok=True)
        run.state = RunState.EXPIRED
    known = set(db.session.scalars(select(ListRun.id).where(ListRun.kind == RunKind.EXPORT, ended)))
    for path in exports_folder().glob("*.xlsx"):
        if path.stem.isdecimal() and int(path.stem) not in known:
            path.unlink(missing_ok=True)
    for path in exports_folder().glob("draft-*"):
        if path.stat().st_mtime < oldest.timestamp():
            path.unlink(missing_ok=True)
    old = ListRun.finished_at < now() - timedelta(days=RESULT_DAYS)
    db.session.execute(delete(ListRun).where(ListRun.state.not_in(BUSY), old))
