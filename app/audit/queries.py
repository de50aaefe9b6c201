"""Reading the trail, and proving it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, String, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError

from app.audit.models import GENESIS, HASHED, AuditEvent, anchor_path, content_hash, stamp
from app.audit.policy import visible_to
from app.core.db import Base, db, is_postgresql
from app.core.errors import NotFound
from app.core.i18n import msgid
from app.core.permissions import Actor


def trail(actor: Actor | None) -> Select[AuditEvent]:
    """All events that the actor may read; the list adds its filters."""
    return select(AuditEvent).where(visible_to(actor))


def event(actor: Actor | None, event_id: int) -> AuditEvent:
    """One event, or NotFound."""
    found = db.session.scalars(trail(actor).where(AuditEvent.id == event_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such event."))
    return found


@dataclass(frozen=True)
class FieldChange:
    """One field of one record, from what to what, by whom and when."""

    event_id: int
    at: datetime
    actor_name: str
    action: str
    field: str
    old: Any
    new: Any

    @property
    def label(self) -> str:
        """The field's name in the reader's language."""
        return name_of(self.field)


def changes_of(subject_type: str, subject_id: int | str, limit: int = 200) -> list[FieldChange]:
    """The field history of one record, newest first. `subject_type` is the table's name ("employers")."""
    query = (
        select(AuditEvent)
        .where(AuditEvent.subject_type == subject_type, AuditEvent.subject_id == str(subject_id))
        .order_by(AuditEvent.id.desc())
        .limit(limit)
    )
    return [
        FieldChange(e.id, e.at, e.actor_name, e.action, name, *pair)
        for e in db.session.scalars(query)
        for name, pair in e.fields.items()
    ]


def audited_tables() -> dict[str, str]:
    """Each audited table with the name of its model."""
    mapped = [mapper.class_ for mapper in Base.registry.mappers]
    return {str(model.__tablename__): model.__name__ for model in mapped if model.__audited__}


def kind_name(table: str) -> str:
    """What one row of a table is called: `import_batches` -> "Import batch", in the reader's language."""
    model = audited_tables().get(table, table)
    return name_of(re.sub(r"(?<!^)(?=[A-Z])", "_", model).lower())


def name_of(identifier: str) -> str:
    """`employee_count` -> "Employee count", in the reader's language where a catalogue knows it."""
    words = identifier.removesuffix("_id").replace("_", " ").strip()
    return _(words[:1].upper() + words[1:]) if words else ""


# --- the proof ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChainReport:
    """How many events hold; if the chain is broken, at which event and why."""

    events: int
    broken: int | None = None
    reason: str = ""

    @property
    def whole(self) -> bool:
        return self.broken is None


CHANGED = msgid("its content does not match its hash")
UNREADABLE = msgid("it cannot be read")
UNLINKED = msgid("it does not follow from the event before it: an event was changed, removed or slipped in")
CUT = msgid("it was recorded, but the chain ends before it")
REPLACED = msgid("it is not the event that the anchor outside the database remembers")


def verify() -> ChainReport:
    """Recomputes the whole chain, row by row in constant memory; stops at the first event that is wrong."""
    count, previous = 0, GENESIS
    anchor = _anchor()
    rows = _rows()
    while True:
        try:
            row = next(rows, None)
        except (SQLAlchemyError, ValueError, OverflowError):
            db.session.rollback()
            return ChainReport(count, count + 1, UNREADABLE)
        if row is None:
            break
        if reason := _wrong(row, count + 1, previous, anchor):
            return ChainReport(count, _shown(row, count + 1), reason)
        count, previous = count + 1, row[-1]
    if anchor and anchor[0] > count:
        return ChainReport(count, count + 1, CUT)
    return ChainReport(count)


def _wrong(row: Sequence[Any], expected: int, previous: str, anchor: tuple[int, str] | None) -> str:
    values = [_moment(value) if name == "at" else value for name, value in zip(HASHED, row, strict=False)]
    if content_hash(values) != row[-1]:
        return CHANGED
    if row[0] != expected or row[-2] != previous:
        return UNLINKED
    return REPLACED if anchor and anchor[0] == expected and anchor[1] != row[-1] else ""


def _shown(row: Sequence[Any], expected: int) -> int:
    return row[0] if isinstance(row[0], int) else expected


def _moment(value: object) -> object:
    return stamp(value.astimezone(UTC)) if isinstance(value, datetime) else value


def _rows() -> Iterator[Sequence[Any]]:
    """The stored values as they are: on SQLite even a time is the text in the file."""
    names = (*HASHED, "hash")
    columns = [getattr(AuditEvent, name) for name in names]
    if not is_postgresql():
        columns = [type_coerce(c, String) if n == "at" else c for n, c in zip(names, columns, strict=True)]
    query = select(*columns).order_by(AuditEvent.id).execution_options(yield_per=1000)
    yield from db.session.execute(query)


def _anchor() -> tuple[int, str] | None:
    try:
        number, known = anchor_path().read_text(encoding="ascii").split()
        return int(number), known
    except (OSError, ValueError):
        return None
