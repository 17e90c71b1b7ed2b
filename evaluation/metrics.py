"""Figures by which crops and rankings are judged. Boxes are x1, y1, x2, y2 in one unit; arrays are float."""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import rankdata

from ..cropping.boxes import area_xyxy, coverage_xyxy, iou_xyxy


def iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes `[*, 4]`, row by row: `[*]` in 0..1."""
    return iou_xyxy(_tensor(one), _tensor(other)).numpy()


def boundary_displacement(one: np.ndarray, other: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Mean distance of four edges of boxes `[*, 4]` as a share of the picture's (width, height) `[*, 2]`: `[*]`."""
    return (np.abs(one - other) / np.concatenate([size, size], -1)).mean(-1)


def coverage(boxes: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """The share of each region `[*, 4]` that its box holds: `[*]` in 0..1."""
    return coverage_xyxy(_tensor(regions), _tensor(boxes)).numpy()


def area(boxes: np.ndarray) -> np.ndarray:
    """Width times height of boxes `[*, 4]`: `[*]`."""
    return area_xyxy(_tensor(boxes)).numpy()


def spearman(scores: np.ndarray, ratings: np.ndarray) -> float:
    """Rank correlation, ties sharing their mean rank; 0 where either says nothing."""
    return pearson(rankdata(scores), rankdata(ratings))


def pearson(scores: np.ndarray, ratings: np.ndarray) -> float:
    """Linear correlation; 0 where either is constant."""
    scores, ratings = scores - scores.mean(), ratings - ratings.mean()
    spread = float(np.sqrt((scores**2).sum() * (ratings**2).sum()))
    return float((scores * ratings).sum()) / spread if spread > 1e-12 else 0.0


def top_accuracy(scores: np.ndarray, ratings: np.ndarray, returned: int, best: int) -> float:
    """Acc k/n of "Grid Anchor based Image Cropping" (Zeng et al. 2020): the share of the `returned` highest-scored
    crops that are rated no lower than the `best`-th best rating.

    Crops of the same score are counted in every order they could come in, so a file's own order gives nothing away.
    """
    good = ratings >= np.sort(ratings)[::-1][min(best, len(ratings)) - 1]
    returned = min(returned, len(scores))
    last = np.sort(scores)[::-1][returned - 1]
    above, tied = scores > last, scores == last
    expected = good[above].sum() + (returned - above.sum()) * good[tied].mean()
    return float(expected / returned)


def _tensor(boxes: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(boxes, float))
