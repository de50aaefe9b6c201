"""Spreadsheets for tests: ordinary ones, and those that an enemy or a careless system would send."""

import io
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

WORKBOOK_PARTS = {
    "[Content_Types].xml": (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<?xml version="1.0"?>'
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<?xml version="1.0"?>'
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def workbook(path: Path, rows: Sequence[Sequence[Any]], *, merge: str = "", sheet: str = "Sheet1") -> Path:
    """An .xlsx file of the rows; `merge` merges a range such as "A1:C1"."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(list(row))
    if merge:
        page.merge_cells(merge)
    book.save(path)
    return path


def raw_workbook(path: Path, sheet_xml: str | bytes, level: int = 1, **extra: bytes) -> Path:
    """An .xlsx file around a hand-written sheet, deflated; `extra` adds members under xl/."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, part in WORKBOOK_PARTS.items():
            archive.writestr(name, part)
        archive.writestr("xl/worksheets/sheet1.xml", sheet_xml)
        for name, data in extra.items():
            archive.writestr(f"xl/{name}", data)
    return path


def sheet_xml(cells: str) -> str:
    return (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData></worksheet>"
    )


def sparse_workbook(path: Path) -> Path:
    """Two cells, in the first and the last corner: a reader that fills the gap needs 550 GB."""
    return raw_workbook(
        path,
        sheet_xml(
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
        ),
    )


def zip_bomb(path: Path, unpacked: int = 200 << 20) -> Path:
    """A sheet of blanks that packs a thousand to one."""
    return raw_workbook(path, sheet_xml(" " * unpacked), level=9)


def lying_bomb(path: Path, unpacked: int = 200 << 20) -> Path:
    """The same, whose directory claims that the sheet unpacks to 1,000 bytes."""
    zip_bomb(path, unpacked)
    data = path.read_bytes()
    size = len(sheet_xml("")) + unpacked
    path.write_bytes(data.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    return path


def encrypted_workbook(path: Path) -> Path:
    """The head of an OLE file that carries an encrypted package, as Excel's password protection makes it."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\x00")
    path.write_bytes(head + "EncryptedPackage".encode("utf-16-le").ljust(1024, b"\x00"))
    return path


def csv_file(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8-sig") -> Path:
    path.write_bytes("\r\n".join(",".join(row) for row in rows).encode(encoding))
    return path


def as_upload(path: Path, name: str | None = None) -> tuple[io.BytesIO, str]:
    """The file as Flask's test client posts it."""
    return io.BytesIO(path.read_bytes()), name or path.name


def old_workbook(path: Path, rows: Sequence[Sequence[str | float]], *, locked: bool = False) -> Path:
    """An .xls file as Excel 97 writes it (BIFF8 in an OLE file), perhaps with the mark of a password."""
    cells = b"".join(
        _record(0x204, struct.pack("<HHH", row, column, 0) + _text(value, 2))
        if isinstance(value, str)
        else _record(0x203, struct.pack("<HHHd", row, column, 0, value))
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
    )
    begin = struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 6)
    head = _record(0x809, begin) + (_record(0x2F, bytes(54)) if locked else b"")
    head += _record(0x42, struct.pack("<H", 1200))
    sheet_at = len(head) + len(_record(0x85, bytes(6) + _text("名单", 1))) + len(_record(0xA))
    head += _record(0x85, struct.pack("<IH", sheet_at, 0) + _text("名单", 1)) + _record(0xA)
    sheet = _record(0x809, begin[:2] + b"\x10\x00" + begin[4:]) + cells + _record(0xA)
    path.write_bytes(_ole_file(head + sheet))
    return path


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _text(text: str, width: int) -> bytes:
    return len(text).to_bytes(width, "little") + b"\x01" + text.encode("utf-16-le")


def _ole_file(stream: bytes) -> bytes:
    """One stream called Workbook, in sectors of 512 bytes: their table, the directory, the stream."""
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\x00")
    sectors = len(stream) // 512
    chain = [table, end, *range(3, 2 + sectors), end]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<5H6x9I", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0)
    head += struct.pack("<109I", 0, *[free] * 108)
    entries = (("Root Entry", 5, 1, end, 0), ("Workbook", 2, free, 2, len(stream)), ("", 0, free, 0, 0))
    directory = b"".join(
        name.encode("utf-16-le").ljust(64, b"\x00")
        + struct.pack("<HBB3I36xIQ", 2 * len(name) + 2 if name else 0, kind, 1, free, free, child, at, size)
        for name, kind, child, at, size in (*entries, entries[-1])
    )
    return head + struct.pack("<128I", *chain, *[free] * (128 - len(chain))) + directory + stream
