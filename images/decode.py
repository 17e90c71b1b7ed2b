"""A picture's pixels: oriented, in sRGB, and no more of them decoded than the question needs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from . import colour
from .colour import RGB, WHITE
from .cut import CutError, place_on_canvas, plan_cut
from .errors import PictureError, reading
from .header import MAX_PIXELS, describe, open_image, read_header, read_structure
from .orientation import TURNS, FloatBox, swap_sides, to_stored_box
from .resample import CROP_FILTER, SMALL_FILTER, Size, block_side, resize, scale_box, shrink_factor
from .thumbnail import small_size


@dataclass(frozen=True)
class _Sampling:
    """How pixels are reduced.

    Attributes:
        filter: of the last step.
        gap: how many times larger than the result, at least, the picture is that a JPEG decoder hands to that step. A
            decoder can reduce a picture to 1/2, 1/4 or 1/8.
        averages: whether a picture that no decoder has reduced is first averaged in the same way, over blocks of 2, 4
            or 8 pixels a side. A photograph then looks the same, to a level or two, as a JPEG, a PNG and an array.
    """

    filter: Image.Resampling
    gap: float
    averages: bool


# For a thumbnail, what the decoder hands out is good enough as it comes. A crop is filtered from at least twice its own
# size, so that the filter decides its quality: over 42 dB from a full decode on sharp photographs
# (benchmarks/throughput.py), at half the time.
_THUMBNAIL = _Sampling(SMALL_FILTER, 1.0, averages=True)
_CROP = _Sampling(CROP_FILTER, 2.0, averages=False)


def decode(path: Path | str, background: RGB | None = WHITE, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """The whole picture, uint8 [H, W, 3] sRGB, oriented; [H, W, 4] where it is transparent and `background` is None.

    Raises:
        PictureError: when it cannot be read.
    """
    picture = Picture(path, max_pixels)
    return picture.crop((0, 0, *picture.info.size), None, background)


class Picture:
    """A picture file that is read more than once: what was decoded for one question serves the next.

    Args:
        path: of the file.
        max_pixels: a picture with more is refused.
        content: the bytes of the file, where it is in memory; `path` then only names it in errors.

    Attributes:
        info: size as displayed, format and orientation, from the header.

    Raises:
        TypeError: when the path is no path.
        PictureError: here when the header cannot be read, in the methods when the pixels cannot.
    """

    def __init__(self, path: Path | str, max_pixels: int = MAX_PIXELS, content: bytes | None = None) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"path: must be a path, got {type(path).__name__}")
        self.path = Path(path)
        self._structure = read_structure(path, max_pixels, content)
        self.info = read_header(path, max_pixels, content, self._structure)
        self._max_pixels = max_pixels
        self._content = content
        self._decoded: Image.Image | None = None
        self._profile: bytes | None = None
        self._scale = 1  # how many times smaller than the file the decoded picture is

    def small(self, short_side: int, background: RGB = WHITE) -> np.ndarray:
        """A thumbnail whose shorter side has at most `short_side` pixels, uint8 [h, w, 3]; see `small_size`.

        Raises:
            TypeError, ValueError: when `short_side` is not a whole number of at least 1.
            PictureError: when the pixels cannot be read.
        """
        width, height = self.info.size
        region = (0.0, 0.0, float(width), float(height))
        return self._pixels(region, small_size(self.info.size, short_side), background, _THUMBNAIL)

    def crop(self, box: Sequence[int], size: Size | None = None, background: RGB | None = WHITE) -> np.ndarray:
        """The pixels of `box`, cut and resized as `cut.cut` does it of a decoded picture.

        A JPEG is decoded at a half, a quarter or an eighth of its size where that is still at least twice as large as
        the result; the pixels are then over 42 dB from those of the whole picture.

        Args:
            box: x, y, width, height in the displayed picture. What lies outside the picture is `background`, or
                transparent where that is None.
            size: width and height of the result. Where its ratio is not the box's, the edges of the box are left
                out evenly; nothing is ever stretched.
            background: what transparent pixels lie on; None keeps them transparent.

        Returns:
            uint8 [h, w, 3]; [h, w, 4] where something is transparent and `background` is None.

        Raises:
            TypeError, ValueError: when `box` or `size` is malformed; names it.
            PictureError: when the pixels cannot be read, the box lies outside the picture, or the result is too large.
        """
        try:
            plan = plan_cut(box, size, self.info.size)
        except CutError as error:
            raise PictureError(self.path, str(error)) from error
        part = self._pixels(plan.region, plan.part_size, background, _CROP)
        return place_on_canvas(part, plan, background)

    def _pixels(self, region: FloatBox, size: Size, background: RGB | None, sampling: _Sampling) -> np.ndarray:
        """Cut and resize in the file's own orientation, and only then turn and colour: the fewest pixels moved."""
        with reading(self.path):
            orientation = self.info.orientation
            region, size = to_stored_box(region, self.info.size, orientation), swap_sides(size, orientation)
            shrink = shrink_factor(region, size) / sampling.gap
            image = self._decode(shrink)
            block = block_side(shrink) // self._scale if sampling.averages else 1
            image = resize(image, scale_box(region, 1 / self._scale), size, sampling.filter, block)
            image = colour.to_srgb(image, self._profile)
            image = image.transpose(TURNS[orientation]) if orientation in TURNS else image
            return np.array(image if background is None else colour.composite(image, background))

    def _decode(self, shrink: float) -> Image.Image:
        """The stored picture, at most `shrink` times smaller than the file (where that is 2 or more, and a JPEG)."""
        if self._decoded is None or self._scale > max(1.0, shrink):
            self._decoded = None  # the smaller one goes before the larger one comes
            with open_image(self.path, self._max_pixels, self._content) as image:
                if describe(image, self._structure) != self.info:
                    raise PictureError(self.path, "it changed while it was being read")
                self._scale = _draft(image, shrink)
                image.load()
                self._profile = image.info.get("icc_profile")
                self._decoded = colour.simplify_mode(image)
        return self._decoded


def _draft(image: Image.Image, shrink: float) -> int:
    """Asks the decoder for a smaller picture; returns how many times smaller it will be."""
    scale = block_side(shrink)
    width, height = image.size
    drafted = image.draft(None, (max(1, width // scale), max(1, height // scale)))
    return 1 if drafted is None else round(width / drafted[1][2])
