"""The guarded child that reads one spreadsheet: a script of its own, never imported by the application.

A hostile workbook can make any reader ask for hundreds of gigabytes or run for hours, so reading happens in a
fresh process under an address-space and a CPU limit (`app.core.sheets.reading` starts it). Of the application
it takes the file beside it that looks for formulas, and nothing else, which keeps its start near 40 ms and
leaves it nothing to leak.

Protocol, one JSON document a line on stdout:
`{"sheet": name, "head": [[cell, ...], ...]}` offers a sheet; the parent answers on stdin `take` or `next`;
then `{"first": row number, "rows": [[cell, ...] or null, ...]}` blocks, `{"end": true}`, or
`{"refused": code, "detail": {...}}`. A date travels as `{"d": "2022-09-01"}`, a time stamp as `{"t": "..."}`.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
import re
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, NoReturn

from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

Rows = Iterator[Sequence[Any]]
HEAD_ROWS = 30
BLOCK_ROWS = 500
DELIMITERS = ",\t;|"
# marks without width, which come along when text is copied from web pages and chats
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")
# text that a system wrote as a formula, so that Excel keeps its zeros: ="00123"
KEPT_AS_TEXT = re.compile('="([^"]*)"')
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Refused(Exception):
    """Ends the reading with a code that the parent turns into a sentence."""

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


class Abandoned(Exception):
    """The parent went away; nobody is left to tell."""


def restrain(memory: int, seconds: int) -> None:
    """Limit address space (bytes) and CPU time; where a system refuses one limit the other still holds."""
    wanted = {resource.RLIMIT_AS: memory, resource.RLIMIT_CPU: seconds, resource.RLIMIT_CORE: 0}
    for limit, value in wanted.items():
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue


def plain(cell: Any) -> Any:
    """A cell as JSON can carry it: text, number or null; whole floats become integers (12.0 -> 12)."""
    if isinstance(cell, str):
        if not cell.isascii():
            cell = INVISIBLE.sub("", cell)
        return None if cell == "" or cell.isspace() else cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (time, timedelta)):
        return str(cell)
    return cell


def encode(value: object) -> dict[str, str]:
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second) == (0, 0, 0):
            return {"d": value.date().isoformat()}
        return {"t": value.replace(tzinfo=None).isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return {"s": str(value)}


class Guard:
    """Counts what passes and refuses a table that is larger than the limits given."""

    def __init__(self, rows: int, columns: int, text: int) -> None:
        self.rows, self.columns, self.text, self.seen = rows, columns, text, 0

    def check(self, number: int, row: Sequence[Any]) -> list[Any] | None:
        """The row without its empty tail, or None when nothing is in it."""
        if not row:
            return None
        cells = [plain(cell) for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if not cells:
            return None
        self.seen += 1
        if self.seen > self.rows:
            raise Refused("too_many_rows", limit=self.rows)
        if len(cells) > self.columns:
            raise Refused("too_many_columns", limit=self.columns, found=len(cells))
        for cell in cells:
            if isinstance(cell, str) and len(cell) > self.text:
                raise Refused("cell_too_long", limit=self.text, row=number)
        return cells


def say(document: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(document, default=encode, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise Abandoned from None


def offer(name: str, rows: Rows, guard: Guard) -> bool:
    """Show the top of a sheet, and stream the sheet when the parent takes it."""
    numbered = ((number, guard.check(number, row)) for number, row in enumerate(rows, 1))
    head = list(itertools.islice(numbered, HEAD_ROWS))
    if not any(cells for _, cells in head):
        return False
    say({"sheet": name, "head": [cells for _, cells in head]})
    answer = sys.stdin.readline().strip()
    if not answer:
        raise Abandoned
    if answer != "take":
        return False
    everything = itertools.chain(head, numbered)
    while block := list(itertools.islice(everything, BLOCK_ROWS)):
        if any(cells for _, cells in block):
            say({"first": block[0][0], "rows": [cells for _, cells in block]})
    return True


def beside(name: str) -> Any:
    """A module that lies beside this script, whose folder is not on the path."""
    found = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if found is None or found.loader is None:
        raise ImportError(name)
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def calamine_sheets(path: Path, guard: Guard) -> Iterator[tuple[str, Rows]]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    except PasswordError:
        raise Refused("encrypted") from None
    for sheet in workbook.sheets_metadata:
        if sheet.visible != SheetVisibleEnum.Visible:
            continue
        table = workbook.get_sheet_by_name(sheet.name)
        width = table.end[1] + 1 if table.end else 0
        if width > guard.columns:
            raise Refused("too_many_columns", limit=guard.columns, found=width)
        yield sheet.name, beside("formulas").with_formulas(path, sheet.name, table.iter_rows())


def openpyxl_sheets(path: Path, _guard: Guard) -> Iterator[tuple[str, Rows]]:
    # Costs 150 ms to import and is wanted for one file in a thousand.
    openpyxl: Any = import_module("openpyxl")
    # By its name alone openpyxl would refuse a file that is kept under its hash.
    with path.open("rb") as source:
        workbook = openpyxl.load_workbook(source, read_only=True, data_only=True, keep_links=False)
        for sheet in workbook.worksheets:
            if sheet.sheet_state != "visible":
                continue
            # What the file claims as its size may be a lie or a stray cell far away.
            sheet.reset_dimensions()
            rows = sheet.iter_rows(values_only=True)
            yield sheet.title, beside("formulas").with_formulas(path, sheet.title, rows)


def encoding_of(path: Path) -> str:
    """UTF-8 (with or without mark), UTF-16 or GB18030 (which holds GBK), tried strictly in this order."""
    with path.open("rb") as source:
        start = source.read(4096)
    for mark, name in MARKS.items():
        if start.startswith(mark):
            return checked(path, name)
    if 0 in start:  # of the two bytes of a Latin letter in UTF-16 one is zero; other text has none
        return checked(path, "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be")
    for name in ("utf-8", "gb18030"):
        try:
            return checked(path, name)
        except Refused:
            continue
    raise Refused("unknown_encoding")


def checked(path: Path, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as source:
        try:
            while block := source.read(1 << 20):
                text = decoder.decode(block)
                if any(code in text for code in ("\x00", "\x01", "\x02", "\x03")):
                    raise Refused("not_a_spreadsheet")
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            raise Refused("not_a_spreadsheet" if "-16" in encoding else "unknown_encoding") from None
    return encoding


def csv_sheets(path: Path, guard: Guard) -> Iterator[tuple[str, Rows]]:
    encoding = encoding_of(path)
    csv.field_size_limit(max(guard.text, 1024))
    with path.open(encoding=encoding, newline="") as source:
        top = [line for line in (source.readline(1 << 16) for _ in range(HEAD_ROWS)) if line]
        delimiter = max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in top))
        source.seek(0)
        yield "CSV", csv_rows(csv.reader(source, delimiter=delimiter), guard)


def csv_rows(reader: Any, guard: Guard) -> Rows:
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Refused("cell_too_long", limit=guard.text, row=reader.line_num) from None
        yield [_bare(cell.strip("﻿ \t\r\n　")) or None for cell in row]


def _bare(cell: str) -> str:
    kept = KEPT_AS_TEXT.fullmatch(cell) if cell.startswith("=") else None
    return kept[1].strip() if kept else cell


READERS: dict[str, tuple[Callable[[Path, Guard], Iterator[tuple[str, Rows]]], ...]] = {
    "xlsx": (calamine_sheets, openpyxl_sheets),
    "openpyxl": (openpyxl_sheets,),
    # the one that reads no further than it is asked to comes first
    "top": (openpyxl_sheets, calamine_sheets),
    "xls": (calamine_sheets,),
    "csv": (csv_sheets,),
}


def read(path: Path, kind: str, limits: dict[str, int]) -> None:
    """Offer every visible sheet in turn; a reader that fails early gives way to the next."""
    readers = READERS[kind]
    for position, reader in enumerate(readers, 1):
        guard = Guard(limits["rows"], limits["columns"], limits["text"])
        try:
            for name, rows in reader(path, guard):
                guard.seen = 0
                if offer(name, rows, guard):
                    break
            say({"end": True})
        except (Refused, Abandoned, MemoryError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a Rust panic is no Exception
            if position == len(readers) or guard.seen > HEAD_ROWS:
                raise Refused("damaged", cause=type(error).__name__) from error
        else:
            return


def main(arguments: list[str]) -> NoReturn:
    path, kind, limits = Path(arguments[0]), arguments[1], json.loads(arguments[2])
    restrain(limits["memory"], limits["seconds"])
    try:
        read(path, kind, limits)
    except Refused as refusal:
        say({"refused": refusal.code, "detail": refusal.detail})
    except MemoryError:
        say({"refused": "too_much_memory", "detail": {}})
    except Abandoned:
        pass
    # Interpreter shutdown would free millions of cells one by one.
    sys.stdout.flush()
    raise SystemExit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
