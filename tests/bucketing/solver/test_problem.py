"""Parts of a problem, and their solutions put back."""

import numpy as np
import pytest

from salient_crop.bucketing.solver.policy import BucketPolicy
from salient_crop.bucketing.solver.problem import Problem, Solution

POLICY = BucketPolicy(batch_size=4, remainder="drop")
PROBLEM = Problem(np.arange(6.0).reshape(3, 2), np.array([4, 1, 2]), POLICY)


@pytest.mark.parametrize(
    ("supply", "remainder", "pictures", "dropped"),
    [([], "drop", 0, 0), ([4, 1, 2], "drop", 7, 3), ([4, 1, 2], "keep", 7, 0), ([4, 4], "drop", 8, 0)],
)
def test_pictures_are_counted_in_groups(supply, remainder, pictures, dropped):
    policy = BucketPolicy(batch_size=4, remainder=remainder)
    problem = Problem(np.zeros((len(supply), 2)), np.array(supply, np.int64), policy)
    assert (problem.pictures, problem.dropped) == (pictures, dropped)


def test_a_part_of_a_problem_keeps_its_policy():
    part = PROBLEM.select(np.array([True, False, True]))
    assert part.loss.tolist() == [[0.0, 1.0], [4.0, 5.0]]
    assert part.supply.tolist() == [4, 2]
    assert part.policy is POLICY


def test_the_solution_of_a_part_is_put_back_where_it_was_taken_from():
    part = Solution(np.array([[3, 1], [0, 2]]), np.array([5, 6]), np.array([7, 8]), 1.5, 1.0)
    whole = part.embed(np.array([True, False, True]), np.array([0, 2]), (3, 4))
    assert whole.counts.tolist() == [[3, 0, 1, 0], [0, 0, 0, 0], [0, 0, 2, 0]]
    assert whole.left_out.tolist() == [5, 0, 6]
    assert whole.repeats.tolist() == [7, 0, 8, 0]
    assert (whole.loss, whole.bound) == (1.5, 1.0)
    empty = Solution.empty(2, 3)
    assert (empty.counts.shape, empty.left_out.shape, empty.repeats.shape) == ((2, 3), (2,), (3,))
    assert not empty.counts.any() and not empty.left_out.any() and not empty.repeats.any()
    assert (empty.loss, empty.bound) == (0.0, 0.0)
