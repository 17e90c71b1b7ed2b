"""Positions of a crop, and what they keep."""

from __future__ import annotations

import numpy as np
import pytest

from salient_crop.evaluation.positions import faces_cut, fixations_kept, list_positions, pick_middle, regions_kept


def test_all_positions_that_fit_are_listed_and_the_middle_one_is_centred() -> None:
    across = list_positions((10, 4), (4, 4))
    assert across.tolist() == [[left, 0, left + 4, 4] for left in range(7)]
    assert pick_middle(across).tolist() == [3, 0, 7, 4]
    down = list_positions((4, 9), (4, 4))
    assert pick_middle(down).tolist() == [0, 2, 4, 6]
    assert list_positions((4, 4), (4, 4)).tolist() == [[0, 0, 4, 4]]


BOX = np.array([[0.0, 0, 50, 50]])


@pytest.mark.parametrize(
    ("face", "cut"),
    [
        ([10.0, 10, 20, 20], False),  # inside
        ([45.0, 0, 55, 10], True),  # half
        ([60.0, 60, 70, 70], False),  # outside
        ([49.8, 0, 60, 9], False),  # 2 %
        ([49.0, 0, 59, 9], True),  # 10 %
        ([40.2, 0, 50.2, 10], False),  # 98 %
        ([41.0, 0, 51, 10], True),  # 90 %
    ],
)
def test_a_face_is_cut_when_only_a_part_of_it_shows(face: list[float], cut: bool) -> None:
    assert faces_cut(np.array([face]), BOX).tolist() == [[cut]]


def test_shares_of_no_and_of_several_regions() -> None:
    assert regions_kept(np.zeros((0, 4)), BOX).shape == (1, 0)
    boxes = np.array([[0.0, 0, 50, 50], [25, 0, 75, 50]])
    regions = np.array([[0.0, 0, 50, 50], [40, 0, 60, 50]])
    assert regions_kept(regions, boxes).tolist() == [[1, 0.5], [0.5, 1]]


@pytest.mark.parametrize(
    ("point", "kept"),
    [([0.0, 0], 1), ([49.9, 49.9], 1), ([50.0, 5], 0), ([5.0, 50], 0), ([-0.1, 0], 0), ([0, -0.1], 0)],
)
def test_a_fixation_on_the_left_or_upper_edge_is_inside(point: list[float], kept: float) -> None:
    assert fixations_kept(np.array([point]), BOX).tolist() == [kept]
    assert fixations_kept(np.array([point, [1, 1]]), BOX).tolist() == [(1 + kept) / 2]
