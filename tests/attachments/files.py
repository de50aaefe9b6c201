"""Files as people hand them in: real ones, broken ones and ones that are not what they say."""

import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

HEIC = (Path(__file__).parent / "sign.heic").read_bytes()
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"


def picture(kind: str = "JPEG", size: tuple[int, int] = (320, 200), **options: Any) -> bytes:
    """Half red, half blue, so that what was turned can be seen."""
    image = Image.new("RGB", size, (200, 30, 30))
    image.paste((30, 30, 200), (size[0] // 2, 0, size[0], size[1]))
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def photo(kind: str = "JPEG", orientation: int = 1) -> bytes:
    """With place, time, owner and a note, as a phone writes them."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "SECRET-OWNER"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:09:01 10:20:30"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: (39.0, 1.0, 30.0),
            ExifTags.GPS.GPSLongitudeRef: "E",
            ExifTags.GPS.GPSLongitude: (117.0, 42.0, 0.0),
        }
    )
    options: dict[str, Any] = {"comment": b"SECRET-NOTE"} if kind == "JPEG" else {}
    return picture(kind, exif=exif, **options)


def package(content_type: str = OFFICE, part: str = "docProps/app.xml", content: bytes = b"") -> bytes:
    """A minimal Office package."""
    target = BytesIO()
    listed = f'<Types><Override PartName="/xl/workbook.xml" ContentType="{content_type}"/></Types>'
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", listed)
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr(part, content)
    return target.getvalue()


def archive() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("a.txt", "a")
    return target.getvalue()


def locked_archive() -> bytes:
    """The flag of encryption set in both headers, as packers do."""
    content = bytearray(archive())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def huge_png(side: int = 30_000) -> bytes:
    """A few hundred bytes that say they are a picture of 900 million points."""
    content = bytearray(picture("PNG", (1, 1)))
    content[16:24] = side.to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    return bytes(content)
