"""Which K of M buckets lose least when the counts are free: the K-median problem, with lower bounds from its dual.

Choosing K buckets so that the sum of every picture's loss in its best chosen bucket is least is the K-median problem
(uncapacitated facility location with a fixed number of facilities), NP-hard in general. It is a relaxation of the
planner's problem: constraints on the counts only add to the loss.

**Lagrangian relaxation** (Cornuéjols, Fisher and Nemhauser, "Location of bank accounts to optimize float", 1977). The
constraint that every picture is assigned once is moved into the objective with a dual price u[g] for each picture of
group g. What remains falls apart into buckets: choosing bucket j contributes its reduced cost

    rho[j] = sum over g of supply[g] * min(0, loss[g, j] - u[g])   ≤ 0

so that L(u) = sum of supply[g] * u[g] + the K smallest rho[j] is a lower bound on every choice, for any prices. The
sum of reduced costs of a given subset bounds that subset alike, in O(K) and without looking at a picture: nearly all of
thousands of subsets are ruled out by it.

**Subgradient rounds** (Held, Wolfe and Crowder, "Validation of subgradient optimization", 1974) raise L(u): a price
rises where no chosen bucket takes the picture, and falls where several do. The step length is Polyak's, towards the
loss of a known subset. Each round costs O(G M).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

# Subsets beyond which they are not listed: then only the bound over all of them is known.
MAX_SUBSETS = 1_000_000
_ROUNDS, _PATIENCE = 300, 10  # of the subgradient method
_TOLERANCE = 1e-9  # relative
_SORTED_FIRST = 200_000  # subsets sorted at once; sorting a million takes longer than most problems


@dataclass(frozen=True, slots=True)
class DualPrices:
    """A point of the Lagrangian dual.

    Attributes:
        prices: float64 `[G]`, u, the price of one picture of each group.
        total: sum of the prices of all pictures.
        reduced_costs: float64 `[M]` ≤ 0, rho.
    """

    prices: np.ndarray
    total: float
    reduced_costs: np.ndarray

    @classmethod
    def of(cls, prices: np.ndarray, loss: np.ndarray, supply: np.ndarray) -> DualPrices:
        """Evaluates prices in O(G M)."""
        return cls(prices, float(prices @ supply), supply @ np.minimum(loss - prices[:, None], 0.0))

    def bound(self, max_buckets: int) -> float:
        """L(u): lower bound on the loss of every subset of at most so many buckets."""
        return float(self.total + np.sort(self.reduced_costs)[:max_buckets].sum())

    def added_by(self, max_buckets: int) -> np.ndarray:
        """By how much the bound rises for subsets that contain each bucket, float64 `[M]` ≥ 0."""
        largest_chosen = np.sort(self.reduced_costs)[min(max_buckets, len(self.reduced_costs)) - 1]
        return np.maximum(self.reduced_costs - largest_chosen, 0.0)

    def bounds(self, subsets: np.ndarray) -> np.ndarray:
        """Lower bound on the loss of each subset, int `[C, K]`: float64 `[C]`."""
        return self.total + self.reduced_costs[subsets].sum(axis=1)


def cap_losses(loss: np.ndarray) -> np.ndarray:
    """Losses with inf replaced by a number larger than ten times the largest; never above the true losses."""
    finite = np.isfinite(loss)
    if finite.all():
        return loss
    largest = float(np.where(finite, loss, 0).max())
    return np.where(finite, loss, 10 * largest + 10)


def median_loss(loss: np.ndarray, supply: np.ndarray, subset: np.ndarray) -> float:
    """Loss when every picture is in its best bucket of the subset: inf where one has none."""
    return float(loss[:, subset].min(axis=1) @ supply)


def choose_by_interchange(
    loss: np.ndarray, supply: np.ndarray, max_buckets: int, start: np.ndarray | None = None
) -> np.ndarray:
    """A good subset for K-median: greedy insertion, then vertex substitution (Teitz and Bart 1968).

    Substitution replaces one bucket at a time as long as the loss falls; O(K G M) for each sweep.

    Args:
        loss: float64 `[G, M]`, finite.
        supply: int64 `[G]`.
        start: int `[max_buckets]`, a subset to substitute in; None for a greedy one.

    Returns:
        int `[max_buckets]`, ascending. No single replacement improves it.
    """
    chosen: list[int] = [] if start is None else start.tolist()
    best_loss = np.full(len(loss), np.inf) if start is None else loss[:, start].min(axis=1)
    for _ in range(max_buckets - len(chosen)):
        totals = supply @ np.minimum(loss, best_loss[:, None])
        totals[chosen] = np.inf
        chosen.append(int(totals.argmin()))
        best_loss = np.minimum(best_loss, loss[:, chosen[-1]])
    best = float(best_loss @ supply)
    improved = True
    while improved:
        improved = False
        for place in range(max_buckets):
            others = chosen[:place] + chosen[place + 1 :]
            without = loss[:, others].min(axis=1) if others else np.full(len(loss), np.inf)
            totals = supply @ np.minimum(loss, without[:, None])
            totals[others] = np.inf
            if totals.min() < best * (1 - _TOLERANCE):
                best, improved = float(totals.min()), True
                chosen[place] = int(totals.argmin())
    return np.sort(np.array(chosen))


def maximise_bound(
    loss: np.ndarray,
    supply: np.ndarray,
    max_buckets: int,
    known_loss: float,
    start: np.ndarray | None = None,
    rounds: int = _ROUNDS,
    patience: int = _PATIENCE,
) -> DualPrices:
    """Dual prices with a high bound, by subgradient rounds.

    Args:
        loss: float64 `[G, M]`, finite.
        supply: int64 `[G]`.
        known_loss: loss of some subset, which the step length aims at.
        start: float64 `[G]`, prices to begin with; None for the loss of each picture in its second best bucket.
        rounds: at most so many.
        patience: rounds without a better bound before the step is halved.
    """
    second = min(1, loss.shape[1] - 1)
    prices = np.partition(loss, second, axis=1)[:, second].copy() if start is None else start
    best_bound, best_prices, step, stale = -np.inf, prices, 1.0, 0
    for _ in range(rounds):
        below = np.minimum(loss - prices[:, None], 0.0)
        reduced_costs = supply @ below
        chosen = np.argsort(reduced_costs, kind="stable")[:max_buckets]
        bound = float(prices @ supply + reduced_costs[chosen].sum())
        if bound > best_bound:
            best_bound, best_prices, stale = bound, prices, 0
        else:
            stale += 1
        if known_loss - best_bound <= _TOLERANCE * max(known_loss, _TOLERANCE):
            break
        if stale == patience:
            step, stale, prices = step / 2, 0, best_prices
            continue
        subgradient = 1.0 - (below[:, chosen] < 0).sum(axis=1)
        squared_norm = float((subgradient * subgradient) @ supply)
        if squared_norm == 0:
            break
        prices = prices + step * (known_loss - bound) / squared_norm * subgradient
    return DualPrices.of(best_prices, loss, supply)


def list_subsets(buckets: int, size: int) -> np.ndarray | None:
    """Every subset of exactly `size` buckets, int16 `[C, size]`, or None where there are more than a million."""
    if comb(buckets, size) > MAX_SUBSETS:
        return None
    flat = np.fromiter((index for each in combinations(range(buckets), size) for index in each), dtype=np.int16)
    return flat.reshape(-1, size)


def iterate_by_bound(subsets: np.ndarray, dual: DualPrices, block: int) -> Iterator[tuple[float, np.ndarray]]:
    """All subsets in blocks, in ascending order of their bounds.

    Yields:
        `(bound, int64 [block, K])`: no subset of this block or of a later one loses less than the bound.
    """
    bounds = dual.bounds(subsets)
    for part in _in_order(bounds):
        for start in range(0, len(part), block):
            indices = part[start : start + block]
            yield float(bounds[indices[0]]), subsets[indices].astype(np.int64)


def _in_order(values: np.ndarray) -> Iterator[np.ndarray]:
    """Indices in ascending order of the values, in two parts: the second is only sorted when it is needed."""
    first = min(len(values), _SORTED_FIRST)
    order = np.argpartition(values, first - 1) if first < len(values) else np.arange(len(values))
    for part in (order[:first], order[first:]):
        yield part[np.argsort(values[part], kind="stable")]
