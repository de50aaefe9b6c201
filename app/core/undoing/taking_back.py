"""Undoing the writes that `core.undoing.reversible` noted: each row as a whole, or not at all.

A row stays when one of its records was edited since, is gone, or is referred to by something that the undo
does not remove as well. References are found from the foreign keys of the schema, so a table that nobody
here has heard of still protects the record that it points at.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, not_, select, true, update

from app.core import signals
from app.core.bulk import update_rows
from app.core.db import among, db
from app.core.undoing.reversible import STAMPS, Note, as_json, current, from_json

#: tables whose rows go with a record and do not keep it: all (None), or those that the condition describes
Carried = Mapping[str, ColumnElement[bool] | None]
#: columns that follow from other rows, by table: whoever undoes reckons them anew afterwards
Derived = Mapping[str, frozenset[str]]
ALWAYS_CARRIED: Carried = {"timeline": None}


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a row stays: `edited`, `gone`, `in_use` or `taken` (what it would get back is another's by now); in
    which table, and which fields or tables it is."""

    code: str
    table: str
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class NotedRow:
    """A row to undo: any id of the caller's, and its notes in the order they were written."""

    id: int
    notes: Sequence[Note]


@dataclass(slots=True)
class Undone:
    """What came of it: rows that stay, with the reason, and the records set back or removed, by table."""

    kept: dict[int, Kept] = field(default_factory=dict)
    restored: dict[str, list[int]] = field(default_factory=dict)
    removed: dict[str, list[int]] = field(default_factory=dict)


def take_back(
    rows: Sequence[NotedRow],
    carried: Carried,
    removing: Callable[[str, Sequence[int]], None],
    derived: Derived | None = None,
) -> Undone:
    """Undo rows, given newest first. `removing(table, ids)` is called before records are deleted.

    A `derived` column that was written since is no edit of anybody's, and stays as it is.
    """
    before = _load(rows)
    kept: dict[int, Kept] = {}
    while True:
        attempt = _Attempt(before, derived)
        for row in rows:
            if row.id not in kept and (obstacle := attempt.try_row(row)):
                kept[row.id] = obstacle
        blocked = _blocked(attempt, {**carried, **ALWAYS_CARRIED}) or _taken(attempt)
        if not blocked:
            break
        kept |= blocked
    _carry_out(attempt, {**carried, **ALWAYS_CARRIED}, removing)
    return Undone(
        kept,
        {name: list(ids) for name, ids in attempt.touched.items()},
        {name: list(ids) for name, ids in attempt.doomed.items()},
    )


def obstacles(notes: Sequence[Note]) -> list[Kept]:
    """What stands in the way of taking each of these notes back, one by one; writes nothing."""
    rows = [NotedRow(number, (note,)) for number, note in enumerate(notes)]
    attempt = _Attempt(_load(rows, lock=False))
    found = [kept for row in reversed(rows) if (kept := attempt.try_row(row))]
    return [*found, *_blocked(attempt, ALWAYS_CARRIED).values(), *_taken(attempt).values()]


Values = dict[str, dict[int, dict[str, Any]]]


def _load(rows: Sequence[NotedRow], *, lock: bool = True) -> Values:
    """The present values of every field that the rows wrote, as JSON, by table and id."""
    ids: dict[str, set[int]] = defaultdict(set)
    fields: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        for note in row.notes:
            ids[note["t"]].add(note["id"])
            table = db.metadata.tables[note["t"]]
            stamps = [name for name in STAMPS if name in table.c]
            fields[note["t"]].update(dict.fromkeys((*note.get("a", ()), *stamps)))
    return {
        name: {
            key: {field: as_json(value) for field, value in values.items()}
            for key, values in current(db.metadata.tables[name], ids[name], fields[name], lock=lock).items()
        }
        for name in ids
    }


class _Attempt:
    """Undoing on paper: the values as they would be, what would be removed, and by which row."""

    def __init__(self, values: Values, derived: Derived | None = None) -> None:
        self.derived = derived or {}
        self.values: Values = {name: {k: dict(v) for k, v in table.items()} for name, table in values.items()}
        self.doomed: dict[str, dict[int, int]] = defaultdict(dict)
        self.touched: dict[str, dict[int, set[str]]] = defaultdict(dict)
        #: the row that last set a record back, by table
        self.by: dict[str, dict[int, int]] = defaultdict(dict)

    def try_row(self, row: NotedRow) -> Kept | None:
        """Take the row back on paper, or leave everything as it was and say why."""
        undo: list[Callable[[], object]] = []
        for note in reversed(row.notes):
            obstacle = self._obstacle(note)
            if obstacle:
                for step in reversed(undo):
                    step()
                return obstacle
            undo.append(self._take(note, row.id))
        return None

    def _obstacle(self, note: Note) -> Kept | None:
        name, record = note["t"], self.values[note["t"]].get(note["id"])
        if record is None or note["id"] in self.doomed[name]:
            return Kept("gone", name)
        if "a" not in note:
            edited = record.get("updated_at") != record.get("created_at")
            return Kept("edited", name) if edited else None
        fields = tuple(one for one in self._written_since(note, record) if one not in self._derived(note))
        return Kept("edited", name, fields) if fields else None

    def _derived(self, note: Note) -> frozenset[str]:
        return self.derived.get(note["t"], frozenset())

    def _written_since(self, note: Note, record: Mapping[str, Any]) -> list[str]:
        return [one for one, value in note["a"].items() if record[one] != value]

    def _take(self, note: Note, row_id: int) -> Callable[[], object]:
        """Apply a note backwards; gives the step that reverses it."""
        name, key = note["t"], note["id"]
        if "a" not in note:
            self.doomed[name][key] = row_id
            return lambda: self.doomed[name].pop(key)
        record = self.values[name][key]
        since = self._derived(note) & set(self._written_since(note, record))
        before = {one: value for one, value in note["b"].items() if one not in since}
        was = {one: record[one] for one in (*before, *(["updated_at"] if "n" in note else ()))}
        record.update(before)
        if "n" in note:
            record["updated_at"] = record["created_at"]
        known = self.touched[name].get(key, set())
        self.touched[name][key] = known | set(was)
        self.by[name][key] = row_id

        def again() -> None:
            record.update(was)
            self.touched[name][key] = known

        return again


def _references(table: Table) -> list[Column[Any]]:
    """The columns anywhere in the schema that refer to the table's id."""
    return [
        key.parent
        for other in db.metadata.tables.values()
        for key in other.foreign_keys
        if key.column is table.c.id
    ]


def _blocked(attempt: _Attempt, carried: Carried) -> dict[int, Kept]:
    """The rows whose removals would take something away that is not the import's own."""
    blocked: dict[int, Kept] = {}
    for name, doomed in attempt.doomed.items():
        if not doomed:
            continue
        for column in _references(db.metadata.tables[name]):
            child = column.table
            keeping = _keeping(child, carried)
            if keeping is None:
                continue
            identity = child.c.id if "id" in child.c else column
            query = select(identity, column).where(column.in_(list(doomed)), keeping)
            for child_id, parent_id in db.session.execute(query):
                if child_id not in attempt.doomed.get(child.name, {}):
                    blocked.setdefault(doomed[parent_id], Kept("in_use", name, (child.name,)))
        for _receiver, held in signals.records_going.send(name, ids=list(doomed)):
            for child_name, record_ids in held.items():
                for record_id in record_ids:
                    _block(blocked, doomed[record_id], name, child_name)
    return blocked


def _block(blocked: dict[int, Kept], row_id: int, table: str, child: str) -> None:
    """What no foreign key tells of is named table by table; a row of several records tells of the first."""
    known = blocked.setdefault(row_id, Kept("in_use", table))
    if known.table == table and child not in known.names:
        blocked[row_id] = replace(known, names=(*known.names, child))


def _taken(attempt: _Attempt) -> dict[int, Kept]:
    """The rows that would give a record back what only one may have, and another one has by now."""
    taken: dict[int, Kept] = {}
    for name, records in attempt.touched.items():
        table, values, doomed = db.metadata.tables[name], attempt.values[name], attempt.doomed[name]
        for column in (one for one in table.c if one.unique):
            wanted = {
                values[key][column.name]: key
                for key, fields in records.items()
                if column.name in fields and key not in doomed and values[key][column.name] is not None
            }
            sought = [from_json(column, value) for value in wanted]
            holders = select(table.c.id, column).where(among(column, sought))
            for holder, present in db.session.execute(holders) if sought else ():
                value = as_json(present)
                after = values.get(holder, {}).get(column.name, value)
                if holder not in doomed and after == value and wanted[value] != holder:
                    taken[attempt.by[name][wanted[value]]] = Kept("taken", name, (column.name,))
    return taken


def _keeping(child: Table, carried: Carried) -> ColumnElement[bool] | None:
    """Which rows of a table keep the record they refer to; None: none of them."""
    if child.name not in carried:
        return true()
    condition = carried[child.name]
    return None if condition is None else not_(condition)


def _carry_out(attempt: _Attempt, carried: Carried, removing: Callable[[str, Sequence[int]], None]) -> None:
    for table in reversed(db.metadata.sorted_tables):
        ids = list(attempt.doomed.get(table.name, {}))
        if not ids:
            continue
        removing(table.name, ids)
        for column in _references(table):
            if column.table.name in carried:
                condition = carried[column.table.name]
                gone = column.in_(ids) if condition is None else column.in_(ids) & condition
                db.session.execute(delete(column.table).where(gone))
        db.session.execute(delete(table).where(table.c.id.in_(ids)))
    for name, records in attempt.touched.items():
        _restore(db.metadata.tables[name], records, attempt)
    db.session.expire_all()


def _restore(table: Table, records: Mapping[int, set[str]], attempt: _Attempt) -> None:
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for key, fields in records.items():
        if not fields or key in attempt.doomed.get(table.name, {}):
            continue
        values = attempt.values[table.name][key]
        names = tuple(sorted(fields))
        groups[names].append({"id": key, **{name: from_json(table.c[name], values[name]) for name in names}})
    if len(records) > 1:
        _vacate(table, groups)
    for rows in groups.values():
        update_rows(table, rows)


def _vacate(table: Table, groups: Mapping[tuple[str, ...], Sequence[Mapping[str, Any]]]) -> None:
    """Empties unique columns first: records that exchange their values would meet on the way."""
    for names, rows in groups.items():
        for name in names:
            column = table.c[name]
            if column.unique and column.nullable:
                ids = [row["id"] for row in rows]
                db.session.execute(update(table).where(table.c.id.in_(ids)).values({name: None}))
