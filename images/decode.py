"""A picture's pixels: oriented, in sRGB, and no more of them decoded than the question needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..cropping.checks import show
from . import colour
from .budget import NoRoomError, Share
from .colour import RGB, WHITE
from .cost import DRAFTED
from .cut import CutError, place_on_canvas, plan_cut
from .errors import PictureError, reading
from .fill import Fill
from .header import CHANGED, MAX_PIXELS, describe, open_image, read_header, read_structure
from .orientation import TURNS, FloatBox, swap_sides, to_stored_box
from .resample import CROP_FILTER, MOST_REDUCED, SMALL_FILTER, Size, block_side, resize, scale_box, shrink_factor
from .structure import Structure
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

    def shrink(self, region: FloatBox, size: Size) -> int:
        """By how much a region of a size is reduced before the last step: 1, 2, 4 or 8."""
        return block_side(shrink_factor(region, size) / self.gap)


@dataclass(frozen=True)
class Question:
    """A part of the picture as stored, and how it is made.

    Attributes:
        region: left, top, right, bottom in pixels.
        size: width and height that it is resized to.
        filter: that resizes it.
        scale: how many times smaller than the file the picture is decoded: 1, 2, 4 or 8.
        block: pixels a side of the squares of the decoded picture that are averaged first.
    """

    region: FloatBox
    size: Size
    filter: Image.Resampling
    scale: int
    block: int


@dataclass(frozen=True)
class Terms:
    """On which a reader lets a picture be read.

    Attributes:
        share: of a budget of memory, which covers what the picture takes.
        open_beside: opens another file within the same share.
        encoding: the format that its crops will be encoded in.
    """

    share: Share
    open_beside: Callable[[Path], Picture]
    encoding: str


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
        structure: of the file, where it has been read.
        terms: of the reader that opens it; None for as much memory as it needs.

    Attributes:
        info: size as displayed, format and orientation, from the header.
        identity: of the file; see `Structure`.

    Raises:
        TypeError: when the path is no path.
        PictureError: here when the header cannot be read, in the methods when the pixels cannot.
    """

    def __init__(
        self,
        path: Path | str,
        max_pixels: int = MAX_PIXELS,
        content: bytes | None = None,
        structure: Structure | None = None,
        terms: Terms | None = None,
    ) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"path: must be a path, got {type(path).__name__}")
        self.path = Path(path)
        self._structure = structure or read_structure(path, max_pixels, content)
        self.info = read_header(path, max_pixels, content, self._structure)
        self.identity = self._structure.identity
        self._max_pixels = max_pixels
        self._content = content
        self._terms = terms
        self._decoded: Image.Image | None = None
        self._profile: bytes | None = None
        self._scale: int | None = None  # how many times smaller than the file the picture is decoded

    def small(self, short_side: int, background: RGB = WHITE, decoded_at: int = MOST_REDUCED) -> np.ndarray:
        """A thumbnail whose shorter side has at most `short_side` pixels, uint8 [h, w, 3]; see `small_size`.

        Args:
            short_side: of the thumbnail, in pixels.
            background: what transparent pixels lie on.
            decoded_at: how many times smaller than the file, at most, a JPEG is decoded for it: 1, 2, 4 or 8. Where
                that is less than the thumbnail needs, the rest is averaged, and what was decoded serves later
                questions, see `scale_for`.

        Raises:
            TypeError, ValueError: when `short_side` is not a whole number of at least 1, or `background` is no colour.
            PictureError: when the pixels cannot be read.
        """
        under = colour.parse_colour(background)
        if under is None:
            raise ValueError(f"background: a thumbnail needs a colour, got {show(background)}")
        width, height = self.info.size
        region = (0.0, 0.0, float(width), float(height))
        size = small_size(self.info.size, short_side)
        question = self._ask(region, size, _THUMBNAIL, decoded_at)
        self._make_room(question, size)
        return self.answer(question, under)

    def scale_for(self, box_size: Size, size: Size) -> int:
        """How many times smaller than the file the picture is decoded for a crop: 1, 2, 4 or 8.

        Args:
            box_size: width and height of its box, in pixels of the picture.
            size: width and height of the crop.
        """
        return self._drafted(_CROP.shrink((0.0, 0.0, float(box_size[0]), float(box_size[1])), size))

    def crop(
        self, box: Sequence[int], size: Size | None = None, background: RGB | None = WHITE, fill: Fill = None
    ) -> np.ndarray:
        """The pixels of `box`, cut and resized as `cut.cut` does it of a decoded picture.

        A JPEG is decoded at a half, a quarter or an eighth of its size where that is still at least twice as large as
        the result; the pixels are then over 42 dB from those of the whole picture.

        Args:
            box: x, y, width, height in the displayed picture. What lies outside the picture is `background`, or
                transparent where that is None.
            size: width and height of the result. Where its ratio is not the box's, the edges of the box are left
                out evenly; nothing is ever stretched.
            background: what transparent pixels lie on; None keeps them transparent.
            fill: of what lies outside the picture, see `fill_canvas`; None for the background.

        Returns:
            uint8 [h, w, 3]; [h, w, 4] where something is transparent and `background` is None.

        Raises:
            TypeError, ValueError: when `box`, `size` or `background` is malformed; names it.
            PictureError: when the pixels cannot be read, the box lies outside the picture, or the result is too large.
        """
        background = colour.parse_colour(background)
        try:
            plan = plan_cut(box, size, self.info.size)
        except CutError as error:
            raise PictureError(self.path, str(error)) from error
        question = self._ask(plan.region, plan.part_size, _CROP)
        self._make_room(question, plan.size)
        return place_on_canvas(self.answer(question, background), plan, background, fill)

    def answer(self, question: Question, background: RGB | None) -> np.ndarray:
        """The pixels of a part, uint8 [h, w, 3 or 4] as displayed.

        They are cut and resized in the file's own orientation, and only then turned and coloured: the fewest pixels
        are moved.

        Raises:
            PictureError: when they cannot be read.
        """
        with reading(self.path):
            image = self._decode(question.scale)
            region = scale_box(question.region, 1 / question.scale)
            image = resize(image, region, question.size, question.filter, question.block)
            image = colour.to_srgb(image, self._profile)
            turn = TURNS.get(self.info.orientation)
            image = image if turn is None else image.transpose(turn)
            return np.array(image if background is None else colour.composite(image, background))

    def open_beside(self, path: Path) -> Picture:
        """Another file that is read along with this one, such as its mask.

        Raises:
            PictureError: when it cannot be opened.
        """
        return Picture(path) if self._terms is None else self._terms.open_beside(path)

    def forget(self) -> None:
        """Lets go of what is decoded. The next question decodes it anew, and gets the same answer."""
        self._decoded = None

    def _ask(self, region: FloatBox, size: Size, sampling: _Sampling, decoded_at: int = MOST_REDUCED) -> Question:
        """The question for the part `region` of the displayed picture at a size, as it is asked of the stored one."""
        orientation = self.info.orientation
        region, size = to_stored_box(region, self.info.size, orientation), swap_sides(size, orientation)
        shrink = sampling.shrink(region, size)
        # What is decoded serves every later question, so that a crop does not depend on what was forgotten.
        scale = min(self._drafted(shrink), self._scale or shrink, decoded_at)
        return Question(region, size, sampling.filter, scale, shrink // scale if sampling.averages else 1)

    def _drafted(self, shrink: int) -> int:
        """How many times smaller than the file a decoder hands out what is to become `shrink` times smaller."""
        return shrink if self.info.format in DRAFTED else 1

    def _make_room(self, question: Question, result: Size) -> None:
        """Waits until there is memory for the answer, and for a result of that size that it becomes part of."""
        if self._terms is not None:
            cost, encoding = self.info.cost, self._terms.encoding
            self._cover(cost.of_answer(question.scale, question.region, question.size, result, encoding))

    def _cover(self, need: int) -> None:
        """Waits until there are `need` bytes of memory.

        Raises:
            PictureError: when there never will be.
        """
        if self._terms is None:
            return
        try:
            self._terms.share.cover(self, need)
        except NoRoomError as error:
            raise PictureError(self.path, str(error)) from error

    def _decode(self, scale: int) -> Image.Image:
        """The stored picture, `scale` times smaller than the file (where that is 2 or more, and a JPEG)."""
        if self._decoded is None or self._scale != scale:
            self._decoded = None  # the smaller one goes before the larger one comes
            with open_image(self.path, self._max_pixels, self._content, self._structure) as image:
                if describe(image, self._structure) != self.info:
                    raise PictureError(self.path, CHANGED)
                _draft(image, scale)
                image.load()
                if not self._structure.ordinary:
                    # Of a WebP or AVIF: it would keep copies of its own. For small ones, giving them back takes longer.
                    vars(image).pop("_decoder", None)
                self._profile = image.info.get("icc_profile")
                self._decoded = colour.simplify_mode(image)
                self._scale = scale
        return self._decoded


def _draft(image: Image.Image, scale: int) -> None:
    """Asks the decoder of a JPEG for a smaller picture."""
    width, height = image.size
    image.draft(None, (max(1, width // scale), max(1, height // scale)))
