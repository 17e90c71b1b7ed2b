"""One budget of memory for all pictures that are decoded at once, so that large ones wait for each other.

Nobody waits while it holds memory: a picture that needs more than there is gives back what it has, and decodes anew
when its turn comes. So no two can wait for each other; the order is that in which the pictures came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Protocol

from .machine import memory_limit

DEFAULT_SHARE = 0.5
"""Of the memory that this process may use: croppers and everything else need some, too."""

_UNITS = {"M": 10**6, "MI": 2**20, "G": 10**9, "GI": 2**30, "T": 10**12, "TI": 2**40}


class Owner(Protocol):
    """What takes memory from a budget."""

    def forget(self) -> None:
        """Lets go of the memory that it holds. What was in it is made again when it is needed."""


class NoRoomError(Exception):
    """More memory is needed than the whole budget has; its text says how much, and what to do."""


def parse_memory(text: str) -> int:
    """An amount of memory in bytes.

    >>> parse_memory("4GB"), parse_memory("512 MiB"), parse_memory("1.5g")
    (4000000000, 536870912, 1500000000)

    Raises:
        ValueError: when it is no number with a unit, or less than one byte.
    """
    found = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([MGT]I?)B?\s*", text.upper(), re.ASCII)
    if found is None:
        raise ValueError(f"{text!r} is no amount of memory; write a number and a unit, such as 4GB or 512MB")
    amount = int(float(found[1]) * _UNITS[found[2]])
    if amount < 1:
        raise ValueError(f"{text!r} is no memory at all")
    return amount


def read_memory(value: int | str | None) -> int | None:
    """An amount of memory as a caller from Python gives it: bytes, words for `parse_memory`, or None.

    Raises:
        ValueError: when the words are none.
    """
    try:
        return parse_memory(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"memory: {error}") from None


def check_memory(amount: int) -> int:
    """An amount of memory in bytes, as it is.

    Raises:
        ValueError: when it is less than one byte.
    """
    if amount < 1:
        raise ValueError(f"memory: must be at least one byte, got {amount}")
    return amount


def default_memory() -> int:
    """The budget in bytes where none is given: `DEFAULT_SHARE` of what this process may use."""
    return int(memory_limit() * DEFAULT_SHARE)


class MemoryBudget:
    """Bytes of memory that pictures take and give back; its methods may be called from many threads.

    Args:
        total: bytes; None for `default_memory`.

    Attributes:
        total: bytes.
        refused: how often there was too little, whatever others had.

    Raises:
        ValueError: when it is less than one byte.
    """

    def __init__(self, total: int | None = None) -> None:
        self.total = default_memory() if total is None else check_memory(total)
        self.refused = 0
        self._changed = Condition()
        self._taken = 0
        self._waiting: list[int] = []  # numbers of shares
        self._shares = 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """A part of the budget that grows as it is needed, for one picture and what is read along with it."""
        with self._changed:
            self._shares += 1
            share = Share(self, self._shares)
        try:
            yield share
        finally:
            share.release()

    def _take(self, amount: int, number: int, wait: bool) -> bool:
        """Takes so much for the share of that number, once it is there and nobody who came earlier waits.

        Returns:
            Whether it was taken; always True where it may wait.
        """
        with self._changed:
            if not wait and not self._is_next(amount, number):
                return False
            self._waiting.append(number)
            try:
                self._changed.wait_for(lambda: self._is_next(amount, number))
                self._taken += amount
            finally:
                self._waiting.remove(number)
                self._changed.notify_all()
            return True

    def _give_back(self, amount: int) -> None:
        with self._changed:
            self._taken -= amount
            self._changed.notify_all()

    def _is_next(self, amount: int, number: int) -> bool:
        return self._taken + amount <= self.total and number <= min(self._waiting, default=number)


class Share:
    """What one picture takes of a budget, with what is read along with it, such as its mask; for one thread.

    Args:
        budget: to take from.
        number: in the order in which shares wait.
    """

    def __init__(self, budget: MemoryBudget, number: int) -> None:
        self._budget = budget
        self._number = number
        self._held: dict[Owner, int] = {}

    def cover(self, owner: Owner, need: int) -> None:
        """Makes sure that the owner may take `need` bytes, and waits for them where others have them.

        Before it waits, all owners forget what they hold.

        Raises:
            NoRoomError: when the whole budget is less.
        """
        more = need - self._held.get(owner, 0)
        if more <= 0:
            return
        if need > self._budget.total:
            self._budget.refused += 1
            raise NoRoomError(
                f"it needs about {_words(need)} of memory, and all pictures together may take"
                f" {_words(self._budget.total)}; make it smaller, or allow more with --memory"
            )
        if self._budget._take(more, self._number, wait=False):
            self._held[owner] = need
            return
        self.release()
        self._budget._take(need, self._number, wait=True)
        self._held[owner] = need

    def release(self) -> None:
        """Gives all of it back; the owners forget what they hold."""
        for owner in self._held:
            owner.forget()
        self._budget._give_back(sum(self._held.values()))
        self._held.clear()


def _words(amount: int) -> str:
    return f"{amount / 1e9:.1f} GB" if amount >= 1e9 else f"{amount / 1e6:,.0f} MB"
