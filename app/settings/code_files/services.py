"""Codes from a file: new ones are entered, known ones corrected or ended, and none is ever deleted.

A code stands below the one that its row names, which is known or comes before it in the file. The industry's
groups and classes need name none: 5211 stands below 521, or else below 52.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.core import code_tables
from app.core.code_tables import TABLES, CodeValue
from app.core.db import among, db
from app.core.importing.spec import Context, Line, Plan
from app.settings.code_use.queries import asked_about

#: the table whose codes say by their first places where they stand
BY_PLACES = "industry"
#: what a row says of a code beside where it stands
SAID = ("label_zh", "label_en", "valid_from", "valid_until")


@dataclass
class Placed:
    """Where a code stands: its order, and the code above it."""

    sort: int
    parent: str | None


Known = dict[tuple[str, str], Placed]


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Compares the lines with the tables as they are, and with what earlier lines enter."""
    values = {(one.code_table, one.code): one for one in db.session.scalars(select(CodeValue))}
    known: Known = context.memory.setdefault("codes", {})
    for key, one in values.items():
        known.setdefault(key, Placed(one.sort, one.parent_code))
    return [_plan_one(line, values, known) for line in lines]


def _plan_one(line: Line, values: Mapping[tuple[str, str], CodeValue], known: Known) -> Plan:
    made, said = Plan(line), line.values
    table, code = said["code_table"], said["code"]
    value = values.get((table, code))
    parent = _parent(said, known, value)
    _refuse(made, parent, known, value)
    if made.reasons:
        return made
    told = {name: said[name] for name in SAID if said.get(name) is not None} | {"parent_code": parent}
    if value is not None:
        made.update(CodeValue, value, told)
        known[table, code].parent = parent
        return made
    above = known[table, parent].sort if parent is not None else _last(table, known) + 10
    known[table, code] = Placed(above, parent)
    empty = {"label_en": "", "valid_from": None, "valid_until": None}
    made.create(CodeValue, {"code_table": table, "code": code, "sort": above, **empty, **told})
    return made


def _last(table: str, known: Known) -> int:
    return max((one.sort for (name, _code), one in known.items() if name == table), default=0)


def _parent(said: Mapping[str, Any], known: Known, value: CodeValue | None) -> str | None:
    """The code above: the one that is named, or where it stands already, or what its first places say."""
    table, code = said["code_table"], said["code"]
    if (named := said.get("parent_code")) is not None:
        return str(named)
    if value is not None:
        return value.parent_code
    if table != BY_PLACES or not code.isdigit():
        return None
    return next((code[:end] for end in range(len(code) - 1, 1, -1) if (table, code[:end]) in known), None)


def _refuse(made: Plan, parent: str | None, known: Known, value: CodeValue | None) -> None:
    said = made.line.values
    table, code = said["code_table"], said["code"]
    since = said.get("valid_from") or (value.valid_from if value else None)
    until = said.get("valid_until") or (value.valid_until if value else None)
    if len(code) > TABLES[table].length:
        made.reject("code_too_long", "code", limit=TABLES[table].length)
    if since and until and until < since:
        made.reject("ends_before", "valid_until")
    if parent is None:
        return
    if (table, parent) not in known:
        made.reject("no_parent", "parent_code", value=parent)
    elif code in _path(table, parent, known):
        made.reject("below_itself", "parent_code", value=parent)


def _path(table: str, code: str, known: Known) -> list[str]:
    """The code and all above it; a ring that somebody entered by mistake ends the walk."""
    path = [code]
    while (one := known.get((table, path[-1]))) and one.parent and one.parent not in path:
        path.append(one.parent)
    return path


def applied(_plans: Sequence[Plan], _context: Context) -> None:
    """After a chunk is written: the tables are read anew."""
    code_tables.forget()


def in_use(table: str, ids: Collection[int]) -> dict[str, set[int]]:
    """Receiver of `records_going`: codes that a record holds, that a segment, audience or rule asks about,
    or that stand above another code stay.
    """
    held: dict[str, set[int]] = defaultdict(set)
    if table != CodeValue.__tablename__:
        return held
    going: dict[str, dict[str, int]] = defaultdict(dict)
    for one in db.session.scalars(select(CodeValue).where(among(CodeValue.id, ids))):
        going[one.code_table][one.code] = one.id
    for name, numbers in going.items():
        above = (CodeValue.code_table == name) & ~among(CodeValue.id, ids)
        asked = [(column.table.name, select(column).distinct()) for column in code_tables.columns_of(name)]
        asked.append((table, select(CodeValue.parent_code).where(above).distinct()))
        for holder, query in asked:
            (column,) = query.selected_columns
            held[holder] |= {numbers[one] for one in db.session.scalars(query.where(among(column, numbers)))}
    for holder, found in asked_about(going):
        held[holder] |= found
    return held


def reverted(_records: Mapping[str, Sequence[int]], _context: Context) -> None:
    """After a chunk is taken back."""
    code_tables.forget()
