"""Keeping what is expected; telling what is missing, once for each time, and that it has come at last."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import signals
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.periods import Period
from app.core.permissions import Actor
from app.imports.columns.queries import source_called
from app.imports.expected import queries
from app.imports.expected.models import ImportDue, ImportExpectation, Rhythm
from app.imports.expected.policy import Due, due_in
from app.imports.models import ImportBatch


def expect(values: Mapping[str, Any]) -> ImportExpectation:
    """From this month on the file is expected. Raises DomainError for a twin."""
    expected = ImportExpectation(since=today().replace(day=1))
    _set(expected, values)
    db.session.add(expected)
    db.session.flush()
    return expected


def change(expected: ImportExpectation, values: Mapping[str, Any]) -> None:
    """What was missed under the old rhythm stays on record."""
    with db.session.no_autoflush:
        _set(expected, values)
    db.session.flush()


def _set(expected: ImportExpectation, values: Mapping[str, Any]) -> None:
    yearly = values["rhythm"] is Rhythm.YEARLY
    if yearly and not values["month"]:
        raise DomainError(_l("Give the month in which the yearly file is due."))
    source = source_called(values["source"], values["spec"], values["branch_id"]) or None
    twin = select(ImportExpectation.id).where(
        ImportExpectation.spec == values["spec"],
        ImportExpectation.branch_id == values["branch_id"],
        ImportExpectation.source.is_not_distinct_from(source),
        ImportExpectation.rhythm == values["rhythm"],
        ImportExpectation.id.is_distinct_from(expected.id),
    )
    if db.session.scalar(twin.limit(1)) is not None:
        raise DomainError(_l("This file is expected already. Change that entry instead."))
    for name in ("spec", "branch_id", "rhythm", "day", "workdays_only", "lag", "owner_id"):
        setattr(expected, name, values[name])
    expected.month, expected.source = (values["month"] if yearly else None), source


def expect_no_more(expected: ImportExpectation, actor: Actor | None) -> None:
    """Nobody waits for the file any more; what was still asked for is settled."""
    for due in queries.open_dues(expected):
        signals.file_arrived.send("imports", due=due, batch=None, actor=actor)
    db.session.delete(expected)
    db.session.flush()


def review() -> int:
    """Tells of each file whose day has passed, once; gives how many are missing. Running it twice is idle."""
    missing = 0
    for expected in db.session.scalars(select(ImportExpectation).order_by(ImportExpectation.id)).all():
        late = _late(expected)
        batches = queries.applied_for([expected], [due.period for due in late])
        for due in late:
            _note_late(expected, due, batches)
        for noted in queries.open_dues(expected):
            missing += not _settled(noted)
    return missing


def _late(expected: ImportExpectation) -> list[Due]:
    """What was due this month or within the year before, and is over."""
    month = Period.of(today())
    found = [due_in(expected, month + -lag) for lag in range(12, -1, -1)]
    return [due for due in found if due is not None and due.on < today()]


def _note_late(expected: ImportExpectation, due: Due, batches: Sequence[ImportBatch]) -> None:
    if queries.due_of(expected, due.period) or queries.bringing(batches, expected, due.period):
        return
    noted = ImportDue(expectation_id=expected.id, period=due.period, due_on=due.on)
    db.session.add(noted)
    db.session.flush()


def _settled(due: ImportDue) -> bool:
    """Whether the file is there by now; else it is asked for, anew where its import was taken back."""
    batches = queries.applied_for([due.expectation], [due.period])
    batch = queries.bringing(batches, due.expectation, due.period)
    again = due.batch_id is not None
    due.batch_id = batch.id if batch else None
    db.session.flush()
    if batch is None:
        signals.file_missing.send("imports", due=due, again=again)
        return False
    signals.file_arrived.send("imports", due=due, batch=batch, actor=batch.created_by)
    return True


@signals.import_applied.connect
def _arrived(batch: ImportBatch, **_more: Any) -> None:
    """What was missing is settled at once when it comes."""
    query = select(ImportExpectation).where(
        ImportExpectation.spec == batch.spec, ImportExpectation.branch_id == batch.branch_id
    )
    for expected in db.session.scalars(query).all():
        for due in queries.open_dues(expected):
            if queries.bringing([batch], expected, due.period):
                _settled(due)
