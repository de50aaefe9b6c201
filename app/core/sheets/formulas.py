"""Formulas of an .xlsx that carry no result: whoever wrote the file did not calculate them.

Both readers give an empty cell for them, which would pass for "nothing said". So the sheet's text is looked
through once more, block by block, and such cells become `UNCALCULATED`. A formula whose result is an empty
text has one. Used in the child process that reads sheets, and so of the standard library alone; what is not
found, or cannot be read, is left as the reader gave it.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

#: Stands in the place of the value, and is shown as what was written.
UNCALCULATED = "=…"

BLOCK = 1 << 20
LARGEST_PART = 4 << 20
_CELL = re.compile(
    rb"<c\b(?P<said>[^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?P<value><v\s*/>|<v>\s*</v>)?\s*</c>"
)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")

_ESCAPES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}

Mark = tuple[int, int]


def with_formulas(path: Path, sheet: str, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows, with `UNCALCULATED` where the file has a formula and no result of it."""
    marks = uncalculated(path, sheet)
    mark = next(marks, None)
    # rows of nothing but such formulas may follow the last that a reader gives
    for number, row in enumerate(chain(rows, repeat(())), 1):
        if row == () and mark is None:
            return
        cells = row
        while mark is not None and mark[0] <= number:
            if mark[0] == number:
                cells = _placed(cells, mark[1])
            mark = next(marks, None)
        yield cells


def _placed(row: Sequence[Any], column: int) -> list[Any]:
    cells = [*row, *[None] * (column + 1 - len(row))]
    if cells[column] in (None, ""):
        cells[column] = UNCALCULATED
    return cells


def uncalculated(path: Path, sheet: str) -> Iterator[Mark]:
    """Row number (from 1) and column index (from 0) of each formula without a result, in the file's order."""
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part_of(archive, sheet)
            if part is not None:
                with archive.open(part) as source:
                    yield from _found(source)
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        return


def _found(source: Any) -> Iterator[Mark]:
    rest = b""
    while block := source.read(BLOCK):
        text = rest + block
        cut = text.rfind(b"<c ")
        whole, rest = (text[:cut], text[cut:]) if cut > 0 else (b"", text)
        if len(rest) > LARGEST_PART:
            return
        if b"<f" in whole:
            yield from _in_text(whole)
    yield from _in_text(rest)


def _in_text(text: bytes) -> Iterator[Mark]:
    for cell in _CELL.finditer(text):
        place = _PLACE.search(cell["said"])
        # an empty result is one: the file says that it is a text
        if place is None or (cell["value"] is not None and b't="str"' in cell["said"]):
            continue
        column = 0
        for letter in place[1]:
            column = column * 26 + letter - 64
        yield int(place[2]), column - 1


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The member of the archive that holds the sheet of this name."""
    for tag in _SHEET.findall(_text(archive, "xl/workbook.xml")):
        if _said(tag, "name") == sheet:
            wanted = _said(tag, "id")
            for relation in _RELATION.findall(_text(archive, "xl/_rels/workbook.xml.rels")):
                if _said(relation, "Id") == wanted:
                    target = _said(relation, "Target")
                    return target[1:] if target.startswith("/") else f"xl/{target}"
    return None


def _text(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as source:
        return source.read(LARGEST_PART).decode("utf-8", "replace")


def _said(tag: str, attribute: str) -> str:
    found = re.search(rf'\s(?:\w+:)?{attribute}="([^"]*)"', tag)
    text = found[1] if found else ""
    for written, meant in _ESCAPES.items():
        text = text.replace(written, meant)
    return text
