"""Substring search over short texts, alike on both databases, by an index of neighbouring pairs.

A row stores its texts beside their grams. SQLite indexes the grams by FTS5, where a substring is a phrase of
pairs; PostgreSQL indexes them as an array by GIN. Neither database's own trigrams find two Chinese
characters. The index only narrows: whoever searches compares the texts themselves as well.
"""

from collections.abc import Iterable
from operator import add as add_up

from sqlalchemy import (
    ARRAY,
    DDL,
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    column,
    event,
    func,
    literal_column,
    select,
    table,
)

from app.core.bulk import Columns, insert_columns
from app.core.db import is_postgresql


def searched_text() -> Text:
    """A column type that sorts and prefixes by code point on both databases, whatever the locale."""
    return Text().with_variant(Text(collation="C"), "postgresql")


def grams(texts: Iterable[str], singles: str = "") -> str:
    """The pairs of neighbours of each text in reading order, then each character of `singles` once, as words.

    Only by a character of `singles` is a row found by one character; a text of one character keeps it.

    >>> grams(["滨海滨", "12"], "滨海")
    '滨海 海滨 12 滨 海'
    """
    pairs = [" ".join(map(add_up, text, text[1:])) or text for text in texts]
    return " ".join([*pairs, *dict.fromkeys(singles)])


def narrowed(indexed: Table, needle: str) -> ColumnElement[bool]:
    """The rows of an indexed table that may hold the needle (a `text.search_key`, not empty) in a text."""
    pairs = list(map(add_up, needle, needle[1:])) or [needle]
    if is_postgresql():
        stored = func.string_to_array(indexed.c.grams, literal_column("' '"))
        return stored.bool_op("@>")(bindparam(None, sorted(set(pairs)), type_=ARRAY(Text())))
    index = table(f"{indexed.name}_fts", column("rowid"))
    hits = select(index.c.rowid).where(literal_column(index.name).bool_op("MATCH")(f'"{" ".join(pairs)}"'))
    return indexed.c.id.in_(hits)


def add(connection: Connection, indexed: Table, columns: Columns) -> None:
    """Inserts rows and indexes them; the only way to insert, as no trigger does it (six times slower)."""
    insert_columns(indexed, columns, connection)
    if connection.dialect.name == "sqlite":
        words = list(zip(columns["id"], columns["grams"], strict=True))
        fts = f"INSERT INTO {indexed.name}_fts (rowid, grams) VALUES (?, ?)"  # noqa: S608
        connection.exec_driver_sql(fts, words)


def ddl(name: str) -> dict[str, tuple[str, ...]]:
    """The statements that make the index of a table (columns id, grams, and texts), by dialect name.

    `db.create_all()` runs them by itself; a migration that creates the table runs them after it.
    Rows are added by `add` and never updated; deletions, cascades included, are followed by a trigger.
    """
    fts = f"{name}_fts"
    remove = f"INSERT INTO {fts}({fts}, rowid, grams) VALUES ('delete', old.id, old.grams)"  # noqa: S608
    return {
        "sqlite": (
            # Cn: characters newer than SQLite's own tables are still characters; nothing is ranked by length
            f"CREATE VIRTUAL TABLE {fts} USING fts5(grams, content='{name}', content_rowid='id', "
            "columnsize=0, tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* Co Cn'\")",
            # merging less often makes an import lighter, and a search looks through some more parts
            f"INSERT INTO {fts}({fts}, rank) VALUES ('automerge', 16)",  # noqa: S608
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
