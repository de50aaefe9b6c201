"""Pictures that people hand in: proven by decoding them, shown as small copies, freed of place and time.

Everything that leaves here was drawn anew from the picture's points, so nothing that a file carried beside
them is in it. One photo is decoded at a time and only up to MOST_PIXELS, which is some 200 MB of memory.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pi_heif
from PIL import ExifTags, Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from app.core.clock import SHANGHAI
from app.core.files.types import HEIC, JPEG, WEBP, FileRefused, FileType

#: 50-megapixel phones are common; more is a special mode of few
MOST_PIXELS = 54_000_000
#: the longer side of the two copies that are shown
SMALL, LARGE = 240, 1600
#: what decoding a broken or hostile picture may raise
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    struct.error,
    MemoryError,
)

pi_heif.register_heif_opener(thumbnails=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """Width and height as people see it; when and where it was taken, as far as it tells (WGS 84 degrees)."""

    width: int
    height: int
    taken_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None


def examine(path: Path, kind: FileType) -> tuple[Picture, dict[int, bytes]]:
    """Decode the whole picture; gives what it is and its copies by size, as JPEG. Raises FileRefused."""
    with _opened(path, kind) as image:
        width, height = reversed(image.size) if _sideways(image) else image.size
        return Picture(width, height, *_told(image)), _copies(image)


def copies(path: Path, kind: FileType) -> dict[int, bytes]:
    """The copies to show, made again. Raises FileRefused."""
    with _opened(path, kind) as image:
        return _copies(image)


def cleaned(path: Path, kind: FileType) -> tuple[BytesIO, FileType]:
    """The same picture with nothing beside its points and colours: no place, time, camera, owner, notes.

    JPEG keeps the strength of its compression. HEIC becomes JPEG, which is what we can write.
    """
    with _opened(path, kind) as image:
        bare = _upright(image)
        bare.info = {name: image.info[name] for name in ("transparency", "icc_profile") if name in image.info}
        profile = bare.info.get("icc_profile")
        target, made = BytesIO(), JPEG if kind is HEIC else kind
        if made is JPEG:
            bare.save(target, "JPEG", icc_profile=profile, **_compression(image))
        elif made is WEBP:
            bare.save(target, "WEBP", quality=90, icc_profile=profile, exif=b"", xmp=b"")
        else:
            bare.save(target, made.picture)
        target.seek(0)
        return target, made


def _compression(image: Image.Image) -> dict[str, Any]:
    if isinstance(image, JpegImageFile):
        return {"qtables": image.quantization, "subsampling": get_sampling(image)}
    return {"quality": 92}


@contextmanager
def _opened(path: Path, kind: FileType) -> Iterator[Image.Image]:
    """The picture, read by the one reader of its kind; whatever it stumbles over is a refusal."""
    try:
        with Image.open(path, formats=(str(kind.picture),)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileRefused("too_many_pixels", limit=MOST_PIXELS // 1_000_000) from error
    except DAMAGE as error:
        raise FileRefused("damaged") from error


def _copies(image: Image.Image) -> dict[int, bytes]:
    # a JPEG is read to its end, but only as finely as needed
    image.draft("RGB", (LARGE, LARGE))
    image.load()
    image.thumbnail((LARGE, LARGE))
    shown = _on_white(_upright(image))
    found = {LARGE: _jpeg(shown)}
    shown.thumbnail((SMALL, SMALL))
    found[SMALL] = _jpeg(shown)
    return found


def _sideways(image: Image.Image) -> bool:
    try:
        return image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    except DAMAGE:
        return False


def _upright(image: Image.Image) -> Image.Image:
    """A copy turned as its camera was held. The points must be sound; what stands beside them need not."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except DAMAGE:
        return image.copy()


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


def _jpeg(image: Image.Image) -> bytes:
    image.info = {}
    target = BytesIO()
    image.save(target, "JPEG", quality=80, optimize=True)
    return target.getvalue()


def _told(image: Image.Image) -> tuple[datetime | None, float | None, float | None]:
    """Time, latitude and longitude. What a camera wrote wrongly is no reason to refuse its picture."""
    try:
        exif = image.getexif()
        place = exif.get_ifd(ExifTags.IFD.GPSInfo)
        latitude = _degrees(place.get(ExifTags.GPS.GPSLatitude), place.get(ExifTags.GPS.GPSLatitudeRef), 90)
        longitude = _degrees(
            place.get(ExifTags.GPS.GPSLongitude), place.get(ExifTags.GPS.GPSLongitudeRef), 180
        )
        known = latitude is not None and longitude is not None
        return _time(exif), latitude if known else None, longitude if known else None
    except DAMAGE:
        return None, None, None


def _time(exif: Image.Exif) -> datetime | None:
    """When the shutter opened; a camera that names no zone stood in Shanghai's."""
    more = exif.get_ifd(ExifTags.IFD.Exif)
    written = more.get(ExifTags.Base.DateTimeOriginal) or more.get(ExifTags.Base.DateTimeDigitized)
    zone = str(more.get(ExifTags.Base.OffsetTimeOriginal) or "").strip("\0 ")
    try:
        moment = datetime.strptime(str(written).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
    try:
        return datetime.fromisoformat(f"{moment:%Y-%m-%dT%H:%M:%S}{zone}") if zone else moment
    except ValueError:
        return moment


def _degrees(parts: Any, side: Any, most: int) -> float | None:
    if parts is None or len(parts) != 3:
        return None
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not 0 <= value <= most:  # also when it is no number
        return None
    return round(-value if str(side).strip("\0 ").upper() in ("S", "W") else value, 6)
