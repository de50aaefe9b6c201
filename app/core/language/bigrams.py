"""Substring search over short texts, alike on both databases, by an index of neighbouring pairs.

A row stores its texts beside their grams. SQLite indexes the grams by FTS5, where a substring is a phrase of
pairs; PostgreSQL indexes them as an array by GIN. Neither database's own trigrams find two Chinese
characters. The index only narrows: whoever searches compares the texts themselves as well. Texts of several
kinds in one row are told apart by a mark before each word.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import add as add_up
from typing import Any

from sqlalchemy import (
    ARRAY,
    DDL,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    column,
    event,
    func,
    literal_column,
    or_,
    table,
    text,
)

from app.core.bulk import Columns, insert_columns
from app.core.db import db, is_postgresql

#: Stands before the first character of a text. Characters for private use are no part of a search key.
BORDER = "\ue000"


#: words that follow each other
Phrase = tuple[str, ...]


def mark(number: int) -> str:
    """What tells the texts of a kind from others: a character for private use, by its number from 0."""
    return chr(ord(BORDER) + 1 + number)


def searched_text() -> Text:
    """A column type that sorts and prefixes by code point on both databases, whatever the locale."""
    return Text().with_variant(Text(collation="C"), "postgresql")


def grams(texts: Sequence[str], mark: str = "", *, singly: bool = False) -> str:
    """The pairs of neighbours of each text in reading order, as words that begin with the mark.

    A text's first character is also paired with the border before it. With `singly` each character once, too:
    only so is a row found by one character.

    >>> grams(["滨海滨", "12"]).replace(BORDER, "|")
    '|滨 滨海 海滨 |1 12'
    """
    between = f" {mark}"
    words = [mark + between.join(map(add_up, BORDER + text, text)) for text in texts]
    if singly:
        words += [mark + character for character in dict.fromkeys("".join(texts))]
    return " ".join(words)


def phrase(needle: str, mark: str = "", *, beginning: bool = False) -> tuple[str, ...]:
    """The words that a text of this mark has one after the other if it holds the needle, or begins with it.

    The needle is a `text.search_key`, not empty.
    """
    pairs = list(map(add_up, needle, needle[1:])) or ([] if beginning else [needle])
    return tuple(mark + pair for pair in ([BORDER + needle[0], *pairs] if beginning else pairs))


@dataclass(frozen=True)
class Spread:
    """How many rows hold a phrase, as far as the index tells without being read through.

    `common` phrases are held by so many that whoever has a better way to few rows ought to go that way.
    """

    rows: int = 0
    common: bool = False


def spreads(indexed: Table, phrases: Collection[Phrase], most: int) -> dict[Phrase, Spread]:
    """Each phrase's spread: counted no further than one past `most`, where the index gives hit after hit.

    PostgreSQL's gives all of them at once, so there the statistics tell: a phrase is as frequent as its
    rarest pair, and 0 rows if that is not among the frequent ones.
    """
    if is_postgresql():
        shares = _shares(indexed, {word for phrase in phrases for word in phrase})
        rows = max(0.0, db.session.scalar(_ROWS, {"name": indexed.name}) or 0) if shares else 0
        held = {one: min(shares.get(word, 0.0) for word in one) for one in phrases}
        return {
            one: Spread(int(share * rows), share * rows > most and share * _ONE_IN >= 1)
            for one, share in held.items()
        }
    asked = list(dict.fromkeys(phrases))
    if not asked:
        return {}
    count = "(SELECT count(*) FROM (SELECT 1 FROM {name}_fts(:sought{number}) LIMIT :most))"
    counts = (count.format(name=indexed.name, number=number) for number in range(len(asked)))
    sought = {f"sought{number}": _match([one]) for number, one in enumerate(asked)}
    found = db.session.execute(text(f"SELECT {', '.join(counts)}"), {**sought, "most": most + 1}).one()
    return {one: Spread(rows, rows > most) for one, rows in zip(asked, found, strict=True)}


#: A pair that fewer rows hold is better looked up than waited for.
_ONE_IN = 20
_ROWS = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:name)")
_FREQUENT = text(
    "SELECT pairs.pair, pairs.share FROM pg_stats, unnest(most_common_elems::text::text[], "
    "most_common_elem_freqs) AS pairs (pair, share) WHERE schemaname = current_schema() "
    "AND tablename = :name AND pairs.pair = ANY (:words)"
)


def _shares(indexed: Table, words: Collection[str]) -> dict[str, float]:
    """Which part of the rows holds a word, of the words that PostgreSQL has found to be frequent."""
    values = {"name": f"ix_{indexed.name}_grams", "words": sorted(words)}
    return {word: share for word, share in db.session.execute(_FREQUENT, values)}


def narrowed(
    query: Select[Any],
    indexed: Table,
    wanted: Sequence[Phrase],
    without: Sequence[Phrase] = (),
    common: Collection[Phrase] = (),
) -> Select[Any]:
    """The query over an indexed table, left with the rows that may hold one of the phrases.

    Rows that hold one of `without` may be left out, too. Rows come as the index gives them, so that a LIMIT
    ends the work; where it gives all at once, `common` phrases are not looked up in it.
    """
    if is_postgresql():
        if not set(wanted).isdisjoint(common):
            return query
        stored = func.string_to_array(indexed.c.grams, literal_column("' '"))
        held = stored.bool_op("@>")
        return query.where(or_(*(held(bindparam(None, list(words), ARRAY(Text()))) for words in wanted)))
    index = table(f"{indexed.name}_fts", column("rowid"))
    sought = _match(wanted) if not without else f"({_match(wanted)}) NOT ({_match(without)})"
    return query.where(index.c.rowid == indexed.c.id, literal_column(index.name).bool_op("MATCH")(sought))


def _match(phrases: Sequence[Phrase]) -> str:
    return " OR ".join(f'"{" ".join(words)}"' for words in phrases)


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
