"""Metrics of heatmaps against fixations, with values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from salient_crop.evaluation.heatmap_metrics import measure_heatmap

SIZE = (80, 60)


def spot() -> torch.Tensor:
    """100 of 4800 pixels are hot."""
    heat = torch.zeros(60, 80)
    heat[20:30, 40:50] = 1
    return heat


def test_a_uniform_heatmap_predicts_nothing() -> None:
    fixations = np.array([[10.0, 10], [70, 50]])
    assert measure_heatmap(torch.ones(6, 8), fixations, SIZE) == {"nss": 0.0, "cc": 0.0, "auc": 0.5}


def test_heat_at_the_fixation_is_best_and_elsewhere_worst() -> None:
    on, off = (measure_heatmap(spot(), np.array([point]), SIZE) for point in ([45.0, 25], [5.0, 55]))
    mean = 100 / 4800
    assert on["nss"] == pytest.approx((1 - mean) / np.sqrt(mean * (1 - mean)))
    assert off["nss"] == pytest.approx(-mean / np.sqrt(mean * (1 - mean)))
    assert on["auc"] == pytest.approx(1 - 50 / 4800)
    assert off["auc"] == pytest.approx(4700 / 4800 / 2)
    assert on["cc"] > 0.5 > 0 > off["cc"]


def test_fixations_are_blurred_by_a_share_of_the_diagonal() -> None:
    # Diagonal 100 pixels: a standard deviation of 2.4. The heatmap is that very Gaussian.
    y, x = np.mgrid[:60, :80]
    heat = torch.from_numpy(np.exp(-((x - 40) ** 2 + (y - 30) ** 2) / 2 / 2.4**2))
    assert measure_heatmap(heat, np.array([[40.0, 30]]), SIZE)["cc"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("outside", [[-1.0, 10], [10, -0.5], [80, 10], [10, 60]])
def test_fixations_outside_the_picture_are_left_out(outside: list[float]) -> None:
    inside = measure_heatmap(spot(), np.array([[45.0, 25]]), SIZE)
    assert measure_heatmap(spot(), np.array([[45.0, 25], outside]), SIZE) == inside
    assert measure_heatmap(spot(), np.array([outside]), SIZE) == {}


def test_no_fixations_give_no_figures() -> None:
    assert measure_heatmap(spot(), np.zeros((0, 2)), SIZE) == {}


def test_a_coarse_heatmap_is_resized_to_the_picture() -> None:
    assert measure_heatmap(spot()[::2, ::2], np.array([[45.0, 25]]), SIZE)["auc"] > 0.98
