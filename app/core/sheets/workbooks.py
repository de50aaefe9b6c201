"""Writing tables for people: .xlsx row by row, and CSV, in neither of which text ever becomes a formula."""

import csv
import io
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import IO, BinaryIO, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from app.core.clock import local
from app.core.periods import Period

Value = str | int | float | Decimal | date | Period | bool | object | None
"""What a cell may be given. Anything not a number or a date is written as its text."""

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_TEXT = 32_767
SAMPLE_ROWS = 200
NARROWEST, WIDEST = 8, 60

# Control characters break the file; lone surrogates cannot be encoded.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff￾￿]")
_LOOKS_ACTIVE = ("=", "#")
_CSV_ACTIVE = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Notice:
    """What a workbook says of itself, on a sheet called `title` behind its table.

    `facts` gives label and value, told how many rows the table has. A `line` goes above and below each
    printed page: who took personal data away, when and why.
    """

    title: str
    facts: Callable[[int], Sequence[tuple[str, str | int]]]
    line: str = ""


def write_workbook(
    target: Path | BinaryIO,
    sheet: str,
    header: Sequence[object],
    rows: Iterable[Sequence[Value]],
    notice: Notice | None = None,
) -> int:
    """Stream one table into an .xlsx file; returns how many rows it got, the header not counted.

    Column widths follow the header and the first 200 rows. `sheet` is cut to the 31 characters Excel allows.
    Dates keep their type; an aware time is written as local time, a Decimal as a number.
    """
    stream = iter(rows)
    sample = list(islice(stream, SAMPLE_ROWS))
    workbook = Workbook(write_only=True)
    page = workbook.create_sheet(_sheet_name(sheet))
    page.freeze_panes = "A2"
    for index, width in enumerate(_widths(header, sample), 1):
        page.column_dimensions[get_column_letter(index)].width = width
    page.append([_heading(page, title) for title in header])
    count = 0
    for row in chain(sample, stream):
        page.append([_cell(page, value) for value in row])
        count += 1
    if notice is not None:
        _tell(workbook, notice, count)
    workbook.save(target)
    return count


def _tell(workbook: Workbook, notice: Notice, rows: int) -> None:
    """The notice stands on a sheet of its own, so that the table can still be imported."""
    page = workbook.create_sheet(_sheet_name(notice.title))
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = NARROWEST * 2, WIDEST
    for label, value in notice.facts(rows):
        page.append([_heading(page, label), _wrapped(page, value)])
    if not notice.line:
        return
    line = clean_text(notice.line).replace("&", "&&")
    for each in workbook.worksheets:
        for margin in (each.oddHeader, each.oddFooter):
            if margin is not None:
                margin.center.text = line
    workbook.properties.description = clean_text(notice.line)


def workbook_file(
    sheet: str,
    header: Sequence[object],
    rows: Iterable[Sequence[Value]],
    notice: Notice | None = None,
) -> IO[bytes]:
    """The same in a temporary file without a name, rewound: however long the table, memory stays small."""
    target = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        write_workbook(cast(BinaryIO, target), sheet, header, rows, notice)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def workbook_bytes(
    sheet: str, header: Sequence[object], rows: Iterable[Sequence[Value]], notice: Notice | None = None
) -> io.BytesIO:
    """The same in memory, rewound, ready for `flask.send_file`."""
    target = io.BytesIO()
    write_workbook(target, sheet, header, rows, notice)
    target.seek(0)
    return target


def csv_lines(header: Sequence[object], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """CSV in UTF-8 with a mark (Excel needs it), a chunk of lines at a time.

    Text that a spreadsheet would run as a formula gets a leading apostrophe.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("﻿")
    for number, row in enumerate(chain([header], rows)):
        writer.writerow([_csv_value(value) for value in row])
        if number % 500 == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def clean_text(text: str) -> str:
    """Text without characters that a workbook cannot hold, cut to what a cell may hold."""
    return _UNWRITABLE.sub("", text)[:LONGEST_TEXT]


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", clean_text(name)).strip("' ")[:31] or "Sheet1"


def _native(value: Value) -> str | int | float | Decimal | date | None:
    """The value as openpyxl knows it: number, date, text or None."""
    if value is None or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)):
        return value
    if isinstance(value, datetime):
        return local(value).replace(tzinfo=None) if value.tzinfo else value
    return value if isinstance(value, date) else clean_text(str(value))


def _cell(page: WriteOnlyWorksheet, value: Value) -> object:
    native = _native(value)
    if isinstance(native, str) and native.startswith(_LOOKS_ACTIVE):
        cell = WriteOnlyCell(page, native)
        # openpyxl reads a leading "=" as a formula and "#N/A" as an error; here text is text.
        cell.data_type = "s"
        return cell
    return native


def _wrapped(page: WriteOnlyWorksheet, value: str | int) -> object:
    """A long text goes on in the next line of its cell."""
    cell = WriteOnlyCell(page, clean_text(value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"
    cell.alignment = Alignment(horizontal="left", vertical="center", wrap_text=True)
    return cell


def _heading(page: WriteOnlyWorksheet, title: object) -> object:
    cell = WriteOnlyCell(page, clean_text(str(title)))
    cell.data_type = "s"
    cell.font = Font(bold=True)
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    return cell


def _widths(header: Sequence[object], sample: Sequence[Sequence[Value]]) -> list[int]:
    widths = [_shown_width(title) + 2 for title in header]
    for row in sample:
        for index, value in enumerate(row[: len(widths)]):
            widths[index] = max(widths[index], _shown_width(value) + 1)
    return [min(max(width, NARROWEST), WIDEST) for width in widths]


def _shown_width(value: object) -> int:
    """Characters as a column counts them: a Chinese character takes two."""
    if value is None:
        return 0
    text = str(value)[:WIDEST]
    return len(text) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def _csv_value(value: Value) -> object:
    native = _native(value)
    if isinstance(native, str):
        return f"'{native}" if native.startswith(_CSV_ACTIVE) else native
    if isinstance(native, datetime):
        return native.isoformat(sep=" ", timespec="seconds")
    return native


def _drain(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return data
