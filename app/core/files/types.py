"""What a file is, by its content alone: neither its name nor the browser's word is asked.

Only what is on the short list is taken. A file is of a type when all of it reads as that type, not when its
first bytes look like it; everything else is refused in words that say what to do.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from flask_babel import lazy_gettext as _l

from app.core.errors import DomainError

REFUSALS: dict[str, Any] = {
    "empty": _l("The file is empty. Choose another one."),
    "too_large": _l("The file is larger than %(limit)s MB. Scan it at 200 dpi, or split it."),
    "program": _l("This is a program, whatever its name says. Programs are not taken."),
    "markup": _l(
        "This is a web page or a drawing that can contain a program. Print it to PDF or take a screenshot, "
        "and attach that."
    ),
    "macros": _l(
        "This document contains macros. Save it as .xlsx or .docx, without macros, and attach that."
    ),
    "protected": _l("This file is protected by a password. Remove the password and attach it again."),
    "archive": _l("This is an archive. Unpack it and attach the files one by one."),
    "unpacks_too_large": _l(
        "This document unpacks to more than this system reads safely. Print it to PDF and attach that."
    ),
    "old_office": _l("This is a document of an old Office. Save it as .xlsx, .docx or PDF and attach that."),
    "two_in_one": _l("This file is two kinds of file at once. Open it, save it again and attach that."),
    "damaged": _l(
        "The file is damaged or incomplete. Open it to see whether it is whole, and attach it again."
    ),
    "too_many_pixels": _l(
        "This picture has more than %(limit)s million pixels. Take it with a smaller size and attach that."
    ),
    "unknown": _l(
        "Files of this kind are not taken. Taken are PDF, pictures (JPEG, PNG, WebP, HEIC), .xlsx, .docx, "
        ".csv and .txt."
    ),
}


class FileRefused(DomainError):
    """A file that is not taken. `code` is a key of REFUSALS and does not change with the language."""

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(REFUSALS[code])
        self.code, self.detail = code, detail

    @property
    def message(self) -> str:
        return str(REFUSALS[self.code]) % self.detail


@dataclass(frozen=True, slots=True)
class FileType:
    """`suffixes`: what a name of such a file may end in, the usual one first. `picture`: Pillow's format."""

    media_type: str
    suffixes: tuple[str, ...]
    label: Any
    icon: str
    picture: str | None = None

    def named(self, name: str) -> str:
        """The name with an ending that fits, so that nothing opens it as what it is not."""
        return name if name.lower().endswith(self.suffixes) else f"{name}{self.suffixes[0]}"


_OFFICE = "application/vnd.openxmlformats-officedocument."
JPEG = FileType("image/jpeg", (".jpg", ".jpeg"), _l("Picture"), "file-earmark-image", "JPEG")
PNG = FileType("image/png", (".png",), _l("Picture"), "file-earmark-image", "PNG")
WEBP = FileType("image/webp", (".webp",), _l("Picture"), "file-earmark-image", "WEBP")
HEIC = FileType("image/heic", (".heic", ".heif"), _l("Picture"), "file-earmark-image", "HEIF")
PDF = FileType("application/pdf", (".pdf",), _l("PDF"), "file-earmark-pdf")
XLSX = FileType(f"{_OFFICE}spreadsheetml.sheet", (".xlsx",), _l("Workbook"), "file-earmark-spreadsheet")
DOCX = FileType(f"{_OFFICE}wordprocessingml.document", (".docx",), _l("Text document"), "file-earmark-word")
TEXT = FileType("text/plain", (".txt", ".csv"), _l("Plain text"), "file-earmark-text")
FILE_TYPES = {one.media_type: one for one in (JPEG, PNG, WEBP, HEIC, PDF, XLSX, DOCX, TEXT)}
#: for a file dialog; without .heic, so that an iPhone hands over JPEG
ACCEPTED = "image/jpeg,image/png,image/webp,.pdf,.xlsx,.docx,.csv,.txt"

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"L\0\0\0\x01\x14\x02",
)
ARCHIVES = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
MARKUP = re.compile(r"\A\s*<[!?a-z]|<(script|svg|html|body|iframe)\b", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
CODECS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig"), (b"", "gb18030"))
#: what reading a broken archive may raise
DAMAGE = (
    zipfile.BadZipFile, zlib.error, ParseError, DefusedXmlException,
    OSError, ValueError, NotImplementedError, EOFError, RuntimeError,
)  # fmt: skip
MOST_PARTS, MOST_UNPACKED, MOST_RATIO, LONGEST_LIST = 5_000, 512 << 20, 150, 1 << 20


def file_type_of(path: Path) -> FileType:
    """The type of a file; `core.files.pictures` then proves a picture by decoding it. Raises FileRefused."""
    with path.open("rb") as source:
        start = source.read(4096)
    if not start:
        raise FileRefused("empty")
    found = _picture(start)
    if found is not None or start.startswith(b"%PDF-"):
        return _whole(path, found or PDF)
    if start.startswith(b"PK\x03\x04"):
        return _office(path)
    if start.startswith(OLE):
        protected = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        raise FileRefused("protected" if protected else "old_office")
    return _text(path, start)


def _picture(start: bytes) -> FileType | None:
    if start.startswith(b"\xff\xd8\xff"):
        return JPEG
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        return HEIC
    return None


def _whole(path: Path, found: FileType) -> FileType:
    """Refuse a file that ends as an archive, which other programs would open as one; and half a PDF."""
    if zipfile.is_zipfile(path):
        raise FileRefused("two_in_one")
    if found is PDF:
        with path.open("rb") as source:
            source.seek(max(path.stat().st_size - 2048, 0))
            if b"%%EOF" not in source.read():
                raise FileRefused("damaged")
    return found


def _office(path: Path) -> FileType:
    """A workbook or document, by the list of contents that Office itself goes by."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive.infolist())
            names = {member.filename for member in archive.infolist()}
            if "[Content_Types].xml" not in names:
                raise FileRefused("archive")
            with archive.open("[Content_Types].xml") as contents:
                listed = contents.read(LONGEST_LIST)
        types = {str(part.get("ContentType", "")) for part in fromstring(listed)}
    except DAMAGE as error:
        raise FileRefused("damaged") from error
    inside = " ".join((*names, *types)).lower()
    if "macroenabled" in inside or "vbaproject" in inside or "activex" in inside:
        raise FileRefused("macros")
    for found in (XLSX, DOCX):
        if f"{found.media_type}.main+xml" in types:
            return found
    raise FileRefused("unknown")


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if any(member.flag_bits & 1 for member in members):
        raise FileRefused("protected")
    unpacked = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    suspicious = unpacked > (16 << 20) and unpacked // packed > MOST_RATIO
    if len(members) > MOST_PARTS or unpacked > MOST_UNPACKED or suspicious:
        raise FileRefused("unpacks_too_large")


def _text(path: Path, start: bytes) -> FileType:
    content = path.read_bytes()
    for mark, codec in CODECS:
        if not content.startswith(mark):
            continue
        try:
            words = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if CONTROL.search(words):
            break
        if words.startswith("#!"):
            raise FileRefused("program")
        if MARKUP.search(words[:4096]):
            raise FileRefused("markup")
        return TEXT
    if start.startswith(PROGRAMS):
        raise FileRefused("program")
    raise FileRefused("archive" if start.startswith(ARCHIVES) else "unknown")
