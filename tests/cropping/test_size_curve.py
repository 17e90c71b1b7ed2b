"""The value of each size of a crop."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.size_curve import SizeCurve

CURVE = SizeCurve((0.2, 1.0, 0.6), smallest=0.5)  # at the scales 0.5, 0.75 and 1


@pytest.mark.parametrize(
    ("scale", "value"),
    [
        (1.0, 0.6),
        (0.875, 0.8),
        (0.75, 1.0),
        (0.625, 0.6),
        (0.5, 0.2),
        (0.25, 0.05),  # below the first, with the area
        (0.0, 0.0),
        (1.1, 0.6),  # beyond the largest, as the largest
    ],
)
def test_a_curve_is_linear_between_its_scales_and_falls_below_them(scale: float, value: float) -> None:
    share = torch.tensor([scale**2], dtype=torch.float64)
    assert CURVE.at(share).tolist() == pytest.approx([value])


def test_shares_of_any_shape() -> None:
    assert CURVE.at(torch.zeros(0)).shape == (0,)
    assert CURVE.at(torch.ones(2, 3, 1)).shape == (2, 3, 1)


def test_scales_begin_at_a_half_unless_told() -> None:
    assert SizeCurve((0.0, 1.0)).smallest == 0.5
    assert SizeCurve((0.0, 1.0)).at(torch.tensor([0.75**2])).item() == pytest.approx(0.5)
