"""The choice of buckets: the best subset, and nothing claimed of what was not solved."""

from dataclasses import replace
from functools import cache
from itertools import combinations

import brute_force
import numpy as np
import pytest

from salient_crop.bucketing.solver import assignment, lagrangian, reduction
from salient_crop.bucketing.solver.policy import BucketPolicy
from salient_crop.bucketing.solver.problem import Problem
from salient_crop.bucketing.solver.reduction import choose_buckets, relaxed_losses


def draw_problem(random, pictures, buckets):
    """A problem with fewer buckets to use than there are, and its losses by picture."""
    loss = brute_force.draw_loss(random, pictures, buckets)
    loss[np.isinf(loss).all(axis=1)] = 0.5
    rows, supply = np.unique(loss, axis=0, return_counts=True)
    policy = replace(brute_force.draw_policy(random, buckets), max_buckets=int(random.integers(1, buckets)))
    return loss, Problem(rows, supply, policy)


def check(solution, problem, least):
    if solution is None:
        return
    counts = solution.counts.sum(axis=0)
    assert brute_force.allowed(counts[None], problem.policy).all()
    assert (solution.counts.sum(axis=1) + solution.left_out == problem.supply).all()
    placed = solution.counts > 0
    assert solution.loss == pytest.approx((problem.loss[placed] * solution.counts[placed]).sum())
    assert solution.bound <= least + 1e-6 <= solution.loss + 2e-6


def test_the_relaxed_loss_of_every_subset():
    random = np.random.default_rng(0)
    for _ in range(60):
        loss, problem = draw_problem(random, random.integers(1, 9), random.integers(2, 5))
        subsets = np.array(list(combinations(range(loss.shape[1]), problem.policy.max_buckets)))
        kept = len(loss) - problem.dropped
        least = [np.sort(loss[:, subset].min(axis=1))[:kept].sum() for subset in subsets]
        assert relaxed_losses(problem, subsets) == pytest.approx(np.array(least))


def test_pictures_that_a_subset_does_not_take_are_the_first_to_be_dropped():
    problem = Problem(
        np.array([[np.inf, 0.0], [9.0, 0.0], [1.0, 0.0]]),
        np.array([2, 1, 5]),
        BucketPolicy(1, batch_size=5, remainder="drop"),
    )
    assert relaxed_losses(problem, np.array([[0], [1]])).tolist() == [5.0, 0.0]
    assert relaxed_losses(replace(problem, supply=np.array([4, 1, 3])), np.array([[0]])).tolist() == [np.inf]
    assert relaxed_losses(replace(problem, supply=np.array([1, 1, 3])), np.array([[0]])).tolist() == [np.inf]


def test_no_subset_is_better():
    random = np.random.default_rng(1)
    none = 0
    for _ in range(70):
        loss, problem = draw_problem(random, random.integers(1, 8), random.integers(2, 5))
        least = brute_force.best_loss(loss, problem.policy)
        solution = choose_buckets(problem)
        if solution is None:
            assert least == np.inf
            none += 1
            continue
        check(solution, problem, least)
        assert solution.loss == pytest.approx(least, abs=1e-6)
        assert solution.bound == pytest.approx(least, abs=1e-6)
    assert none > 10


# Every budget of the search, spent at once.
STARVED = {
    "no second assignment": [(reduction, "_MAX_ASSIGNMENTS", 1)],
    "one block": [(reduction, "_MAX_CELLS", 0), (reduction, "_BLOCK_CELLS", 1), (reduction, "_MIN_BLOCK", 1)],
    "no subset listed": [(lagrangian, "MAX_SUBSETS", 0)],
    "little sorted": [(lagrangian, "_SORTED_FIRST", 2), (reduction, "_MIN_BLOCK", 1), (reduction, "_BLOCK_CELLS", 1)],
    "few free": [(assignment, "_MAX_FREE_PAIRS", 0), (reduction, "_MAX_ASSIGNMENTS", 1)],
}


@cache
def instances():
    """Problems of seven pictures and four buckets, with the least loss."""
    random = np.random.default_rng(2)
    drawn = (draw_problem(random, 7, 4) for _ in range(24))
    return [(problem, brute_force.best_loss(loss, problem.policy)) for loss, problem in drawn]


@pytest.mark.parametrize("starved", STARVED)
@pytest.mark.parametrize("pairs", [0, 4000])
def test_what_the_budget_leaves_open_is_never_called_proven(monkeypatch, starved, pairs):
    for module, name, value in [*STARVED[starved], (reduction, "_MAX_PAIRS", pairs)]:
        monkeypatch.setattr(module, name, value)
    improvable = 0
    for problem, least in instances():
        solution = choose_buckets(problem)
        check(solution, problem, least)
        if solution is not None:
            improvable += solution.loss > least + 1e-6
            if pairs:  # few enough for one integer program, which closes the gap
                assert solution.loss == pytest.approx(least, abs=1e-6)
                assert solution.bound == pytest.approx(least, abs=1e-6)
    if not pairs and starved in ("no second assignment", "no subset listed"):
        assert improvable > 0


def test_branch_and_bound_alone_proves_the_optimum(monkeypatch):
    monkeypatch.setattr(reduction, "_MAX_PAIRS", -1)
    for problem, least in instances():
        solution = choose_buckets(problem)
        assert (np.inf if solution is None else solution.loss) == pytest.approx(least, abs=1e-6)
        assert solution is None or solution.bound == pytest.approx(least, abs=1e-6)


def test_the_integer_program_is_solved_up_to_its_size(monkeypatch):
    """Four pairs that no bound excludes, and a search that ends at once."""
    problem = Problem(np.array([[0.0, 0.1], [0.1, 0.0]]), np.array([2, 2]), BucketPolicy(1))
    monkeypatch.setattr(lagrangian, "MAX_SUBSETS", 0)
    free = lagrangian.DualPrices.of(np.zeros(2), problem.loss, problem.supply)
    monkeypatch.setattr(reduction, "maximise_bound", lambda *_: free)
    for pairs, bound in ((4, 0.2), (3, 0.0)):
        monkeypatch.setattr(reduction, "_MAX_PAIRS", pairs)
        solution = choose_buckets(problem)
        assert (solution.loss, solution.bound) == pytest.approx((0.2, bound))
