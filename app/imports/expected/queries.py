"""What is expected, and how it stands this month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, lazyload

from app.core.clock import today
from app.core.db import db
from app.core.finding import the_one
from app.core.periods import Period
from app.core.permissions import Actor
from app.imports.expected.models import ImportDue, ImportExpectation
from app.imports.expected.policy import Due, brings, due_in, visible_to
from app.imports.models import BatchState, ImportBatch

ARRIVED, AWAITED, MISSING = "arrived", "awaited", "missing"
STATE_LABELS = {ARRIVED: _l("Arrived"), AWAITED: _l("Expected"), MISSING: _l("Missing so far")}
STATE_TONES = {ARRIVED: "good", AWAITED: "neutral", MISSING: "danger"}


def expectations(actor: Actor | None) -> Select[ImportExpectation]:
    return select(ImportExpectation).where(visible_to(actor))


def find(expectation_id: int, actor: Actor | None) -> ImportExpectation:
    """Raises NotFound also for one of another branch."""
    return the_one(
        expectations(actor).where(ImportExpectation.id == expectation_id),
        _l("This file is not expected (any more)."),
    )


@dataclass(frozen=True)
class Standing:
    """How an expected file of this month stands."""

    expected: ImportExpectation
    due: Due
    state: str
    batch: ImportBatch | None


def standing(actor: Actor | None) -> list[Standing]:
    """The files that are due this month, those that are missing first."""
    query = expectations(actor).options(
        joinedload(ImportExpectation.owner).lazyload("*"), joinedload(ImportExpectation.branch).lazyload("*")
    )
    day = today()
    wanted = [(one, due) for one in db.session.scalars(query) if (due := due_in(one, Period.of(day)))]
    batches = applied_for([one for one, _due in wanted], [due.period for _one, due in wanted])
    found = [_standing(one, due, batches, day) for one, due in wanted]
    return sorted(found, key=lambda one: (list(STATE_LABELS)[::-1].index(one.state), one.due.on))


def _standing(expected: ImportExpectation, due: Due, batches: Sequence[ImportBatch], day: date) -> Standing:
    batch = bringing(batches, expected, due.period)
    if batch is not None:
        return Standing(expected, due, ARRIVED, batch)
    return Standing(expected, due, MISSING if due.on < day else AWAITED, None)


def bringing(
    batches: Iterable[ImportBatch], expected: ImportExpectation, period: Period
) -> ImportBatch | None:
    return next((batch for batch in batches if brings(batch, expected, period)), None)


def applied_for(expected: Sequence[ImportExpectation], periods: Iterable[Period]) -> Sequence[ImportBatch]:
    """The applied imports that may bring one of these for the months (or years) asked, the newest first."""
    earliest = min(periods, default=None)
    if not expected or earliest is None:
        return []
    oldest = min(earliest.first_day, today() - timedelta(days=100))
    query = select(ImportBatch).where(
        ImportBatch.state == BatchState.APPLIED,
        ImportBatch.spec.in_({one.spec for one in expected}),
        ImportBatch.branch_id.in_({one.branch_id for one in expected}),
        ImportBatch.as_of >= oldest,
    )
    return db.session.scalars(query.order_by(ImportBatch.id.desc()).options(lazyload("*"))).all()


def open_dues(expected: ImportExpectation) -> Sequence[ImportDue]:
    """The times that the file was late and has not come yet, or came by an import that was taken back."""
    query = (
        select(ImportDue)
        .outerjoin(ImportBatch, ImportBatch.id == ImportDue.batch_id)
        .where(ImportDue.expectation_id == expected.id)
        .where(ImportDue.batch_id.is_(None) | (ImportBatch.state != BatchState.APPLIED))
    )
    return db.session.scalars(query.order_by(ImportDue.period)).all()


def due_of(expected: ImportExpectation, period: Period) -> ImportDue | None:
    query = select(ImportDue).where(ImportDue.expectation_id == expected.id, ImportDue.period == period)
    return db.session.scalar(query)
