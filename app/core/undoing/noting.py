"""Noting what the session writes, in the form that `core.undoing.taking_back` reads.

Only what goes through the session's objects is seen: an action that writes by statements cannot be undone
by its notes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, inspect, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import History

from app.core.db import db
from app.core.undoing.reversible import STAMPS, Note, as_json

#: the story stays as it was told
LEFT_OUT = frozenset({"timeline"})


@dataclass
class Noted:
    """`whole` is False when something was written that the notes cannot take back."""

    notes: list[Note] = field(default_factory=list)
    whole: bool = True


@contextmanager
def noting() -> Iterator[Noted]:
    """Notes every object that is created or changed inside; the last flush must happen inside as well."""
    session, noted = db.session(), Noted()
    unedited: set[int] = set()

    def before(session: Session, *_: object) -> None:
        unedited.update(id(one) for one in session.dirty if _as_created(one))

    def after(session: Session, *_: object) -> None:
        noted.whole = noted.whole and not session.deleted
        for one in session.dirty:
            _note_change(one, noted, id(one) in unedited)
        for one in session.new:
            if one.__table__.name in LEFT_OUT:
                continue
            if "id" in one.__table__.c:
                noted.notes.append({"t": one.__table__.name, "id": one.id})
            else:
                noted.whole = False  # a note names a row by its id

    event.listen(session, "before_flush", before)
    event.listen(session, "after_flush", after)
    try:
        yield noted
    finally:
        event.remove(session, "before_flush", before)
        event.remove(session, "after_flush", after)


def settle(notes: Iterable[Note]) -> None:
    """Call when the action is done with: what it created counts as unedited, whatever it did to it since."""
    created: dict[str, list[int]] = defaultdict(list)
    for note in notes:
        if "a" not in note:
            created[note["t"]].append(note["id"])
    for name, ids in created.items():
        table = db.metadata.tables[name]
        if all(stamp in table.c for stamp in STAMPS):
            here = update(table).where(table.c.id.in_(ids))
            db.session.execute(here.values(updated_at=table.c.created_at))


def _as_created(record: Any) -> bool:
    """Whether nobody has edited the record since it was created."""
    columns = record.__table__.columns
    return all(name in columns for name in STAMPS) and record.created_at == record.updated_at


def _note_change(record: Any, noted: Noted, unedited: bool) -> None:
    table = record.__table__
    if table.name in LEFT_OUT:
        return
    state = inspect(record)
    changed: dict[str, History] = {}
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if history.added and attribute.key not in STAMPS:
            changed[attribute.key] = history
    if not changed:
        return
    if "id" not in table.c or any(not history.deleted for history in changed.values()):
        noted.whole = False  # a note names a row by its id, and the old value it must have read
        return
    note: Note = {
        "t": table.name,
        "id": record.id,
        "b": {name: as_json(next(iter(history.deleted))) for name, history in changed.items()},
        "a": {name: as_json(next(iter(history.added))) for name, history in changed.items()},
    }
    noted.notes.append(note | {"n": True} if unedited else note)
