"""Metrics of a heatmap against where people looked, after Bylinskii et al., "What do different evaluation metrics tell
us about saliency models?" (2016).
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch.nn import functional as F

BLUR = 0.024  # standard deviation as a share of the diagonal: about one degree of visual angle
FLAT = 1e-12  # a standard deviation below it is that of a uniform heatmap


def measure_heatmap(heatmap: torch.Tensor, fixations: np.ndarray, size: tuple[int, int]) -> dict[str, float]:
    """NSS, CC and AUC of a heatmap that is first resized to the picture's size.

    Args:
        heatmap: `[h, w]`.
        fixations: `[N, 2]` x and y in pixels; those outside the picture are left out.
        size: (width, height) of the picture.

    Returns:
        `nss`: mean of the standardised heat at the fixations. `cc`: correlation of the heat with the fixations blurred
        by a Gaussian. `auc`: Judd's, of fixations against all pixels, in 0..1. Empty when no fixation is inside. A
        uniform heatmap gives 0, 0 and 0.5.
    """
    width, height = size
    resized = F.interpolate(heatmap[None, None].float().cpu(), (height, width), mode="bilinear")
    heat = resized[0, 0].numpy().astype(float)
    inside = (fixations >= 0).all(1) & (fixations < [width, height]).all(1)
    column, row = fixations[inside].astype(int).T
    if not len(column):
        return {}
    deviation = heat.std()
    if deviation < FLAT:
        return {"nss": 0.0, "cc": 0.0, "auc": 0.5}
    counts = np.zeros((height, width))
    np.add.at(counts, (row, column), 1)
    density = gaussian_filter(counts, BLUR * float(np.hypot(width, height)), mode="constant")
    return {
        "nss": float(((heat - heat.mean()) / deviation)[row, column].mean()),
        "cc": float(np.corrcoef(heat.ravel(), density.ravel())[0, 1]),
        "auc": _area_under_curve(heat, heat[row, column]),
    }


def _area_under_curve(heat: np.ndarray, at_fixations: np.ndarray) -> float:
    """The probability that a fixation has more heat than a random pixel; equal heat counts one half."""
    ordered = np.sort(heat.ravel())
    below = np.searchsorted(ordered, at_fixations, "left") + np.searchsorted(ordered, at_fixations, "right")
    return float(below.mean() / (2 * len(ordered)))
