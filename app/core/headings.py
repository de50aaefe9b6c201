"""Finding the row of headings in a sheet that people made: titles above it, units in brackets, any width."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.cells import Cell, plain_text
from app.core.sheet_refusals import SheetRefused


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that is looked for. `aliases` are the headings it may stand under; messages show the first."""

    name: str
    aliases: tuple[str, ...]
    required: bool = False


def find_header(
    head: Sequence[Sequence[Cell] | None], headings: Sequence[Heading]
) -> tuple[int, dict[str, int]]:
    """Where the header is: (index of the row in `head`, heading name -> column index).

    The row that knows most headings wins, so a merged title above is passed over. Raises SheetRefused when no
    row knows two of them (or the only one), when a required one is missing, or when one stands twice.
    """
    known = {normal_heading(alias): heading.name for heading in headings for alias in heading.aliases}
    scores = [len({known.get(normal_heading(cell)) for cell in row or ()} - {None}) for row in head]
    best = max(scores, default=0)
    if best < min(2, len(headings)):
        wanted = [heading for heading in headings if heading.required] or headings
        raise SheetRefused("no_header", headings=_names(wanted))
    at = scores.index(best)
    columns = _columns(head[at] or (), known)
    missing = [heading for heading in headings if heading.required and heading.name not in columns]
    if missing:
        raise SheetRefused("missing_columns", headings=_names(missing))
    return at, columns


def _columns(row: Sequence[Cell], known: Mapping[str, str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, cell in enumerate(row):
        name = known.get(normal_heading(cell))
        if name is None:
            continue
        if name in columns:
            raise SheetRefused(
                "duplicate_columns",
                heading=plain_text(cell),
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
