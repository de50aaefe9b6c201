"""Substring search over short texts, alike on both databases, by an index of neighbouring pairs.

A text is stored beside its grams. SQLite indexes them by FTS5, where a substring is a phrase of pairs;
PostgreSQL indexes them as an array by GIN. Neither database's own trigrams find two Chinese
characters. The condition ends in a plain comparison of the text, so that the index can only narrow.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    DDL,
    ColumnElement,
    Connection,
    String,
    Table,
    Text,
    and_,
    bindparam,
    column,
    event,
    func,
    insert,
    literal_column,
    select,
    table,
)

from app.core.bulk import insert_rows
from app.core.db import is_postgresql


def searched_text(length: int) -> String:
    """A column type that sorts and prefixes by code point on both databases, whatever the locale."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def grams(key: str, *, singles: bool = True) -> str:
    """The pairs of neighbours in reading order, then each character once, as words.

    Without `singles` no single character finds the text; a text of one character keeps it.

    >>> grams("滨海滨")
    '滨海 海滨 海 滨'
    """
    pairs = _pairs(key)
    return " ".join([*pairs, *sorted(set(key))] if singles or not pairs else pairs)


def _pairs(key: str) -> list[str]:
    return list(map(str.__add__, key, key[1:]))


def contains(indexed: Table, needle: str) -> ColumnElement[bool]:
    """The rows of an indexed table whose `text` contains the needle (a `text.search_key`, not empty)."""
    exact = indexed.c.text.contains(needle, autoescape=True)
    pairs = _pairs(needle) or [needle]
    if is_postgresql():
        stored = func.string_to_array(indexed.c.grams, literal_column("' '"))
        return and_(stored.bool_op("@>")(bindparam(None, sorted(set(pairs)), type_=ARRAY(Text()))), exact)
    index = table(f"{indexed.name}_fts", column("rowid"))
    phrase = f'"{" ".join(pairs)}"'
    hits = select(index.c.rowid).where(literal_column(index.name).bool_op("MATCH")(phrase))
    return and_(indexed.c.id.in_(hits), exact)


def add(connection: Connection, indexed: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows and indexes them; the only way to insert, as no trigger does it (six times slower)."""
    if not rows:
        return
    last = connection.execute(select(func.coalesce(func.max(indexed.c.id), 0))).scalar_one()
    insert_rows(indexed, rows, connection)
    if connection.dialect.name == "sqlite":
        fts = table(f"{indexed.name}_fts", column("rowid"), column("grams"))
        new = select(indexed.c.id, indexed.c.grams).where(indexed.c.id > last)
        connection.execute(insert(fts).from_select(["rowid", "grams"], new))


def ddl(name: str) -> dict[str, tuple[str, ...]]:
    """The statements that make the index of a table (columns id, text, grams), by dialect name.

    `db.create_all()` runs them by itself; a migration that creates the table runs them after it.
    Rows are added by `add` and never updated; deletions, cascades included, are followed by a trigger.
    """
    fts = f"{name}_fts"
    remove = f"INSERT INTO {fts}({fts}, rowid, grams) VALUES ('delete', old.id, old.grams)"  # noqa: S608
    return {
        "sqlite": (
            # Cn: characters newer than SQLite's own tables are still characters
            f"CREATE VIRTUAL TABLE {fts} USING fts5(grams, content='{name}', content_rowid='id', "
            "tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* Co Cn'\")",
            f"CREATE TRIGGER {fts}_removed AFTER DELETE ON {name} BEGIN {remove}; END",
        ),
        "postgresql": (f"CREATE INDEX ix_{name}_grams ON {name} USING gin (string_to_array(grams, ' '))",),
    }


def drop_ddl(name: str) -> dict[str, tuple[str, ...]]:
    """What a migration runs before it drops the table."""
    return {"sqlite": (f"DROP TABLE {name}_fts",), "postgresql": ()}


def index_by_bigrams(indexed: Table) -> None:
    """Makes `create_all` create the search index together with the table."""
    for moment, statements in (("after_create", ddl), ("before_drop", drop_ddl)):
        for dialect, lines in statements(indexed.name).items():
            for line in lines:
                statement = DDL(line)  # type: ignore[no-untyped-call]
                event.listen(indexed, moment, statement.execute_if(dialect=dialect))


def is_index_object(name: str) -> bool:
    """Whether a database object is part of such an index: migrations must not take it for drift."""
    return "_fts" in name or (name.startswith("ix_") and name.endswith("_grams"))
