"""When a file is due, of which month it then is, which import brings it; and whose expectations one sees."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.language import formats
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.rules.workdays import add_working_days
from app.imports.expected.models import ImportExpectation, Rhythm
from app.imports.models import ImportBatch
from app.imports.policy import of_own_kinds


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    reach = in_scope(actor, ImportExpectation.branch_id, ImportExpectation.owner_id)
    return reach & of_own_kinds(actor, ImportExpectation.spec)


@dataclass(frozen=True)
class Due:
    """Of which month (or, yearly, the first of which year) a file is, and by when it is to be there."""

    period: Period
    on: date


def due_in(expected: ImportExpectation, month: Period) -> Due | None:
    """What is due within a month; None where nothing is, or before anybody expected it."""
    yearly = expected.rhythm is Rhythm.YEARLY
    if yearly and month.month != expected.month:
        return None
    on = month.day(expected.day)
    if expected.workdays_only:
        on = add_working_days(month.first_day - timedelta(days=1), expected.day, provisional=True)
    period = Period(month.year - expected.lag, 1) if yearly else month + -expected.lag
    return Due(period, on) if on >= expected.since else None


def brings(batch: ImportBatch, expected: ImportExpectation, period: Period) -> bool:
    """Whether an import is the expected file of that month or year."""
    if (batch.spec, batch.branch_id) != (expected.spec, expected.branch_id):
        return False
    if expected.source and batch.source != expected.source:
        return False
    of = batch.period or (Period.of(batch.as_of) if batch.as_of else None)
    if of is None:
        return False
    return of.year == period.year if expected.rhythm is Rhythm.YEARLY else of == period


def period_text(expected: ImportExpectation, period: Period) -> str:
    return str(period.year) if expected.rhythm is Rhythm.YEARLY else formats.period(period)


def rhythm_text(expected: ImportExpectation) -> str:
    """The rhythm in words (every month, by working day 5), in the reader's language."""
    values = {"month": expected.month, "day": expected.day}
    if expected.rhythm is Rhythm.YEARLY:
        if expected.workdays_only:
            return str(_("Every year, by working day %(day)s of month %(month)s", **values))
        return str(_("Every year, by day %(day)s of month %(month)s", **values))
    if expected.workdays_only:
        return str(_("Every month, by working day %(day)s", **values))
    return str(_("Every month, by day %(day)s", **values))
