"""Merging two records into one: the rows that follow and the fields that change, noted so as to be undone.

What is particular to employers or to people stays with them; here is what every merge has in common.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import String, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import among, db
from app.core.merging.moving import Change, Mover
from app.core.undoing.reversible import Note, as_json, current, plain


class Joining:
    """A merge of one record into another, with everything that is needed to take it back.

    `moves` are the rows that went over ({"t": table, "c": column, "ids": [...]}), `notes` the fields that
    changed, as `core.undoing.reversible` notes them. The model that has it adds `kept_id` and `merged_id`.
    """

    kept_id: Mapped[int]
    merged_id: Mapped[int]
    kept_name: Mapped[str] = mapped_column(String(255))
    merged_name: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(Text, default="")
    moves: Mapped[list[Any]] = mapped_column(default=list)
    notes: Mapped[list[Any]] = mapped_column(default=list)
    moved: Mapped[int] = mapped_column(default=0)
    stayed: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(default=now)
    undone_at: Mapped[datetime | None]


def move_rows(done: Joining, movers: Iterable[Mover]) -> None:
    """Sends every row over that can go, table by table, and remembers which."""
    db.session.flush()
    done.moves, done.moved, done.stayed = [], 0, 0
    for mover in movers:
        if mover.stays is None:
            _move(mover, done)
    db.session.expire_all()


def _move(mover: Mover, done: Joining) -> None:
    table = mover.source
    staying = mover.staying(done.kept_id)
    query = select(table.c.id, staying).where(mover.of_merged(done.merged_id)).order_by(table.c.id)
    rows = db.session.execute(query).all()
    going = [id_ for id_, stays in rows if not stays]
    done.stayed += len(rows) - len(going)
    if going:
        here = update(table).where(among(table.c.id, going))
        db.session.execute(here.values({mover.column: done.kept_id}))
        done.moves.append({"t": mover.table, "c": mover.column, "ids": going})
        done.moved += len(going)


def settle(done: Joining, movers: Iterable[Mover]) -> list[Note]:
    """Carries out what features change beside moving rows; gives the notes of it."""
    return [
        change(one)
        for mover in movers
        for one in (mover.settle(done.kept_id, done.merged_id) if mover.settle else ())
    ]


@contextmanager
def following(done: Joining, movers: Iterable[Mover]) -> Iterator[list[Note]]:
    """Notes what features set of their own rows (`Mover.follows`) while the two records change inside.

    The list is filled at the end, when everything is flushed.
    """
    watched = [mover for mover in movers if mover.follows]
    before = [_followed(mover, done) for mover in watched]
    notes: list[Note] = []
    yield notes
    db.session.flush()
    for mover, was in zip(watched, before, strict=True):
        for id_, values in _followed(mover, done).items():
            new = {name: value for name, value in values.items() if was.get(id_, {}).get(name) != value}
            if id_ not in was:
                notes.append({"t": mover.table, "id": id_})
            elif new:
                notes.append(
                    {"t": mover.table, "id": id_, "b": {name: was[id_][name] for name in new}, "a": new}
                )


def _followed(mover: Mover, done: Joining) -> dict[int, dict[str, Any]]:
    """The columns that follow, as JSON, of the rows of both records, by id."""
    table = mover.source
    mine = select(table.c.id).where(table.c[mover.column].in_((done.kept_id, done.merged_id)))
    rows = current(table, db.session.scalars(mine).all(), mover.follows)
    return {id_: {name: as_json(row[name]) for name in mover.follows} for id_, row in rows.items()}


def change(one: Change) -> Note:
    """Sets fields of one row past the session; gives the note of it."""
    table = db.metadata.tables[one.table]
    before = current(table, [one.id], one.values)[one.id]
    db.session.execute(update(table).where(table.c.id == one.id).values(dict(one.values)))
    was = {name: as_json(before[name]) for name in one.values}
    return {"t": one.table, "id": one.id, "b": was, "a": plain(one.values)}


def note(record: Any, new: Mapping[str, Any]) -> Note:
    """The note of fields of a record that are about to be set."""
    before = {name: getattr(record, name) for name in new}
    return {"t": record.__tablename__, "id": record.id, "b": plain(before), "a": plain(new)}


def expanded(done: Joining) -> list[Note]:
    """The merge as single notes: rows that went over and still exist, then the fields that changed."""
    notes: list[Note] = []
    for move in done.moves:
        table = db.metadata.tables[move["t"]]
        there = set(db.session.scalars(select(table.c.id).where(among(table.c.id, move["ids"]))))
        before, after = {move["c"]: done.merged_id}, {move["c"]: done.kept_id}
        notes += [{"t": move["t"], "id": id_, "b": before, "a": after} for id_ in move["ids"] if id_ in there]
    return notes + list(done.notes)
