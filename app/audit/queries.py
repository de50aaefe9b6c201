"""Reading the trail, and proving it."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from sqlalchemy import Select, String, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import lazyload

from app.audit.models import GENESIS, HASHED, AuditEvent, anchor_path, content_hash, stamp
from app.audit.policy import COMMANDS, visible_to
from app.core.code_tables import HOLDS, label
from app.core.db import Base, EnumText, db, is_postgresql
from app.core.features import current_features
from app.core.finding import the_one
from app.core.language import formats
from app.core.language.i18n import DEFAULT, msgid, speaking, translated
from app.core.permissions import Actor
from app.core.proofs import SEAL
from app.core.story import told


def trail(actor: Actor | None) -> Select[AuditEvent]:
    """All events that the actor may read; the list adds its filters."""
    return select(AuditEvent).where(visible_to(actor))


def event(actor: Actor | None, event_id: int) -> AuditEvent:
    """One event, or NotFound."""
    return the_one(trail(actor).where(AuditEvent.id == event_id), _("There is no such event."))


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
    #: both in the reader's words
    before: str
    after: str

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
    events = db.session.scalars(query).all()
    names = record_names(events)
    changes = [(e, name, *pair) for e in events for name, pair in e.fields.items()]
    return [
        FieldChange(
            *(e.id, e.at, actor_of(e), e.action, name, old, new),
            before=names.words(e, name, old),
            after=names.words(e, name, new),
        )
        for e, name, old, new in changes
    ]


def audited_tables() -> dict[str, str]:
    """Each audited table with the name of its model."""
    mapped = [mapper.class_ for mapper in Base.registry.mappers]
    return {str(model.__tablename__): model.__name__ for model in mapped if model.__audited__}


def kind_name(table: str) -> str:
    """What one row of a table is called: `import_batches` -> "Import batch", in the reader's language."""
    model = audited_tables().get(table, table)
    return name_of(_snake(model))


def rows_called(table: str) -> str:
    """What the rows of a table are called, as merging two records lists them, which is clearer where it does.

    Not by the link of a record to one of its own kind: that names those that were merged before.
    """
    labels = {mover.table: mover.label for mover in current_features().movers if mover.table != mover.of}
    return str(labels[table]) if table in labels else kind_name(table)


def name_of(identifier: str) -> str:
    """`employee_count` -> "Employee count", in the reader's language where a catalogue knows it."""
    words = identifier.removesuffix("_id").replace("_", " ").strip()
    return _(words[:1].upper() + words[1:]) if words else ""


# --- what names and ids stand for ---------------------------------------------------------------

#: How the trail keeps times.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
#: What a record is called by, the best first.
TITLES = ("name", "file_name", "title", "code")


def actor_of(event: AuditEvent) -> str:
    """Who it was: a person, a visitor nobody knows, or the system and what it was at."""
    if event.actor_id is None and event.actor_name.startswith("flask "):
        known = COMMANDS.get(event.actor_name)
        return str(_("System: %(what)s", what=translated(known) if known else event.actor_name))
    return event.actor_name or str(_("Visitor") if event.ip else _("System"))


def value_of(value: object) -> str:
    """A value in the reader's words: truth as yes or no, no value as a dash, times local, msgids read."""
    if not isinstance(value, str) or not value:
        return str(formats.display(value))
    return formats.moment(datetime.fromisoformat(value)) if MOMENT.fullmatch(value) else translated(value)


def code_words(table: str, name: str, value: object) -> str:
    """What a stored code stands for: a state of a workflow, an enum's member, or a code of a table.

    Empty for anything else.
    """
    column = db.metadata.tables[table].columns.get(name) if table in db.metadata.tables else None
    if column is None or not isinstance(value, str):
        return ""
    tables = column.info.get(HOLDS, ())
    if len(tables) == 1 and value:
        words = label(tables[0], value)
        return value if words == value else f"{value} {words}"
    if not isinstance(column.type, EnumText):
        return ""
    for workflow in current_features().workflows.values():
        if workflow.field == name and workflow.model.__table__ is column.table:
            return next((str(state.label) for state in workflow.states if state.name == value), "")
    return str(_labels_of(column.type.kind).get(value, ""))


@cache
def _labels_of(kind: type[StrEnum]) -> Mapping[str, Any]:
    """The words for an enum's members: whichever mapping of them to texts one of our modules declares."""
    ours = (module for name, module in list(sys.modules.items()) if name.startswith(("app.", "campaigns.")))
    for module in ours:
        for found in vars(module).values():
            if isinstance(found, dict) and found and _names_members(found, kind):
                return {str(key): label for key, label in found.items()}
    return {}


def _names_members(found: Mapping[Any, Any], kind: type[StrEnum]) -> bool:
    return all(type(key) is kind and isinstance(label, LazyString) for key, label in found.items())


def title_of(row: Base | None) -> str:
    """What a record is called; one without a name of its own is called by the record it belongs to."""
    if row is None:
        return ""
    for attribute in TITLES:
        if isinstance(value := getattr(row, attribute, None), str) and value:
            return _filled(value, getattr(row, "params", None))
    for column in row.__table__.columns:
        for key in column.foreign_keys:
            owner = _models().get(key.column.table.name)
            number = getattr(row, column.key, None)
            if owner is not None and number is not None:
                return title_of(db.session.get(owner, number))
    return ""


def _filled(title: str, params: object) -> str:
    """A stored msgid with its values, in the house's own language; a person's words as they are."""
    if not isinstance(params, dict) or not params:
        return title
    with speaking(DEFAULT):
        return told(title, params)


class Names:
    """What the ids in some events stand for; the ids of records that are gone stay numbers."""

    def __init__(self, known: Mapping[tuple[str, str], str]) -> None:
        self._known = known

    def words(self, event: AuditEvent, name: str, value: object) -> str:
        """A value of the event in the reader's words."""
        table = _target(event.subject_type, name, value)
        if table is None or value is None:
            return code_words(event.subject_type, name, value) or value_of(value)
        many = value if isinstance(value, list) else [value]
        return value_of([self._known.get((table, str(one))) or f"#{one}" for one in many])


def record_names(events: Iterable[AuditEvent]) -> Names:
    """The names of all records that the events point to: one query for each kind of record."""
    wanted: dict[str, set[int]] = {}
    for event in events:
        values = [(name, one) for name, pair in event.fields.items() for one in pair]
        for name, value in (*values, *event.facts.items()):
            if table := _target(event.subject_type, name, value):
                numbers = value if isinstance(value, list) else [value]
                wanted.setdefault(table, set()).update(n for n in numbers if isinstance(n, int))
    known: dict[tuple[str, str], str] = {}
    for table, ids in wanted.items():
        model = _models()[table]
        rows = db.session.scalars(select(model).where(model.id.in_(ids)).options(lazyload("*")))
        known |= {(table, str(row.id)): title_of(row) for row in rows}
    return Names(known)


def facts_of(event: AuditEvent) -> dict[str, Any]:
    """What else the event says; an id whose record is named beside it is left out, and so are digests."""
    facts = event.facts
    facts.pop(SEAL, None)
    return {n: v for n, v in facts.items() if not (n.endswith("_id") and n.removesuffix("_id") in facts)}


def _target(table: str, name: str, value: object) -> str | None:
    """The table that a value points into: by the column's foreign key, or else by what it is called."""
    if isinstance(value, list):
        return name if name in _models() else None
    column = db.metadata.tables[table].columns.get(name) if table in db.metadata.tables else None
    keys = column.foreign_keys if column is not None else ()
    found = next((key.column.table.name for key in keys), None) or _called().get(name)
    return found if found in _models() else None


@cache
def _models() -> dict[str, Any]:
    """The audited models that are known by a number, by their tables."""
    mapped = [mapper.class_ for mapper in Base.registry.mappers]
    return {str(m.__tablename__): m for m in mapped if m.__audited__ and hasattr(m, "id")}


@cache
def _called() -> dict[str, str]:
    """Names that say which table they point into: `employer_id` into the employers."""
    return {f"{_snake(model.__name__)}_id": table for table, model in _models().items()}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


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
