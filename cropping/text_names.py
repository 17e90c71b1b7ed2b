"""Names of text regions: the eight of the published test set, and a side or a corner with a size, as people say it.

`left third`, `top quarter`, `right 40%`, `bottom right third`. A side takes that share of the width or height, a corner
that share of both. Hyphens are as good as spaces, `lower third` means the bottom one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from .checks import Region, check_region, show

TEXT_REGION_PRESETS: Mapping[str, Region] = MappingProxyType(
    {
        "top-left": (0.0, 0.0, 0.5, 0.5),
        "top-right": (0.5, 0.0, 1.0, 0.5),
        "bottom-right": (0.5, 0.5, 1.0, 1.0),
        "bottom-left": (0.0, 0.5, 0.5, 1.0),
        "left": (0.0, 0.2, 0.1, 0.8),
        "top": (0.2, 0.0, 0.8, 0.1),
        "right": (0.9, 0.2, 1.0, 0.8),
        "bottom": (0.2, 0.9, 0.8, 1.0),
    }
)
"""Name → relative region, in the order of the test set's patterns 0 to 7."""

SIZED_NAMES = tuple(
    f"{side} {size}" for size in ("third", "half", "quarter") for side in ("left", "right", "top", "bottom")
)
"""The regions with a size that a list of choices offers; any other size is a percentage."""

NAMES_SYNTAX = f"{', '.join(TEXT_REGION_PRESETS)}, or a side or corner with a size: left third, top half, right 40%"

MAX_LIST = 40_000
"""Characters of a text of several regions."""

_SIZES = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4)}
_SIDES = {"upper": "top", "lower": "bottom"}
_PERCENTAGE = re.compile(r"\d{1,2}(\.\d{1,6})?%", re.ASCII)


def parse_text_regions(text: str) -> list[Region]:
    """Regions by name or as x1,y1,x2,y2 in 0..1, with semicolons between.

    >>> parse_text_regions("top; right 40%; 0.7,0.3,0.9,0.6")
    [(0.2, 0.0, 0.8, 0.1), (0.6, 0.0, 1.0, 1.0), (0.7, 0.3, 0.9, 0.6)]

    Raises:
        TypeError: when it is no text.
        ValueError: when one is malformed.
    """
    if not isinstance(text, str):
        raise TypeError(f"layout must be text, got {show(text)}")
    if len(text) > MAX_LIST:
        raise ValueError(f"layout: {show(text)} has more than {MAX_LIST} characters")
    return [_parse_region(each.strip()) for each in text.split(";") if each.strip()]


def named_region(name: Any) -> Region:
    """The relative region that a name means.

    >>> named_region("left half")
    (0.0, 0.0, 0.5, 1.0)
    >>> named_region("bottom-right 25%")
    (0.75, 0.75, 1.0, 1.0)

    Raises:
        ValueError: when it is no name of a region.
    """
    words = re.split(r"\s+|(?<=\w)-(?=\w)", name.strip().lower()) if isinstance(name, str) else [""]
    preset = TEXT_REGION_PRESETS.get("-".join(words))
    if preset is not None:
        return preset
    sides, share = {_SIDES.get(each, each) for each in words[:-1]}, _parse_share(words[-1])
    if share is None or not 1 <= len(words) - 1 == len(sides) <= 2:
        raise ValueError(f"{show(name)} is no layout; use one of {NAMES_SYNTAX}")
    x1, x2 = _span(sides, "left", "right", share)
    y1, y2 = _span(sides, "top", "bottom", share)
    if sides:
        raise ValueError(f"{show(name)} is no layout; use one of {NAMES_SYNTAX}")
    return x1, y1, x2, y2


def text_sides(regions: Iterable[Region]) -> tuple[float | None, float | None]:
    """On which sides canvas has to be added to a crop so that its text regions are free, across and down.

    Each is the share of the canvas added along that axis that goes to the left, or to the top: 1 for regions at the
    left, 0 at the right, 0.5 where there are regions at both; None where no region leans to either side, so that text
    has nothing to say.

    Args:
        regions: in the frame of the crop.

    >>> text_sides([named_region("left third")]), text_sides([named_region("bottom right third")])
    ((1.0, None), (0.0, 0.0))
    """
    listed = list(regions)
    return _side_along(listed, 0), _side_along(listed, 1)


def _side_along(regions: list[Region], axis: int) -> float | None:
    # By how much further a region is from the far side than from the near one.
    lean = [(1 - region[axis + 2]) - region[axis] for region in regions]
    near, far = any(each > LEAN for each in lean), any(each < -LEAN for each in lean)
    if near and far:
        return 0.5
    return float(near) if near or far else None


LEAN = 0.1
"""A region lies at a side where it is nearer to it than to the other one by more than this share of the crop."""


def _parse_region(words: str) -> Region:
    numbers = words.split(",")
    if len(numbers) == 1:
        return named_region(words)
    try:
        edges = [float(each) for each in numbers]
    except ValueError:
        raise ValueError(
            f"{show(words)} is no layout; write x1,y1,x2,y2 in 0..1, or names with semicolons between, such as"
            " left third; top"
        ) from None
    return check_region("layout", edges)


def _parse_share(word: str) -> Fraction | None:
    """A size in words or as a percentage, above 0 and below 1; None where it is neither."""
    if _PERCENTAGE.fullmatch(word):
        return Fraction(word[:-1]) / 100 or None
    return _SIZES.get(word)


def _span(sides: set[str], near: str, far: str, share: Fraction) -> tuple[float, float]:
    """Start and end along one axis; the side that it lies at is taken out of the set."""
    if near in sides:
        sides.remove(near)
        return 0.0, float(share)
    if far in sides:
        sides.remove(far)
        return float(1 - share), 1.0
    return 0.0, 1.0
