"""The engine of imports: dry run, applying and taking back, chunk by chunk.

`running` does what the batch's state asks for and yields whenever a chunk is ready; its caller commits there.
A chunk's writes, its rows and the progress are one transaction, so a run that is killed leaves nothing half
done: the next one goes on below `last_row`. A lease keeps two runs apart, and every chunk checks it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, select

from app.audit import services as audit
from app.core import signals
from app.core.bulk import collecting_seldom, update_rows
from app.core.clock import now
from app.core.db import Turn, db, take_turn
from app.core.errors import DomainError
from app.core.importing.conflicts import Answers
from app.core.importing.lines import CHUNK, Chunk
from app.core.importing.spec import Context, ImportSpec, Line, Outcome, Plan, Setwise, Taken
from app.core.importing.staging import Packed, temporary
from app.core.proofs import SEAL
from app.core.sheets.refusals import SheetRefused
from app.core.undoing.reversible import Overtaken, settle, table_of, write
from app.core.undoing.taking_back import Kept, NotedRow, take_back
from app.imports import queries, workflow
from app.imports.columns.queries import words_for
from app.imports.models import BUSY, BatchState, ImportBatch, ImportRow
from app.imports.reading.services import Source, reading, usual_day
from app.imports.rows.queries import APPLIED, TAKEN_BACK, seal
from app.imports.rows.services import RowKeeper

UNDO_CHUNK = 500
MOST_ATTEMPTS = 3
#: the states in which the file is read
READS = (BatchState.PREVIEWING, BatchState.APPLYING)
#: refusals of files that a person can explain
UNKNOWN_HEADINGS = ("no_header", "missing_columns", "duplicate_columns")
NOTHING_TAKEN = Taken(0, 0, ())


@dataclass(slots=True)
class _Run:
    """One worker's work on one batch."""

    hold: workflow.Hold
    spec: ImportSpec
    context: Context
    reasons: Counter[str]
    source: Source
    rows: RowKeeper


def running(batch_id: int) -> Iterator[None]:
    """Do what the batch asks for; commit at each yield.

    Does nothing when another run holds it or nothing is due. Where somebody edits what a chunk is about to
    change, the chunk is planned anew, from what that person wrote.
    """
    hold = workflow.claim(batch_id)
    if hold is None:
        return
    overtaken = Counter[int]()
    while hold.state in BUSY:
        try:
            run = _run(hold)
            yield
            with collecting_seldom():
                yield from _STEPS[hold.state](run)
        except workflow.Interrupted:
            db.session.rollback()
            if hold.lost():
                return
        except Overtaken:
            db.session.rollback()
            overtaken[run.source.after] += 1
            if overtaken[run.source.after] >= MOST_ATTEMPTS:
                raise
        except DomainError as refusal:
            db.session.rollback()
            hold.finish(_state_after(refusal, run), failure=_failure(refusal))
        yield


def _state_after(refusal: DomainError, run: "_Run") -> BatchState:
    """A file whose headings are not known waits for a person to say which column is which."""
    unknown = isinstance(refusal, SheetRefused) and refusal.code in UNKNOWN_HEADINGS
    return BatchState.UNMAPPED if unknown and not run.source.after else BatchState.FAILED


def _run(hold: workflow.Hold) -> _Run:
    batch = db.session.get_one(ImportBatch, hold.batch_id, populate_existing=True)
    dry = batch.state is BatchState.PREVIEWING
    spec, as_of = queries.spec_named(batch.spec), batch.as_of
    day = as_of or usual_day(batch.period)
    answers = Answers.of(batch.answers)
    context = Context(batch.id, batch.branch_id, batch.created_by, day, batch.period, dry, answers=answers)
    words = words_for(batch) if batch.state in READS else ()
    source = Source(queries.file_of(batch), batch.file_name, batch.last_row, as_of is not None, words)
    return _Run(hold, spec, context, Counter(batch.reasons), source, RowKeeper(context))


def _failure(refusal: DomainError) -> dict[str, Any]:
    if isinstance(refusal, SheetRefused):
        return {"code": refusal.code, "detail": refusal.detail}
    return {"message": str(refusal)}


def stumble(batch_id: int, error: BaseException) -> None:
    """A run broke off by a fault: let the next one try, or give up after some tries."""
    batch = db.session.get_one(ImportBatch, batch_id, populate_existing=True)
    batch.worker = batch.lease_until = None
    if batch.busy and batch.attempts >= MOST_ATTEMPTS:
        batch.state = BatchState.FAILED
        batch.failure = {"error": type(error).__name__}
        batch.finished_at = now()
    db.session.flush()


def _preview(run: _Run) -> Iterator[None]:
    """The dry run: plan every chunk, write none, keep samples and every rejection."""
    db.session.execute(delete(ImportRow).where(ImportRow.batch_id == run.context.batch_id))
    run.reasons.clear()
    run.hold.keep(done=0, last_row=0, new=0, changed=0, unchanged=0, rejected=0, conflicts=0)
    whole = replace(run.source, after=0)
    yield
    for chunk in reading(whole, run.spec, run.context, run.hold, pack=False):
        run.hold.keep()
        plans = run.spec.plan(chunk.lines, run.context)
        shown = [plan for plan in plans if run.rows.is_sample(plan.outcome) or plan.remarks]
        run.rows.keep(shown, chunk.misread)
        _count(run, plans, chunk)
        yield
    run.hold.finish(BatchState.PREVIEWED, total=ImportBatch.done)
    yield


def _apply(run: _Run) -> Iterator[None]:
    """Write chunk after chunk, each with its progress in one transaction, from where an earlier run ended."""
    for chunk in reading(run.source, run.spec, run.context, run.hold, pack=True):
        _go_on(run)
        _apply_chunk(run, chunk)
        yield
    _go_on(run)
    run.spec.finished(run.context)
    run.hold.finish(BatchState.APPLIED, total=ImportBatch.done)
    _tell_audit(run, APPLIED)
    signals.import_applied.send(db.session.get_one(ImportBatch, run.context.batch_id))
    yield


def _go_on(run: _Run) -> None:
    """What follows in the transaction sees all that other imports have written, and they wait for it.

    Two that know the same employers would both create them, or overwrite each other's words unseen.
    """
    run.hold.keep()
    take_turn(Turn.IMPORTS)


def _apply_chunk(run: _Run, chunk: Chunk) -> None:
    taken, lines = NOTHING_TAKEN, chunk.lines
    if run.spec.setwise is not None and chunk.packed is not None:
        taken = _take(run, run.spec.setwise, chunk.packed)
        lines = chunk.packed.lines(run.spec.setwise.table, taken.left)
    plans = [plan for at in range(0, len(lines), CHUNK) for plan in _written(run, lines[at : at + CHUNK])]
    run.rows.keep([one for one in plans if one.writes or one.reasons or one.remarks], chunk.misread)
    _count(run, plans, chunk, taken)


def _take(run: _Run, way: Setwise, lines: Packed) -> Taken:
    """The set-wise way: does what it can of a chunk in the database and tells what is left."""
    with temporary(way.table):
        lines.load(way.table)
        taken = way.take(run.context, run.rows.keep_set)
    db.session.expire_all()
    return taken


def _written(run: _Run, lines: Sequence[Line]) -> Sequence[Plan]:
    """The row-wise way: plans the lines and writes those that may be written."""
    plans = run.spec.plan(lines, run.context)
    if written := [plan for plan in plans if plan.writes and not plan.reasons]:
        write(written)
        run.spec.applied(written, run.context)
        settle(written)
    return plans


def _count(run: _Run, plans: Sequence[Plan], chunk: Chunk, taken: Taken = NOTHING_TAKEN) -> None:
    found = Counter(plan.outcome for plan in plans)
    found.update({Outcome.CHANGED: taken.changed, Outcome.UNCHANGED: taken.unchanged})
    found[Outcome.REJECTED] += len(chunk.misread)
    said = [[*one.reasons, *one.remarks] for one in plans if one.reasons or one.remarks]
    said += [one.reasons for one in chunk.misread]
    run.reasons.update(reason.count_key for reasons in said for reason in reasons)
    run.hold.keep(
        done=ImportBatch.done + len(chunk),
        last_row=chunk.last,
        new=ImportBatch.new + found[Outcome.NEW],
        changed=ImportBatch.changed + found[Outcome.CHANGED],
        unchanged=ImportBatch.unchanged + found[Outcome.UNCHANGED],
        rejected=ImportBatch.rejected + found[Outcome.REJECTED],
        conflicts=ImportBatch.conflicts + sum(1 for plan in plans if plan.conflicts),
        reasons=dict(run.reasons),
        attempts=0,
    )


def _take_back(run: _Run) -> Iterator[None]:
    """Undo the written rows, newest first, some hundred in a transaction; rows edited since stay."""
    while rows := _rows_to_undo(run.context.batch_id):
        _go_on(run)
        result = take_back(
            rows,
            run.spec.carried,
            lambda table, ids: run.spec.removing(table, ids, run.context),
            run.spec.derived,
        )
        update_rows(table_of(ImportRow), [_outcome(row.id, result.kept.get(row.id)) for row in rows])
        run.spec.reverted(result.restored, run.context)
        written, left = sum(1 for row in rows if row.notes), len(result.kept)
        run.hold.keep(undone=ImportBatch.undone + written - left, kept=ImportBatch.kept + left, attempts=0)
        yield
    _go_on(run)
    run.spec.withdrawn(run.context)
    run.hold.finish(BatchState.CANCELLED if run.hold.state is BatchState.CANCELLING else BatchState.UNDONE)
    _tell_audit(run, TAKEN_BACK)
    yield


def _tell_audit(run: _Run, action: str) -> None:
    """Bulk statements pass the session's hooks by: one event for the batch, whose rows are the evidence.

    It seals them by their digests, so that `flask audit verify` can tell whether they are still the same.
    """
    batch = db.session.get_one(ImportBatch, run.context.batch_id, populate_existing=True)
    counts = {name: getattr(batch, name) for name in ("new", "changed", "rejected", "undone", "kept")}
    sealed = seal(batch, fate=action == TAKEN_BACK)
    details = {"spec": batch.spec, **counts, SEAL: sealed.details}
    with audit.acting_as(run.context.actor) if run.context.actor else nullcontext():
        audit.record(action, batch, name=batch.file_name, details=details)


def _outcome(row_id: int, kept: Kept | None) -> dict[str, Any]:
    why = {"code": kept.code, "table": kept.table, "names": list(kept.names)} if kept else {}
    return {"id": row_id, "undone": kept is None, "kept": why}


def _rows_to_undo(batch_id: int) -> list[NotedRow]:
    written = (Outcome.NEW, Outcome.CHANGED, Outcome.UNCHANGED)  # evidence beside an unchanged record
    query = (
        select(ImportRow.id, ImportRow.notes)
        .where(ImportRow.batch_id == batch_id, ImportRow.undone.is_(None), ImportRow.outcome.in_(written))
        .order_by(ImportRow.number.desc())
        .limit(UNDO_CHUNK)
    )
    return [NotedRow(row.id, row.notes) for row in db.session.execute(query)]


_STEPS = {
    BatchState.PREVIEWING: _preview,
    BatchState.APPLYING: _apply,
    BatchState.CANCELLING: _take_back,
    BatchState.UNDOING: _take_back,
}
