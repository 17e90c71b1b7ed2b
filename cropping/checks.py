"""Checks of arguments that come from a person, a file or another program; the errors name the argument."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from math import isfinite
from numbers import Real
from operator import index
from typing import Any, TypeVar

Item = TypeVar("Item")
LIMIT = 2**53  # of whole numbers: up to it, a float is exact too
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
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if abs(number) > LIMIT:
        raise ValueError(f"{name} must lie between -{LIMIT} and {LIMIT}")
    return number


def check_number(name: str, value: Any) -> float:
    """The value as a float.

    Raises:
        TypeError: when it is a bool or no real number.
        ValueError: when it is NaN, infinite, or too large for a float.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"{name} must be a finite number, got one that is too large") from None
    if not isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {number}")
    return number


def check_region(name: str, region: Any) -> Region:
    """The region as a tuple of floats.

    Raises:
        TypeError: when it is not a sequence of numbers.
        ValueError: when it has not four, is empty, or leaves 0..1.

    >>> check_region("keep", [0, 0, 1, 0.5])
    (0.0, 0.0, 1.0, 0.5)
    """
    if isinstance(region, (str, bytes)) or not isinstance(region, Iterable) or not isinstance(region, Sized):
        raise TypeError(f"a {name} region must be x1, y1, x2, y2, got {region!r}")
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
        raise TypeError(f"{name} must be a sequence, got {values!r}")
    items = tuple(values)
    for each in items:
        if not isinstance(each, kind):
            raise TypeError(f"{name} must hold {kind.__name__} only, got {each!r}")
    return items
