"""The month's batch and the conversion funnel, counted over stays in the ledger.

Each figure carries the criteria of the rows behind it (`lists.STAYS`), so that the two cannot differ.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, case, extract, func, select

from app.accounts.models import User
from app.core.bulk import read_tuples
from app.core.db import among, db
from app.core.language import formats
from app.core.periods import Period
from app.core.permissions import Actor
from app.employers.models import SOURCE_LABELS, Employer
from app.leads.ledger.models import LEFT_LABELS, Lead, Left
from app.leads.ledger.queries import places, select_leads, select_stays

#: the steps of the funnel, in their order: name, label, the column with its day
STEPS: tuple[tuple[str, Any, Any], ...] = (
    ("found", _l("Leads found"), Lead.found_on),
    ("contacted", _l("Spoken to"), Lead.contacted_on),
    ("met", _l("Met in person"), Lead.met_on),
    ("registered", _l("Account opened"), Lead.registered_on),
    ("paid", _l("First paid"), Lead.paid_on),
)
MONTHS = 12

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A number, and the criteria (URL arguments) of its rows."""

    label: Any
    number: int
    criteria: Arguments


@dataclass(frozen=True)
class Batch:
    """What one month brought and took; `standing` are those in the ledger today."""

    month: Period
    entered: Sequence[Figure]
    left: Sequence[Figure]
    standing: int

    @property
    def new(self) -> int:
        return sum(one.number for one in self.entered)

    @property
    def gone(self) -> int:
        return sum(one.number for one in self.left)


def _within(column: Any, first: Period, last: Period) -> ColumnElement[bool]:
    return and_(column >= first.first_day, column <= last.last_day)


def between(name: str, first: Period, last: Period) -> dict[str, Any]:
    """The same as criteria of a list."""
    return {f"{name}.between": f"{first.first_day},{last.last_day}"}


def batch(month: Period, actor: Actor) -> Batch:
    """The month's new leads by source, and those that left by reason; three statements."""
    entered = _counted(actor, Lead.found_by, _within(Lead.found_on, month, month))
    left = _counted(actor, Lead.left_why, _within(Lead.left_on, month, month))
    found, gone = between("found_on", month, month), between("left_on", month, month)
    standing = select_leads(actor).with_only_columns(func.count(), maintain_column_froms=True)
    return Batch(
        month,
        [
            Figure(SOURCE_LABELS[source], entered[source], {**found, "found_by.in": source})
            for source in SOURCE_LABELS
            if source in entered
        ],
        [
            Figure(label, left[why], {**gone, "left_why.in": why.value})
            for why, label in LEFT_LABELS.items()
            if why in left
        ],
        db.session.scalar(standing) or 0,
    )


def _counted(actor: Actor, column: Any, where: ColumnElement[bool]) -> dict[Any, int]:
    query = _bare(select_stays(actor), column, func.count()).where(where).group_by(column)
    return {value: number for value, number in db.session.execute(query)}


def _bare(query: Select[Any], *columns: Any) -> Select[Any]:
    return query.with_only_columns(*columns, maintain_column_froms=True)


def flows(months: Sequence[Period], actor: Actor) -> list[tuple[Period, int, int]]:
    """How many entered and left in each of these months."""
    entered, left = (_by_month(actor, column, months) for column in (Lead.found_on, Lead.left_on))
    return [(month, entered.get(int(month), 0), left.get(int(month), 0)) for month in months]


def _by_month(actor: Actor, column: Any, months: Sequence[Period]) -> dict[int, int]:
    number = _month_of(column)
    query = _bare(select_stays(actor), number, func.count())
    query = query.where(_within(column, months[0], months[-1])).group_by(number)
    return {int(month): count for month, count in db.session.execute(query)}


def _month_of(column: Any) -> ColumnElement[int]:
    found: ColumnElement[int] = extract("year", column) * 100 + extract("month", column)
    return found


# The funnel ------------------------------------------------------------------------------------------


@dataclass
class Line:
    """One month, source, area or specialist: how many got to each step, and the median days between."""

    label: str
    criteria: Arguments
    reached: dict[str, int] = field(default_factory=lambda: dict.fromkeys((name for name, *_ in STEPS), 0))
    #: days from the step before; "whole" is from found to first paid
    days: dict[str, float | None] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """How many of those found opened an account."""
        return self.reached["registered"] / self.reached["found"] if self.reached["found"] else None


@dataclass(frozen=True)
class Dimension:
    """What the funnel is broken down by: the column, and of a value its words and criteria."""

    name: str
    label: Any
    column: Any
    words: Callable[[Sequence[Any]], Mapping[Any, str]]
    criteria: Callable[[Any], Arguments]


def funnel(by: "Dimension", first: Period, last: Period, actor: Actor) -> tuple[Line, list[Line]]:
    """All leads found in these months, and the same broken down, months by their order and the rest by their
    numbers; a handful of statements."""
    span = between("found_on", first, last)
    groups: dict[Any, list[Line]] = {}
    whole = Line(str(_("All")), span)
    where = _within(Lead.found_on, first, last)
    counts = [func.count(), *(func.sum(case((day.is_not(None), 1), else_=0)) for _n, _t, day in STEPS[1:])]
    query = _bare(select_stays(actor), by.column, *counts).where(where).group_by(by.column)
    for row in db.session.execute(query):
        line = Line("", {**span, **by.criteria(_key(by, row[0]))})
        groups.setdefault(_key(by, row[0]), []).append(line)
        for (name, _title, _day), number in zip(STEPS, row[1:], strict=True):
            line.reached[name] = number
            whole.reached[name] += number
    lines = {key: _joined(parts) for key, parts in groups.items()}
    _reckon_days(by, whole, lines, where, actor)
    for key, words in by.words(list(lines)).items():
        lines[key].label = words
    if by.name == "month":
        return whole, [lines[key] for key in sorted(lines, reverse=True)]
    return whole, sorted(lines.values(), key=lambda one: (-one.reached["found"], one.label))


def _joined(parts: list[Line]) -> Line:
    """Areas of one street are one line."""
    for part in parts[1:]:
        for name, number in part.reached.items():
            parts[0].reached[name] += number
    return parts[0]


def _reckon_days(
    by: "Dimension", whole: Line, lines: Mapping[Any, Line], where: ColumnElement[bool], actor: Actor
) -> None:
    """Medians need each lead that got somewhere; the many that did not are left in the database."""
    got_on = Lead.contacted_on.is_not(None) | Lead.registered_on.is_not(None)
    columns = [by.column, *(day for _name, _title, day in STEPS)]
    found: dict[Any, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    all_gaps: dict[str, list[int]] = defaultdict(list)
    for value, *days in read_tuples(_bare(select_stays(actor), *columns).where(where, got_on)):
        for name, number in _gaps(days):
            found[_key(by, value)][name].append(number)
            all_gaps[name].append(number)
    whole.days = {name: _median(numbers) for name, numbers in all_gaps.items()}
    for key, line in lines.items():
        line.days = {name: _median(numbers) for name, numbers in found[key].items()}


def _median(numbers: list[int]) -> float:
    """A whole number of days where it is one."""
    middle = median(numbers)
    return int(middle) if middle == int(middle) else middle


def _gaps(days: Sequence[date | None]) -> list[tuple[str, int]]:
    """Days from each step to the next that was taken, and from the first to the last step."""
    gaps, before = list[tuple[str, int]](), days[0]
    for (name, _title, _day), day in zip(STEPS[1:], days[1:], strict=True):
        if day is not None and before is not None:
            gaps.append((name, max(0, (day - before).days)))
            before = day
    if days[0] is not None and days[-1] is not None:
        gaps.append(("whole", (days[-1] - days[0]).days))
    return gaps


def _key(by: "Dimension", value: Any) -> Any:
    """What a line stands for: of areas their street, of days their month."""
    if by.name == "area":
        place = places().get(value or 0)
        return place.street_id if place else None
    return int(value) if by.name == "month" else value


def _months(values: Sequence[Any]) -> Mapping[Any, str]:
    return {value: formats.period(Period.from_int(value)) for value in values}


def _people(values: Sequence[Any]) -> Mapping[Any, str]:
    ids = [value for value in values if value is not None]
    names = {
        id_: name for id_, name in db.session.execute(select(User.id, User.name).where(among(User.id, ids)))
    }
    return {value: names.get(value, str(_("Unclaimed"))) for value in values}


def _streets(values: Sequence[Any]) -> Mapping[Any, str]:
    names = {place.street_id: place.street for place in places().values()}
    return {value: names.get(value, str(_("In no area"))) for value in values}


def _within_place(value: Any) -> Arguments:
    """A street with all that is in it; of a district only the firms of which no street is known."""
    if not value:
        return {"place.empty": ""}
    return {"place.under" if places()[value].whole else "place.in": value}


def _sources(values: Sequence[Any]) -> Mapping[Any, str]:
    return {value: str(SOURCE_LABELS.get(value, value)) for value in values}


DIMENSIONS: Mapping[str, Dimension] = {
    one.name: one
    for one in (
        Dimension("month", _l("Month found"), _month_of(Lead.found_on), _months,
                  lambda value: between("found_on", Period.from_int(value), Period.from_int(value))),
        Dimension("source", _l("Source"), Lead.found_by, _sources, lambda value: {"found_by.in": value}),
        Dimension("area", _l("Area"), Employer.area_id, _streets, _within_place),
        Dimension("specialist", _l("Specialist"), Employer.owner_id, _people,
                  lambda value: {"owner.in": value} if value else {"owner.empty": ""}),
    )
}  # fmt: skip

#: of a step the criteria of those that got to it
REACHED: Mapping[str, Arguments] = {
    name: {} if name == "found" else {f"{name}_on.not_empty": ""} for name, _title, _day in STEPS
}
__all__ = ["DIMENSIONS", "MONTHS", "REACHED", "STEPS", "Batch", "Left", "Line", "batch", "flows", "funnel"]
