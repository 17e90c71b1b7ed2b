"""Metrics of crops and rankings, against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from salient_crop.evaluation.metrics import area, boundary_displacement, coverage, iou, pearson, spearman, top_accuracy

NO_BOXES = np.zeros((0, 4))
UNIT = [0.0, 0.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("others", "expected_iou", "expected_coverage", "expected_displacement"),
    [
        (NO_BOXES, [], [], []),
        ([UNIT], [1], [1], [0]),
        ([[1.0, 0.0, 3.0, 2.0]], [1 / 3], [0.5], [0.125]),  # moved by half its width
        ([[0.0, 0.0, 4.0, 2.0]], [0.5], [0.5], [0.125]),  # twice as wide: the unit box lies inside
        ([[2.0, 0.0, 4.0, 2.0]], [0], [0], [0.25]),  # touches
        ([UNIT, [0.0, 0.0, 1.0, 1.0]], [1, 0.25], [1, 1], [0, 0.1875]),
    ],
)
def test_boxes_beside_others(
    others: list[list[float]],
    expected_iou: list[float],
    expected_coverage: list[float],
    expected_displacement: list[float],
) -> None:
    boxes, compared = np.array([UNIT] * len(others)).reshape(-1, 4), np.array(others)
    size = np.array([[4.0, 2.0]] * len(others)).reshape(-1, 2)
    assert iou(boxes, compared).tolist() == pytest.approx(expected_iou)
    assert coverage(boxes, compared).tolist() == pytest.approx(expected_coverage)
    assert boundary_displacement(boxes, compared, size).tolist() == pytest.approx(expected_displacement)
    assert area(boxes).tolist() == [4.0] * len(others)


def test_a_crop_that_is_missing_has_no_figures() -> None:
    missing, truth = np.full((1, 4), np.nan), np.array([UNIT])
    assert np.isnan(iou(missing, truth)).all()
    assert np.isnan(coverage(missing, truth)).all()


@pytest.mark.parametrize(
    ("scores", "rank_correlation", "linear_correlation"),
    [
        ([0.0, 0.0, 0.0], 0, 0),  # constant
        ([1.0, 2.0, 3.0], 1, 1),
        ([3.0, 2.0, 1.0], -1, -1),
        ([1.0, 2.0, 30.0], 1, 29 / 1084**0.5),  # in order, but not on a line
        ([1.0, 1.0, 2.0], 0.75**0.5, 0.75**0.5),  # a tie
    ],
)
def test_correlations_with_ratings(scores: list[float], rank_correlation: float, linear_correlation: float) -> None:
    ratings = np.array([1.0, 2.0, 3.0])
    assert spearman(np.array(scores), ratings) == pytest.approx(rank_correlation)
    assert pearson(np.array(scores), ratings) == pytest.approx(linear_correlation)


RATINGS = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("scores", "returned", "best", "expected"),
    [
        (np.zeros(6), 1, 3, 0.5),  # all tied: the file's own order must not help
        (RATINGS, 4, 5, 1),
        (-RATINGS, 1, 5, 0),
        (np.array([1.0, 0, 0, 0, 0, 0]), 2, 3, (1 + 2 / 5) / 2),  # one above, five tied for the second place
        (RATINGS, 10, 3, 0.5),  # more returned than there are
        (RATINGS, 1, 10, 1),  # all of them are among the best
    ],
)
def test_top_accuracy_counts_ties_in_every_order(scores: np.ndarray, returned: int, best: int, expected: float) -> None:
    assert top_accuracy(scores, RATINGS, returned, best) == pytest.approx(expected)


def test_crops_rated_like_the_last_of_the_best_count_too() -> None:
    assert top_accuracy(np.array([0.0, 0.0, 1.0]), np.array([2.0, 1.0, 1.0]), returned=1, best=2) == 1
