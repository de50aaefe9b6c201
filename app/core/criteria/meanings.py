"""What operators mean in SQL: bounds in days, months and numbers, and conditions on what is no order.

Every ordered kind (numbers, money, months, dates) counts in steps, so each of its operators is a pair of
inclusive bounds.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, false, or_, true

from app.core.clock import SHANGHAI, today
from app.core.criteria.fields import ME, Field, Kind
from app.core.periods import Period
from app.core.permissions import Actor

Values = tuple[Any, ...]
Bounds = tuple[Any, Any]

# -- ordered kinds: bounds ----------------------------------------------------------------------------

STEPS: dict[Kind, Any] = {
    Kind.NUMBER: 1,
    Kind.MONEY: Decimal("0.01"),
    Kind.RATE: Decimal("0.0001"),
    Kind.PERIOD: 1,
    Kind.DATE: timedelta(days=1),
    Kind.MOMENT: timedelta(days=1),
    Kind.EVENT: timedelta(days=1),
}


def between(field: Field, low: Any, high: Any) -> ColumnElement[bool]:
    expression = field.expression
    if field.kind in {Kind.MOMENT, Kind.EVENT}:
        starts = [] if low is None else [expression >= _midnight(low)]
        ends = [] if high is None else [expression < _midnight(high + timedelta(days=1))]
        return and_(*starts, *ends)
    if low == high:
        return expression == low  # type: ignore[no-any-return]
    starts = [] if low is None else [expression >= low]
    ends = [] if high is None else [expression <= high]
    return and_(*starts, *ends)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)


def days(first: int | None, last: int | None) -> Callable[[Values, Any], Bounds]:
    """Bounds counted in days from today; `n` days are the rule's value times the sign given."""

    def bounds(values: Values, _step: Any) -> Bounds:
        day, number = today(), values[0]
        low = None if first is None else day + timedelta(days=first * number)
        high = None if last is None else day + timedelta(days=last * number)
        return low, high

    return bounds


def more_than_days_ago(values: Values, _step: Any) -> Bounds:
    return None, today() - timedelta(days=values[0] + 1)


def month_away(offset: int) -> Callable[[Values, Any], Bounds]:
    def bounds(_values: Values, step: Any) -> Bounds:
        month = Period.of(today()) + offset
        return (month, month) if step == 1 else (month.first_day, month.last_day)

    return bounds


def year_away(offset: int) -> Callable[[Values, Any], Bounds]:
    def bounds(_values: Values, step: Any) -> Bounds:
        year = today().year + offset
        if step == 1:
            return Period(year, 1), Period(year, 12)
        return date(year, 1, 1), date(year, 12, monthrange(year, 12)[1])

    return bounds


def last_months(values: Values, _step: Any) -> Bounds:
    month = Period.of(today())
    return month + -values[0], month


def more_than_months_ago(values: Values, _step: Any) -> Bounds:
    return None, Period.of(today()) + -(values[0] + 1)


# -- other kinds: conditions --------------------------------------------------------------------------


def equals(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    return field.expression == values[0]  # type: ignore[no-any-return]


def contains(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    return field.expression.icontains(values[0], autoescape=True)  # type: ignore[no-any-return]


def begins(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    if field.kind in {Kind.CODE, Kind.CODED}:
        return field.expression.startswith(values[0], autoescape=True)  # type: ignore[no-any-return]
    return field.expression.istartswith(values[0], autoescape=True)  # type: ignore[no-any-return]


def one_of(field: Field, values: Values, actor: Actor | None) -> ColumnElement[bool]:
    if ME not in values:
        return field.expression.in_(values)  # type: ignore[no-any-return]
    return field.expression.in_([_reader(field, actor).id if v == ME else v for v in values])  # type: ignore[no-any-return]


def _reader(field: Field, actor: Actor | None) -> Actor:
    if actor is None:
        raise field.refuse(_l("speaks of “me”, but nobody is signed in; name a user instead."))
    return actor


def is_me(field: Field, _values: Values, actor: Actor | None) -> ColumnElement[bool]:
    return field.expression == _reader(field, actor).id  # type: ignore[no-any-return]


def under(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    return field.expression.in_(field.below(values) if field.below else values)  # type: ignore[no-any-return]


def under_mine(field: Field, _values: Values, actor: Actor | None) -> ColumnElement[bool]:
    return under(field, (_reader(field, actor).branch_id,), actor)


def not_empty(field: Field, _values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    filled = field.expression.is_not(None)
    if field.kind in {Kind.TEXT, Kind.CODE, Kind.CODED}:
        return and_(filled, field.expression != "")
    return filled  # type: ignore[no-any-return]


def yes(field: Field, _values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    return field.expression.is_(true())  # type: ignore[no-any-return]


def matches(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    found: ColumnElement[bool] = or_(false(), field.expression(values[0]))
    return found


def belongs(field: Field, values: Values, actor: Actor | None) -> ColumnElement[bool]:
    found: ColumnElement[bool] = field.expression(values, actor)
    return found
