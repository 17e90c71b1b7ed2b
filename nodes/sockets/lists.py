"""Lists of values on sockets, paired with the pictures that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
D = TypeVar("D")


def require_single(values: Sequence[T], name: str) -> T:
    """The one value of a socket that serves all pictures.

    Raises:
        ValueError: when there are several values, or none.
    """
    if len(values) != 1:
        raise ValueError(f"{name}: {len(values)} values are connected, but one has to serve all pictures")
    return values[0]


def single_or(values: Sequence[T] | None, name: str, default: D) -> T | D:
    """As `require_single`; the default where the socket is not connected, or a workflow is older than the input."""
    return require_single(values, name) if values else default


def pair_with_pictures(values: Sequence[T] | None, count: int, name: str) -> list[T | None]:
    """One value for each of `count` pictures; None for each where the socket is not connected.

    Args:
        values: one value for all pictures, or one for each; None or an empty list where nothing is connected.

    Raises:
        ValueError: when there are neither one nor `count` values.
    """
    if not values:
        return [None] * count
    if len(values) not in (1, count):
        raise ValueError(f"{name}: {len(values)} values for {count} pictures; connect one for all, or one for each")
    return [*values] * (count if len(values) == 1 else 1)


def pair_or_unite(
    values: Sequence[T] | None, count: int, name: str, unite: Callable[[Sequence[T]], T]
) -> list[T | None]:
    """As `pair_with_pictures`; but several values for a single picture belong to it together, and are united.

    A detector or a segmenter gives as many masks or boxes for one picture as it found things in it.
    """
    return pair_with_pictures([unite(values)] if values and count == 1 < len(values) else values, count, name)


def chain_lists(lists: Sequence[list[T]]) -> list[T]:
    """All items of the lists, in order."""
    return [each for one in lists for each in one]
