"""What a picture file is made of, as far as its bytes tell before a decoder sees them; see `survey`."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..cropping.checks import Size

# Up to these, a picture in an ordinary format costs what one expects of its number of pixels.
_ORDINARY_PIXELS = 64_000_000
_ORDINARY_SIDE = 100_000  # pixels; Pillow handles rows one by one, however short they are
_ORDINARY_BYTES = 64 << 20
_ORDINARY_PARTS = 1000
_ORDINARY_METADATA = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Structure:
    """What is known of a picture file before it is opened.

    Attributes:
        kind: Pillow's name of its format, by its first bytes (MPO is JPEG, DIB is BMP, HEIF is AVIF here); empty for
            one that cannot be read.
        ordinary: whether it is known that decoding it costs what its number of pixels suggests.
        size: width and height in pixels as stored, where the first bytes say so.
        scans: of a JPEG; where there are several, its decoder holds the whole picture as coefficients.
        opening: bytes of memory that opening it takes, beside a few kilobytes.
        late_exif: the EXIF block of a PNG, where it comes after the pixels.
        identity: device and number (inode) of the file, by which it is known should another take its name; None for
            one in memory.
    """

    kind: str
    ordinary: bool = False
    size: Size | None = None
    scans: int = 1
    opening: int = 0
    late_exif: bytes = b""
    identity: tuple[int, int] | None = field(default=None, compare=False)


def is_ordinary(size: Size, length: int, parts: int = 0, metadata: int = 0) -> bool:
    """Whether a picture is of a usual size.

    Args:
        size: width and height in pixels.
        length: of the file in bytes.
        parts: segments or chunks that hold no pixels.
        metadata: bytes of EXIF.
    """
    return (
        size[0] * size[1] <= _ORDINARY_PIXELS
        and max(size) <= _ORDINARY_SIDE
        and length <= _ORDINARY_BYTES
        and parts <= _ORDINARY_PARTS
        and metadata <= _ORDINARY_METADATA
    )
