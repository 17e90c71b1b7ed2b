"""The integer program against every assignment tried, and against counts worked out by hand."""

import brute_force
import numpy as np
import pytest

from salient_crop.bucketing.solver import milp
from salient_crop.bucketing.solver.milp import solve_elastic, solve_milp
from salient_crop.bucketing.solver.policy import BucketPolicy
from salient_crop.bucketing.solver.problem import Problem

INF = np.inf


def problem_of(loss, policy):
    """Each picture in a group of its own, so that groups and pictures are the same."""
    loss = np.array(loss, float)
    return Problem(loss, np.ones(len(loss), np.int64), policy)


def check(solution, problem):
    """What holds of any solution; its counts of pictures."""
    assert (solution.counts >= 0).all()
    assert (solution.counts.sum(axis=1) + solution.left_out == problem.supply).all()
    placed = solution.counts > 0
    assert np.isfinite(problem.loss[placed]).all()
    assert solution.loss == pytest.approx((problem.loss[placed] * solution.counts[placed]).sum())
    assert solution.bound <= solution.loss
    return solution.counts.sum(axis=0)


def test_no_assignment_is_better_and_what_is_impossible_is_said():
    random = np.random.default_rng(1)
    impossible = 0
    for _ in range(60):
        pictures, buckets = random.integers(1, 7), random.integers(1, 4)
        problem = problem_of(brute_force.draw_loss(random, pictures, buckets), brute_force.draw_policy(random, buckets))
        least = brute_force.best_loss(problem.loss, problem.policy)
        solution = solve_milp(problem)
        if solution is None:
            assert least == INF
            impossible += 1
            continue
        counts = check(solution, problem)
        assert brute_force.allowed(counts[None], problem.policy).all()
        assert solution.left_out.sum() == problem.dropped
        assert solution.loss == pytest.approx(least, abs=1e-6)
        assert solution.bound == pytest.approx(least, abs=1e-6)
    assert 5 < impossible < 55


def test_groups_count_as_often_as_they_have_pictures():
    problem = Problem(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([5, 3]), BucketPolicy(batch_size=4))
    solution = solve_milp(problem)
    assert solution.counts.tolist() == [[4, 1], [0, 3]]
    assert solution.loss == 1.0


@pytest.mark.parametrize(
    ("fixed", "policy", "counts", "loss"),
    [
        ([0, 0], BucketPolicy(batch_size=2), [2, 0], 0.0),
        ([1, 1], BucketPolicy(batch_size=2), [1, 1], 1.0),
        ([2, 0], BucketPolicy(batch_size=2), [2, 0], 0.0),
        ([3, 1], BucketPolicy(smallest=3), [0, 2], 2.0),  # what is fixed counts for the smallest count
        ([2, 1], BucketPolicy(2, smallest=2), [1, 1], 1.0),
        ([0, 2], BucketPolicy(1), [0, 2], 2.0),  # and uses its bucket
        ([3, 0], BucketPolicy(batch_size=4, remainder="drop"), [1, 0], 0.0),
        ([1, 0], BucketPolicy(batch_size=4, remainder="repeat"), [2, 0], 0.0),
        ([3, 0], BucketPolicy(1, exact_count=True), [2, 0], 0.0),
        ([3, 0], BucketPolicy(2, exact_count=True), [1, 1], 1.0),
    ],
)
def test_pictures_fixed_in_buckets_count_but_their_loss_does_not(fixed, policy, counts, loss):
    problem = problem_of([[0, 1], [0, 1]], policy)
    solution = solve_milp(problem, np.array(fixed))
    assert solution.counts.sum(axis=0).tolist() == counts
    assert solution.loss == pytest.approx(loss)


@pytest.mark.parametrize(
    ("pictures", "batch", "repeats"),
    [
        ([[0, INF]] * 4, 4, [0, 0]),
        ([[0, INF]] * 3, 4, [1, 0]),
        ([[0, INF]], 4, [3, 0]),  # fewer pictures than a batch are used more than twice
        ([[0, INF]] * 2 + [[INF, 0]] * 3, 3, [1, 0]),
    ],
)
def test_batches_are_filled_by_using_pictures_again(pictures, batch, repeats):
    solution = solve_milp(problem_of(pictures, BucketPolicy(batch_size=batch, remainder="repeat")))
    assert solution.repeats.tolist() == repeats
    assert solution.left_out.sum() == 0


def test_a_picture_is_used_twice_at_most_where_there_are_batches():
    lonely = [[0, INF], [INF, 0], [INF, 0], [INF, 0], [INF, 0]]
    assert solve_milp(problem_of(lonely, BucketPolicy(batch_size=4, remainder="repeat"))) is None
    assert solve_milp(problem_of(lonely, BucketPolicy(batch_size=3, remainder="repeat"))) is None
    assert solve_milp(problem_of(lonely, BucketPolicy(batch_size=2, remainder="repeat"))).repeats.tolist() == [1, 0]


def test_only_repeat_repeats():
    for remainder in ("keep", "drop"):
        assert not solve_milp(problem_of([[0, 1]] * 3, BucketPolicy(batch_size=2, remainder=remainder))).repeats.any()


def test_as_few_as_possible_are_left_out_and_of_those_the_dearest():
    random = np.random.default_rng(2)
    for _ in range(40):
        pictures, buckets = random.integers(1, 6), random.integers(1, 4)
        problem = problem_of(brute_force.draw_loss(random, pictures, buckets), brute_force.draw_policy(random, buckets))
        solution = solve_elastic(problem)
        counts = check(solution, problem)
        policy = BucketPolicy(
            problem.policy.max_buckets, batch_size=problem.policy.batch_size, smallest=problem.policy.smallest
        )
        assert (counts % policy.batch_size == 0).all()
        numbers = [number for number in range(pictures + 1) if (pictures - number) % policy.batch_size == 0]
        losses = ((number, brute_force.best_loss(problem.loss, policy, number)) for number in numbers)
        number, least = next((number, least) for number, least in losses if least < INF)
        assert solution.left_out.sum() == number
        assert solution.loss == pytest.approx(least, abs=1e-6)
        assert solution.bound <= least + 1e-6


def test_leaving_out_costs_more_than_any_placement():
    assert solve_elastic(problem_of([[1000.0], [1000.0]], BucketPolicy())).left_out.tolist() == [0, 0]
    assert solve_elastic(problem_of([[0.0], [0.0], [5.0]], BucketPolicy(batch_size=2))).left_out.tolist() == [0, 0, 1]
    assert solve_elastic(problem_of([[0, INF], [INF, 0]], BucketPolicy(2, True, smallest=2))) is None


def options_of(monkeypatch, buckets, **given):
    seen = []

    def record(*args, options, **more):
        seen.append(dict(options))
        return original(*args, options=options, **more)

    original = milp.milp
    monkeypatch.setattr(milp, "milp", record)
    problem = problem_of(np.eye(buckets), BucketPolicy())
    assert solve_milp(problem, **given) is not None
    assert solve_elastic(problem) is not None
    return seen


def test_the_gap_is_closed_for_up_to_eight_buckets_or_where_that_is_asked_for(monkeypatch):
    assert [each["mip_rel_gap"] for each in options_of(monkeypatch, 8)] == [0, 0]
    assert [each["mip_rel_gap"] for each in options_of(monkeypatch, 9)] == [0.005, 0.005]
    assert [each["mip_rel_gap"] for each in options_of(monkeypatch, 9, close_gap=True)] == [0, 0.005]
    assert all("time_limit" not in each for each in options_of(monkeypatch, 2))  # the same plan on every machine


def test_a_search_that_ends_without_a_solution_goes_on(monkeypatch):
    """Nothing found within the limit is no proof that there is nothing."""
    original, tries = milp.milp, []

    def stopped(*args, options, **more):
        tries.append("node_limit" in options)
        answer = original(*args, options=options, **more)
        if tries[-1]:
            answer.x, answer.status = None, 1
        return answer

    monkeypatch.setattr(milp, "milp", stopped)
    assert solve_milp(problem_of([[0, 1], [0, 1]], BucketPolicy(batch_size=2))).loss == 0
    assert tries == [True, False]
    tries.clear()
    assert solve_milp(problem_of([[0, INF], [INF, 0]], BucketPolicy(batch_size=2))) is None
    assert tries == [True, False]


def test_what_is_proven_or_found_is_not_searched_again(monkeypatch):
    original, statuses = milp.milp, []

    def record(*args, **more):
        answer = original(*args, **more)
        statuses.append(answer.status)
        if answer.x is not None:
            answer.status = 1  # as where the limit ends a search that has found something
        return answer

    monkeypatch.setattr(milp, "milp", record)
    assert solve_milp(problem_of([[0, INF], [INF, 0]], BucketPolicy(batch_size=2))) is None
    assert solve_milp(problem_of([[0, 1], [0, 1]], BucketPolicy(batch_size=2))).loss == 0
    assert statuses == [2, 0]
