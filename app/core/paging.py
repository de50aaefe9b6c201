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
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.core.db import db
from app.core.periods import Period


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
        falling = self.descending is not backwards
        ordered = self.expression.desc() if falling else self.expression.asc()
        if self.nullable:
            ordered = ordered.nulls_first() if backwards else ordered.nulls_last()
        return [ordered, self.key.desc() if falling else self.key.asc()]

    def beyond(self, value: Any, row_id: int, backwards: bool) -> ColumnElement[bool]:
        """The rows on the far side of this one."""
        falling = self.descending is not backwards
        next_id = self.key < row_id if falling else self.key > row_id
        if value is None:
            tied = and_(self.expression.is_(None), next_id)
            return or_(self.expression.is_not(None), tied) if backwards else tied
        further = self.expression < value if falling else self.expression > value
        found = or_(further, and_(self.expression == value, next_id))
        return or_(found, self.expression.is_(None)) if self.nullable and not backwards else found


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
    return query.order_by(None).order_by(*order.clauses())


def count(query: Select[Any], key: InstrumentedAttribute[int], cap: int) -> int:
    """How many rows, counted no further than one past the cap."""
    ids = query.with_only_columns(key, maintain_column_froms=True).order_by(None).limit(cap + 1)
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def _rows(
    query: Select[Any], order: Order, size: int, position: tuple[Any, int] | None, backwards: bool
) -> Sequence[Any]:
    if position is not None:
        query = query.where(order.beyond(*position, backwards))
    keyed = query.add_columns(order.expression.label("sort_value"), order.key.label("sort_id"))
    return db.session.execute(keyed.order_by(None).order_by(*order.clauses(backwards)).limit(size + 1)).all()


def _page(query: Select[Any], order: Order, rows: Sequence[Any], *, previous: bool, next: bool) -> Page:
    single = len(query.column_descriptions) == 1
    return Page(
        rows=[row[0] for row in rows] if single else rows,
        previous=_write(rows[0], order) if previous and rows else None,
        next=_write(rows[-1], order) if next and rows else None,
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


def _write(row: Any, order: Order) -> str:
    value = row.sort_value
    for kind, tag, write in _WRITERS:
        if isinstance(value, kind):
            value = [tag, write(value)]
            break
    return str(_serializer(order).dumps([value, row.sort_id]))


def _read(cursor: str, order: Order) -> tuple[Any, int] | None:
    try:
        value, row_id = _serializer(order).loads(cursor)
    except BadData:
        return None
    if isinstance(value, list):
        tag, text = value
        value = _READERS[tag](text)
    return value, row_id
