"""Metrics of crops and rankings.

Boxes are x1, y1, x2, y2, all in the same unit. Arrays are float64.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import rankdata

from ..cropping.boxes import area_xyxy, coverage_xyxy, iou_xyxy


def iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes `[*, 4]` and others `[*, 4]`: `[*]` in 0..1.

    >>> iou(np.array([[0, 0, 2, 2]]), np.array([[0, 0, 2, 1]])).tolist()
    [0.5]
    """
    return iou_xyxy(_to_tensor(boxes), _to_tensor(others)).numpy()


def boundary_displacement(boxes: np.ndarray, others: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Boundary displacement error: the mean distance between the four edges of boxes `[*, 4]` and others `[*, 4]`.

    Distances are shares of the picture's (width, height) `[*, 2]`. Returns `[*]`, 0 for equal boxes.

    >>> boundary_displacement(np.array([0, 0, 2, 2]), np.array([1, 0, 3, 2]), np.array([4, 2])).item()
    0.125
    """
    return (np.abs(boxes - others) / np.concatenate([size, size], -1)).mean(-1)


def coverage(boxes: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """The share of each region `[*, 4]` that lies inside its box `[*, 4]`: `[*]` in 0..1.

    >>> coverage(np.array([[0, 0, 1, 1]]), np.array([[0, 0, 2, 1]])).tolist()
    [0.5]
    """
    return coverage_xyxy(_to_tensor(regions), _to_tensor(boxes)).numpy()


def area(boxes: np.ndarray) -> np.ndarray:
    """Width times height of boxes `[*, 4]`: `[*]`."""
    return area_xyxy(_to_tensor(boxes)).numpy()


def spearman(scores: np.ndarray, ratings: np.ndarray) -> float:
    """Spearman's rank correlation of two arrays `[N]`; equal values share their mean rank. 0 where one is constant."""
    return pearson(rankdata(scores), rankdata(ratings))


def pearson(scores: np.ndarray, ratings: np.ndarray) -> float:
    """Pearson's linear correlation of two arrays `[N]`; 0 where one is constant."""
    scores, ratings = scores - scores.mean(), ratings - ratings.mean()
    spread = float(np.sqrt((scores**2).sum() * (ratings**2).sum()))
    return float((scores * ratings).sum()) / spread if spread > 1e-12 else 0.0


def top_accuracy(scores: np.ndarray, ratings: np.ndarray, returned: int, best: int) -> float:
    """Acc k/n of "Grid Anchor based Image Cropping" (Zeng et al. 2020), with k = `returned` and n = `best`.

    It is the share of the `returned` highest-scored crops whose rating is at least the `best`-th highest rating. Where
    scores are equal, it is the mean over all orders of these crops, so that the order in the file cannot help.

    Args:
        scores, ratings: `[N]`, predicted and by people.
        returned, best: at least 1.

    >>> ratings = np.array([5.0, 4.0, 3.0, 2.0])
    >>> top_accuracy(np.array([1.0, 0.5, 0.0, 0.9]), ratings, returned=2, best=2)
    0.5
    """
    good = ratings >= np.sort(ratings)[::-1][min(best, len(ratings)) - 1]
    returned = min(returned, len(scores))
    last = np.sort(scores)[::-1][returned - 1]
    above, tied = scores > last, scores == last
    expected = good[above].sum() + (returned - above.sum()) * good[tied].mean()
    return float(expected / returned)


def _to_tensor(boxes: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(boxes, float))
