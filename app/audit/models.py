"""The chain of events: each row carries the hash of its own content and of the row before it."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Connection, Index, Integer, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from app.config import current_settings
from app.core.db import Model

#: The hash that stands before the first event.
GENESIS = "0" * 64

#: The columns that a hash covers, in its order; the hash of the previous event comes last.
HASHED = (
    "id",
    "at",
    "actor_id",
    "actor_name",
    "ip",
    "action",
    "subject_type",
    "subject_id",
    "subject_name",
    "changes",
    "details",
    "prev_hash",
)


class AuditEvent(Model):
    """One thing that somebody did. Rows are only ever added; triggers refuse everything else.

    `changes` and `details` are JSON kept as text, so that the hash covers exactly what is stored.
    """

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_subject", "subject_type", "subject_id", "id"),)
    __audited__: ClassVar[bool] = False

    #: numbered by the chain itself, without gaps
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(index=True)
    #: without a foreign key: the trail outlives whatever it speaks of
    actor_id: Mapped[int | None] = mapped_column(index=True)
    actor_name: Mapped[str] = mapped_column(String(120), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject_type: Mapped[str] = mapped_column(String(60), default="")
    subject_id: Mapped[str] = mapped_column(String(40), default="")
    subject_name: Mapped[str] = mapped_column(String(200), default="")
    changes: Mapped[str] = mapped_column(Text, default="{}")
    details: Mapped[str] = mapped_column(Text, default="{}")
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    @property
    def fields(self) -> dict[str, list[Any]]:
        """Each changed field with its old and its new value."""
        found: dict[str, list[Any]] = json.loads(self.changes)
        return found

    @property
    def facts(self) -> dict[str, Any]:
        """What else the event says, by name."""
        found: dict[str, Any] = json.loads(self.details)
        return found


def canonical(value: object) -> str:
    """JSON in one fixed spelling: the same value always gives the same text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def stamp(at: datetime) -> str:
    """The moment as SQLite stores it; the hash covers this text on both databases."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def content_hash(values: Sequence[object]) -> str:
    """The SHA-256 of one event's values in the order of HASHED; times as `stamp` text."""
    return hashlib.sha256(canonical(list(values)).encode()).hexdigest()


_SQLITE = tuple(
    f"CREATE TRIGGER IF NOT EXISTS audit_events_no_{verb} BEFORE {verb.upper()} ON audit_events "
    "BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END"
    for verb in ("update", "delete")
)
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'audit_events is append-only'; END $$",
    "CREATE OR REPLACE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE ON audit_events "
    "FOR EACH ROW EXECUTE FUNCTION audit_events_refuse()",
    "CREATE OR REPLACE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse()",
)

#: Makes the table append-only; by dialect, for the table's creation and for the migration.
PROTECT: dict[str, tuple[str, ...]] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}

#: Takes the protection off; for a downgrade, and for tests that play the attacker.
UNPROTECT: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(f"DROP TRIGGER IF EXISTS audit_events_no_{verb}" for verb in ("update", "delete")),
    "postgresql": tuple(
        f"DROP TRIGGER IF EXISTS audit_events_no_{what} ON audit_events" for what in ("change", "truncate")
    ),
}


def protect(connection: Connection) -> None:
    """Makes the table append-only on this connection's database; may be repeated."""
    for statement in PROTECT[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def unprotect(connection: Connection) -> None:
    """The reverse of `protect`."""
    for statement in UNPROTECT[connection.dialect.name]:
        connection.exec_driver_sql(statement)


@event.listens_for(AuditEvent.__table__, "after_create")
def _protect_new_table(_table: object, connection: Connection, **_: object) -> None:
    protect(connection)


def anchor_path() -> Path:
    """Where the head of the chain is kept outside the database, so that a cut end shows."""
    return current_settings().home / "audit.anchor"
