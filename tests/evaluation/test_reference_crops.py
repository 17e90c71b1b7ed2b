"""Crops to compare with, against boxes drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from salient_crop.cropping.ratio import Ratio
from salient_crop.evaluation.design_cases import DesignCase
from salient_crop.evaluation.reference_crops import best_position, place_box, saliency_edge_boxes, truth_scale


def square(region: tuple, truth: tuple = (0.0, 0.0, 200.0, 200.0), person: tuple | None = None) -> DesignCase:
    """A square crop of a picture of 400 × 200 pixels."""
    return DesignCase("a", (400, 200), Ratio(1, 1), region, truth, person=person)


@pytest.mark.parametrize(
    ("region", "scale", "hold", "expected"),
    [
        ((0.4, 0.4, 0.6, 0.6), 1.0, True, (100, 0, 300, 200)),  # held by the centred box
        ((0.0, 0.0, 0.5, 0.5), 1.0, True, (0, 0, 200, 200)),
        ((0.0, 0.0, 0.5, 0.5), 1.0, False, (100, 0, 300, 200)),
        ((0.6, 0.2, 0.9, 0.3), 1.0, True, (160, 0, 360, 200)),  # moved to the right as far as needed
        ((0.5, 0.0, 0.6, 0.5), 0.5, True, (150, 0, 250, 100)),  # half as large, moved up
        ((0.0, 0.0, 1.0, 0.1), 1.0, True, (0, 0, 200, 200)),  # wider than the box: stays inside the picture
    ],
)
def test_a_box_of_a_scale_is_moved_to_hold_the_region(region: tuple, scale: float, hold: bool, expected: tuple) -> None:
    assert place_box(square(region), scale, hold) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("truth", "scale", "position"),
    [
        ((50, 50, 150, 150), 0.5, (0, 0, 200, 200)),
        ((200, 0, 400, 200), 1.0, (200, 0, 400, 200)),
        ((0, 0, 400, 200), 1.0, (100, 0, 300, 200)),  # larger than any square: a scale of 1
        ((150, 0, 350, 200), 1.0, (150, 0, 350, 200)),
    ],
)
def test_upper_bounds_come_from_the_truth(truth: tuple, scale: float, position: tuple) -> None:
    case = square((0.0, 0.0, 0.1, 0.1), truth)
    assert truth_scale(case) == pytest.approx(scale)
    assert best_position(case) == pytest.approx(position)


def test_the_baseline_goes_around_region_and_person() -> None:
    # Together they are 200 × 190 pixels: the longer edge makes a square of 200, the shorter one of 190.
    case = square((0.0, 0.0, 0.5, 0.5), person=(10, 10, 150, 190))
    short, long = (saliency_edge_boxes([case], edge) for edge in ("short", "long"))
    assert short.tolist() == [pytest.approx((0, -5, 200, 195))]
    assert long.tolist() == [pytest.approx((5, 0, 195, 190))]


def test_the_baseline_takes_the_salient_region_of_a_heatmap_and_else_the_whole_picture() -> None:
    case = square((0.0, 0.0, 0.1, 0.1))
    heatmap = torch.zeros(4, 4)
    heatmap[0, 0] = 1
    with_heatmap = saliency_edge_boxes([case], "short", {"a": heatmap})
    assert np.ptp(with_heatmap[0][[0, 2]]) == pytest.approx(100)
    assert saliency_edge_boxes([case], "long").tolist() == [pytest.approx((100, 0, 300, 200))]
