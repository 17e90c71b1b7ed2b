"""Checks of arguments that come from a person, a file or another program; the errors name the argument."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from math import isfinite
from numbers import Real
from operator import index
from reprlib import Repr
from typing import Any, TypeVar

Item = TypeVar("Item")
LIMIT = 2**53  # of whole numbers: up to it, a float is exact too
MAX_SIDE = 2**21  # pixels of a picture's side: twenty times the longest that cameras make
MAX_SHOWN = 60  # characters of a value in an error
Region = tuple[float, float, float, float]
"""Left, top, right and bottom edge as shares of a picture's or a crop's width and height, 0..1."""
Size = tuple[int, int]
"""Width and height in pixels."""


def check_whole_number(name: str, value: Any) -> int:
    """The value as an int; numpy's integers are taken too.

    Raises:
        TypeError: when it is a bool, a float or no number at all.
        ValueError: when it is beyond ±2⁵³.

    >>> check_whole_number("width", 3)
    3
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {show(value)}") from None
    if abs(number) > LIMIT:
        raise ValueError(f"{name} must lie between -{LIMIT} and {LIMIT}")
    return number


def check_count(name: str, value: Any, most: int, least: int = 1) -> int:
    """The value as an int from `least` to `most`.

    Raises:
        TypeError: when it is no whole number.
        ValueError: when it is out of range.

    >>> check_count("batch_size", 4, 1024)
    4
    """
    number = check_whole_number(name, value)
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    if number > most:
        raise ValueError(f"{name} must be at most {most}, got {number}")
    return number


def check_number(name: str, value: Any) -> float:
    """The value as a float.

    Raises:
        TypeError: when it is a bool or no real number.
        ValueError: when it is NaN, infinite, or too large for a float.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {show(value)}")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"{name} must be a finite number, got one that is too large") from None
    if not isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {number}")
    return number


def check_share(name: str, value: Any) -> float:
    """The value as a float in 0..1.

    Raises:
        TypeError: when it is no number.
        ValueError: when it is not finite, or out of range.
    """
    if not 0 <= check_number(name, value) <= 1:
        raise ValueError(f"{name} is a share in 0..1, got {value}")
    return float(value)


def check_weight(name: str, value: Any, most: float) -> float:
    """The value as a float from 0 to `most`.

    Raises:
        TypeError: when it is no number.
        ValueError: when it is not finite, or out of range.
    """
    number = check_number(name, value)
    if number < 0:
        raise ValueError(f"{name} must be 0 or more, got {value}")
    if number > most:
        raise ValueError(f"{name} must be at most {most:g}, got {value}")
    return number


def check_pair(name: str, value: Any) -> tuple[Any, Any]:
    """The two items of a width and a height.

    Raises:
        TypeError: when it is not a sequence.
        ValueError: when it has not two items.
    """
    items = check_tuple(name, value, object)
    if len(items) != 2:
        raise ValueError(f"{name} needs width and height, got {len(items)} numbers")
    return items[0], items[1]


def check_size(name: str, size: Any) -> Size:
    """Width and height in pixels as ints.

    Raises:
        TypeError: when it is not a sequence of whole numbers.
        ValueError: when it has not two, or one is below 1 or above `MAX_SIDE`.

    >>> check_size("size", [640, 480])
    (640, 480)
    """
    width, height = (check_whole_number(name, side) for side in check_pair(name, size))
    if min(width, height) < 1:
        raise ValueError(f"{name} must be at least 1×1 pixel, got {(width, height)}")
    if max(width, height) > MAX_SIDE:
        raise ValueError(f"{name} must have sides of at most {MAX_SIDE} pixels, got {(width, height)}")
    return width, height


def check_edges(name: str, region: Any) -> Region:
    """Left, top, right and bottom edge as floats, whatever their order and range.

    Raises:
        TypeError: when it is not a sequence of numbers.
        ValueError: when it has not four, or one is not finite.
    """
    edges = check_tuple(name, region, object)
    if len(edges) != 4:
        raise ValueError(f"{name} needs x1, y1, x2, y2, got {len(edges)} numbers")
    x1, y1, x2, y2 = (check_number(name, edge) for edge in edges)
    return x1, y1, x2, y2


def check_region(name: str, region: Any) -> Region:
    """The region as a tuple of floats.

    Raises:
        TypeError: when it is not a sequence of numbers.
        ValueError: when it has not four, is empty, or leaves 0..1.

    >>> check_region("keep", [0, 0, 1, 0.5])
    (0.0, 0.0, 1.0, 0.5)
    """
    if isinstance(region, (str, bytes)) or not isinstance(region, Iterable) or not isinstance(region, Sized):
        raise TypeError(f"a {name} region must be x1, y1, x2, y2, got {show(region)}")
    if len(region) != 4:
        raise ValueError(f"a {name} region needs x1, y1, x2, y2, got {len(region)} numbers")
    x1, y1, x2, y2 = (check_number(f"{name} region", edge) for edge in region)
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise ValueError(f"{name} region {(x1, y1, x2, y2)} must satisfy 0 ≤ x1 < x2 ≤ 1 and 0 ≤ y1 < y2 ≤ 1")
    return x1, y1, x2, y2


def check_tuple(name: str, values: Any, kind: type[Item]) -> tuple[Item, ...]:
    """The values as a tuple, after a check that all of them are of one kind.

    Raises:
        TypeError: when they are not a sequence, or one is of another kind.
    """
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a sequence, got {show(values)}")
    items = tuple(values)
    for each in items:
        if not isinstance(each, kind):
            raise TypeError(f"{name} must hold {kind.__name__} only, got {show(each)}")
    return items


def check_kind(name: str, value: Any, kind: type[Item]) -> Item:
    """The value, after a check that it is of one kind.

    Raises:
        TypeError: when it is not.
    """
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be of the type {kind.__name__}, got {show(value)}")
    return value


def show(value: Any) -> str:
    """A value in one short line, for an error.

    >>> show([0] * 100)
    '[0, 0, 0, 0, 0, 0, ...]'
    """
    try:
        text = _SHORT.repr(value)
    except Exception:  # an int of too many digits, or an object of somebody else's
        text = f"an object of the type {type(value).__name__}"
    text = "".join(each if each.isprintable() else " " for each in text)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = MAX_SHOWN
