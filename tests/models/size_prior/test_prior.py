"""How large people make a crop, as the bundled weights tell."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.ratio import Ratio
from salient_crop.models.size_prior.prior import (
    CURVE_POINTS,
    SCALES,
    case_features,
    expected_iou,
    load_bundled_size_prior,
    smallest_scale,
)

SIZE = (900, 600)


def test_the_prior_zooms_in_where_the_ratio_is_nearly_the_pictures_own() -> None:
    prior = load_bundled_size_prior()
    shares = torch.linspace(0.3, 1, 71).square()

    def favourite(ratio: Ratio, held: tuple[float, float, float, float] | None = None) -> float:
        return float(shares[prior.curve((1024, 768), ratio, held).at(shares).argmax()].sqrt())

    left = (0.0, 0.2, 0.1, 0.8)
    assert favourite(Ratio(40, 31), left) < 0.92 < favourite(Ratio(2, 1), left)
    assert favourite(Ratio(4, 3), left) > 0.95
    assert favourite(Ratio(40, 31), (0.0, 0.0, 1.0, 0.97)) > 0.9


def test_the_prior_sees_no_difference_between_a_case_and_its_mirror_image() -> None:
    held = (0.0, 0.2, 0.1, 0.8)
    assert case_features(SIZE, Ratio(3, 4), held) == pytest.approx(
        case_features(SIZE, Ratio(3, 4), (0.9, 0.2, 1.0, 0.8))
    )


@pytest.mark.parametrize(
    ("size", "ratio", "held", "expected"),
    [
        ((900, 600), Ratio(1, 1), None, 0.0),
        ((900, 600), Ratio(1, 1), (0.0, 0.0, 1.0, 1.0), 1.0),  # cannot be held
        ((900, 600), Ratio(1, 1), (0.0, 0.0, 0.2, 0.2), 0.3),  # 180 of 600 pixels across
        ((900, 600), Ratio(1, 1), (0.0, 0.2, 0.2, 0.8), 0.6),
        ((900, 600), Ratio(3, 2), (0.1, 0.1, 0.5, 0.5), 0.4),
    ],
)
def test_the_smallest_scale_holds_the_region(size, ratio, held, expected) -> None:
    assert smallest_scale(size, ratio, held) == pytest.approx(expected)


def test_the_expected_overlap_is_1_at_the_only_possible_scale() -> None:
    only = torch.zeros(len(SCALES), dtype=torch.float64)
    only[10] = 1  # the scale 0.7
    curve = expected_iou(only)
    assert curve.shape == (CURVE_POINTS,)
    assert curve.argmax() == 40
    assert curve[[0, 40, 100]].tolist() == pytest.approx([(0.5 / 0.7) ** 2, 1.0, 0.7**2])


def test_scales_that_cannot_hold_the_region_count_for_nothing() -> None:
    curve = load_bundled_size_prior().curve(SIZE, Ratio(3, 2), (0.02, 0.02, 0.98, 0.98))
    shares = torch.tensor([0.6, 0.96, 1.0], dtype=torch.float64).square()
    small, held, whole = curve.at(shares).tolist()
    assert small < 0.5 < 0.9 < min(held, whole)
