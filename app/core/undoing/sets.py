"""Notes for undo that the database writes itself: the same JSON that `reversible` makes of a plan.

A statement that changes thousands of records builds their notes from the values that are stored; these are
the expressions for it, on both databases.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    Table,
    Text,
    case,
    cast,
    func,
    literal,
    or_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.core.db import EnumText, PeriodType, UTCDateTime, _Scaled, is_postgresql

#: by column: what is stored, and what is going to be
Changes = Mapping[Column[Any], ColumnElement[Any]]


def differs(changes: Changes) -> ColumnElement[bool]:
    """Whether any of the columns changes."""
    return or_(*(column.is_distinct_from(after) for column, after in changes.items()))


def noted_change(
    table: Table,
    record_id: ColumnElement[int],
    changes: Changes,
    unedited: ColumnElement[bool] | None = None,
    seldom: Changes | None = None,
) -> ColumnElement[str]:
    """The note of a change, of those columns alone that do change; ask `differs` whether there is one.

    `unedited`: nobody had changed the record since it was created. `seldom` are further changes, most of
    which few records have: the others are spared the looking at each.
    """
    before, after = _members(changes, True), _members(changes, False)
    if seldom:
        there = differs(seldom)
        before.append(case((there, _joined(*_members(seldom, True))), else_=""))
        after.append(case((there, _joined(*_members(seldom, False))), else_=""))
    mark = "" if unedited is None else case((unedited, ',"n":true'), else_="")
    begun = _joined(f'{{"t":"{table.name}","id":', cast(record_id, Text))
    return _joined(begun, ',"b":{', _listed(before), '},"a":{', _listed(after), "}", mark, "}")


def noted_creation(table: Table, record_id: ColumnElement[int]) -> ColumnElement[str]:
    return _joined(f'{{"t":"{table.name}","id":', cast(record_id, Text), "}")


def notes(*parts: tuple[ColumnElement[bool], ColumnElement[str]]) -> ColumnElement[Any]:
    """The list of those notes whose condition holds, for a column of JSON."""
    each = [case((there, _joined(",", note)), else_="") for there, note in parts]
    listed = _joined("[", _listed(each), "]")
    # SQLite keeps JSON as the text it is; a cast would make a number of it
    return cast(listed, JSONB) if is_postgresql() else listed


def _members(changes: Changes, before: bool) -> list[ColumnElement[str]]:
    """Of each column that changes: its name, and the value that it has before, or after."""
    return [
        case((column.is_distinct_from(after), _named(column, column if before else after)), else_="")
        for column, after in changes.items()
    ]


def _named(column: Column[Any], value: ColumnElement[Any]) -> ColumnElement[str]:
    return _joined(f',"{column.name}":', _json(column, value))


def _listed(parts: Sequence[ColumnElement[str]]) -> ColumnElement[str]:
    """The parts one after the other, without the comma that the first begins with."""
    return func.substr(_joined(*parts), 2, type_=Text)


def _joined(*parts: ColumnElement[str] | str) -> ColumnElement[str]:
    texts = [literal(part, Text) if isinstance(part, str) else type_coerce(part, Text) for part in parts]
    return reduce(lambda whole, part: whole.concat(part), texts[1:], texts[0])


def _json(column: Column[Any], value: ColumnElement[Any]) -> ColumnElement[str]:
    """A stored value as JSON keeps it, see `reversible.as_json`."""
    kind = column.type
    if isinstance(kind, (Boolean, UTCDateTime)):
        raise TypeError(f"a statement cannot note {column}")
    if isinstance(kind, _Scaled):
        value = _decimal(type_coerce(value, BigInteger), kind.places)
    if is_postgresql():
        return func.coalesce(cast(func.to_jsonb(value), Text), "null")
    # a function of JSON costs a multiple of joining what needs no escaping
    if isinstance(kind, (Integer, PeriodType)):
        return func.ifnull(value, literal("null", Text), type_=Text)
    if isinstance(kind, (Date, EnumText, _Scaled)):
        return func.ifnull(_joined('"', value, '"'), "null", type_=Text)
    return func.json_quote(value, type_=Text)


def _decimal(value: ColumnElement[int], places: int) -> ColumnElement[str]:
    """The text of a scaled number without the zeros at its end, as `reversible.as_json` writes it."""
    unit = 10**places
    if is_postgresql():
        return cast(func.trim_scale(cast(value, Numeric) / unit), Text)
    sign, size = case((value < 0, "-"), else_=""), func.abs(value)
    whole, rest = size.op("/")(unit), size.op("%")(unit)
    written = func.rtrim(func.printf(f"%s%d.%0{places}d", sign, whole, rest), "0")
    # of NULL neither is true
    return case((rest == 0, cast(value.op("/")(unit), Text)), (rest != 0, written))
