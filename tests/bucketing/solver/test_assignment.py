"""Assignment to given buckets: optimal, with lower bounds that are true however little is solved."""

from dataclasses import replace

import brute_force
import numpy as np
import pytest

from salient_crop.bucketing.solver import assignment
from salient_crop.bucketing.solver.assignment import (
    RelaxedAssignment,
    bound_assignment,
    dropped_saving,
    solve_assignment,
)
from salient_crop.bucketing.solver.policy import BucketPolicy
from salient_crop.bucketing.solver.problem import Problem


def draw_problem(random, pictures, buckets):
    """Every picture has a bucket that takes it; equal ones are grouped."""
    loss = brute_force.draw_loss(random, pictures, buckets)
    loss[np.isinf(loss).all(axis=1)] = 0.5
    rows, supply = np.unique(loss, axis=0, return_counts=True)
    return loss, Problem(rows, supply, brute_force.draw_policy(random, buckets))


def test_the_relaxed_assignment():
    loss = np.array([[0.3, 0.1, 0.2], [0.5, np.inf, np.inf], [0.2, 0.2, 0.9]])
    relaxed = RelaxedAssignment.of(Problem(loss, np.array([2, 3, 1]), BucketPolicy()))
    assert relaxed.best_bucket.tolist() == [1, 0, 0]
    assert relaxed.best_loss.tolist() == [0.1, 0.5, 0.2]
    assert relaxed.regret == pytest.approx([0.1, np.inf, 0.0])
    assert relaxed.counts.tolist() == [4, 2, 0]
    assert relaxed.loss == pytest.approx(1.9)
    single = RelaxedAssignment.of(Problem(np.array([[0.3]]), np.array([2]), BucketPolicy()))
    assert single.regret.tolist() == [np.inf]


@pytest.mark.parametrize(
    ("batch", "remainder", "saving"),
    [(4, "keep", 0.0), (4, "repeat", 0.0), (1, "drop", 0.0), (4, "drop", 1.3), (3, "drop", 0.5), (7, "drop", 0.0)],
)
def test_the_most_that_dropping_saves(batch, remainder, saving):
    problem = Problem(np.zeros((3, 1)), np.array([1, 2, 4]), BucketPolicy(batch_size=batch, remainder=remainder))
    assert dropped_saving(np.array([0.5, 0.4, 0.1]), problem) == pytest.approx(saving)


# Pictures that lose 0 in their own bucket and 1 in any other: the bound is how many must be reassigned.
@pytest.mark.parametrize(
    ("counts", "policy", "moved"),
    [
        ([4, 4], BucketPolicy(batch_size=4), 0),
        ([5, 3], BucketPolicy(batch_size=4), 1),
        ([6, 2], BucketPolicy(batch_size=4), 2),
        ([5, 5, 2], BucketPolicy(batch_size=4), 2),
        ([7, 7, 7, 3], BucketPolicy(batch_size=4), 3),  # the first three are filled by the last
        ([5, 4], BucketPolicy(batch_size=4), 0),  # one bucket keeps the picture over
        ([5, 5], BucketPolicy(batch_size=4), 1),
        ([6, 3], BucketPolicy(batch_size=4), 1),
        ([3, 3], BucketPolicy(batch_size=4, remainder="drop"), 1),
        ([6, 6, 1], BucketPolicy(batch_size=4, remainder="drop"), 2),
        ([5, 4], BucketPolicy(batch_size=4, remainder="drop"), 0),
        ([3, 3], BucketPolicy(batch_size=4, remainder="repeat"), 0),
        ([5, 5, 7], BucketPolicy(batch_size=4, remainder="repeat"), 1),
        ([3, 1], BucketPolicy(smallest=2), 1),
        ([2, 3], BucketPolicy(smallest=2), 0),
        ([9, 3], BucketPolicy(smallest=5), 2),
        ([9, 2], BucketPolicy(smallest=5), 2),
        ([9, 1], BucketPolicy(batch_size=3, smallest=2, remainder="drop"), 0),  # the single one is dropped
        ([10, 4], BucketPolicy(batch_size=3, smallest=6, remainder="drop"), 2),
        ([6, 0], BucketPolicy(2, True), 1),
        ([6, 0, 0], BucketPolicy(3, True, smallest=2), 4),
    ],
)
def test_the_bound_counts_the_pictures_that_must_be_reassigned(counts, policy, moved):
    loss = 1.0 - np.eye(len(counts))
    supply = np.array(counts)
    problem = Problem(loss[supply > 0], supply[supply > 0], policy)
    assert bound_assignment(problem, RelaxedAssignment.of(problem)) == pytest.approx(moved)
    solution = solve_assignment(problem)
    assert solution.loss >= moved - 1e-9
    if policy.batch_size == 1 or policy.remainder == "keep":
        assert solution.loss == pytest.approx(moved)
        assert solution.bound == pytest.approx(moved)


def test_the_bound_adds_the_smallest_regrets():
    loss = np.array([[0.0, 0.7], [0.0, 0.2], [0.0, 0.4], [0.0, 0.9], [0.1, 0.0]])
    problem = Problem(loss, np.ones(5, np.int64), BucketPolicy(smallest=3))
    assert bound_assignment(problem, RelaxedAssignment.of(problem)) == pytest.approx(0.1)  # empty the second bucket
    problem = Problem(loss[:4], np.array([1, 1, 1, 3]), BucketPolicy(2, True, smallest=3))
    assert bound_assignment(problem, RelaxedAssignment.of(problem)) == pytest.approx(0.2 + 0.4 + 0.7)
    problem = Problem(np.array([[0.0], [0.0]]), np.array([2, 3]), BucketPolicy(2, True))
    assert bound_assignment(problem, RelaxedAssignment.of(problem)) == 0  # no bucket is empty
    problem = Problem(np.array([[0.0, 0.3]]), np.array([2]), BucketPolicy(2, True, smallest=3))
    assert bound_assignment(problem, RelaxedAssignment.of(problem)) == np.inf  # there are not so many pictures


def test_no_assignment_is_better_and_none_where_there_is_none():
    random = np.random.default_rng(3)
    impossible = 0
    for _ in range(80):
        loss, problem = draw_problem(random, random.integers(1, 8), random.integers(1, 4))
        problem = Problem(
            problem.loss,
            problem.supply,
            BucketPolicy(None, False, problem.policy.batch_size, problem.policy.smallest, problem.policy.remainder),
        )
        least = brute_force.best_loss(loss, problem.policy)
        assert bound_assignment(problem, RelaxedAssignment.of(problem)) <= least + 1e-9
        solution = solve_assignment(problem)
        if solution is None:
            assert least == np.inf
            impossible += 1
            continue
        assert brute_force.allowed(solution.counts.sum(axis=0)[None], problem.policy).all()
        assert (solution.counts.sum(axis=1) + solution.left_out == problem.supply).all()
        assert solution.left_out.sum() == problem.dropped
        assert solution.loss == pytest.approx(least, abs=1e-6)
        assert least - 1e-6 <= solution.bound <= least + 1e-6
    assert impossible > 5


@pytest.mark.parametrize("pairs", [0, 6, 12])
def test_the_bound_is_true_where_most_pictures_are_fixed(monkeypatch, pairs):
    """With few pictures free the plan may not be the best, but never says so."""
    monkeypatch.setattr(assignment, "_MAX_FREE_PAIRS", pairs)
    monkeypatch.setattr(assignment, "_initial_limit", lambda problem, relaxed: 1)
    random = np.random.default_rng(4)
    proven = improvable = 0
    for _ in range(25):
        loss, problem = draw_problem(random, 7, 3)
        policy = BucketPolicy(None, False, problem.policy.batch_size, problem.policy.smallest, problem.policy.remainder)
        least = brute_force.best_loss(loss, policy)
        solution = solve_assignment(Problem(problem.loss, problem.supply, policy))
        if solution is None:
            assert least == np.inf
            continue
        assert brute_force.allowed(solution.counts.sum(axis=0)[None], policy).all()
        assert solution.bound <= least + 1e-6 <= solution.loss + 2e-6
        proven += solution.bound > solution.loss - 1e-6
        improvable += solution.loss > least + 1e-6
    assert proven > 5
    if pairs == 0:
        assert improvable > 0


def test_thousands_of_pictures_are_assigned_to_the_optimum_with_few_free(monkeypatch):
    random = np.random.default_rng(5)
    loss = np.abs(random.uniform(0, 1, (3000, 1)) - np.linspace(0, 1, 4)) * random.uniform(0.2, 1, (3000, 1))
    sizes, original = [], assignment.solve_milp

    def record(problem, fixed):
        sizes.append(len(problem.supply))
        return original(problem, fixed)

    monkeypatch.setattr(assignment, "solve_milp", record)
    solution = solve_assignment(Problem(loss, np.ones(3000, np.int64), BucketPolicy(batch_size=8)))
    assert solution.bound == pytest.approx(solution.loss, abs=1e-6)
    assert max(sizes) < 600
    counts = solution.counts.sum(axis=0)
    assert counts.sum() == 3000 and (counts % 8 == 0).all()
    assert solution.loss < loss.min(axis=1).sum() + 0.5


def test_a_better_plan_replaces_one_that_reassigns_too_few(monkeypatch):
    """Where the first limit is too low for the optimum, it is raised until the optimum is proven."""
    monkeypatch.setattr(assignment, "_initial_limit", lambda problem, relaxed: 1)
    random = np.random.default_rng(6)
    for _ in range(25):
        loss, problem = draw_problem(random, 7, 3)
        problem = replace(problem, policy=replace(problem.policy, max_buckets=None))
        least = brute_force.best_loss(loss, problem.policy)
        solution = solve_assignment(problem)
        assert (np.inf if solution is None else solution.loss) == pytest.approx(least, abs=1e-6)
