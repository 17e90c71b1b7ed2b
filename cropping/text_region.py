"""Regions that must stay free for text or a logo.

The published test set, "Image Cropping under Design Constraints" (Nishiyasu, Shimoda, Sato 2023), has eight: four
quadrants, and four strips a tenth of the picture deep that run along the middle three fifths of a side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from .box import Box
from .checks import Region, Size, check_region, check_size, check_whole_number, show
from .text_names import TEXT_REGION_PRESETS, named_region

FRAMES = ("source", "crop")


@dataclass(frozen=True, slots=True)
class TextRegion:
    """One reserved region.

    Attributes:
        region: relative x1, y1, x2, y2 in 0..1 of its frame.
        frame: `source`: the region is a place in the picture, and the crop should hold it (the paper's reading);
            `crop`: the region is a place in the crop, and should be calm there: little heat and little detail under it.
        hard: a crop that does not hold all of the region, or is not calm there, is no candidate.

    Raises:
        TypeError: when the region is not four numbers, or `hard` is no bool.
        ValueError: when the region is empty or leaves its frame, or the frame is unknown.
    """

    region: Region
    frame: str = "source"
    hard: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "region", check_region("layout", self.region))
        if not isinstance(self.hard, bool):
            raise TypeError(f"hard must be True or False, got {show(self.hard)}")
        if self.frame not in FRAMES:
            raise ValueError(f"{show(self.frame)} is no frame of a layout; use one of {', '.join(FRAMES)}")

    @classmethod
    def preset(cls, name: str, frame: str = "source", hard: bool = False) -> TextRegion:
        """A region by its name, such as `top-left` or `left third`, see `named_region`.

        Raises:
            ValueError: when no region has that name.
        """
        return cls(named_region(name), frame, hard)


def published_text_region(index: int, frame: str = "source", hard: bool = False) -> TextRegion:
    """The layout of a test-set pattern, 0 to 7.

    Raises:
        ValueError: when the index is none of these.
    """
    index = check_whole_number("index", index)
    if not 0 <= index < len(TEXT_REGION_PRESETS):
        raise ValueError(f"layout patterns run from 0 to {len(TEXT_REGION_PRESETS) - 1}, got {index}")
    return TextRegion(tuple(TEXT_REGION_PRESETS.values())[index], frame, hard)


def reserved_box(region: Region, size: Size) -> Box:
    """The pixels of a reserved region in a picture or crop of `size`, its edges rounded down as the test set's are.

    >>> reserved_box(TextRegion.preset("left").region, (1024, 768))
    Box(x=0, y=153, width=102, height=461)

    Raises:
        TypeError, ValueError: when the region or the size cannot be one.
    """
    region, size = check_region("reserved", region), check_size("size", size)
    left, top, right, bottom = (_scaled(edge, size[axis % 2]) for axis, edge in enumerate(region))
    return Box(left, top, max(1, right - left), max(1, bottom - top))


def bounding_region(regions: Iterable[Region]) -> Region | None:
    """The smallest region that holds them all, or None when there are none."""
    edges = list(zip(*regions, strict=True))
    if not edges:
        return None
    return min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3])


def _scaled(edge: float, length: int) -> int:
    # As an exact fraction, because 0.1 × 1030 is 103 and its float product need not be.
    return int(Fraction(edge).limit_denominator(10**6) * length)
