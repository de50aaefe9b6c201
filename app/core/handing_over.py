"""What goes from one person to another when somebody rotates.

Each feature declares a `Matter` for each column that says who carries its records, and one that goes along
for records that follow their employer. A column of users that stays as it is says why (`Kept`); signatures,
whose names end in `by_id`, need not: they tell who did something. A test finds columns that nobody declared.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from app.core.db import db

#: (ids, who had them, who gets them, who does it): moves them, and tells what else to set back on undoing
Give = Callable[[Sequence[int], Any, Any, Any], Mapping[int, Mapping[str, Any]]]

#: names of columns that tell who did something
SIGNATURES = ("by_id", "actor_id")


@dataclass(frozen=True)
class Matter:
    """Records that a person carries. `carrier` is the column that says who, `open` which still matter.

    With `along` it is a column of the employer, whom the records follow: they are only shown. `listed` gives
    the address of a person's records, `said` what rows are called where a column cannot tell.
    """

    name: str
    label: Any
    model: type[Any]
    carrier: Any
    open: Callable[[], ColumnElement[bool]]
    title: Any
    employer_id: Any = None
    along: bool = False
    give: Give | None = None
    endpoint: str | None = None
    argument: str = "id"
    listed: Callable[[int], str | None] | None = None
    said: Callable[[Sequence[int]], Mapping[int, str]] | None = None

    def of(self, user_ids: Collection[int], *columns: Any) -> Select[Any]:
        """The columns of what these people carry."""
        query = select(*columns).select_from(self.model).where(self.carrier.in_(user_ids), self.open())
        if self.along:
            query = query.join(self.carrier.class_, self.carrier.class_.id == self.model.employer_id)
        return query

    @property
    def reference(self) -> str:
        """table.column of the carrier, of one that moves."""
        return f"{self.model.__tablename__}.{self.carrier.key}"


@dataclass(frozen=True)
class Kept:
    """A column (table.column) that names a person and stays as it is when that person rotates."""

    reference: str
    why: Any


def people_columns() -> set[str]:
    """Columns that refer to users and are no signatures."""
    return {
        f"{table.name}.{column.name}"
        for table in db.metadata.tables.values()
        for column in table.c
        for key in column.foreign_keys
        if key.column.table.name == "users" and not column.name.endswith(SIGNATURES)
    }


def undeclared(matters: Iterable[Matter], kept: Iterable[Kept]) -> set[str]:
    """Columns of which nobody says whether they move."""
    moving = {matter.reference for matter in matters if not matter.along}
    return people_columns() - moving - {one.reference for one in kept}
