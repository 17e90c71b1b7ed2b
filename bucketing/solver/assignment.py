"""Assignment when the buckets are given: only the counts are still to be met.

Everybody starts in the bucket where they lose least. To change the counts by D places, pictures move one after another
along shortest paths of buckets, and each step takes the picture that loses least by it; so none can have moved but the
D that lose least by going from one bucket to one other. Those are left to the integer program, all others are settled.
A plan that moves more than D pictures loses at least the D + 1 smallest regrets, which proves the answer, or says that
more must be left open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .milp import Flow, solve
from .policy import BucketPolicy

# Pairs of picture and bucket left open beyond which the program takes seconds; then a bound must do. With many buckets,
# whose batches multiply the ways to count, that is sooner.
_MOST_OPEN, _MOST_OPEN_MANY, _MANY = 30_000, 6_000, 8
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Wish:
    """Where everybody would go, counts aside.

    Attributes:
        nearest: int `[T]`, the best bucket of each kind.
        least: float `[T]`, its loss there.
        regret: float `[T]`, what the second best bucket would cost more; inf where there is none.
        counts: int `[M]`, pictures that each bucket would have.
    """

    nearest: np.ndarray
    least: np.ndarray
    regret: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, loss: np.ndarray, weights: np.ndarray) -> Wish:
        nearest = loss.argmin(axis=1)
        second = np.full(len(loss), np.inf)
        if loss.shape[1] > 1:
            second = np.partition(loss, 1, axis=1)[:, 1]
        least = loss[np.arange(len(loss)), nearest]
        counts = np.bincount(nearest, weights, loss.shape[1]).astype(np.int64)
        return cls(nearest, least, second - least, counts)

    def total(self, weights: np.ndarray) -> float:
        return float(self.least @ weights)


def assign(loss: np.ndarray, weights: np.ndarray, policy: BucketPolicy) -> Flow | None:
    """The best flow over buckets that may all be used, or None where the policy cannot be met by all.

    Args:
        loss: float `[T, M]`, every row with a finite entry.
        weights: int `[T]`.
    """
    wish = Wish.of(loss, weights)
    if meets(wish.counts, policy):
        return _as_wished(wish, loss.shape, weights)
    floor = lower_bound(wish, weights, policy)
    moves = _first_moves(loss, weights, wish, policy)
    best: Flow | None = None
    while True:
        open_kinds = _open(loss, weights, wish, moves)
        if best is not None and not _affordable(open_kinds, loss):
            return replace(best, bound=min(best.loss, floor))
        flow = _with_settled(loss, weights, policy, wish, open_kinds)
        if open_kinds.all():
            return flow if flow is None else replace(flow, bound=min(flow.loss, max(floor, flow.bound)))
        if flow is not None:
            best = flow
            proven = min(flow.bound, _if_more_move(wish, weights, policy, moves))
            if proven >= flow.loss - _SAME:
                return flow
            floor = max(floor, proven)
        moves *= 4


def meets(counts: np.ndarray, policy: BucketPolicy) -> bool:
    """Whether counts obey the policy as they are."""
    used = counts[counts > 0]
    if policy.exact_count and len(used) != policy.max_buckets:
        return False
    return bool((used % policy.batch_size == 0).all() and (used >= policy.smallest).all())


def lower_bound(wish: Wish, weights: np.ndarray, policy: BucketPolicy) -> float:
    """No flow under the policy loses less: as many pictures as the counts are off must accept their second best."""
    return (
        wish.total(weights) - spared(wish.least, weights, policy) + _cheapest(wish, weights, _least_moves(wish, policy))
    )


def spared(least: np.ndarray, weights: np.ndarray, policy: BucketPolicy) -> float:
    """The most that leaving out the remainder can save; 0 where it is kept."""
    spare = policy.remainder_size(int(weights.sum()))
    if policy.remainder != "drop" or not spare:
        return 0.0
    return float(np.sort(np.repeat(least, np.minimum(weights, spare)))[-spare:].sum())


def _as_wished(wish: Wish, shape: tuple[int, ...], weights: np.ndarray) -> Flow:
    counts = np.zeros(shape, dtype=np.int64)
    counts[np.arange(shape[0]), wish.nearest] = weights
    total = wish.total(weights)
    return Flow(counts, np.zeros(shape[0], np.int64), np.zeros(shape[1], np.int64), total, total)


def _with_settled(
    loss: np.ndarray, weights: np.ndarray, policy: BucketPolicy, wish: Wish, open_kinds: np.ndarray
) -> Flow | None:
    """Solves for the open kinds, with all others in their nearest bucket."""
    stay = ~open_kinds
    settled = np.bincount(wish.nearest[stay], weights[stay], loss.shape[1]).astype(np.int64)
    part = solve(loss[open_kinds], weights[open_kinds], policy, settled)
    if part is None:
        return None
    counts, left_out = np.zeros(loss.shape, dtype=np.int64), np.zeros(len(loss), dtype=np.int64)
    counts[stay, wish.nearest[stay]] = weights[stay]
    counts[open_kinds], left_out[open_kinds] = part.counts, part.left_out
    rest = float(wish.least[stay] @ weights[stay])
    return Flow(counts, left_out, part.repeats, part.loss + rest, part.bound + rest)


def _first_moves(loss: np.ndarray, weights: np.ndarray, wish: Wish, policy: BucketPolicy) -> int:
    """About as many moves as the counts can need, fewer where that many would leave too much open."""
    moves = loss.shape[1] * max(policy.batch_size, policy.smallest) // 2 + policy.batch_size
    while moves > 4 and not _affordable(_open(loss, weights, wish, moves), loss):
        moves //= 2
    return moves


def _open(loss: np.ndarray, weights: np.ndarray, wish: Wish, moves: int) -> np.ndarray:
    """The kinds that so many moves can touch, bool `[T]`: from every bucket to every other, and out of it, those of
    its pictures that lose least by going there."""
    found = np.zeros(len(loss), dtype=bool)
    for bucket in range(loss.shape[1]):
        members = np.nonzero(wish.nearest == bucket)[0]
        regret = loss[members] - wish.least[members][:, None]
        regret[:, bucket] = -wish.least[members]  # what leaving it out saves
        order = np.argsort(regret, axis=0, kind="stable")
        before = np.cumsum(weights[members][order], axis=0) - weights[members][order]
        found[members[order[before < moves]]] = True
    return found


def _affordable(open_kinds: np.ndarray, loss: np.ndarray) -> bool:
    return int(open_kinds.sum()) * loss.shape[1] <= (_MOST_OPEN if loss.shape[1] <= _MANY else _MOST_OPEN_MANY)


def _if_more_move(wish: Wish, weights: np.ndarray, policy: BucketPolicy, moves: int) -> float:
    """The least that a flow loses in which more pictures than so many are not where they wished to be."""
    dropped = policy.remainder_size(int(weights.sum())) if policy.remainder == "drop" else 0
    least = wish.total(weights) - spared(wish.least, weights, policy)
    return least + _cheapest(wish, weights, max(0, moves + 1 - dropped))


def _cheapest(wish: Wish, weights: np.ndarray, moves: int) -> float:
    """The least that so many pictures lose by going to their second best bucket; inf where there are not so many."""
    if moves <= 0:
        return 0.0
    regrets = np.repeat(wish.regret, np.minimum(weights, moves))
    if moves > len(regrets):
        return float("inf")
    return float(np.partition(regrets, moves - 1)[:moves].sum())


def _least_moves(wish: Wish, policy: BucketPolicy) -> int:
    """The fewest pictures that must leave their wished bucket so that every count obeys the policy."""
    short = [min(c, policy.smallest - c) for c in wish.counts.tolist() if 0 < c < policy.smallest]
    if policy.exact_count:
        short.append(int((wish.counts == 0).sum()) * max(1, policy.smallest))
    return max([0, _moves_to_batches(wish.counts, policy), *short])


def _moves_to_batches(counts: np.ndarray, policy: BucketPolicy) -> int:
    over = counts % policy.batch_size
    spare = policy.remainder_size(int(counts.sum()))
    if spare and policy.remainder == "keep":
        # Whichever bucket holds the remainder needs to be right only up to it.
        holding = np.repeat(over[None, :], len(over), axis=0)
        np.fill_diagonal(holding, (over - spare) % policy.batch_size)
        return min(_rounded_up(each, policy.batch_size) for each in holding)
    if spare and policy.remainder == "repeat":
        return max(0, _rounded_up(over, policy.batch_size) - (policy.batch_size - spare))
    return _rounded_up(over, policy.batch_size)


def _rounded_up(over: np.ndarray, batch: int) -> int:
    """Places gained when as many counts are rounded up as the pictures over can fill, the nearest to full first."""
    number = int(over.sum()) // batch
    return int((batch - np.sort(over)[::-1][:number]).sum())
