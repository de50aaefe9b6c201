"""Many rows in one statement, at the driver's speed.

SQLAlchemy builds a dictionary and runs every type's conversion for each row; a thousand rows of the same
shape need that once a column. The SQL, the conversions and the defaults are still SQLAlchemy's own. These
statements pass the session by: flush before, expire after, and tell the audit trail yourself.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Select, Table, bindparam, func, insert, select, text, update

from app.core.db import db

Row = Mapping[str, Any]
Columns = dict[str, Sequence[Any]]


def insert_rows(table: Table, rows: Sequence[Row], connection: Connection | None = None) -> None:
    """Insert rows that all have the same keys; columns left out get their default, one value for all rows.

    Without a connection it is the session's.
    """
    if rows:
        insert_columns(table, _turned(rows), connection)


def insert_columns(table: Table, columns: Columns, connection: Connection | None = None) -> None:
    """The same for values that are at hand column by column, each column as long as the others."""
    number = len(next(iter(columns.values())))
    defaults = {c.name: c.default for c in table.c if c.default is not None and c.name not in columns}
    for name, default in defaults.items():
        columns[name] = [_value(default)] * number
    _run(connection or db.session.connection(), table, columns, updating=False)


def update_rows(table: Table, rows: Sequence[Row]) -> None:
    """Set fields by `id`; all rows have the same keys. Columns with `onupdate` follow, as in the ORM."""
    if rows:
        update_columns(table, _turned(rows))


def update_columns(table: Table, columns: Columns) -> None:
    """The same for values that are at hand column by column."""
    number = len(columns["id"])
    following = {c.name: c.onupdate for c in table.c if c.onupdate is not None and c.name not in columns}
    for name, default in following.items():
        columns[name] = [_value(default)] * number
    _run(db.session.connection(), table, columns, updating=True)


def _turned(rows: Sequence[Row]) -> Columns:
    return {name: [row[name] for row in rows] for name in rows[0]}


def load_rows(table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows whose values are what the driver takes; by COPY where the database has it. No defaults."""
    connection = db.session.connection()
    columns = ", ".join(names)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own
    connection.exec_driver_sql(statement, rows)


def read_tuples(query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of a query of columns. SQLAlchemy converts value by value; this, once each different value."""
    db.session.flush()
    connection = db.session.connection()
    kinds = [column.type.dialect_impl(connection.dialect) for column in query.selected_columns]
    result = connection.execute(query)
    columns: list[Sequence[Any]] = list(zip(*result.cursor.fetchall(), strict=True))
    result.close()
    converts = [kind.result_processor(connection.dialect, None) for kind in kinds]
    return list(zip(*map(converted, columns, converts), strict=True))


def read_rows(query: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    """The same as dictionaries by column name."""
    names = query.selected_columns.keys()
    return [dict(zip(names, row, strict=True)) for row in read_tuples(query)]


def new_ids(table: Table, number: int) -> Sequence[int]:
    """Ids for rows about to be inserted, in ascending order.

    On PostgreSQL they come from the column's sequence. On SQLite whoever writes is alone, so they follow the
    greatest; only call this in a writing transaction.
    """
    if db.session.connection().dialect.name == "postgresql":
        query = text(
            "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :number)"
        ).bindparams(name=table.name, number=number)
        return sorted(db.session.scalars(query))
    last = db.session.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
    return range(last + 1, last + 1 + number)


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """For work that makes many objects and no cycles: looking for garbage would cost a fifth of it."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL with the parameters it wants (in order where they are positional) and each column's conversion."""

    sql: str
    order: tuple[str, ...]
    positional: bool
    conversions: Mapping[str, Callable[[Any], Any] | None]


@lru_cache(maxsize=256)
def _statement(table: Table, names: tuple[str, ...], updating: bool, dialect: Dialect) -> _Statement:
    """Parameters are called as their column with a mark before, because a bare name is SQLAlchemy's."""
    marked = {name: bindparam(f"p_{name}", type_=table.c[name].type) for name in names}
    wanted: Any = insert(table).values(marked)
    if updating:
        key = marked.pop("id")
        wanted = update(table).where(table.c.id == key).values(marked)
    compiled: Any = wanted.compile(dialect=dialect)
    order = tuple(one.removeprefix("p_") for one in compiled.positiontup or ())
    kinds = {name: table.c[name].type.dialect_impl(dialect) for name in names}
    conversions = {name: kind.bind_processor(dialect) for name, kind in kinds.items()}
    return _Statement(str(compiled), order or names, bool(order), conversions)


def _run(connection: Connection, table: Table, columns: Columns, *, updating: bool) -> None:
    statement = _statement(table, tuple(columns), updating, connection.dialect)
    values = [converted(columns[name], statement.conversions[name]) for name in statement.order]
    parameters: Any = list(zip(*values, strict=True))
    if not statement.positional:
        keys = [f"p_{name}" for name in statement.order]
        parameters = [dict(zip(keys, row, strict=True)) for row in parameters]
    connection.exec_driver_sql(statement.sql, parameters)


def _value(default: Any) -> Any:
    """A column's own default: called where it is a function (all of ours need no context)."""
    return default.arg(None) if default.is_callable else default.arg


def converted(values: Sequence[Any], convert: Callable[[Any], Any] | None) -> Sequence[Any]:
    """Each value converted; equal values (most of a column, often) are converted once."""
    if convert is None:
        return values
    try:
        known = {one: convert(one) for one in set(values)}
        return list(map(known.__getitem__, values))
    except TypeError:  # lists and dictionaries are no keys, but rows that share one share its text
        shared: dict[int, Any] = {}
        for one in values:
            if id(one) not in shared:
                shared[id(one)] = convert(one)
        return [shared[id(one)] for one in values]
