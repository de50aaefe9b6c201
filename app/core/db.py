"""The database session, the column types of the house, and when a transaction may write.

A GET request gets a read-only transaction. Everything that writes on SQLite takes the writer's
place at its start (BEGIN IMMEDIATE), so that it waits its turn instead of failing half-way.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Insert,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    any_,
    bindparam,
    event,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from app.core.clock import now
from app.core.periods import Period
from app.core.sql_functions import add_to_sqlite

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


#: SQLite's own cache (2 MB) and checkpoints (each 4 MB) make a large import write the same pages again
#: and again; a connection that only reads a few rows uses no more than it did.
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "busy_timeout=30000",
    "cache_size=-32768",
    "wal_autocheckpoint=4000",
)

#: A row whose columns the reader knows by name.
AnyRow = Row[*tuple[Any, ...]]


class UTCDateTime(TypeDecorator[datetime]):
    """Aware in Python, UTC in the database; refuses naive times."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PeriodType(TypeDecorator[Period]):
    """A month stored as the integer yyyymm, so that it sorts and compares in SQL."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Period | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Period | None:
        return None if value is None else Period.from_int(value)


class _Scaled(TypeDecorator[Decimal]):
    """A decimal stored as an integer, because SQLite has no exact decimal and sums must be exact."""

    impl = BigInteger
    cache_ok = True
    places = 0

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = Decimal(value).scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {self.places} decimal places")
        return int(scaled)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)


class Money(_Scaled):
    """Yuan as Decimal, fen in the database."""

    cache_ok = True
    places = 2


class Rate(_Scaled):
    """A fraction such as Decimal("0.05"), ten-thousandths in the database."""

    cache_ok = True
    places = 4


class Price(_Scaled):
    """Yuan for one of many, such as Decimal("0.045") for an SMS segment; ten-thousandths in the database."""

    cache_ok = True
    places = 4


#: None is NULL, never the word null of JSON
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum stored as its value, without a database enum to migrate."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


class Base(DeclarativeBase):
    #: whether changes of the rows are written to the audit trail; logs and caches say False
    __audited__: ClassVar[bool] = True
    #: columns of which the trail keeps that they changed, never a value: people's own words and data
    __unkept__: ClassVar[frozenset[str]] = frozenset()

    # a registry, not its parts: Flask-SQLAlchemy rebuilds this class and would ask for them twice
    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            datetime: UTCDateTime,
            Period: PeriodType,
            dict[str, Any]: Json,
            list[Any]: Json,
        },
    )


db = SQLAlchemy(model_class=Base, session_options={"autoflush": True})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


class Timestamps:
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Intent(StrEnum):
    READ = "read"
    UNKNOWN = "unknown"
    WRITE = "write"


_intent: ContextVar[Intent] = ContextVar("transaction_intent", default=Intent.UNKNOWN)


@contextmanager
def intending(intent: Intent) -> Iterator[None]:
    """Transactions begun inside are of this kind."""
    token = _intent.set(intent)
    try:
        yield
    finally:
        _intent.reset(token)


def writing() -> Any:
    """For jobs and commands: transactions begun inside take the writer's place at once."""
    return intending(Intent.WRITE)


_lasting: ContextVar[bool] = ContextVar("transactions_last", default=False)


@contextmanager
def lasting() -> Iterator[None]:
    """Transactions begun inside are on the disk once they are committed, so that not even a power cut undoes
    what others were told of. PostgreSQL's all are; SQLite else leaves the last ones to the machine.
    """
    token = _lasting.set(True)
    try:
        yield
    finally:
        _lasting.reset(token)


def only_reading() -> bool:
    """Whether the transaction may write nothing, and so may hold no rows either: the request is a GET."""
    return _intent.get() is Intent.READ


def _on_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    add_to_sqlite(connection)


def _on_connect_postgresql(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """What is committed stays: a gateway must not hear of a claim that a killed server forgets again.

    Where the server is set to answer before it has written (`synchronous_commit = off`), it may. And no
    statement is compiled: where nobody has counted the rows yet, that takes longer than any page.
    """
    cursor = connection.cursor()
    cursor.execute("SET jit = off")
    is_off = "current_setting('synchronous_commit') = 'off'"
    cursor.execute(f"SELECT set_config('synchronous_commit', 'on', false) WHERE {is_off}")
    cursor.close()
    connection.commit()  # a setting goes with the transaction that is rolled back


def _begin_sqlite(connection: Connection) -> None:
    intent = _intent.get()
    connection.exec_driver_sql(f"PRAGMA query_only={int(intent is Intent.READ)}")
    level = "FULL" if _lasting.get() else "NORMAL"
    if connection.info.get("synchronous", "NORMAL") != level:
        connection.exec_driver_sql(f"PRAGMA synchronous={level}")
        connection.info["synchronous"] = level
    connection.exec_driver_sql("BEGIN IMMEDIATE" if intent is Intent.WRITE else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if _intent.get() is Intent.READ:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def prepare_engine(engine: Engine) -> None:
    """Installs the transaction rules on an engine; called once for each application."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
    else:
        event.listen(engine, "connect", _on_connect_postgresql)
    begin: Callable[[Connection], None] = (
        _begin_sqlite if engine.dialect.name == "sqlite" else _begin_postgresql
    )
    event.listen(engine, "begin", begin)


def insert_new(model: type[Base]) -> Insert:
    """An INSERT that leaves out rows which break a unique key: they are there already."""
    build = postgresql.insert if is_postgresql() else sqlite.insert
    # the table, not the class: the mapper's bulk insert costs twice the time
    return build(cast(Table, model.__table__)).on_conflict_do_nothing()


def changed(statement: Executable, parameters: Mapping[str, Any] | None = None) -> int:
    """Executes an UPDATE, DELETE or INSERT … SELECT; gives how many rows it touched."""
    # of an insertion the number is not kept unasked
    result = db.session.execute(statement, parameters, execution_options={"preserve_rowcount": True})
    return cast(CursorResult[*tuple[Any, ...]], result).rowcount


def among(column: Any, values: Collection[int] | Collection[str]) -> ColumnElement[bool]:
    """`column IN values` for hundreds of ids or texts, as one parameter.

    SQLAlchemy takes milliseconds to write a thousand of them out, and an import asks a dozen times a chunk.
    """
    if is_postgresql():
        return cast(ColumnElement[bool], column == any_(bindparam(None, list(values), ARRAY(column.type))))
    listed = func.json_each(json.dumps(list(values))).table_valued("value")
    return cast(ColumnElement[bool], column.in_(select(listed.c.value)))


def is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


class Turn(IntEnum):
    """What goes on one after the other; the numbers are PostgreSQL's advisory locks and stay as they are."""

    AUDIT = 0x4A4E_4155
    STORE = 0x4A4E_4649
    SENDING = 20_261_122
    IMPORTS = 20_261_123


def take_turn(turn: Turn, *, shared: bool = False, session: Session | None = None) -> None:
    """Until the transaction ends nobody else has this turn; those who share it have it together.

    SQLite has one writer anyway.
    """
    if is_postgresql():
        lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        (session or db.session).execute(select(lock(int(turn))))
