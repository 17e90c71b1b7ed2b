"""Width : height as a reduced fraction, so that 2:3 never drifts through a rounded float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from .checks import LIMIT, Size, check_count, check_pair, check_size, check_whole_number

MAX_PART = 10**9  # of a reduced ratio: products with pixels then fit 64 bits
MAX_TEXT = 40  # characters of a ratio that is parsed
_NUMBER = r"(\d+\.?\d*|\.\d+)"
_PAIR = re.compile(rf"^\s*{_NUMBER}\s*[:x×/]\s*{_NUMBER}\s*$", re.IGNORECASE)
_DECIMAL = re.compile(rf"^\s*\+?{_NUMBER}\s*$")


@dataclass(frozen=True, slots=True)
class Ratio:
    """Width : height, reduced.

    Raises:
        TypeError: when either part is not a whole number.
        ValueError: when either part is below 1, or above 10⁹ once reduced.

    >>> Ratio(4, 6)
    Ratio(width=2, height=3)
    """

    width: int
    height: int

    def __post_init__(self) -> None:
        width, height = (check_whole_number(f"a ratio's {name}", getattr(self, name)) for name in ("width", "height"))
        if width < 1 or height < 1:
            raise ValueError(f"a ratio needs two positive whole numbers, got {width}:{height}")
        divisor = gcd(width, height)
        width, height = width // divisor, height // divisor
        if max(width, height) > MAX_PART:
            raise ValueError(f"a ratio's width and height must be at most {MAX_PART}, reduced")
        object.__setattr__(self, "width", width)
        object.__setattr__(self, "height", height)

    @classmethod
    def of(cls, size: Size) -> Ratio:
        """The ratio of a (width, height) `size`.

        Raises:
            TypeError, ValueError: when it is no pair, or its numbers make no ratio.
        """
        return cls(*check_pair("size", size))

    @classmethod
    def parse(cls, text: str) -> Ratio:
        """Reads `2:3`, `832x1216` or `16/9`; or `1.91:1` or `1.5`, which are rounded to thousandths or better.

        Raises:
            TypeError: when it is no text.
            ValueError: when the text is none of these, or longer than any ratio needs to be.

        >>> str(Ratio.parse("832x1216"))
        '13:19'
        """
        if not isinstance(text, str):
            raise TypeError(f"a ratio must be text such as 2:3, got {text!r}")
        # Neither int nor Fraction sees a number that takes long to compute, such as 1e99999999.
        pair, decimal = (pattern.match(text) if len(text) <= MAX_TEXT else None for pattern in (_PAIR, _DECIMAL))
        try:
            if pair and "." not in text:
                return cls(int(pair[1]), int(pair[2]))
            if pair or decimal:
                width, height = (Fraction(part) for part in (pair.groups() if pair else (text.strip(), "1")))
                value = (width / height if height else Fraction(0)).limit_denominator(1000)
                return cls(value.numerator, value.denominator)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a ratio: {error}") from None
        shown = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
        raise ValueError(f"{shown!r} is not a ratio; write it as 2:3, 832x1216 or 1.5")

    @property
    def value(self) -> float:
        """Width divided by height."""
        return self.width / self.height

    def size_for(self, long_side: int) -> Size:
        """The size whose longer side is `long_side`; the shorter one is within half a pixel of the exact ratio.

        Raises:
            TypeError, ValueError: when `long_side` is not a whole number of at least 1.
        """
        return self._size_for(check_count("long_side", long_side, LIMIT))

    def _size_for(self, long_side: int) -> Size:
        if self.width >= self.height:
            return long_side, max(1, _divide(long_side * self.height, self.width))
        return max(1, _divide(long_side * self.width, self.height)), long_side

    def largest_in(self, size: Size) -> Size:
        """The largest size of this ratio in a picture of (width, height) `size`.

        Its shorter side is exact to half a pixel, and its longer side at most a pixel longer than exact.

        >>> Ratio(3, 2).largest_in((1024, 768))
        (1024, 683)

        Raises:
            TypeError, ValueError: when `size` is not a width and a height of at least one pixel.
        """
        width, height = size = check_size("size", size)
        if self.width >= self.height:
            long_side = min(width, height * self.width // self.height + 1)
        else:
            long_side = min(height, width * self.height // self.width + 1)
        while long_side > 1 and not _fits(self._size_for(long_side), size):
            long_side -= 1
        fitted = self._size_for(long_side)
        return min(fitted[0], width), min(fitted[1], height)

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"


def _divide(numerator: int, denominator: int) -> int:
    """Rounds half up in whole numbers, so that every machine agrees."""
    return (2 * numerator + denominator) // (2 * denominator)


def _fits(inner: Size, outer: Size) -> bool:
    return inner[0] <= outer[0] and inner[1] <= outer[1]
