"""How the rows of every table follow an employer whose record is merged into another.

Each feature declares a `Mover` for each column of its tables that refers to employers. A merge refuses to run
while the database has a reference that nobody has declared, so a forgotten table stops it instead of losing
its rows. Columns that hold an id without a foreign key are declared as well, if only to say what they mean.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Table, and_, exists, false, inspect, or_, select

from app.core.db import db

EMPLOYERS = "employers"


@dataclass(frozen=True)
class Change:
    """Fields of one row that a merge sets beside moving rows; taken back with the merge."""

    table: str
    id: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Mover:
    """One column that refers to an employer, and what a merge does with its rows.

    Rows move to the record that is kept. Those for which it already has a row with the same values in
    `distinct`, or whose `apart` names the kept record itself, stay with the merged one: nothing is ever
    deleted. With `stays` no row moves, and it says why.
    """

    table: str
    label: Any
    column: str = "employer_id"
    distinct: tuple[str, ...] = ()
    apart: str | None = None
    stays: Any = None
    #: the id of the card on the employer's page that shows the rows
    anchor: str = ""
    #: (kept id, merged id): what stands in the way, or None
    obstacle: Callable[[int, int], Any] | None = None
    #: (kept id, merged id): what else must change
    settle: Callable[[int, int], Iterable[Change]] | None = None

    @property
    def reference(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def source(self) -> Table:
        return db.metadata.tables[self.table]

    def staying(self, kept_id: int) -> ColumnElement[bool]:
        """Which rows of the merged record cannot move."""
        table = self.source
        clashes: list[ColumnElement[bool]] = []
        if self.distinct:
            other = table.alias()
            same = [other.c[name].is_not_distinct_from(table.c[name]) for name in self.distinct]
            clashes.append(exists(select(other.c.id).where(other.c[self.column] == kept_id, and_(*same))))
        if self.apart:
            clashes.append(table.c[self.apart] == kept_id)
        return or_(false(), *clashes)


def loose_references() -> set[str]:
    """Columns of our tables that hold an id without a foreign key: they might mean an employer."""
    return {
        f"{table.name}.{column.name}"
        for table in db.metadata.tables.values()
        for column in table.c
        if column.name.endswith("_id") and isinstance(column.type, Integer) and not column.foreign_keys
    }


def foreign_keys() -> set[str]:
    """The columns that refer to employers as the database tells them: it may have more tables than we."""
    found: set[str] = set()
    for (_schema, table), keys in inspect(db.session.connection()).get_multi_foreign_keys().items():
        for key in keys:
            if key["referred_table"] == EMPLOYERS:
                found |= {f"{table}.{column}" for column in key["constrained_columns"]}
    return found


def undeclared(movers: Iterable[Mover]) -> list[str]:
    """References (table.column) that no mover tells how to move."""
    return sorted((foreign_keys() | loose_references()) - {mover.reference for mover in movers})
