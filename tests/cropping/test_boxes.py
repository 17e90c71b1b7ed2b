"""Geometry of many boxes at once, worked out by hand; the first row of every table is the empty input."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.boxes import (
    area_xyxy,
    cell_shares,
    coverage_xyxy,
    intersection_xyxy,
    iou_xyxy,
    rasterize_xyxy,
    xywh_to_xyxy,
    xyxy_to_xywh,
)


def boxes(*rows) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64).view(-1, 4)


UNIT = (0, 0, 2, 4)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (boxes(), []),
        (boxes(UNIT), [8]),
        (boxes((1, 2, 4, 3), (5, 5, 5, 9)), [3, 0]),  # the second is a line
        (boxes((-1, -2, 1, 2)), [8]),  # reaches outside the picture
    ],
)
def test_area(given, expected):
    assert area_xyxy(given).tolist() == expected


@pytest.mark.parametrize(
    ("one", "other", "shared", "iou", "covered"),
    [
        (boxes(), boxes(), [], [], []),
        (boxes(UNIT), boxes(UNIT), [8], [1], [1]),  # the same
        (boxes(UNIT), boxes((0, 1, 1, 3)), [2], [2 / 8], [2 / 8]),  # the other inside
        (boxes((0, 1, 1, 3)), boxes(UNIT), [2], [2 / 8], [1]),  # inside the other
        (boxes(UNIT), boxes((1, 2, 5, 6)), [2], [2 / 22], [2 / 8]),  # a corner
        (boxes(UNIT), boxes((2, 0, 4, 4)), [0], [0], [0]),  # side by side
        (boxes(UNIT), boxes((3, 5, 4, 6)), [0], [0], [0]),  # apart in both directions: no product of two negatives
        (boxes((1, 1, 1, 1)), boxes((1, 1, 1, 1)), [0], [0], [0]),  # two points: no NaN
        (boxes(UNIT, (0, 0, 1, 1)), boxes((0, 0, 1, 1)), [1, 1], [1 / 8, 1], [1 / 8, 1]),  # two beside one
    ],
)
def test_what_two_boxes_share(one, other, shared, iou, covered):
    assert intersection_xyxy(one, other).tolist() == shared
    assert iou_xyxy(one, other).tolist() == pytest.approx(iou)
    assert coverage_xyxy(one, other).tolist() == pytest.approx(covered)


def test_each_of_one_list_beside_each_of_another():
    one, other = boxes(UNIT, (0, 0, 1, 1), (5, 5, 6, 6)), boxes((0, 0, 1, 1), (0, 0, 2, 2))
    assert intersection_xyxy(one[:, None], other).tolist() == [[1, 4], [1, 1], [0, 0]]
    assert iou_xyxy(one[:, None], boxes()).shape == (3, 0)


def test_an_unknown_box_stays_unknown():
    assert iou_xyxy(torch.full((1, 4), torch.nan), boxes(UNIT)).isnan().all()
    assert coverage_xyxy(boxes(UNIT), torch.full((1, 4), torch.nan)).isnan().all()


@pytest.mark.parametrize(
    ("xyxy", "xywh"),
    [
        (boxes(), boxes()),
        (boxes((1, 2, 4, 8)), boxes((1, 2, 3, 6))),
        (boxes((-3, 0, -1, 1)), boxes((-3, 0, 2, 1))),
        (torch.tensor([[[0, 1, 2, 3]]]), torch.tensor([[[0, 1, 2, 2]]])),  # whole numbers stay whole
    ],
)
def test_formats(xyxy, xywh):
    assert torch.equal(xyxy_to_xywh(xyxy), xywh)
    assert torch.equal(xywh_to_xyxy(xywh), xyxy)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (boxes(), [[0, 0, 0, 0], [0, 0, 0, 0]]),
        (boxes((0, 0, 1, 1)), [[1, 1, 1, 1], [1, 1, 1, 1]]),
        (boxes((0, 0, 0.375, 1), (0.25, 0, 0.5, 0.25)), [[1, 0.5, 0, 0], [1, 0.5, 0, 0]]),  # the larger cover counts
        (boxes((0.125, 0.25, 0.625, 1)), [[0.25, 0.5, 0.25, 0], [0.5, 1, 0.5, 0]]),
        (boxes((-1, -1, 0.25, 0.5)), [[1, 0, 0, 0], [0, 0, 0, 0]]),  # reaches outside
    ],
)
def test_rasterize(given, expected):
    assert rasterize_xyxy(given, rows=2, columns=4).tolist() == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ([], [], []),
        ([0.0], [1.0], [[1, 1, 1]]),
        ([0.5], [1.0], [[0, 0.5, 1]]),
        ([0.5], [0.5], [[0, 0, 0]]),
    ],
)
def test_shares_of_cells(start, end, expected):
    found = cell_shares(torch.tensor(start), torch.tensor(end), 3)
    assert found.shape == (len(start), 3)
    assert found.tolist() == expected
