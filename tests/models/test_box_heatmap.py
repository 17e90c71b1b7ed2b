"""A heatmap from weighted boxes."""

from __future__ import annotations

import pytest
import torch

from salient_crop.models.box_heatmap import accumulate_boxes, normalise_min_max


@pytest.mark.parametrize(
    ("boxes", "weights", "expected"),
    [
        ([], [], [[0, 0, 0], [0, 0, 0]]),
        ([[0, 0, 1, 1]], [2.0], [[2, 2, 2], [2, 2, 2]]),
        ([[0, 0, 1 / 3, 0.5]], [1.0], [[1, 0, 0], [0, 0, 0]]),
        ([[0, 0, 0.5, 0.75]], [1.0], [[1, 0.5, 0], [0.5, 0.25, 0]]),  # cells covered in part
        ([[0, 0, 1, 1], [2 / 3, 0, 1, 1]], [1.0, -1.0], [[1, 1, 0], [1, 1, 0]]),
    ],
)
def test_each_box_adds_its_weight_to_the_cells_it_covers(boxes, weights, expected):
    heat = accumulate_boxes(torch.tensor(boxes).view(-1, 4).double(), torch.tensor(weights).double(), (2, 3))
    torch.testing.assert_close(heat, torch.tensor(expected).double())


@pytest.mark.parametrize(
    ("heat", "expected"),
    [([[3.0, 3.0]], [[1, 1]]), ([[2.0, 4.0, 3.0]], [[0, 1, 0.5]]), ([[-1.0], [1.0]], [[0], [1]])],
)
def test_min_max_normalisation(heat, expected):
    assert normalise_min_max(torch.tensor(heat)).tolist() == expected
