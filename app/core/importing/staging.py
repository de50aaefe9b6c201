"""Lines of a file as rows of a temporary table, where the database compares a whole chunk in one statement.

The process that reads the file packs what it parsed into the values that the driver takes; they travel and
are loaded as plain tuples. A line that turns out to need more is made a `Line` again.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import MetaData, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateTable, DropTable

from app.core.bulk import converted, load_rows
from app.core.db import db
from app.core.importing.spec import Line

#: of temporary tables: each transaction makes its own, and no migration knows of them
STAGING = MetaData()
#: what every staged line has before its values
HEAD = ("number", "key")

#: further values that follow from a line's own
Reckon = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(slots=True)
class Packed:
    """Lines as the driver takes them: `names` are the table's columns, `given` those that the file has."""

    names: tuple[str, ...]
    given: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    prepared: list[Any]

    def __len__(self) -> int:
        return len(self.rows)

    def load(self, table: Table) -> None:
        load_rows(table, self.names, self.rows)

    def lines(self, table: Table, numbers: Collection[int] | None = None) -> list[Line]:
        """The lines with these numbers (all, if None) as they were before they were packed."""
        wanted = None if numbers is None else set(numbers)
        chosen = [place for place, row in enumerate(self.rows) if wanted is None or row[0] in wanted]
        if not chosen:
            return []
        dialect = db.session.connection().dialect
        turned = dict(zip(self.names, zip(*(self.rows[place] for place in chosen), strict=True), strict=True))
        typed = [
            converted(turned[name], _kind(table, name, dialect).result_processor(dialect, None))
            for name in self.given
        ]
        values = [dict(zip(self.given, row, strict=True)) for row in zip(*typed, strict=True)]
        heads = zip(turned["number"], turned["key"], strict=True)
        return [
            Line(number, key, one, self.prepared[place] if self.prepared else None)
            for (number, key), one, place in zip(heads, values, chosen, strict=True)
        ]


def packed(table: Table, lines: Sequence[Line], reckon: Reckon, dialect: Dialect) -> Packed:
    """Lines for a table that has the columns of the file and those that `reckon` adds. Asks no database."""
    given, reckoned = tuple(lines[0].values), [reckon(line.values) for line in lines]
    columns: dict[str, Sequence[Any]] = {
        "number": [line.number for line in lines],
        "key": [line.key for line in lines],
        **{name: [line.values[name] for line in lines] for name in given},
        **{name: [one[name] for one in reckoned] for name in reckoned[0]},
    }
    plain = [
        converted(values, _kind(table, name, dialect).bind_processor(dialect))
        for name, values in columns.items()
    ]
    prepared = [line.prepared for line in lines] if lines[0].prepared is not None else []
    return Packed(tuple(columns), given, list(zip(*plain, strict=True)), prepared)


def _kind(table: Table, name: str, dialect: Dialect) -> Any:
    return table.c[name].type.dialect_impl(dialect)


@contextmanager
def temporary(*tables: Table) -> Iterator[None]:
    """The tables exist while the block runs; when it fails, the transaction's end takes them away."""
    connection = db.session.connection()
    for table in tables:
        connection.execute(CreateTable(table))
    yield
    for table in reversed(tables):
        connection.execute(DropTable(table))
