"""How the rows of every table follow an employer, or a person, whose record is merged into another.

Each feature declares a `Mover` for each column of its tables that refers to one of these. A merge refuses to
run while the database has a reference that nobody has declared, so a forgotten table stops it instead of
losing its rows. Columns that hold an id without a foreign key are declared as well, if only to say what they
mean.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Integer, Table, and_, exists, false, inspect, or_, select

from app.core.db import db

EMPLOYERS = "employers"
PEOPLE = "contacts"


@dataclass(frozen=True)
class Change:
    """Fields of one row that a merge sets beside moving rows; taken back with the merge."""

    table: str
    id: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Mover:
    """One column that refers to an employer (a record of the table `of`), and what a merge does to its rows.

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
    #: the table whose records are merged
    of: str = EMPLOYERS
    #: columns that the feature itself sets as the two records change: noted, to be taken back with the merge
    follows: tuple[str, ...] = ()
    #: only rows that have these values in other columns: a column that holds ids of several kinds
    only: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def source(self) -> Table:
        return db.metadata.tables[self.table]

    def of_merged(self, merged_id: int) -> ColumnElement[bool]:
        """The rows that refer to the merged record."""
        table = self.source
        return and_(
            table.c[self.column] == merged_id, *(table.c[name] == value for name, value in self.only.items())
        )

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


def foreign_keys(of: str = EMPLOYERS) -> set[str]:
    """The columns that refer to the table as the database tells them: it may have more tables than we."""
    found: set[str] = set()
    for (_schema, table), keys in inspect(db.session.connection()).get_multi_foreign_keys().items():
        for key in keys:
            if key["referred_table"] == of:
                found |= {f"{table}.{column}" for column in key["constrained_columns"]}
    return found


def undeclared(movers: Iterable[Mover], of: str = EMPLOYERS) -> list[str]:
    """References (table.column) to the table that no mover tells how to move.

    What a column without a foreign key means is asked once, whichever table is merged.
    """
    movers = tuple(movers)
    declared = {mover.reference for mover in movers if mover.of == of}
    loose = loose_references() - {mover.reference for mover in movers}
    return sorted((foreign_keys(of) - declared) | loose)
