"""Pages by key: the next page begins after the last row shown, however deep, and rows never repeat or hide.

Empty sort values come last in both directions, on both databases; equal values are ordered by id. A cursor is
signed for its list and order: whatever was tampered with or belongs to another order opens the first page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.core.db import db
from app.core.periods import Period

#: What words find is counted up to here; “500+” says as much as 48,312.
FOUND_CAP = 500

#: a row's place in an order: its sort value and its id
Position = tuple[Any, int]


@dataclass(frozen=True)
class Order:
    """A sort expression with its direction; `key` is the id column that breaks ties."""

    name: str
    expression: Any
    descending: bool
    key: InstrumentedAttribute[int]

    @property
    def nullable(self) -> bool:
        """Only a column of the listed table itself that cannot be empty is known never to be."""
        column = getattr(self.expression, "expression", self.expression)
        same_table = getattr(column, "table", None) is self.key.expression.table
        return not same_table or bool(getattr(column, "nullable", True))

    def clauses(self, backwards: bool = False) -> list[ColumnElement[Any]]:
        """The order among rows that have a value; among those without, the value says nothing."""
        falling = self.descending is not backwards
        ordered = self.expression.desc() if falling else self.expression.asc()
        return [ordered, self.key.desc() if falling else self.key.asc()]

    def beyond(self, value: Any, row_id: int, backwards: bool) -> ColumnElement[bool]:
        """The rows on the far side of this one, among those that also have a value, or also have none."""
        falling = self.descending is not backwards
        if value is None:
            return self.key < row_id if falling else self.key > row_id
        # a comparison of rows, because an index can begin there; an OR would read from the start
        here = tuple_(literal(value, self.expression.type), literal(row_id))
        this = tuple_(self.expression, self.key)
        return this < here if falling else this > here


@dataclass(frozen=True)
class Page:
    """Rows (records, or result rows where the select has several columns) and the cursors around them."""

    rows: Sequence[Any]
    previous: str | None
    next: str | None


def fetch(
    query: Select[Any], order: Order, size: int, *, after: str | None = None, before: str | None = None
) -> Page:
    """One page of the query; a cursor that leads to less than a full page backwards gives the first page."""
    if before and (position := _read(before, order)):
        rows = _rows(query, order, size, position, backwards=True)
        if len(rows) >= size:
            kept = rows[:size][::-1]
            return _page(query, order, kept, previous=len(rows) > size, next=True)
    position = _read(after, order) if after else None
    rows = _rows(query, order, size, position, backwards=False)
    return _page(query, order, rows[:size], previous=position is not None, next=len(rows) > size)


def ordered(query: Select[Any], order: Order) -> Select[Any]:
    """The whole list in its order, for exports."""
    value, key = order.clauses()
    return query.order_by(None).order_by(value.nulls_last() if order.nullable else value, key)


def count(query: Select[Any], key: InstrumentedAttribute[int], cap: int) -> int:
    """How many rows, counted no further than one past the cap."""
    ids = query.with_only_columns(key, maintain_column_froms=True).order_by(None).limit(cap + 1)
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def _rows(
    query: Select[Any], order: Order, size: int, position: Position | None, backwards: bool
) -> Sequence[Any]:
    """One row more than the page, if there is one.

    Rows with a value and rows without are asked for apart, because no index of either database has the empty
    ones last in both directions; the second question is seldom needed.
    """
    keyed = query.add_columns(order.expression.label("sort_value"), order.key.label("sort_id"))
    keyed = keyed.order_by(None).order_by(*order.clauses(backwards))
    rows: list[Any] = []
    for part in _parts(order, position, backwards):
        rows += db.session.execute(keyed.where(*part).limit(size + 1 - len(rows))).all()
        if len(rows) > size:
            break
    return rows


def _parts(order: Order, position: Position | None, backwards: bool) -> list[list[ColumnElement[bool]]]:
    """The conditions of the parts still ahead, in their order."""
    if not order.nullable:
        return [[order.beyond(*position, backwards)] if position else []]
    filled, empty = [order.expression.is_not(None)], [order.expression.is_(None)]
    parts = [empty, filled] if backwards else [filled, empty]
    if position is None:
        return parts
    if (position[0] is None) is not backwards:
        parts = parts[1:]
    return [[*parts[0], order.beyond(*position, backwards)], *parts[1:]]


def _page(query: Select[Any], order: Order, rows: Sequence[Any], *, previous: bool, next: bool) -> Page:
    single = len(query.column_descriptions) == 1
    return Page(
        rows=[row[0] for row in rows] if single else rows,
        previous=cursor(rows[0], order) if previous and rows else None,
        next=cursor(rows[-1], order) if next and rows else None,
    )


# -- cursors -------------------------------------------------------------------------------------------

_WRITERS: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
    (datetime, "t", datetime.isoformat),
    (date, "d", date.isoformat),
    (Period, "p", str),
    (Decimal, "n", str),
)
_READERS: dict[str, Callable[[str], Any]] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "p": Period.parse,
    "n": Decimal,
}


def _serializer(order: Order) -> URLSafeSerializer:
    direction = "-" if order.descending else "+"
    salt = f"cursor:{order.key.class_.__name__}:{direction}{order.name}"
    return URLSafeSerializer(current_app.secret_key or "", salt=salt)


def cursor(row: Any, order: Order) -> str:
    """What leads to the rows after (or before) this one, which has sort_value and sort_id."""
    value = row.sort_value
    for kind, tag, write in _WRITERS:
        if isinstance(value, kind):
            value = [tag, write(value)]
            break
    return str(_serializer(order).dumps([value, row.sort_id]))


def _read(cursor: str, order: Order) -> Position | None:
    try:
        value, row_id = _serializer(order).loads(cursor)
    except BadData:
        return None
    if isinstance(value, list):
        tag, text = value
        value = _READERS[tag](text)
    return value, row_id
