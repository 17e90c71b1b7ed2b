"""Which buckets to use: choices from the lowest bound up, until no other one can win."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .assignment import Wish, assign, lower_bound, spared
from .lagrangian import Prices, all_choices, choice_loss, find_prices, good_choice, promising
from .milp import Flow, solve
from .policy import BucketPolicy

# How much is looked at before the search stops: cells of the loss table, and programs.
_CELLS, _PROGRAMS, _BLOCK_CELLS = 4e9, 16, 4e6
# More pairs of picture and bucket than these are too many for one program that chooses and assigns at once.
_PAIRS = 4000
_SAME = 1e-9


def best_choice(loss: np.ndarray, weights: np.ndarray, policy: BucketPolicy) -> Flow | None:
    """The best flow over at most `policy.max_buckets` buckets, or None where none meets the policy for all pictures.

    Args:
        loss: float `[T, M]` with M > `policy.max_buckets`, every row with a finite entry.
        weights: int `[T]`.
    """
    assert policy.max_buckets is not None
    start = good_choice(loss, weights, policy.max_buckets)
    prices = find_prices(loss, weights, policy.max_buckets, choice_loss(loss, weights, start))
    search = _Search(loss, weights, policy)
    search.look_at(start)
    choices = all_choices(loss.shape[1], policy.max_buckets)
    if choices is None:
        search.leave(prices.bound(policy.max_buckets) - spared(prices.prices, weights, policy))
    else:
        _through(search, choices, prices, start)
    _settle(search, prices)
    return search.answer()


def _settle(search: _Search, prices: Prices) -> None:
    """Where choices stay open, one program over every pair that could be part of a better plan, if those are few."""
    if search.best is None or min([search.reached, *search.unsettled]) >= search.reached:
        return
    policy, weights = search.policy, search.weights
    assert policy.max_buckets is not None
    bound = prices.bound(policy.max_buckets) - spared(prices.prices, weights, policy)
    # A pair that the prices make dearer than what is still to be gained is part of no better plan.
    hopeless = bound + np.maximum(search.loss - prices.prices[:, None], 0.0) > search.best.loss
    hopeless |= bound + prices.forced(policy.max_buckets)[None, :] > search.best.loss
    if int((~hopeless).sum()) > _PAIRS:
        return
    flow = solve(np.where(hopeless, np.inf, search.loss), weights, policy, exact=True)
    search.unsettled = [search.best.loss if flow is None else flow.bound]
    if flow is not None and flow.loss < search.best.loss:
        search.best = flow


def _through(search: _Search, choices: np.ndarray, prices: Prices, start: np.ndarray) -> None:
    slack = spared(prices.prices, search.weights, search.policy)
    block = max(16, int(_BLOCK_CELLS / (len(search.loss) * choices.shape[1])))
    cells = 0.0
    for lowest, part in promising(choices, prices, block):
        if lowest - slack >= search.reached:
            return
        if cells > _CELLS:
            search.leave(lowest - slack)
            return
        free = search.loss[:, part].min(axis=2).T @ search.weights
        cells += part.size * len(search.loss)
        for index in np.argsort(free, kind="stable"):
            if float(free[index]) - slack >= search.reached:
                break
            if not np.array_equal(part[index], start):
                search.look_at(part[index])


@dataclass
class _Search:
    """The best flow so far, and the lowest bound of everything that was not settled."""

    loss: np.ndarray
    weights: np.ndarray
    policy: BucketPolicy
    best: Flow | None = None
    programs: int = 0
    unsettled: list[float] = field(default_factory=list)

    @property
    def reached(self) -> float:
        return np.inf if self.best is None else self.best.loss - _SAME

    def look_at(self, choice: np.ndarray) -> None:
        part = self.loss[:, choice]
        if not np.isfinite(part).any(axis=1).all():
            return
        wish = Wish.of(part, self.weights)
        least = lower_bound(wish, self.weights, self.policy)
        if least >= self.reached:
            return
        if self.programs >= _PROGRAMS and self.best is not None:
            self.leave(least)
            return
        self.programs += 1
        flow = assign(part, self.weights, self.policy)
        if flow is None:
            return
        self.leave(flow.bound)
        if self.best is None or flow.loss < self.best.loss:
            counts, repeats = np.zeros(self.loss.shape, np.int64), np.zeros(self.loss.shape[1], np.int64)
            counts[:, choice], repeats[choice] = flow.counts, flow.repeats
            self.best = replace(flow, counts=counts, repeats=repeats)

    def leave(self, bound: float) -> None:
        self.unsettled.append(bound)

    def answer(self) -> Flow | None:
        return None if self.best is None else replace(self.best, bound=min([self.best.loss, *self.unsettled]))
