"""What the header of a picture says, without decoding it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image

from ..cropping.checks import Size
from .cost import Cost, cost_of
from .errors import PictureError, reading
from .orientation import swap_sides
from .structure import Structure
from .survey import survey

# By content, never by extension; and only these: Pillow would run Ghostscript on a .jpg that is really PostScript.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "DIB", "GIF")
CHANGED = "it changed while it was being read"
MAX_PIXELS = 178_956_970  # above this, Pillow calls a picture a decompression bomb

try:
    from pillow_heif import register_heif_opener
except ImportError:
    pass
else:
    register_heif_opener()


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What is known of a picture before it is decoded.

    Attributes:
        size: width and height in pixels as displayed, after EXIF orientation.
        format: Pillow's name of the file's real format, whatever its extension says.
        mode: Pillow's name of its kind of pixels.
        orientation: the EXIF orientation still to be applied when decoding, 1 to 8.
        cost: what reading it takes; it follows from the others and from how the file is made.
    """

    size: Size
    format: str
    mode: str
    orientation: int
    cost: Cost = field(default=Cost(), compare=False)


def read_header(
    path: Path | str,
    max_pixels: int = MAX_PIXELS,
    content: bytes | None = None,
    structure: Structure | None = None,
) -> PictureInfo:
    """Size after orientation and format, from the header alone.

    Args:
        path: of the file.
        max_pixels: more are refused.
        content: the bytes of the file, where it is in memory; `path` then only names it in errors.
        structure: of the file, where it has been read.

    Raises:
        PictureError: when the file is missing, unreadable, empty, no picture, has more than `max_pixels` pixels, or is
            made to cost more than any photograph.
    """
    structure = structure or read_structure(path, max_pixels, content)
    with open_image(Path(path), max_pixels, content, structure) as image:
        return describe(image, structure)


def read_structure(path: Path | str, max_pixels: int = MAX_PIXELS, content: bytes | None = None) -> Structure:
    """What the file is made of, before it is opened; see `read_header`.

    Raises:
        PictureError: when the file is missing, unreadable or empty, or made to cost more than any photograph.
    """
    path = Path(path)
    with reading(path), _open_file(path, content) as file:
        structure = survey(path, file)
        # The decoder of a WebP makes room for its pixels as soon as it is opened.
        if structure.kind == "WEBP" and structure.size is not None:
            _refuse_too_many_pixels(path, structure.size, max_pixels)
        return replace(structure, identity=_identify(file))


@contextmanager
def open_image(
    path: Path, max_pixels: int = MAX_PIXELS, content: bytes | None = None, structure: Structure | None = None
) -> Iterator[Image.Image]:
    """The picture opened by Pillow, nothing decoded yet; every error inside the block becomes a `PictureError`.

    Args:
        path, max_pixels, content, structure: see `read_header`; another file than that of the structure is refused.
    """
    with reading(path), _open_file(path, content) as file:
        if structure is not None and structure.identity not in (None, _identify(file)):
            raise PictureError(path, CHANGED)
        with Image.open(file, formats=_list_formats()) as image:
            _refuse_too_many_pixels(path, image.size, max_pixels)
            yield image


def describe(image: Image.Image, structure: Structure) -> PictureInfo:
    """The `PictureInfo` of an image that Pillow has opened but not decoded.

    Args:
        image: of the file.
        structure: of the same file.
    """
    if structure.late_exif:
        image.info.setdefault("exif", structure.late_exif)
    orientation, cost = read_orientation(image), cost_of(image, structure)
    if image.format != "TIFF":
        return PictureInfo(swap_sides(image.size, orientation), image.format or "", image.mode, orientation, cost)
    # Pillow turns a TIFF by itself when it decodes it; only newer versions already give the turned size here.
    tags = image.tag_v2  # type: ignore[attr-defined]
    return PictureInfo(swap_sides((tags[256], tags[257]), orientation), "TIFF", image.mode, 1, cost)


def read_orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none, or where the EXIF block is damaged."""
    try:
        # The method of all images: that of a PNG decodes it, to look for what comes after its pixels.
        orientation = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # a damaged EXIF block fails in as many ways as there are parsers
        return 1
    return orientation if orientation in range(1, 9) else 1


def _refuse_too_many_pixels(path: Path, size: Size, max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise PictureError(path, f"{size[0]}×{size[1]} pixels, over the limit of {max_pixels:,}")


def _list_formats() -> list[str]:
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


@contextmanager
def _open_file(path: Path, content: bytes | None) -> Iterator[BinaryIO]:
    with _open_regular(path) if content is None else BytesIO(content) as file:
        if file.seek(0, os.SEEK_END) == 0:
            raise PictureError(path, "empty file")
        file.seek(0)
        if _is_heif(file) and "HEIF" not in _list_formats():
            raise PictureError(path, "a HEIF picture; install pillow-heif to read it")
        if _is_avif(file) and "AVIF" not in _list_formats():
            raise PictureError(path, "an AVIF picture, which this Pillow cannot read; update Pillow")
        yield file


def _open_regular(path: Path) -> BinaryIO:
    kind = os.stat(path).st_mode  # before it is opened: a pipe would wait for a writer
    if stat.S_ISDIR(kind):
        raise PictureError(path, "a folder, and no picture; one in a folder of pictures is one that cannot be listed")
    if not stat.S_ISREG(kind):
        raise PictureError(path, "not a regular file")
    return path.open("rb")


def _identify(file: BinaryIO) -> tuple[int, int] | None:
    try:
        status = os.fstat(file.fileno())
    except OSError:  # it is in memory
        return None
    return status.st_dev, status.st_ino


def _read_brand(file: BinaryIO) -> bytes:
    head = file.read(12)
    file.seek(0)
    return head[8:12] if head[4:8] == b"ftyp" else b""


def _is_heif(file: BinaryIO) -> bool:
    return _read_brand(file) in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")


def _is_avif(file: BinaryIO) -> bool:
    return _read_brand(file) in (b"avif", b"avis")
