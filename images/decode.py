"""A picture's pixels: oriented, in sRGB, and no more of them decoded than the question needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from . import colour
from .colour import RGB, WHITE
from .errors import PictureError, reading
from .header import MAX_PIXELS, describe, open_image, read_header
from .orient import TURNS, FloatBox, stored_box, swap


@dataclass(frozen=True)
class _Sampling:
    """How pixels are reduced.

    A JPEG decoder can hand out a picture at 1/2, 1/4 or 1/8.

    Attributes:
        filter: of the last step.
        gap: how many times larger than the result, at least, that last step finds the picture.
        average: whether pictures that no decoder has reduced are first averaged in the same way, over squares of 2, 4
            or 8 pixels a side; a photograph then looks the same, to a level or two, as a JPEG, a PNG and an array.
    """

    filter: Image.Resampling
    gap: float
    average: bool


# For a thumbnail, what the decoder hands out is good enough as it comes. A crop is filtered from at least twice its own
# size, so that the filter decides its quality: over 42 dB from a full decode on sharp photographs
# (benchmarks/throughput.py), at half the time.
_THUMBNAIL = _Sampling(Image.Resampling.BILINEAR, 1.0, True)
_CROP = _Sampling(Image.Resampling.LANCZOS, 2.0, False)
# The same for Pillow's cheap averaging before the filter proper; its authors call 3 indistinguishable.
_REDUCING_GAP = 3.0
# A thumbnail keeps its short side up to this ratio; beyond it, its long side would cost more than the picture is worth.
_LONGEST = 8

IntBox = tuple[int, int, int, int]
Size = tuple[int, int]


def decode(path: Path | str, background: RGB | None = WHITE, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """The whole picture, uint8 [H, W, 3] sRGB, oriented; [H, W, 4] where it is transparent and `background` is None.

    Raises:
        PictureError: when it cannot be read.
    """
    picture = Picture(path, max_pixels)
    return picture.crop((0, 0, *picture.info.size), None, background)


def decode_small(path: Path | str, short_side: int, background: RGB = WHITE) -> np.ndarray:
    """The picture scaled down (never up) to `short_side`, uint8 [h, w, 3] sRGB, oriented. See `Picture.small`."""
    return Picture(path).small(short_side, background)


def decode_crop(path: Path | str, box: IntBox, size: Size | None = None, background: RGB | None = WHITE) -> np.ndarray:
    """One crop of the picture, uint8 [h, w, 3 or 4] sRGB, oriented. See `Picture.crop`."""
    return Picture(path).crop(box, size, background)


def small_pixels(pixels: np.ndarray, short_side: int) -> np.ndarray:
    """Pixels that are there already, uint8 [H, W, 3], scaled down as `Picture.small` does it: uint8 [h, w, 3]."""
    image = Image.fromarray(pixels)
    size = _small_size(image.size, short_side)
    box = 0.0, 0.0, float(image.width), float(image.height)
    return np.array(_resized(image, box, size, _THUMBNAIL.filter, _reduction(_shrink(box, size))))


class Picture:
    """A picture to be looked at more than once: what was decoded for one question serves the next.

    Args:
        path: of the file.
        max_pixels: a picture with more is refused.
        content: the bytes of the file, where it is in memory; `path` then only names it in errors.

    Attributes:
        info: size as seen, format and orientation, from the header.

    Raises:
        PictureError: here when the header cannot be read, in the methods when the pixels cannot.
    """

    def __init__(self, path: Path | str, max_pixels: int = MAX_PIXELS, content: bytes | None = None) -> None:
        self.path = Path(path)
        self.info = read_header(path, max_pixels, content)
        self._max_pixels = max_pixels
        self._content = content
        self._decoded: Image.Image | None = None
        self._profile: bytes | None = None
        self._scale = 1  # how many times smaller than the file the decoded picture is

    def small(self, short_side: int, background: RGB = WHITE) -> np.ndarray:
        """Scaled down so that the shorter side has at most `short_side` pixels: uint8 [h, w, 3].

        Pictures of one ratio give thumbnails of one size, whatever their own size. One longer than 8 : 1 becomes
        smaller still.
        """
        width, height = self.info.size
        box = (0.0, 0.0, float(width), float(height))
        return self._pixels(box, _small_size(self.info.size, short_side), background, _THUMBNAIL)

    def crop(self, box: IntBox, size: Size | None = None, background: RGB | None = WHITE) -> np.ndarray:
        """The pixels of `box`, resized once with an antialiasing filter where `size` differs from the box's own.

        Args:
            box: x, y, width, height in the picture as seen. What lies outside the picture is `background`, or
                transparent where that is None.
            size: width and height of the result. Where its ratio is not the box's, the edges of the box are left
                out evenly; nothing is ever stretched.
            background: what transparent pixels lie on; None keeps them transparent.

        Returns:
            uint8 [h, w, 3]; [h, w, 4] where something is transparent and `background` is None.
        """
        x, y, width, height = box
        size = size or (width, height)
        edges = _of_ratio((float(x), float(y), float(x + width), float(y + height)), size)
        seen = _clipped(edges, self.info.size)
        if seen == edges:
            return self._pixels(edges, size, background, _CROP)
        if seen[0] >= seen[2] or seen[1] >= seen[3]:
            raise PictureError(self.path, f"the box {list(box)} lies outside the picture")
        place = _place(seen, edges, size)
        part_size = place[2] - place[0], place[3] - place[1]
        part = self._pixels(seen, part_size, background, _CROP)
        return _on_canvas(part, place, size, background)

    def _pixels(self, box: FloatBox, size: Size, background: RGB | None, sampling: _Sampling) -> np.ndarray:
        """Cut and resize in the file's own orientation, and only then turn and colour: the fewest pixels moved."""
        with reading(self.path):
            orientation = self.info.orientation
            box, size = stored_box(box, self.info.size, orientation), swap(size, orientation)
            shrink = _shrink(box, size) / sampling.gap
            image = self._decode(shrink)
            average = _reduction(shrink) // self._scale if sampling.average else 1
            image = _resized(image, _scaled(box, 1 / self._scale), size, sampling.filter, average)
            image = colour.to_srgb(image, self._profile)
            image = image.transpose(TURNS[orientation]) if orientation in TURNS else image
            return np.array(image if background is None else colour.over(image, background))

    def _decode(self, shrink: float) -> Image.Image:
        """The stored picture, at most `shrink` times smaller than the file (where that is 2 or more, and a JPEG)."""
        if self._decoded is None or self._scale > max(1.0, shrink):
            self._decoded = None  # the smaller one goes before the larger one comes
            with open_image(self.path, self._max_pixels, self._content) as image:
                if describe(image) != self.info:
                    raise PictureError(self.path, "it changed while it was being read")
                self._scale = _draft(image, shrink)
                image.load()
                self._profile = image.info.get("icc_profile")
                self._decoded = colour.without_palette(image)
        return self._decoded


def _draft(image: Image.Image, shrink: float) -> int:
    """Asks the decoder for a smaller picture; returns how many times smaller it will be."""
    scale = _reduction(shrink)
    width, height = image.size
    drafted = image.draft(None, (max(1, width // scale), max(1, height // scale)))
    return 1 if drafted is None else round(width / drafted[1][2])


def _small_size(size: Size, short_side: int) -> Size:
    """Width and height of the thumbnail of a picture of `size`."""
    scale = min(1.0, short_side / min(size), _LONGEST * short_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _shrink(box: FloatBox, size: Size) -> float:
    """How many times smaller `size` is than the box, along the side where it is less."""
    return min((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1])


def _reduction(shrink: float) -> int:
    """By how much a JPEG decoder reduces a picture that is to become `shrink` times smaller: 8, 4, 2 or 1."""
    return next((each for each in (8, 4, 2) if each <= shrink), 1)


def _resized(image: Image.Image, box: FloatBox, size: Size, filter: Image.Resampling, average: int = 1) -> Image.Image:
    """The box of an image at another size, averaged first over squares of `average` pixels a side."""
    if average > 1:
        image, box = image.reduce(average), _scaled(box, 1 / average)
    left, top = round(box[0]), round(box[1])
    whole = left, top, left + size[0], top + size[1]
    if all(edge == pixel for edge, pixel in zip(box, whole, strict=True)):
        return image.crop(whole)
    return image.resize(size, filter, box=box, reducing_gap=_REDUCING_GAP)


def _of_ratio(edges: FloatBox, size: Size) -> FloatBox:
    """The largest box of the ratio of `size` in the middle of `edges`."""
    x1, y1, x2, y2 = edges
    width, height = x2 - x1, y2 - y1
    if width == size[0] and height == size[1]:
        return edges
    scale = min(width / size[0], height / size[1])
    dx, dy = max(0.0, width - size[0] * scale) / 2, max(0.0, height - size[1] * scale) / 2
    return x1 + dx, y1 + dy, x2 - dx, y2 - dy


def _clipped(edges: FloatBox, limits: Size) -> FloatBox:
    return max(edges[0], 0.0), max(edges[1], 0.0), min(edges[2], float(limits[0])), min(edges[3], float(limits[1]))


def _scaled(box: FloatBox, factor: float) -> FloatBox:
    return box[0] * factor, box[1] * factor, box[2] * factor, box[3] * factor


def _place(seen: FloatBox, edges: FloatBox, size: Size) -> IntBox:
    """Where on the result (x1, y1, x2, y2) the part that exists belongs; at least one pixel."""
    scale_x, scale_y = size[0] / (edges[2] - edges[0]), size[1] / (edges[3] - edges[1])
    left = min(round((seen[0] - edges[0]) * scale_x), size[0] - 1)
    top = min(round((seen[1] - edges[1]) * scale_y), size[1] - 1)
    right = max(round((seen[2] - edges[0]) * scale_x), left + 1)
    bottom = max(round((seen[3] - edges[1]) * scale_y), top + 1)
    return left, top, right, bottom


def _on_canvas(part: np.ndarray, place: IntBox, size: Size, background: RGB | None) -> np.ndarray:
    if background is not None:
        canvas = np.full((size[1], size[0], 3), background, np.uint8)
    else:
        canvas = np.zeros((size[1], size[0], 4), np.uint8)
        part = part if part.shape[2] == 4 else np.dstack([part, np.full(part.shape[:2], 255, np.uint8)])
    canvas[place[1] : place[3], place[0] : place[2]] = part
    return canvas
