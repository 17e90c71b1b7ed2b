"""Which buckets are used: best-first branch and bound over subsets, then an integer program over what is left.

A subset of K buckets is a node. Its lower bounds, from the cheapest to the dearest to compute:

1. the Lagrangian bound (`lagrangian`), O(K);
2. the relaxed loss, every picture in its best bucket of the subset, O(G K);
3. the relaxed loss plus the regrets of as many pictures as must be reassigned (`assignment.bound_assignment`).

Nodes are taken in ascending order of the first bound. One whose bound reaches the loss of the best solution so far, the
*incumbent*, is pruned; the others are solved by `assignment`. Where the first bound reaches the incumbent, so do those
of all later nodes, and the incumbent is proven optimal. Budgets limit the work; a subset that they leave unsolved keeps
its bound open, and the smallest open bound is what is proven. Then *reduced-cost fixing* rules out pairs of group and
bucket that no better solution has; where few pairs are left, one integer program over these closes the gap.

Complexity: O(C G K) for the C subsets that pass the first bound, a few of thousands as a rule, all in the worst case.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from .assignment import RelaxedAssignment, bound_assignment, dropped_saving, solve_assignment
from .lagrangian import (
    DualPrices,
    cap_losses,
    choose_by_interchange,
    iterate_by_bound,
    list_subsets,
    maximise_bound,
    median_loss,
)
from .milp import solve_milp
from .prices import find_prices, price_all
from .problem import Problem, Solution

# Budgets: cells of the loss table that relaxed losses are taken of, in all and in one block; assignments solved.
_MAX_CELLS, _BLOCK_CELLS, _MAX_ASSIGNMENTS = 4e9, 4e6, 16
_MIN_BLOCK = 16
# Groups from which on prices come from a sample; the groups in it; and the cells that columns are then read for.
MANY_GROUPS, _SAMPLE, _MAX_CELLS_BY_COLUMN = 50_000, 100_000, 2e10
_POLISH_ROUNDS, _POLISH_PATIENCE = 30, 3  # of the subgradient method, from these prices
# Pairs of group and bucket that one integer program chooses and assigns in a second or so.
_MAX_PAIRS = 4000
_TOLERANCE = 1e-9  # losses closer than this are equal


def choose_buckets(problem: Problem) -> Solution | None:
    """Minimises the loss over at most `max_buckets` of the buckets; None where no solution was found.

    Args:
        problem: has more buckets than `policy.max_buckets`; every group has a bucket of finite loss.
    """
    limit = _max_buckets(problem)
    start, dual = _start(cap_losses(problem.loss), problem.supply, limit)
    search = _Search(problem)
    search.solve_subset(start)
    subsets = list_subsets(problem.loss.shape[1], limit)
    if subsets is None:
        search.leave_open(_dual_bound(problem, dual))
    else:
        _search_subsets(search, subsets, dual, start)
    _close_gap(search, dual)
    return search.proven()


def _start(loss: np.ndarray, supply: np.ndarray, limit: int) -> tuple[np.ndarray, DualPrices]:
    """A good subset, and dual prices with a high bound; of many pictures, what a sample of them teaches."""
    if len(loss) <= MANY_GROUPS:
        start = choose_by_interchange(loss, supply, limit)
        return start, maximise_bound(loss, supply, limit, median_loss(loss, supply, start))
    sample = np.sort(np.random.default_rng(0).choice(len(loss), min(_SAMPLE, len(loss)), replace=False))
    start = choose_by_interchange(loss[sample], supply[sample], limit)
    prices = find_prices(loss[sample], supply[sample], limit)
    start, dual = choose_by_interchange(loss, supply, limit, start), price_all(loss, supply, prices)
    known = median_loss(loss, supply, start)
    return start, maximise_bound(loss, supply, limit, known, dual.prices, _POLISH_ROUNDS, _POLISH_PATIENCE)


def relaxed_losses(problem: Problem, subsets: np.ndarray) -> np.ndarray:
    """Loss of every subset when each picture is in its best bucket, float64 `[C]`.

    Under `drop`, the pictures that lose most are left out, first those that no bucket of the subset takes. It is inf
    where there are more of these than are left out.

    Args:
        subsets: int `[C, K]`.
    """
    best = problem.loss[:, subsets].min(axis=2)
    if not problem.dropped:
        return best.T @ problem.supply
    # More groups than pictures left out are never concerned.
    concerned = min(len(best), problem.dropped)
    largest = np.argpartition(best, len(best) - concerned, axis=0)[len(best) - concerned :]
    values = np.take_along_axis(best, largest, axis=0)
    order = np.argsort(-values, axis=0, kind="stable")
    values = np.take_along_axis(values, order, axis=0)
    supply = problem.supply[np.take_along_axis(largest, order, axis=0)]
    before = np.cumsum(supply, axis=0) - supply
    left_out = np.clip(problem.dropped - before, 0, supply)
    unserved = problem.supply @ np.isinf(best)
    saved = (np.where(np.isinf(values), 0.0, values) * left_out).sum(axis=0)
    return np.where(unserved > problem.dropped, np.inf, np.where(np.isinf(best), 0.0, best).T @ problem.supply - saved)


def _max_buckets(problem: Problem) -> int:
    limit = problem.policy.max_buckets
    assert limit is not None
    return limit


def _dual_bound(problem: Problem, dual: DualPrices) -> float:
    """Lower bound on the loss of every solution. A picture left out saves at most its price."""
    return dual.bound(_max_buckets(problem)) - dropped_saving(dual.prices, problem)


def _search_subsets(search: _Search, subsets: np.ndarray, dual: DualPrices, solved: np.ndarray) -> None:
    """Solves subsets from the lowest bound up, until all others are pruned or the budget is spent."""
    problem = search.problem
    saving = dropped_saving(dual.prices, problem)
    many = len(problem.loss) > MANY_GROUPS and not problem.dropped
    relax, most = (_Columns(problem), _MAX_CELLS_BY_COLUMN) if many else (partial(relaxed_losses, problem), _MAX_CELLS)
    block = max(_MIN_BLOCK, int(_BLOCK_CELLS / (len(problem.loss) * subsets.shape[1])))
    cells = 0.0
    for lowest, part in iterate_by_bound(subsets, dual, block):
        if lowest - saving >= search.cutoff:
            return
        if cells > most:
            search.leave_open(lowest - saving)
            return
        relaxed = relax(part)
        cells += part.size * len(problem.loss)
        for index in np.argsort(relaxed, kind="stable"):
            if relaxed[index] >= search.cutoff:
                break
            if not np.array_equal(part[index], solved):
                search.solve_subset(part[index])


def _close_gap(search: _Search, dual: DualPrices) -> None:
    """Solves one integer program over all pairs that a better solution could have, if these are few.

    Reduced-cost fixing: a picture in bucket j at a loss above its price adds the difference to the dual bound, and so
    does a bucket that is not among the K of the smallest reduced costs. A pair that lifts the bound above the
    incumbent is part of no better solution.
    """
    incumbent = search.incumbent
    if incumbent is None or min(search.open_bounds, default=np.inf) >= search.cutoff:
        return
    problem = search.problem
    bound = _dual_bound(problem, dual)
    excluded = bound + np.maximum(problem.loss - dual.prices[:, None], 0.0) > incumbent.loss
    excluded |= bound + dual.added_by(_max_buckets(problem))[None, :] > incumbent.loss
    if int((~excluded).sum()) > _MAX_PAIRS:
        return
    solution = solve_milp(replace(problem, loss=np.where(excluded, np.inf, problem.loss)), close_gap=True)
    search.open_bounds = [incumbent.loss if solution is None else solution.bound]
    if solution is not None and solution.loss < incumbent.loss:
        search.incumbent = solution


class _Columns:
    """`relaxed_losses` of many pictures of which none is left out, bucket by bucket: ten times as fast."""

    def __init__(self, problem: Problem) -> None:
        self._columns, self._supply = np.ascontiguousarray(problem.loss.T), problem.supply
        self._best = np.empty(len(problem.loss))

    def __call__(self, subsets: np.ndarray) -> np.ndarray:
        return np.array([self._relax(each) for each in subsets])

    def _relax(self, subset: np.ndarray) -> float:
        first, *others = subset
        np.copyto(self._best, self._columns[first])
        for bucket in others:
            np.minimum(self._best, self._columns[bucket], out=self._best)
        return float(self._best @ self._supply)


@dataclass
class _Search:
    """State of the branch and bound.

    Attributes:
        incumbent: the best solution so far.
        open_bounds: lower bounds of all that was neither solved to optimality nor pruned.
        assignments: subsets that were solved.
    """

    problem: Problem
    incumbent: Solution | None = None
    open_bounds: list[float] = field(default_factory=list)
    assignments: int = 0

    @property
    def cutoff(self) -> float:
        """A bound from here on is pruned."""
        return np.inf if self.incumbent is None else self.incumbent.loss - _TOLERANCE

    def solve_subset(self, subset: np.ndarray) -> None:
        """Assigns all pictures to the buckets of one subset, unless its bound prunes it or the budget is spent."""
        loss = self.problem.loss[:, subset]
        served = np.isfinite(loss).any(axis=1)
        # A picture that no bucket of the subset takes must be one of those left out.
        if int(self.problem.supply[~served].sum()) > self.problem.dropped or not served.any():
            return
        part = replace(self.problem, loss=loss[served], supply=self.problem.supply[served])
        bound = bound_assignment(part, RelaxedAssignment.of(part))
        if bound >= self.cutoff:
            return
        if self.assignments >= _MAX_ASSIGNMENTS and self.incumbent is not None:
            self.leave_open(bound)
            return
        self.assignments += 1
        solution = solve_assignment(part)
        if solution is None:
            return
        self.leave_open(solution.bound)
        if self.incumbent is None or solution.loss < self.incumbent.loss:
            self.incumbent = solution.embed(served, subset, self.problem.loss.shape)
            self.incumbent.left_out[~served] = self.problem.supply[~served]

    def leave_open(self, bound: float) -> None:
        self.open_bounds.append(bound)

    def proven(self) -> Solution | None:
        """The incumbent with the lower bound that was proven."""
        if self.incumbent is None:
            return None
        return replace(self.incumbent, bound=min([self.incumbent.loss, *self.open_bounds]))
