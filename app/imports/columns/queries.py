"""What is remembered of the columns of files, and the names of those who send them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.core.clock import local
from app.core.db import db
from app.core.finding import the_one
from app.core.importing.spec import ImportSpec
from app.core.language.text import clean, name_key
from app.core.permissions import Actor
from app.core.sheets.cells import Cell, plain_text
from app.core.sheets.headings import Header, Named, column_letter, fingerprint, guess_header, header_at
from app.core.sheets.reading import top_rows
from app.imports.columns.models import ColumnMemory
from app.imports.columns.policy import visible_to
from app.imports.models import ImportBatch

#: rows shown below the headings, and characters of each cell
SAMPLES, WIDTH = 5, 30


def memories(actor: Actor | None) -> Select[ColumnMemory]:
    return select(ColumnMemory).where(visible_to(actor))


def find(memory_id: int, actor: Actor | None) -> ColumnMemory:
    """Raises NotFound also for one of another branch."""
    return the_one(
        memories(actor).where(ColumnMemory.id == memory_id),
        _l("These columns are not remembered (any more)."),
    )


def remembered(spec: str, branch_id: int, source: str, titles: Sequence[str]) -> ColumnMemory | None:
    """What is remembered of this very header of this source."""
    return db.session.scalar(
        select(ColumnMemory).where(
            ColumnMemory.spec == spec,
            ColumnMemory.branch_id == branch_id,
            ColumnMemory.source == source,
            ColumnMemory.fingerprint == fingerprint(titles),
        )
    )


def words_for(batch: ImportBatch) -> list[Named]:
    """What people said of headings that the batch's file may have, the first to be asked first.

    A batch whose headings were read once is read the same way again: what its dry run showed is applied,
    whatever was remembered or forgotten meanwhile. Without a source all of the branch's are asked.
    """
    if batch.layout is not None:
        said = word_of(batch)
        return [said] if said else []
    query = (
        select(ColumnMemory)
        .where(ColumnMemory.spec == batch.spec, ColumnMemory.branch_id == batch.branch_id)
        .order_by(ColumnMemory.said_at.desc(), ColumnMemory.id.desc())
        .options(joinedload(ColumnMemory.said_by).lazyload("*"))
    )
    if batch.source:
        query = query.where(ColumnMemory.source == batch.source)
    return [as_word(memory) for memory in db.session.scalars(query)]


def as_word(memory: ColumnMemory) -> Named:
    name = memory.said_by.name if memory.said_by else ""
    day = local(memory.said_at).date().isoformat()
    return Named(tuple(memory.titles), tuple(memory.columns), name, day, memory.source)


def word_of(batch: ImportBatch) -> Named | None:
    """What a person said of the headings of this batch, if its file is not simply known."""
    layout = batch.layout
    if not layout or "on" not in layout:
        return None
    said = (layout["by"], layout["on"], layout["source"])
    return Named(tuple(layout["titles"]), tuple(layout["columns"]), *said)


def sources(spec: str, branch_id: int) -> list[str]:
    """The names of those who sent files of this kind to the branch."""
    named = [
        select(kind.source).where(kind.spec == spec, kind.branch_id == branch_id, kind.source.is_not(None))
        for kind in (ColumnMemory, ImportBatch)
    ]
    return sorted({source for query in named for source in db.session.scalars(query.distinct()) if source})


def source_called(text: str, spec: str, branch_id: int) -> str:
    """The name of a source as it was first written: width, blanks and case make no other source."""
    wanted = clean(text)[:80]
    known = {name_key(source): source for source in sources(spec, branch_id)} if wanted else {}
    return known.get(name_key(wanted), wanted)


@dataclass(frozen=True)
class Place:
    """Rows of a sheet that may be its header, as the page offers them: "2" or "2-3", and how they read."""

    at: str
    reads: str


@dataclass(frozen=True)
class Offer:
    """The top of a file, for a person to say which column is which."""

    sheets: Sequence[str]
    sheet: str
    places: Sequence[Place]
    at: str
    header: Header
    #: of each column of the file: its letter, heading, first values, and what it is taken for
    columns: Sequence["FileColumn"]


@dataclass(frozen=True)
class FileColumn:
    letter: str
    title: str
    samples: Sequence[str]
    guess: str | None


def offer(path: Path, spec: ImportSpec, said: Named | None, sheet: str = "", at: str = "") -> Offer:
    """The sheet and the row asked for, or the likeliest; columns are taken for what was said or is known.

    Raises SheetRefused when the file cannot be read.
    """
    sheets = top_rows(path)
    chosen = sheet if sheet in sheets else _likeliest(sheets, spec)
    head = sheets[chosen]
    header = _header(head, spec, said, at)
    guessed = _guessed(header, said)
    below = [row for row in head[header.last + 1 :] if row][:SAMPLES]
    width = max([len(header.titles), *(len(row) for row in below)])
    columns = [
        FileColumn(
            column_letter(index),
            header.titles[index] if index < len(header.titles) else "",
            [plain_text(row[index])[:WIDTH] for row in below if index < len(row) and row[index] is not None],
            guessed.get(index),
        )
        for index in range(width)
    ]
    return Offer(list(sheets), chosen, _places(head, header), _at(header.first, header.last), header, columns)


def _likeliest(sheets: Mapping[str, Sequence[Sequence[Cell]]], spec: ImportSpec) -> str:
    found = {name: len(guess_header(head, spec.headings).columns) for name, head in sheets.items()}
    return max(found, key=lambda name: found[name])


def _header(head: Sequence[Sequence[Cell]], spec: ImportSpec, said: Named | None, at: str) -> Header:
    first, _dash, last = at.partition("-")
    if first.isdecimal() and 1 <= int(first) <= len(head):
        end = int(last) if last.isdecimal() and int(last) == int(first) + 1 else int(first)
        return header_at(head, spec.headings, int(first) - 1, end - 1)
    if said is not None:
        wanted = fingerprint(said.titles)
        for row in range(len(head)):
            for end in (row, row + 1):
                found = header_at(head, spec.headings, row, end)
                if found.titles and fingerprint(found.titles) == wanted:
                    return found
    return guess_header(head, spec.headings)


def _guessed(header: Header, said: Named | None) -> dict[int, str]:
    """Column index -> column of the spec: as was said of this header, else as the headings are known."""
    if said is not None and fingerprint(said.titles) == fingerprint(header.titles):
        return {index: name for name, index in said.places.items()}
    return {index: name for name, index in header.columns.items()}


def _places(head: Sequence[Sequence[Cell]], header: Header) -> list[Place]:
    """Every row that says something; of two together only those that are taken for the header."""
    rows = [
        (at, " / ".join(plain_text(cell) for cell in row if cell is not None)) for at, row in enumerate(head)
    ]
    places = [Place(_at(at, at), reads[:60]) for at, reads in rows if reads]
    if header.last > header.first:
        places.insert(0, Place(_at(header.first, header.last), " / ".join(filter(None, header.titles))[:60]))
    return places


def _reads(cells: Sequence[str]) -> str:
    return " / ".join(filter(None, cells))[: 2 * WIDTH]


def _at(first: int, last: int) -> str:
    return str(first + 1) if first == last else f"{first + 1}-{last + 1}"
