"""What each scale of a crop is worth."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.size_curve import SizeCurve


def test_a_curve_is_linear_between_its_scales_and_falls_below_them() -> None:
    curve = SizeCurve((0.2, 1.0, 0.6), smallest=0.5)
    shares = torch.tensor([1.0, 0.75**2, 0.875**2, 0.5**2, 0.25**2], dtype=torch.float64)
    assert curve.at(shares).tolist() == pytest.approx([0.6, 1.0, 0.8, 0.2, 0.05])
