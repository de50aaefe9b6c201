"""What is taken and what is refused, by content alone; and what pictures tell and forget."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from app.core.files import pictures
from app.core.files import types as file_types
from app.core.files.pictures import LARGE, SMALL
from app.core.files.types import FileRefused, file_type_of
from tests.attachments import files


def write(folder: Path, content: bytes) -> Path:
    path = folder / "draft"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (files.picture("JPEG"), file_types.JPEG),
        (files.picture("PNG"), file_types.PNG),
        (files.picture("WEBP"), file_types.WEBP),
        (files.HEIC, file_types.HEIC),
        (files.PDF, file_types.PDF),
        (files.package(), file_types.XLSX),
        (
            files.package(files.OFFICE.replace("spreadsheetml.sheet", "wordprocessingml.document")),
            file_types.DOCX,
        ),
        ("单位名称,金额\n滨海港务,12".encode("gb18030"), file_types.TEXT),
        ("单位名称\t金额".encode("utf-16"), file_types.TEXT),
    ],
)
def test_a_file_is_what_its_content_says(tmp_path: Path, content: bytes, wanted: file_types.FileType) -> None:
    assert file_type_of(write(tmp_path, content)) is wanted


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00\x03\x00\x00\x00 renamed to photo.jpg", "program"),
        (b"\x7fELF\x02\x01\x01\x00", "program"),
        (b"#!/bin/sh\nrm -rf /", "program"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "markup"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><p>", "markup"),
        (b"innocent words\n<script>alert(1)</script>", "markup"),
        (files.package(files.MACROS), "macros"),
        (files.package(part="xl/vbaProject.bin"), "macros"),
        (files.locked_archive(), "protected"),
        (files.archive(), "archive"),
        (b"\x1f\x8b\x08\x00", "archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 64, "old_office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "protected"),
        (files.picture() + files.archive(), "two_in_one"),
        (files.PDF + files.archive(), "two_in_one"),
        (files.PDF[:40], "damaged"),
        (files.package()[:-30], "damaged"),
        (files.package(content=b"\0" * (40 << 20)), "unpacks_too_large"),
        (b"GIF89a\x01\x00\x01\x00\x00", "unknown"),
        (b"\x00\x01\x02\x03", "unknown"),
    ],
)
def test_everything_else_is_refused_and_told_why(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        file_type_of(write(tmp_path, content))
    assert refusal.value.code == code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_picture_is_refused(tmp_path: Path, kind: str) -> None:
    whole = files.picture(kind, (800, 600))
    path = write(tmp_path, whole[: len(whole) // 2])
    with pytest.raises(FileRefused) as refusal:
        pictures.examine(path, file_type_of(path))
    assert refusal.value.code == "damaged"


def test_a_picture_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = write(tmp_path, files.huge_png())
    with pytest.raises(FileRefused) as refusal:
        pictures.examine(path, file_type_of(path))
    assert refusal.value.code == "too_many_pixels"
    assert "%" not in refusal.value.message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_place_and_time_are_read_and_really_gone_from_the_cleaned_copy(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, files.photo(kind))
    before, _copies = pictures.examine(path, file_type_of(path))
    assert (before.latitude, before.longitude) == (39.025, 117.7)
    assert before.taken_at == datetime(2026, 9, 1, 2, 20, 30, tzinfo=UTC)
    content, made = pictures.cleaned(path, file_type_of(path))
    for trace in (b"SECRET", b"2026:09:01", b"Exif", b"GPS"):
        assert trace not in content.getvalue()
    after, _copies = pictures.examine(write(tmp_path, content.getvalue()), made)
    assert (after.width, after.height) == (before.width, before.height)
    assert (after.latitude, after.longitude, after.taken_at) == (None, None, None)


def test_an_iphones_picture_is_read_and_cleaned_as_jpeg(tmp_path: Path) -> None:
    path = write(tmp_path, files.HEIC)
    before, copies = pictures.examine(path, file_types.HEIC)
    assert (before.width, before.height, before.latitude) == (96, 64, 39.025)
    assert Image.open(BytesIO(copies[LARGE])).format == "JPEG"
    content, made = pictures.cleaned(path, file_types.HEIC)
    assert made is file_types.JPEG
    assert Image.open(content).getexif() == {}


def test_the_copies_are_upright_small_and_tell_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, files.photo(orientation=6))
    picture, copies = pictures.examine(path, file_types.JPEG)
    assert (picture.width, picture.height) == (200, 320)
    for side in (SMALL, LARGE):
        copy = Image.open(BytesIO(copies[side]))
        assert copy.width < copy.height <= side
        assert not copy.getexif() and b"SECRET" not in copies[side]
        # turned by a quarter, the left half is above
        red, _green, blue = copy.getpixel((copy.width // 2, 4))  # type: ignore[misc]
        assert red > blue


def test_wrong_notes_of_a_camera_do_not_refuse_its_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "0000:00:00 00:00:00"
    exif.get_ifd(0x8825).update({2: (999.0, 0.0, 0.0), 4: (1.0, 2.0, 3.0)})
    path = write(tmp_path, files.picture(exif=exif))
    picture, _copies = pictures.examine(path, file_types.JPEG)
    assert (picture.taken_at, picture.latitude, picture.longitude) == (None, None, None)


def test_a_name_ends_as_what_the_file_is() -> None:
    assert file_types.TEXT.named("名单.csv") == "名单.csv"
    assert file_types.TEXT.named("start.bat") == "start.bat.txt"
    assert file_types.JPEG.named("门头.JPEG") == "门头.JPEG"
