"""Room around a region: a share of the region's own size, or pixels of the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .checks import MAX_SIDE, Region, Size, check_share, check_size, check_whole_number, show
from .regions import clip

SYNTAX = "a share of the region such as 10%, or pixels such as 24px"
_WORDS = re.compile(r"(\d{1,7}(?:\.\d{1,6})?)\s*(%|px)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Margin:
    """Room on every side of a region.

    Attributes:
        share: of the region's own width and height, 0..1.
        pixels: of the picture.

    Raises:
        TypeError, ValueError: naming the field that cannot be one.
    """

    share: float = 0.0
    pixels: int = 0

    def __post_init__(self) -> None:
        check_share("margin", self.share)
        if not 0 <= check_whole_number("margin", self.pixels) <= MAX_SIDE:
            raise ValueError(f"margin must be 0 to {MAX_SIDE} pixels, got {self.pixels}")

    @classmethod
    def parse(cls, text: str) -> Margin:
        """`10%` or `24px`; nothing is no margin.

        >>> Margin.parse("10%"), Margin.parse("24 px"), Margin.parse("")
        (Margin(share=0.1, pixels=0), Margin(share=0.0, pixels=24), Margin(share=0.0, pixels=0))

        Raises:
            TypeError: when it is no text.
            ValueError: when it is malformed, or out of range.
        """
        if not isinstance(text, str):
            raise TypeError(f"margin must be text, got {show(text)}")
        if not text.strip():
            return cls()
        found = _WORDS.fullmatch(text.strip().lower())
        if found is None or (found[2] is None and float(found[1])) or (found[2] == "px" and "." in found[1]):
            raise ValueError(f"margin {show(text)} is none: write {SYNTAX}")
        if found[2] == "px":
            return cls(pixels=int(found[1]))
        if float(found[1]) > 100:
            raise ValueError(f"margin {show(text)} is more than the region itself: write {SYNTAX}")
        return cls(share=float(found[1]) / 100)

    def around(self, region: Region, size: Size) -> Region:
        """The region with its margin, as far as it lies on the picture.

        Args:
            region: relative to the picture.
            size: (width, height) of the picture in pixels.

        >>> Margin(share=0.5).around((0.2, 0.4, 0.4, 0.6), (100, 100))
        (0.1, 0.30000000000000004, 0.5, 0.7)
        """
        x1, y1, x2, y2 = region
        width, height = check_size("size", size)
        across = self.share * (x2 - x1) + self.pixels / width
        down = self.share * (y2 - y1) + self.pixels / height
        return clip((x1 - across, y1 - down, x2 + across, y2 + down))
