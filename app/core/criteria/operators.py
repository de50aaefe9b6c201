"""What a rule may ask of a field: the operators of each kind, with their words and their SQL.

Every ordered kind (numbers, money, months, dates) counts in steps, so each of its operators is a pair of
inclusive bounds. A negative operator is true where its positive one is not, empty values included.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, false, func, not_, or_, true

from app.core.clock import SHANGHAI, today
from app.core.criteria.fields import ME, Field, Kind
from app.core.periods import Period
from app.core.permissions import Actor

Values = tuple[Any, ...]
Bounds = tuple[Any, Any]


class Arity(Enum):
    """How many values an operator takes."""

    NONE = 0
    ONE = 1
    TWO = 2
    MANY = 3


@dataclass(frozen=True)
class Operator:
    """`label` is for menus, `phrase` for sentences. `reads` is the kind of its values where not the field's.

    Exactly one of `bounds`, `condition` and `negates` says what it means.
    """

    name: str
    label: Any
    phrase: Any
    arity: Arity = Arity.ONE
    reads: Kind | None = None
    bounds: Callable[[Values, Any], Bounds] | None = None
    condition: Callable[[Field, Values, Actor | None], ColumnElement[bool]] | None = None
    negates: "Operator | None" = None


def condition(operator: Operator, field: Field, values: Values, actor: Actor | None) -> ColumnElement[bool]:
    """The SQL of one rule; never NULL for a negative operator."""
    if operator.negates is not None:
        positive = condition(operator.negates, field, values, actor)
        # an EXISTS is never NULL, and bare it can be planned as an anti-join
        return not_(positive if field.within else func.coalesce(positive, false()))
    if operator.condition is not None:
        found = operator.condition(field, values, actor)
    else:
        assert operator.bounds is not None  # noqa: S101 - the table below is complete
        found = _between(field, *operator.bounds(values, STEPS[field.kind]))
    return field.within(found) if field.within else found


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


def _between(field: Field, low: Any, high: Any) -> ColumnElement[bool]:
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


def _days(first: int | None, last: int | None) -> Callable[[Values, Any], Bounds]:
    """Bounds counted in days from today; `n` days are the rule's value times the sign given."""

    def bounds(values: Values, _step: Any) -> Bounds:
        day, number = today(), values[0]
        low = None if first is None else day + timedelta(days=first * number)
        high = None if last is None else day + timedelta(days=last * number)
        return low, high

    return bounds


def _more_than_days_ago(values: Values, _step: Any) -> Bounds:
    return None, today() - timedelta(days=values[0] + 1)


def _month(offset: int) -> Callable[[Values, Any], Bounds]:
    def bounds(_values: Values, step: Any) -> Bounds:
        month = Period.of(today()) + offset
        return (month, month) if step == 1 else (month.first_day, month.last_day)

    return bounds


def _year(offset: int) -> Callable[[Values, Any], Bounds]:
    def bounds(_values: Values, step: Any) -> Bounds:
        year = today().year + offset
        if step == 1:
            return Period(year, 1), Period(year, 12)
        return date(year, 1, 1), date(year, 12, monthrange(year, 12)[1])

    return bounds


def _last_months(values: Values, _step: Any) -> Bounds:
    month = Period.of(today())
    return month + -values[0], month


def _more_than_months_ago(values: Values, _step: Any) -> Bounds:
    return None, Period.of(today()) + -(values[0] + 1)


# -- other kinds: conditions --------------------------------------------------------------------------


def _equals(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    return field.expression == values[0]  # type: ignore[no-any-return]


def _contains(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    return field.expression.icontains(values[0], autoescape=True)  # type: ignore[no-any-return]


def _starts(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    if field.kind in {Kind.CODE, Kind.CODED}:
        return field.expression.startswith(values[0], autoescape=True)  # type: ignore[no-any-return]
    return field.expression.istartswith(values[0], autoescape=True)  # type: ignore[no-any-return]


def _one_of(field: Field, values: Values, actor: Actor | None) -> ColumnElement[bool]:
    if ME not in values:
        return field.expression.in_(values)  # type: ignore[no-any-return]
    return field.expression.in_([_reader(field, actor).id if v == ME else v for v in values])  # type: ignore[no-any-return]


def _reader(field: Field, actor: Actor | None) -> Actor:
    if actor is None:
        raise field.refuse(_l("speaks of “me”, but nobody is signed in; name a user instead."))
    return actor


def _is_me(field: Field, _values: Values, actor: Actor | None) -> ColumnElement[bool]:
    return field.expression == _reader(field, actor).id  # type: ignore[no-any-return]


def _under(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    return field.expression.in_(field.below(values) if field.below else values)  # type: ignore[no-any-return]


def _under_mine(field: Field, _values: Values, actor: Actor | None) -> ColumnElement[bool]:
    return _under(field, (_reader(field, actor).branch_id,), actor)


def _not_empty(field: Field, _values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    filled = field.expression.is_not(None)
    if field.kind in {Kind.TEXT, Kind.CODE, Kind.CODED}:
        return and_(filled, field.expression != "")
    return filled  # type: ignore[no-any-return]


def _yes(field: Field, _values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    return field.expression.is_(true())  # type: ignore[no-any-return]


def _matches(field: Field, values: Values, _actor: Actor | None) -> ColumnElement[bool]:
    found: ColumnElement[bool] = or_(false(), field.expression(values[0]))
    return found


def _belongs(field: Field, values: Values, actor: Actor | None) -> ColumnElement[bool]:
    found: ColumnElement[bool] = field.expression(values, actor)
    return found


# -- the table -----------------------------------------------------------------------------------------

NONE, TWO, MANY = Arity.NONE, Arity.TWO, Arity.MANY
COUNT = Kind.NUMBER

_IS = Operator("eq", _l("is"), _l("%(field)s is %(value)s"), condition=_equals)
_IS_AT = Operator("eq", _l("equals"), _l("%(field)s is %(value)s"), bounds=lambda v, _: (v[0], v[0]))
_CONTAINS = Operator("contains", _l("contains"), _l("%(field)s contains %(value)s"), condition=_contains)
_STARTS = Operator("starts", _l("starts with"), _l("%(field)s starts with %(value)s"), condition=_starts)
_IN = Operator("in", _l("is one of"), _l("%(field)s is %(value)s"), MANY, condition=_one_of)
_FILLED = Operator("not_empty", _l("is filled in"), _l("%(field)s is filled in"), NONE, condition=_not_empty)
_LAST_DAYS = Operator(
    "in_last_days", _l("in the last … days"), _l("%(field)s is in the last %(value)s days"),
    reads=COUNT, bounds=_days(-1, 0),
)  # fmt: skip
_ME = Operator("is_me", _l("is me"), _l("%(field)s is me"), NONE, condition=_is_me)


def _negative(name: str, label: Any, phrase: Any, of: Operator) -> Operator:
    return Operator(name, label, phrase, of.arity, of.reads, negates=of)


_FILLING = (
    _FILLED,
    _negative("empty", _l("is empty"), _l("%(field)s is empty"), _FILLED),
)
_COMPARING = (
    Operator("ge", _l("at least"), _l("%(field)s is at least %(value)s"), bounds=lambda v, _: (v[0], None)),
    Operator("le", _l("at most"), _l("%(field)s is at most %(value)s"), bounds=lambda v, _: (None, v[0])),
    _IS_AT,
    _negative("ne", _l("is not"), _l("%(field)s is not %(value)s"), _IS_AT),
    Operator("gt", _l("more than"),
             _l("%(field)s is more than %(value)s"), bounds=lambda v, s: (v[0] + s, None)),
    Operator("lt", _l("less than"),
             _l("%(field)s is less than %(value)s"), bounds=lambda v, s: (None, v[0] + -s)),
    Operator("between", _l("between"),
             _l("%(field)s is between %(low)s and %(high)s"), TWO, bounds=lambda v, _: (v[0], v[1])),
)  # fmt: skip
_DATING = (
    Operator("ge", _l("on or after"),
             _l("%(field)s is %(value)s or later"), bounds=lambda v, _: (v[0], None)),
    Operator("le", _l("on or before"),
             _l("%(field)s is %(value)s or earlier"), bounds=lambda v, _: (None, v[0])),
    _IS_AT,
    _negative("ne", _l("is not"), _l("%(field)s is not %(value)s"), _IS_AT),
    Operator("gt", _l("after"), _l("%(field)s is after %(value)s"), bounds=lambda v, s: (v[0] + s, None)),
    Operator("lt", _l("before"), _l("%(field)s is before %(value)s"), bounds=lambda v, s: (None, v[0] + -s)),
    Operator("between", _l("between"),
             _l("%(field)s is between %(low)s and %(high)s"), TWO, bounds=lambda v, _: (v[0], v[1])),
)  # fmt: skip
_CALENDAR = (
    Operator("this_month", _l("in this month"), _l("%(field)s is in this month"), NONE, bounds=_month(0)),
    Operator("last_month", _l("in last month"), _l("%(field)s is in last month"), NONE, bounds=_month(-1)),
    Operator("this_year", _l("in this year"), _l("%(field)s is in this year"), NONE, bounds=_year(0)),
    Operator("last_year", _l("in last year"), _l("%(field)s is in last year"), NONE, bounds=_year(-1)),
)
_DAYS = (
    _LAST_DAYS,
    _negative("not_in_last_days", _l("not in the last … days, or never"),
              _l("%(field)s is not in the last %(value)s days"), _LAST_DAYS),
    Operator("in_next_days", _l("in the next … days"), _l("%(field)s is in the next %(value)s days"),
             reads=COUNT, bounds=_days(0, 1)),
    Operator("before_days_ago", _l("more than … days ago"), _l("%(field)s is more than %(value)s days ago"),
             reads=COUNT, bounds=_more_than_days_ago),
)  # fmt: skip
_MONTHS = (
    Operator("in_last_months", _l("in the last … months"), _l("%(field)s is in the last %(value)s months"),
             reads=COUNT, bounds=_last_months),
    Operator("before_months_ago", _l("more than … months ago"),
             _l("%(field)s is more than %(value)s months ago"),
             reads=COUNT, bounds=_more_than_months_ago),
)  # fmt: skip
_HAPPENED = Operator("not_empty", _l("at any time"), _l("%(field)s: at any time"), NONE, condition=_not_empty)
_LATELY = Operator(
    "in_last_days", _l("in the last … days"), _l("%(field)s: in the last %(value)s days"),
    reads=COUNT, bounds=_days(-1, 0),
)  # fmt: skip
_MONTHLY = Operator("this_month", _l("in this month"), _l("%(field)s: in this month"), NONE, bounds=_month(0))
_YEARLY = Operator("this_year", _l("in this year"), _l("%(field)s: in this year"), NONE, bounds=_year(0))
_HAPPENING = (
    _LATELY,
    _negative("not_in_last_days", _l("not in the last … days, or never"),
              _l("%(field)s: not in the last %(value)s days"), _LATELY),
    _MONTHLY,
    _negative("not_this_month", _l("not in this month"), _l("%(field)s: not in this month"), _MONTHLY),
    _YEARLY,
    _negative("not_this_year", _l("not in this year"), _l("%(field)s: not in this year"), _YEARLY),
    Operator("between", _l("between"),
             _l("%(field)s: between %(low)s and %(high)s"), TWO, bounds=lambda v, _: (v[0], v[1])),
    _HAPPENED,
    _negative("empty", _l("never"), _l("%(field)s: never"), _HAPPENED),
)  # fmt: skip
_CHOOSING = (
    _IN,
    _negative("not_in", _l("is none of"), _l("%(field)s is not %(value)s"), _IN),
)
_UNDER = Operator(
    "under", _l("is, or is below"), _l("%(field)s is %(value)s (with those below)"), MANY, condition=_under,
)  # fmt: skip
_AMONG = Operator("in", _l("is one of"), _l("in the segment %(value)s"), MANY, condition=_belongs)
_BELONGING = replace(_IN, condition=_belongs)
_YES = Operator("yes", _l("yes"), _l("%(field)s: yes"), NONE, condition=_yes)
_NUMERIC = (*_COMPARING, *_FILLING)
_DATED = (*_DATING, *_DAYS, *_CALENDAR, *_FILLING)

_TABLE: dict[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: (
        _CONTAINS,
        _negative("not_contains", _l("does not contain"),
                  _l("%(field)s does not contain %(value)s"), _CONTAINS),
        _STARTS,
        _IS,
        _negative("ne", _l("is not"), _l("%(field)s is not %(value)s"), _IS),
        *_FILLING,
    ),
    Kind.CODE: (_STARTS, _IS, *_CHOOSING, *_FILLING),
    Kind.NUMBER: _NUMERIC,
    Kind.MONEY: _NUMERIC,
    Kind.RATE: _NUMERIC,
    Kind.PERIOD: (*_DATING, *_MONTHS, *_CALENDAR, *_FILLING),
    Kind.DATE: _DATED,
    Kind.MOMENT: _DATED,
    Kind.EVENT: _HAPPENING,
    Kind.CHOICE: (*_CHOOSING, *_FILLING),
    Kind.BOOL: (_YES, _negative("no", _l("no"), _l("%(field)s: no"), _YES)),
    Kind.USER: (*_CHOOSING, _ME, *_FILLING),
    Kind.CODED: (_UNDER, *_CHOOSING, _STARTS, _IS, *_FILLING),
    Kind.AREA: (_UNDER, *_CHOOSING, *_FILLING),
    Kind.BRANCH: (
        _UNDER,
        *_CHOOSING,
        Operator("is_mine", _l("is mine, or below"),
                 _l("%(field)s is mine (with those below)"), NONE, condition=_under_mine),
    ),
    Kind.MEMBER: (
        _AMONG,
        _negative("not_in", _l("is none of"), _l("not in the segment %(value)s"), _AMONG),
    ),
    Kind.RECORD: (
        _BELONGING,
        _negative("not_in", _l("is none of"), _l("%(field)s is not %(value)s"), _BELONGING),
    ),
    Kind.SEARCH: (
        Operator("matches", _l("matches"), _l("Search: %(value)s"), condition=_matches),
    ),
}  # fmt: skip

OPERATORS: dict[Kind, dict[str, Operator]] = {
    kind: {operator.name: operator for operator in operators} for kind, operators in _TABLE.items()
}
