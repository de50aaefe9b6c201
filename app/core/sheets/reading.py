"""Safe reading of spreadsheets: .xlsx, .xlsm, .xls and CSV in the encodings that Chinese offices send.

`open_table(path, headings)` finds the sheet and the row that hold the headings, and streams the rows below.
The file is read by a guarded child (`app/core/sheets/child.py`), so neither a zip bomb nor a sheet with
one cell in its last corner can take this process down. Every refusal is a DomainError that says what to do.
"""

import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from app.core.sheets.cells import Cell
from app.core.sheets.headings import Heading, Named, find_header, title_of
from app.core.sheets.refusals import SheetRefused

CHILD = Path(__file__).with_name("child.py")
OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# the stream of a workbook of Excel 97 begins with a record of this kind (BIFF5, BIFF8) ...
OLD_BOOK = re.compile(rb"\x09\x08[\x08\x10]\x00\x00[\x05\x06]\x05\x00")
# ... which older programs, and some business systems, write with no container around it (BIFF2 to BIFF8)
BARE_BOOK = re.compile(rb"\x09(\x00\x04|\x02\x06|\x04\x06|\x08[\x08\x10])\x00")
# ... and one that has a password says so in a record among the first
PASSWORD_RECORD, FIRST_RECORDS = 0x2F, 8
FOREIGN_MARKS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ", b"Rar!", b"7z\xbc")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a table may be: bytes, rows, columns, characters in a cell, bytes of memory, CPU seconds."""

    file: int = 64 << 20
    unpacked: int = 512 << 20
    ratio: int = 150
    rows: int = 200_000
    columns: int = 128
    text: int = 32_767
    memory: int = 1 << 30
    seconds: int = 120


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its number as Excel shows it; `cells` may be shorter than the header."""

    number: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet whose header was found. `columns` maps a heading's name to its position in `Row.cells`."""

    sheet: str
    title: str
    header: tuple[str, ...]
    header_row: int
    columns: Mapping[str, int]
    rows: Iterator[list[Row]]
    """Blocks of up to some 500 rows, blank rows left out. Raises DomainError when the rest cannot be read."""
    #: the person's word on the columns that was followed, if it was one
    named: Named | None = None


@contextmanager
def open_table(
    path: Path, headings: Sequence[Heading], limits: Limits = LIMITS, named: Sequence[Named] = ()
) -> Iterator[Table]:
    """The first visible sheet that has the headings, opened for one pass over its rows.

    `named` are headings of which a person has said which column is which; they go before known headings.

    Raises SheetRefused when the file is no readable spreadsheet, is larger than the limits, has no header
    row, lacks a required column or has one twice. The child ends with the context.
    """
    kind = kind_of(path, limits)
    reader = _Child(path, kind, limits)
    try:
        try:
            table = _find_table(reader, headings, named)
        except _Aborted:
            # calamine asks for all cells at once and is stopped by the memory limit; the slow reader can
            # still say what is wrong with the sheet, or read it.
            reader.close()
            reader = _Child(path, "openpyxl", limits)
            table = _find_table(reader, headings, named)
        yield table
    except _Aborted as abort:
        raise SheetRefused(abort.code) from abort
    finally:
        reader.close()


def top_rows(path: Path, limits: Limits = LIMITS) -> dict[str, list[list[Cell]]]:
    """The first 30 rows of each visible sheet that holds anything, by the sheet's name.

    A large workbook is not read to its end for it. Raises SheetRefused like `open_table`.
    """
    kind = kind_of(path, limits)
    reader = _Child(path, "top" if kind == "xlsx" else kind, limits)
    sheets: dict[str, list[list[Cell]]] = {}
    try:
        while "end" not in (offered := reader.hear()):
            sheets[offered["sheet"]] = [row or [] for row in offered["head"]]
            reader.answer("next")
    except _Aborted as abort:
        raise SheetRefused(abort.code) from abort
    finally:
        reader.close()
    if not sheets:
        raise SheetRefused("empty")
    return sheets


def sheets_alike(
    path: Path, headings: Sequence[Heading], taken: str, named: Sequence[Named] = ()
) -> list[str]:
    """The visible sheets beside the one that is `taken` that have its headings and rows below them.

    Of a workbook with a single sheet nothing is read again.
    """
    if kind_of(path) == "csv" or _single(path):
        return []
    try:
        tops = top_rows(path)
    except SheetRefused:
        return []
    return [name for name, head in tops.items() if name != taken and _has_table(head, headings, named)]


def _has_table(head: Sequence[Sequence[Cell]], headings: Sequence[Heading], named: Sequence[Named]) -> bool:
    try:
        found = find_header(head, headings, named)
    except SheetRefused:
        return False
    return any(head[found.last + 1 :])


def _single(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return False
        with archive.open("xl/workbook.xml") as source:
            return len(re.findall(rb"<(?:\w+:)?sheet\b", source.read(1 << 20))) == 1


def kind_of(path: Path, limits: Limits = LIMITS) -> str:
    """`xlsx`, `xls` or `csv`, judged by content alone; names lie. Raises SheetRefused."""
    size = path.stat().st_size
    if size > limits.file:
        raise SheetRefused("too_large", limit=limits.file >> 20)
    with path.open("rb") as source:
        start = source.read(4096)
    if not start.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise SheetRefused("empty")
    if start.startswith(b"PK"):
        _check_zip(path, limits)
        return "xlsx"
    if start.startswith(OLE_MARK):
        if _is_locked(path.read_bytes()):
            raise SheetRefused("encrypted")
        return "xls"
    if BARE_BOOK.match(start):
        raise SheetRefused("old_workbook")
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|table|head|meta)", start, re.IGNORECASE):
        raise SheetRefused("web_page")
    if start.startswith(FOREIGN_MARKS):
        raise SheetRefused("not_a_spreadsheet")
    return "csv"


def _is_locked(data: bytes) -> bool:
    """Whether an OLE file is a workbook with a password: a new one that is wrapped, or an old one."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return True
    book = OLD_BOOK.search(data)
    at = book.start() if book else len(data)
    for _record in range(FIRST_RECORDS):
        kind, length = (int.from_bytes(data[place : place + 2], "little") for place in (at, at + 2))
        if kind == PASSWORD_RECORD:
            return True
        at += 4 + length
    return False


def _check_zip(path: Path, limits: Limits) -> None:
    """Refuse an archive that is no workbook or unpacks to too much, before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SheetRefused("damaged") from error
    names = {member.filename for member in members}
    if not any(name.startswith("xl/") for name in names) or "[Content_Types].xml" not in names:
        raise SheetRefused("not_a_spreadsheet")
    if any(member.flag_bits & 1 for member in members):
        raise SheetRefused("encrypted")
    unpacked = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    suspicious = unpacked > (16 << 20) and unpacked // packed > limits.ratio
    if unpacked > limits.unpacked or suspicious or len(members) > 5_000:
        raise SheetRefused("unpacks_too_large")


class _Aborted(Exception):
    """The child was ended by one of its limits before it could say anything."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Child:
    """The reading process and the conversation with it."""

    def __init__(self, path: Path, kind: str, limits: Limits) -> None:
        bounds = {name: getattr(limits, name) for name in ("rows", "columns", "text", "memory", "seconds")}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and script, and no shell
            [sys.executable, "-I", str(CHILD), str(path), kind, json.dumps(bounds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"MALLOC_ARENA_MAX": "2"},
        )
        self._ears = cast(BinaryIO, self._process.stdout)
        self._mouth = cast(BinaryIO, self._process.stdin)

    def hear(self) -> dict[str, Any]:
        """The child's next document. Raises SheetRefused with its refusal, or _Aborted when it just died."""
        line = self._ears.readline()
        if not line.endswith(b"\n"):
            code = self._process.wait()
            # The CPU limit ends it by SIGXCPU or SIGKILL; any other death ran into the memory limit.
            late = code in (-signal.SIGXCPU, -signal.SIGKILL)
            raise _Aborted("too_slow" if late else "too_much_memory" if code < 0 else "damaged")
        document: dict[str, Any] = json.loads(line, object_hook=_revive)
        if "refused" in document:
            raise SheetRefused(document["refused"], **document["detail"])
        return document

    def answer(self, word: str) -> None:
        self._mouth.write(word.encode() + b"\n")
        self._mouth.flush()

    def blocks(self) -> Iterator[list[Row]]:
        while "end" not in (block := self.hear()):
            numbered = enumerate(block["rows"], block["first"])
            yield [Row(number, cells) for number, cells in numbered if cells is not None]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def _revive(document: dict[str, Any]) -> Any:
    """Turn the three travelling forms of `sheets.child.encode` back into values; other documents stay."""
    if len(document) != 1:
        return document
    if "d" in document:
        return date.fromisoformat(document["d"])
    if "t" in document:
        return datetime.fromisoformat(document["t"])
    return document.get("s", document)


def _find_table(child: _Child, headings: Sequence[Heading], named: Sequence[Named] = ()) -> Table:
    """Take the first sheet whose top holds a header row; of several refusals the first is raised."""
    refusal: SheetRefused | None = None
    while "end" not in (offered := child.hear()):
        head: list[list[Cell] | None] = offered["head"]
        try:
            found = find_header(head, headings, named)
        except SheetRefused as error:
            refusal = refusal or error
            child.answer("next")
            continue
        child.answer("take")
        title, below = title_of(head[: found.first]), found.last + 1
        rows = _below(child.blocks(), below)
        return Table(offered["sheet"], title, found.titles, below, found.columns, rows, found.named)
    raise refusal or SheetRefused("empty")


def _below(blocks: Iterator[list[Row]], header_row: int) -> Iterator[list[Row]]:
    try:
        for block in blocks:
            if block and block[0].number <= header_row:
                block = [row for row in block if row.number > header_row]
            if block:
                yield block
    except _Aborted as abort:
        raise SheetRefused(abort.code) from abort
