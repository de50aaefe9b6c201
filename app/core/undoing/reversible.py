"""Writing many records at once so that the writes can be taken back.

`write` puts the plans of a chunk into the database in a few statements; `notes_of` gives, for each plan, a
compact note of what it did, which `core.undoing.taking_back` reads.

A note of a change is `{"t": table, "id": 5, "b": {field: old}, "a": {field: new}}`, that of a creation
`{"t": table, "id": 5}`: whether a created record was edited since, its `updated_at` tells (`settle`). "n"
in the note of a change says that the record was unedited until then.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Column, Table, false, select, update
from sqlalchemy.types import Date

from app.core.bulk import Columns, insert_columns, new_ids, read_rows, update_columns
from app.core.clock import now
from app.core.db import EnumText, PeriodType, UTCDateTime, _Scaled, among, db
from app.core.importing.spec import Plan, Ref, Write, id_of
from app.core.periods import Period
from app.core.personal.sealed import IdNumber, Sealed, SealedText

Note = dict[str, Any]
STAMPS = ("created_at", "updated_at")


@cache
def table_of(model: Any) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model!r} is not a table")
    return table


class Overtaken(Exception):
    """Somebody wrote, after it was read, what a plan is about to change: the plan has to be made anew."""


def write(plans: Sequence[Plan]) -> None:
    """Carry out what the plans say, and resolve their Refs. Creations come first, parents before children.

    Raises Overtaken where a field is not what its plan read; roll back then.
    """
    creations: dict[Table, list[Write]] = defaultdict(list)
    changes: dict[tuple[Table, tuple[str, ...]], list[Write]] = defaultdict(list)
    for plan in plans:
        for one in plan.writes:
            if one.done:
                continue
            if one.before is None:
                creations[table_of(one.model)].append(one)
            else:
                changes[table_of(one.model), tuple(one.after)].append(one)
    for table in db.metadata.sorted_tables:
        if table in creations:
            _create(table, creations[table])
    _hold(plans)
    for (table, fields), group in changes.items():
        update_columns(table, _columns(group, fields))
    if creations or changes:
        # What the session holds of these records is stale now.
        db.session.expire_all()


def _hold(plans: Sequence[Plan]) -> None:
    """Keep everybody off the records about to be changed, and see whether they are as their plans read them.

    It is noted which of them nobody has edited since they were created.
    """
    changed: dict[Table, list[Write]] = defaultdict(list)
    for plan in plans:
        for one in plan.writes:
            if one.before is not None and not one.done:
                changed[table_of(one.model)].append(one)
    for table, writes in changed.items():
        _hold_rows(table, writes)


def _hold_rows(table: Table, writes: Sequence[Write]) -> None:
    fields = dict.fromkeys(name for one in writes for name in one.before or ())
    stamped = all(name in table.c for name in STAMPS)
    unedited = (table.c.updated_at == table.c.created_at) if stamped else false()
    ids = [id_of(one.id) for one in writes]
    query = select(
        table.c.id, unedited.label("unedited"), *(table.c[name] for name in fields if name != "id")
    )
    held = query.where(among(table.c.id, ids)).order_by(table.c.id).with_for_update()
    present = {row["id"]: row for row in read_rows(held)}
    # a record that several lines change is compared with what the first of them read
    seen: set[tuple[int, str]] = set()
    for one, record_id in zip(writes, ids, strict=True):
        row = present.get(record_id)
        for name, value in (one.before or {}).items():
            if (record_id, name) not in seen and (row is None or row[name] != value):
                raise Overtaken(f"{table.name}.{name} of {record_id}")
            seen.add((record_id, name))
        one.unedited = row is not None and bool(row["unedited"])


def _create(table: Table, writes: Sequence[Write]) -> None:
    """Insert with one statement for each set of fields, under ids taken beforehand."""
    groups: dict[tuple[str, ...], list[Write]] = defaultdict(list)
    for one, new in zip(writes, new_ids(table, len(writes)), strict=True):
        groups[tuple(one.after)].append(one)
        if isinstance(one.id, Ref):
            one.id.id = new
    moment = now()
    stamps = [name for name in STAMPS if name in table.c]
    for names, group in groups.items():
        columns: Columns = {name: [moment] * len(group) for name in stamps}
        insert_columns(table, columns | _columns(group, names))


def _columns(group: Sequence[Write], names: Sequence[str]) -> Columns:
    """What the writes set, column by column; the records that Refs stand for exist by now."""
    columns: Columns = {"id": [id_of(one.id) for one in group]}
    for name in names:
        values = [one.after[name] for one in group]
        columns[name] = [value.id if type(value) is Ref else value for value in values]
    return columns


def settle(plans: Sequence[Plan]) -> None:
    """Call when a chunk is done with: what it created counts as unedited, whatever its effects did to it."""
    created: dict[Any, list[int]] = defaultdict(list)
    for plan in plans:
        for one in plan.writes:
            if one.before is None:
                created[one.model].append(id_of(one.id))
    for table, ids in ((table_of(model), ids) for model, ids in created.items()):
        if all(name in table.c for name in STAMPS):
            first, last = min(ids), max(ids)
            # the ids were taken in one go; only where the database has sequences may others lie between
            alone = last - first < len(ids)
            mine = table.c.id.between(first, last) if alone else among(table.c.id, ids)
            touched = mine & (table.c.updated_at != table.c.created_at)
            db.session.execute(update(table).where(touched).values(updated_at=table.c.created_at))


def notes_of(plan: Plan) -> list[Note]:
    """What a written plan did, as JSON."""
    return [_note(one) for one in plan.writes]


def planned_notes(plan: Plan) -> list[Note]:
    """The changes that a plan would make, for a dry run; creations have no id yet and are left out."""
    return [
        {"t": table_of(one.model).name, "id": one.id, "b": plain(one.before), "a": plain(one.after)}
        for one in plan.writes
        if one.before is not None and isinstance(one.id, int)
    ]


def _note(one: Write) -> Note:
    name, record_id = table_of(one.model).name, id_of(one.id)
    if one.before is None:
        return {"t": name, "id": record_id}
    note = {"t": name, "id": record_id, "b": plain(one.before), "a": plain(one.after)}
    if one.unedited:
        note["n"] = True
    return note


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    # most values are what JSON has already
    return {name: one if type(one) in _JSON_HAS else as_json(one) for name, one in values.items()}


_JSON_HAS = {type(None), bool, int, str}


def as_json(value: Any) -> Any:
    """A column's value as JSON keeps it; `from_json` reads it back."""
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Period):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Sealed):
        return value.token
    if isinstance(value, IdNumber):
        return str(value)
    return value.id if isinstance(value, Ref) else value


@lru_cache(maxsize=4096)
def _decimal_text(value: Decimal) -> str:
    """0.05 from a file and 0.0500 from the database are one value."""
    return format(value.normalize(), "f")


def from_json(column: Column[Any], value: Any) -> Any:
    """The value of a column from its JSON."""
    if value is None:
        return None
    kind = column.type
    if isinstance(kind, _Scaled):
        return Decimal(value)
    if isinstance(kind, PeriodType):
        return Period.from_int(value)
    if isinstance(kind, UTCDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, SealedText):
        return Sealed(value, kind.purpose)
    return kind.kind(value) if isinstance(kind, EnumText) else value


def current(
    table: Table, ids: Iterable[int], fields: Iterable[str], *, lock: bool = True
) -> dict[int, dict[str, Any]]:
    """The fields of some records as they are now, by id; locked where the database can, unless told."""
    wanted = [table.c.id, *(table.c[name] for name in fields if name != "id")]
    query = select(*wanted).where(table.c.id.in_(list(ids)))
    if lock:
        query = query.with_for_update()
    return {row.id: dict(row._mapping) for row in db.session.execute(query)}
