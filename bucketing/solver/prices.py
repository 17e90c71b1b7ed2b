"""Prices for any number of pictures, found on a sample: which buckets to use, and a bound on what that loses.

The *fractional* K-median problem opens bucket j by a share y[j] in 0..1, K in all. For given shares each picture takes
its best buckets until their shares sum to 1. What all pictures lose then, F(y), is convex in the M shares, however many
pictures there are, and its minimum is a lower bound on every choice of K buckets.

**Cutting planes** (Kelley, "The cutting-plane method for solving convex programs", 1960) minimise F: at the shares y_t
the bucket at which the shares of a picture sum to 1 is its price u_t, and

    F(y) ≥ F(y_t) − sum over j of (y[j] − y_t[j]) · sum over i of max(0, u_t[i] − loss[i, j])

so that a linear program of M + 1 variables gives the next shares. A box around the best shares so far keeps it from
jumping about (the boxstep method of Marsten, Hogan and Blankenship, 1975).

**Prices of every picture.** The program's own dual weighs the planes, w_t ≥ 0, in all 1. The mean price, sum of
w_t · u_t, needs only a picture's own losses. So what was learned on a sample gives a price to each picture of the whole
set, and the Lagrangian bound of `lagrangian` holds for any prices: it is computed over all pictures, in one pass. How
close it comes depends on the sample; that it is a bound does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from .lagrangian import DualPrices

# Rounds of the cutting planes, and how far above the bound they may end, as a share of it.
_MAX_ROUNDS, _CLOSE = 400, 1e-4
_BOX, _LEAST_BOX = 0.25, 1e-3  # how far shares may move in one round, and the least of it
_BLOCK = 32_768  # pictures whose prices are in memory at once
_FULL = 1 - 1e-9  # shares that sum to 1
_IDLE = 1e-9  # weight of a plane that changes no price


@dataclass(frozen=True)
class BucketPrices:
    """Shares of buckets, and the weight of each such set.

    Attributes:
        shares: float64 `[T, M]`, y_t.
        weights: float64 `[T]` ≥ 0, w_t, in all 1.
    """

    shares: np.ndarray
    weights: np.ndarray

    def price(self, loss: np.ndarray) -> np.ndarray:
        """The price of each picture, float64 `[N]`.

        Args:
            loss: float64 `[N, M]`, finite.
        """
        rows = _SortedRows(loss)
        return sum(weight * rows.price(each) for each, weight in zip(self.shares, self.weights, strict=True))


def find_prices(loss: np.ndarray, supply: np.ndarray, max_buckets: int) -> BucketPrices:
    """The prices whose bound on these pictures is about the highest.

    Args:
        loss: float64 `[G, M]`, finite.
        supply: int64 `[G]`, pictures of each group.
        max_buckets: K, less than M.
    """
    rows, buckets = _SortedRows(loss), loss.shape[1]
    planes = _Planes(buckets, max_buckets)
    centre = np.full(buckets, max_buckets / buckets)
    best = planes.add(centre, *rows.value(centre, supply))
    box = _BOX
    for _ in range(_MAX_ROUNDS):
        shares, bound, _ = planes.minimise(centre, box)
        inside = bool((np.abs(shares - centre) < box - 1e-12).all())
        if best - bound <= _CLOSE * max(bound, 1e-12):
            if inside or box >= 1:
                break
            box = min(1.0, box * 2)
            continue
        value = planes.add(shares, *rows.value(shares, supply))
        if value < best:
            best, centre = value, shares
        else:
            box = max(_LEAST_BOX, box / 2)
    _, _, weights = planes.minimise(centre, 1.0)
    used = weights > _IDLE
    return BucketPrices(np.array(planes.shares)[used], weights[used] / weights[used].sum())


def price_all(loss: np.ndarray, supply: np.ndarray, prices: BucketPrices) -> DualPrices:
    """The Lagrangian bound of all pictures, in one pass over them.

    Args:
        loss: float64 `[G, M]`, finite.
        supply: int64 `[G]`.
        prices: any.
    """
    price, reduced = np.empty(len(loss)), np.zeros(loss.shape[1])
    for first in range(0, len(loss), _BLOCK):
        place = slice(first, first + _BLOCK)
        price[place] = prices.price(loss[place])
        reduced += supply[place] @ np.minimum(loss[place] - price[place, None], 0.0)
    return DualPrices(price, float(price @ supply), reduced)


class _SortedRows:
    """Losses with each picture's buckets from the best to the worst."""

    def __init__(self, loss: np.ndarray) -> None:
        self._loss = loss
        self._order = np.argsort(loss, axis=1, kind="stable")
        self._sorted = np.take_along_axis(loss, self._order, axis=1)

    def price(self, shares: np.ndarray) -> np.ndarray:
        """The price of each picture at given shares, float64 `[N]`: the loss of the bucket that it takes last."""
        taken = np.cumsum(shares[self._order], axis=1)
        last = (taken >= _FULL).argmax(axis=1)[:, None]
        return np.take_along_axis(self._sorted, last, axis=1)[:, 0]

    def value(self, shares: np.ndarray, supply: np.ndarray) -> tuple[float, np.ndarray]:
        """F at given shares, and its subgradient, float64 `[M]`."""
        price = self.price(shares)
        slope = -(supply @ np.maximum(price[:, None] - self._loss, 0.0))
        return float(price @ supply + slope @ shares), slope


class _Planes:
    """Planes below F, and the linear program over them."""

    def __init__(self, buckets: int, max_buckets: int) -> None:
        self._max_buckets = max_buckets
        self.shares: list[np.ndarray] = []
        self._slopes: list[np.ndarray] = []
        self._offsets: list[float] = []
        self._sum = np.r_[np.ones(buckets), 0.0][None, :]

    def add(self, shares: np.ndarray, value: float, slope: np.ndarray) -> float:
        """Adds the plane at the shares; returns the value of F there."""
        self.shares.append(shares)
        self._slopes.append(slope)
        self._offsets.append(float(slope @ shares) - value)
        return value

    def minimise(self, centre: np.ndarray, box: float) -> tuple[np.ndarray, float, np.ndarray]:
        """The lowest point above all planes within a box: the shares, the height, and the weight of each plane."""
        planes = np.c_[np.array(self._slopes), -np.ones(len(self._slopes))]
        limits = [*zip(np.maximum(0.0, centre - box), np.minimum(1.0, centre + box), strict=True), (None, None)]
        answer = linprog(
            np.r_[np.zeros(len(centre)), 1.0],
            A_ub=planes,
            b_ub=np.array(self._offsets),
            A_eq=self._sum,
            b_eq=[self._max_buckets],
            bounds=limits,
            method="highs",
        )
        return np.clip(answer.x[:-1], 0.0, 1.0), float(answer.x[-1]), -answer.ineqlin.marginals
