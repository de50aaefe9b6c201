"""What a rule may ask of a field: the operators of each kind with their words; `meanings` is their SQL.

A negative operator is true where its positive one is not, empty values included.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, func, not_

from app.core.criteria import meanings
from app.core.criteria.fields import Field, Kind
from app.core.criteria.meanings import STEPS, Bounds, Values
from app.core.permissions import Actor


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
        found = meanings.between(field, *operator.bounds(values, STEPS[field.kind]))
    return field.within(found) if field.within else found


# -- the table -----------------------------------------------------------------------------------------

NONE, TWO, MANY = Arity.NONE, Arity.TWO, Arity.MANY
COUNT = Kind.NUMBER

_IS = Operator("eq", _l("is"), _l("%(field)s is %(value)s"), condition=meanings.equals)
_IS_AT = Operator("eq", _l("equals"), _l("%(field)s is %(value)s"), bounds=lambda v, _: (v[0], v[0]))
_CONTAINS = Operator(
    "contains", _l("contains"), _l("%(field)s contains %(value)s"), condition=meanings.contains
)
_STARTS = Operator(
    "starts", _l("starts with"), _l("%(field)s starts with %(value)s"), condition=meanings.begins
)
_IN = Operator("in", _l("is one of"), _l("%(field)s is %(value)s"), MANY, condition=meanings.one_of)
_FILLED = Operator(
    "not_empty", _l("is filled in"), _l("%(field)s is filled in"), NONE, condition=meanings.not_empty
)
_LAST_DAYS = Operator(
    "in_last_days", _l("in the last … days"), _l("%(field)s is in the last %(value)s days"),
    reads=COUNT, bounds=meanings.days(-1, 0),
)  # fmt: skip
_ME = Operator("is_me", _l("is me"), _l("%(field)s is me"), NONE, condition=meanings.is_me)


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
    Operator(
        "this_month",
        _l("in this month"),
        _l("%(field)s is in this month"),
        NONE,
        bounds=meanings.month_away(0),
    ),
    Operator(
        "last_month",
        _l("in last month"),
        _l("%(field)s is in last month"),
        NONE,
        bounds=meanings.month_away(-1),
    ),
    Operator(
        "this_year", _l("in this year"), _l("%(field)s is in this year"), NONE, bounds=meanings.year_away(0)
    ),
    Operator(
        "last_year", _l("in last year"), _l("%(field)s is in last year"), NONE, bounds=meanings.year_away(-1)
    ),
)
_DAYS = (
    _LAST_DAYS,
    _negative("not_in_last_days", _l("not in the last … days, or never"),
              _l("%(field)s is not in the last %(value)s days"), _LAST_DAYS),
    Operator("in_next_days", _l("in the next … days"), _l("%(field)s is in the next %(value)s days"),
             reads=COUNT, bounds=meanings.days(0, 1)),
    Operator("before_days_ago", _l("more than … days ago"), _l("%(field)s is more than %(value)s days ago"),
             reads=COUNT, bounds=meanings.more_than_days_ago),
)  # fmt: skip
_MONTHS = (
    Operator("in_last_months", _l("in the last … months"), _l("%(field)s is in the last %(value)s months"),
             reads=COUNT, bounds=meanings.last_months),
    Operator("before_months_ago", _l("more than … months ago"),
             _l("%(field)s is more than %(value)s months ago"),
             reads=COUNT, bounds=meanings.more_than_months_ago),
)  # fmt: skip
_HAPPENED = Operator(
    "not_empty", _l("at any time"), _l("%(field)s: at any time"), NONE, condition=meanings.not_empty
)
_LATELY = Operator(
    "in_last_days", _l("in the last … days"), _l("%(field)s: in the last %(value)s days"),
    reads=COUNT, bounds=meanings.days(-1, 0),
)  # fmt: skip
_MONTHLY = Operator(
    "this_month", _l("in this month"), _l("%(field)s: in this month"), NONE, bounds=meanings.month_away(0)
)
_YEARLY = Operator(
    "this_year", _l("in this year"), _l("%(field)s: in this year"), NONE, bounds=meanings.year_away(0)
)
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
    "under", _l("is, or is below"), _l("%(field)s is %(value)s (with those below)"), MANY,
    condition=meanings.under,
)  # fmt: skip
_AMONG = Operator("in", _l("is one of"), _l("in the segment %(value)s"), MANY, condition=meanings.belongs)
_BELONGING = replace(_IN, condition=meanings.belongs)
_YES = Operator("yes", _l("yes"), _l("%(field)s: yes"), NONE, condition=meanings.yes)
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
                 _l("%(field)s is mine (with those below)"), NONE, condition=meanings.under_mine),
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
        Operator("matches", _l("matches"), _l("Search: %(value)s"), condition=meanings.matches),
    ),
}  # fmt: skip

OPERATORS: dict[Kind, dict[str, Operator]] = {
    kind: {operator.name: operator for operator in operators} for kind, operators in _TABLE.items()
}
