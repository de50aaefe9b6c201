"""What is sealed with which key."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Column, String, Table, func, select

from app.core.db import db
from app.core.personal import FORM, SealedText
from app.core.personal_keys import KeysRefused, keys_in_file, keys_in_use, proven_keys


class SealedColumn(NamedTuple):
    """A column of sealed values, and the blind index beside it."""

    table: Table
    column: Column[object]
    blind: Column[str]

    @property
    def purpose(self) -> str:
        kind = self.column.type
        if not isinstance(kind, SealedText):
            raise TypeError(self.column.name)
        return kind.purpose


def sealed_columns() -> Iterator[SealedColumn]:
    """Every column of the database that holds sealed values."""
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, SealedText):
                yield SealedColumn(table, column, table.c[f"{column.name}_index"])


def values_by_key() -> dict[int, int]:
    """How many values each key in use has sealed."""
    found: Counter[int] = Counter(dict.fromkeys(keys_in_use(), 0))
    for table, column, _blind in sealed_columns():
        for number in keys_in_use():
            sealed = column.cast(String).like(f"{FORM}.{number}.%")
            found[number] += db.session.scalar(select(func.count()).select_from(table).where(sealed)) or 0
    return dict(found)


def trouble_with_keys() -> str:
    """Why nothing can be sealed or opened now; empty when all is well."""
    try:
        proven_keys()
    except KeysRefused as error:
        return error.message
    return ""


def numbers_in_file() -> list[int]:
    """The numbers of the keys in the file; none when it is absent or damaged."""
    try:
        return sorted(keys_in_file())
    except KeysRefused:
        return []
