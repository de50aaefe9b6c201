"""Finding the row of headings in a sheet that people made: titles above it, units in brackets, any width."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.core.sheets.cells import Cell, plain_text
from app.core.sheets.refusals import SheetRefused


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that is looked for. `aliases` are the headings it may stand under; messages show the first."""

    name: str
    aliases: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Which column is which under headings that read so, as a person said: None for one that is left out.

    `by` and `on` tell who said so and when (an ISO date), `source` whose files look like that.
    """

    titles: tuple[str, ...]
    columns: tuple[str | None, ...]
    by: str = ""
    on: str = ""
    source: str = ""

    @property
    def places(self) -> dict[str, int]:
        """Heading name -> column index."""
        return {name: index for index, name in enumerate(self.columns) if name is not None}


@dataclass(frozen=True, slots=True)
class Header:
    """Where the headings are: indexes of their first and last row, each column's heading, and those known."""

    first: int
    last: int
    titles: tuple[str, ...]
    #: heading name -> column index
    columns: dict[str, int]
    #: the person's word that was followed, if it was one
    named: Named | None = None


#: The last heading of a workbook of rows that an import left out, in both languages: the corrected workbook
#: has the same columns as the file that it comes from.
WHY_LEFT_OUT = ("Why it was not imported", "未导入原因")


def fingerprint(titles: Sequence[str]) -> str:
    """What tells one header row from another, whatever offices vary: 64 hexadecimal digits."""
    plain = [normal_heading(title) for title in titles]
    while plain and plain[-1] in _NO_COLUMNS:
        plain.pop()
    return hashlib.sha256("\x1f".join(plain).encode()).hexdigest()


def find_header(
    head: Sequence[Sequence[Cell] | None], headings: Sequence[Heading], named: Sequence[Named] = ()
) -> Header:
    """The row that reads as in `named`; else the row of `head` that knows most headings.

    So a merged title above is passed over. Two rows together are the header where they know more than any
    row alone: titles of groups above sub-titles. Raises SheetRefused when nothing knows two headings (or
    the only one), when a required one is missing, or when one stands twice.
    """
    known = _known(headings)
    if named and (said := _said(head, known, named)):
        _refuse_missing(headings, said.columns)
        return said
    best = _best(head, known)
    if best is None or len(set(_named(best[2], known)) - {None}) < min(2, len(headings)):
        wanted = [heading for heading in headings if heading.required] or headings
        raise SheetRefused("no_header", headings=_names(wanted))
    first, last, titles = best
    columns = _columns(titles, known)
    _refuse_missing(headings, columns)
    return Header(first, last, tuple(titles), columns)


def _known(headings: Sequence[Heading]) -> dict[str, str]:
    return {normal_heading(alias): heading.name for heading in headings for alias in heading.aliases}


def _refuse_missing(headings: Sequence[Heading], columns: Mapping[str, int]) -> None:
    missing = [heading for heading in headings if heading.required and heading.name not in columns]
    if missing:
        raise SheetRefused("missing_columns", headings=_names(missing))


def _said(
    head: Sequence[Sequence[Cell] | None], known: Mapping[str, str], named: Sequence[Named]
) -> Header | None:
    """The first row, or pair of rows, of which a person has said which column is which."""
    words: dict[str, Named] = {}
    for one in named:
        words.setdefault(fingerprint(one.titles), one)
    for first, last, titles in _candidates(head, known):
        if any(titles) and (said := words.get(fingerprint(titles))):
            return Header(first, last, tuple(titles), said.places, said)
    return None


#: first row, last row, and the headings as they read
_Candidate = tuple[int, int, list[str]]


def _candidates(head: Sequence[Sequence[Cell] | None], known: Mapping[str, str]) -> Iterator[_Candidate]:
    """Each row alone, then each two that follow one another."""
    rows = [[plain_text(cell) for cell in row or ()] for row in head]
    yield from ((at, at, row) for at, row in enumerate(rows))
    for at, (upper, lower) in enumerate(pairwise(rows)):
        yield at, at + 1, _combined(upper, lower, known)


def _best(head: Sequence[Sequence[Cell] | None], known: Mapping[str, str]) -> _Candidate | None:
    """The candidate that knows most; of equals the one of a single row, and then the uppermost."""
    found = _candidates(head, known)
    return max(found, key=lambda one: len(set(_named(one[2], known)) - {None}), default=None)


def guess_header(head: Sequence[Sequence[Cell] | None], headings: Sequence[Heading]) -> Header:
    """The likeliest header of a sheet that `find_header` refuses, for a person to correct.

    Where no heading is known it is the first row that is as wide in words as any; `columns` has what is
    known of it, the first where a heading stands twice. A sheet of blanks has a header without titles.
    """
    known = _known(headings)
    best = _best(head, known)
    if best is None or not any(_named(best[2], known)):
        alone = [one for one in _candidates(head, known) if one[0] == one[1]]
        best = max(alone, key=lambda one: _words(one[2]), default=(0, 0, []))
    return header_at(head, headings, best[0], best[1])


def header_at(
    head: Sequence[Sequence[Cell] | None], headings: Sequence[Heading], first: int, last: int
) -> Header:
    """These rows of the sheet taken as the header, with the columns that are known."""
    known = _known(headings)
    found = (one for one in _candidates(head, known) if one[:2] == (first, last))
    titles = next(found, (first, last, []))[2]
    columns: dict[str, int] = {}
    for index, name in enumerate(_named(titles, known)):
        if name is not None:
            columns.setdefault(name, index)
    return Header(first, last, tuple(titles), columns)


def _words(titles: Sequence[str]) -> int:
    """How many cells of a row may be headings: words, not figures or dates."""
    return sum(1 for title in titles if title and not re.fullmatch(r"[\d\s.,:/%¥年月日-]+", title))


def _combined(upper: Sequence[str], lower: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """Two rows read as one: “handler” above “name” is “handler name”; a sub-title alone must be the only one.

    A merged title stands in its first cell only, so it reaches to the right as long as there are sub-titles.
    """
    width = max(len(upper), len(lower))
    above = [*upper, *[""] * (width - len(upper))]
    below = [*lower, *[""] * (width - len(lower))]
    titles, group = [], ""
    for top, sub in zip(above, below, strict=True):
        group = top if top or not sub else group
        joined = f"{group}{sub}"
        alone = not group or below.count(sub) == 1
        plain = sub if sub and alone and normal_heading(sub) in known else ""
        titles.append(joined if normal_heading(joined) in known else plain or joined)
    return titles


def _named(titles: Sequence[str], known: Mapping[str, str]) -> list[str | None]:
    return [known.get(normal_heading(title)) for title in titles]


def _columns(titles: Sequence[str], known: Mapping[str, str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, name in enumerate(_named(titles, known)):
        if name is None:
            continue
        if name in columns:
            raise SheetRefused(
                "duplicate_columns",
                heading=titles[index],
                first=column_letter(columns[name]),
                second=column_letter(index),
            )
        columns[name] = index
    return columns


def normal_heading(cell: Cell) -> str:
    """A heading without what offices vary: width, case, blanks, stars, and a unit or note in brackets."""
    text = unicodedata.normalize("NFKC", plain_text(cell)).casefold()
    bare = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", text)
    return re.sub(r"[\s*:_\-、,.]+", "", bare or text)


_NO_COLUMNS = {"", *map(normal_heading, WHY_LEFT_OUT)}


def column_letter(index: int) -> str:
    """0 -> A, 26 -> AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _names(headings: Sequence[Heading]) -> str:
    return "、".join(heading.aliases[0] for heading in headings)


def title_of(rows: Sequence[Sequence[Cell] | None]) -> str:
    """The text above the header, each distinct piece once (a merged title may repeat itself)."""
    pieces = [plain_text(cell) for row in rows for cell in row or ()]
    return " ".join(dict.fromkeys(piece for piece in pieces if piece))
