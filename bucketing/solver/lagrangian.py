"""Which K of M buckets lose least when counts do not matter, with a proven bound: the K-median problem.

The bound is Lagrangian (Cornuéjols, Fisher, Nemhauser 1977): with a price for every kind of picture, each bucket has a
fixed saving of its own, and the K largest savings bound every choice. Because savings add up, the same prices bound
each single choice, so that all but a few of thousands are ruled out without looking at a picture again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

MOST_CHOICES = 1_000_000
_ROUNDS = 300


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices that bound choices from below.

    Attributes:
        prices: float `[T]`, one for every kind of picture.
        base: their weighted total.
        savings: float `[M]` ≤ 0, what each bucket takes off it.
    """

    prices: np.ndarray
    base: float
    savings: np.ndarray

    def bound(self, most: int) -> float:
        """No choice of at most so many buckets loses less."""
        return float(self.base + np.sort(self.savings)[:most].sum())

    def forced(self, most: int) -> np.ndarray:
        """What having each bucket in the choice adds to the bound, float `[M]`."""
        dearest = np.sort(self.savings)[min(most, len(self.savings)) - 1]
        return np.maximum(self.savings - dearest, 0.0)

    def bounds(self, choices: np.ndarray) -> np.ndarray:
        """The same for each choice `[C, K]`: float `[C]`."""
        return self.base + self.savings[choices].sum(axis=1)


def choice_loss(loss: np.ndarray, weights: np.ndarray, choice: np.ndarray) -> float:
    """Total loss when every picture goes to the best bucket of the choice; inf where one fits none."""
    return float(loss[:, choice].min(axis=1) @ weights)


def all_choices(buckets: int, most: int) -> np.ndarray | None:
    """Every choice of exactly `most` buckets, int `[C, most]`, or None where they are too many to list."""
    if comb(buckets, most) > MOST_CHOICES:
        return None
    flat = np.fromiter((index for each in combinations(range(buckets), most) for index in each), dtype=np.int16)
    return flat.reshape(-1, most)


def good_choice(loss: np.ndarray, weights: np.ndarray, most: int) -> np.ndarray:
    """A choice that no exchange of one bucket improves, begun by adding the best one at a time: int `[most]`."""
    finite = _capped(loss)
    chosen: list[int] = []
    nearest = np.full(len(loss), np.inf)
    for _ in range(most):
        totals = weights @ np.minimum(finite, nearest[:, None])
        totals[chosen] = np.inf
        chosen.append(int(totals.argmin()))
        nearest = np.minimum(nearest, finite[:, chosen[-1]])
    best = float(nearest @ weights)
    improved = True
    while improved:
        improved = False
        for place in range(most):
            others = chosen[:place] + chosen[place + 1 :]
            rest = finite[:, others].min(axis=1) if others else np.full(len(loss), np.inf)
            totals = weights @ np.minimum(finite, rest[:, None])
            totals[others] = np.inf
            if totals.min() < best * (1 - 1e-9):
                best, improved = float(totals.min()), True
                chosen[place] = int(totals.argmin())
    return np.sort(np.array(chosen))


def find_prices(loss: np.ndarray, weights: np.ndarray, most: int, known: float) -> Prices:
    """Prices that make the bound high, by subgradient steps towards the total `known` to be reachable."""
    finite = _capped(loss)
    two = np.partition(finite, min(1, finite.shape[1] - 1), axis=1)
    price = two[:, min(1, finite.shape[1] - 1)].copy()
    best, best_price, reach, stale = -np.inf, price, 1.0, 0
    for _ in range(_ROUNDS):
        below = np.minimum(finite - price[:, None], 0.0)
        savings = weights @ below
        chosen = np.argsort(savings, kind="stable")[:most]
        bound = float(price @ weights + savings[chosen].sum())
        if bound > best:
            best, best_price, stale = bound, price, 0
        else:
            stale += 1
        if known - best <= 1e-9 * max(known, 1e-9):
            break
        if stale == 10:
            reach, stale = reach / 2, 0
            price = best_price
            continue
        slope = 1.0 - (below[:, chosen] < 0).sum(axis=1)
        length = float((slope * slope) @ weights)
        if length == 0:
            break
        price = price + reach * (known - bound) / length * slope
    savings = weights @ np.minimum(finite - best_price[:, None], 0.0)
    return Prices(best_price, float(best_price @ weights), savings)


def promising(choices: np.ndarray, prices: Prices, block: int = 64) -> Iterator[tuple[float, np.ndarray]]:
    """The choices in blocks, from the lowest bound up: (no choice of this block or later loses less, choices)."""
    bounds = prices.bounds(choices)
    # Only the head is ever looked at; sorting millions would take longer than solving.
    head = min(len(bounds), 200_000)
    order = np.argpartition(bounds, head - 1)[:head] if head < len(bounds) else np.arange(len(bounds))
    order = order[np.argsort(bounds[order], kind="stable")]
    for start in range(0, head, block):
        part = order[start : start + block]
        yield float(bounds[part[0]]), choices[part].astype(np.int64)


def _capped(loss: np.ndarray) -> np.ndarray:
    """Losses with inf replaced by a number that no sensible choice pays."""
    if np.isfinite(loss).all():
        return loss
    most = float(np.where(np.isfinite(loss), loss, 0).max())
    return np.where(np.isfinite(loss), loss, 10 * most + 10)
