"""Writing many records at once so that the writes can be taken back.

`write` puts the plans of a chunk into the database in a few statements; `notes_of` gives, for each plan, a
compact note of what it did, which `core.taking_back` reads.

A note of a change is `{"t": table, "id": 5, "b": {field: old}, "a": {field: new}}`. A note of a creation is
`{"t": table, "id": 5, "f": [fields], "h": fingerprint of their values}`: enough to see whether it was edited,
at a tenth of the size.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import Column, Table, bindparam, insert, select, update
from sqlalchemy.types import Date

from app.core.clock import now
from app.core.db import EnumText, PeriodType, UTCDateTime, _Scaled, db
from app.core.import_spec import Plan, Ref, Write
from app.core.periods import Period

Note = dict[str, Any]


def table_of(model: Any) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model!r} is not a table")
    return table


def write(plans: Sequence[Plan]) -> None:
    """Carry out what the plans say, and resolve their Refs. Creations come first, parents before children."""
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
    for (table, fields), group in changes.items():
        _change(table, fields, [(_id(one.id), _resolved(one.after)) for one in group])
    if creations or changes:
        # What the session holds of these records is stale now.
        db.session.expire_all()


def _create(table: Table, writes: Sequence[Write]) -> None:
    """Insert with one statement for each set of fields, and note the new ids."""
    moment = now()
    stamps = {name: moment for name in ("created_at", "updated_at") if name in table.c}
    groups: dict[tuple[str, ...], list[Write]] = defaultdict(list)
    for one in writes:
        groups[tuple(one.after)].append(one)
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    for group in groups.values():
        rows = [{**stamps, **_resolved(one.after)} for one in group]
        ids = db.session.execute(statement, rows).scalars().all()
        for one, new in zip(group, ids, strict=True):
            if isinstance(one.id, Ref):
                one.id.id = new


def _change(table: Table, fields: Sequence[str], rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    statement = (
        update(table)
        .where(table.c.id == bindparam("the_id"))
        .values({table.c[name]: bindparam(f"new_{name}", type_=table.c[name].type) for name in fields})
    )
    parameters = [{"the_id": key, **{f"new_{n}": value for n, value in after.items()}} for key, after in rows]
    db.session.connection().execute(statement, parameters)


def _id(value: int | Ref) -> int:
    if isinstance(value, int):
        return value
    if value.id is None:
        raise ValueError("the record was not created yet")
    return value.id


def _resolved(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _id(value) if isinstance(value, Ref) else value for name, value in values.items()}


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
    table, values = table_of(one.model).name, _resolved(one.after)
    if one.before is None:
        return {"t": table, "id": _id(one.id), "f": list(values), "h": fingerprint(values.values())}
    return {"t": table, "id": _id(one.id), "b": plain(one.before), "a": plain(values)}


def fingerprint(values: Iterable[Any]) -> int:
    """A checksum of values that is the same in every process and on both databases."""
    return zlib.crc32(json.dumps([as_json(value) for value in values], ensure_ascii=False).encode())


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: as_json(value) for name, value in values.items()}


def as_json(value: Any) -> Any:
    """A column's value as JSON keeps it; `from_json` reads it back."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        # 0.05 from a file and 0.0500 from the database are one value
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Ref):
        return value.id
    return int(value) if isinstance(value, Period) else value


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
    return kind.kind(value) if isinstance(kind, EnumText) else value


def current(table: Table, ids: Iterable[int], fields: Iterable[str]) -> dict[int, dict[str, Any]]:
    """The fields of some records as they are now, by id; locked where the database can."""
    wanted = [table.c.id, *(table.c[name] for name in fields if name != "id")]
    query = select(*wanted).where(table.c.id.in_(list(ids))).with_for_update()
    return {row.id: dict(row._mapping) for row in db.session.execute(query)}
