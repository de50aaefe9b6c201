"""Photos and papers for the synthetic department, drawn here: nobody's, and without a word to read."""

from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageDraw

from app.attachments import services
from app.attachments.queries import kind_of
from app.core.clock import local
from app.core.demo import Demo
from app.core.permissions import Actor

#: Binhai, where the synthetic department works
LATITUDE, LONGITUDE = (39, 0), (117, 42)


def hang(
    record: Any, content: BinaryIO, name: str, proves: str, actor: Actor, at: datetime, *, lists: bool = False
) -> None:
    """Attach a made file as if it had been handed in then; `lists` people, if it does."""
    with services.checked(content) as incoming:
        services.attach(kind_of(record), record, incoming, name, actor, proves, at, lists_people=lists)


def roster(demo: Demo) -> BytesIO:
    """A list of employees who are numbers."""
    lines = [f"{number},职工{number:03d},在职" for number in range(1, demo.random.randrange(12, 30))]
    return BytesIO("\n".join(["序号,姓名,状态", *lines]).encode())


def photo(demo: Demo, at: datetime) -> BytesIO:
    """A building under the sky, with the place and time that a phone writes."""
    image = Image.new("RGB", (960, 720), (196, 220, 238))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 560, 960, 720), fill=(148, 152, 150))
    left, top = demo.random.randrange(80, 300), demo.random.randrange(120, 320)
    tone = tuple(demo.random.randrange(110, 220) for _ in range(3))
    draw.rectangle((left, top, left + 520, 600), fill=tone)
    for x in range(left + 40, left + 480, 80):
        for y in range(top + 40, 540, 80):
            draw.rectangle((x, y, x + 44, y + 44), fill=(70, 96, 124))
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"{local(at):%Y:%m:%d %H:%M:%S}"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: (*map(float, LATITUDE), demo.random.uniform(0, 59)),
            ExifTags.GPS.GPSLongitudeRef: "E",
            ExifTags.GPS.GPSLongitude: (*map(float, LONGITUDE), demo.random.uniform(0, 59)),
        }
    )
    return _saved(image, "JPEG", quality=82, exif=exif)


def paper(demo: Demo) -> BytesIO:
    """A scanned page: lines of grey where words would stand, and a red seal."""
    image = Image.new("RGB", (827, 1169), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((250, 110, 577, 140), fill=(60, 60, 60))
    for y in range(230, 900, 42):
        draw.rectangle((110, y, demo.random.randrange(420, 717), y + 12), fill=(150, 150, 150))
    draw.ellipse((520, 880, 700, 1060), outline=(200, 30, 30), width=8)
    return _saved(image, "PDF")


def _saved(image: Image.Image, kind: str, **options: Any) -> BytesIO:
    target = BytesIO()
    image.save(target, kind, **options)
    target.seek(0)
    return target
