"""Crops to compare with, for the cases of `design_cases.py`: trivial ones, the paper's baselines, and upper bounds.

All are x1, y1, x2, y2 in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from ..cropping.text_region import bounding_region
from ..models.baselines.saliency_edge import edge_box, salient_region
from .design_cases import DesignCase, Edges

WHOLE_PICTURE: Edges = (0.0, 0.0, 1.0, 1.0)


def place_box(case: DesignCase, scale: float, hold_region: bool = True) -> Edges:
    """The centred box of the case's ratio, moved as little as is needed to hold the text region.

    Args:
        case: the case.
        scale: side of the box as a share of the largest box's side, in 0..1.
        hold_region: False leaves the box in the centre.
    """
    edges = []
    largest = case.ratio.largest_in(case.size)
    for axis in (0, 1):
        length = largest[axis] * scale
        low, high = (case.region[axis + step] * case.size[axis] for step in (0, 2))
        start = (case.size[axis] - length) / 2
        if hold_region:
            start = min(max(start, high - length), low)
        start = min(max(start, 0.0), case.size[axis] - length)
        edges.append((start, start + length))
    (x1, x2), (y1, y2) = edges
    return x1, y1, x2, y2


def truth_scale(case: DesignCase) -> float:
    """The scale of the person's crop (see `place_box`), at most 1: a perfect size model would predict it."""
    across, down = case.ratio.largest_in(case.size)
    x1, y1, x2, y2 = case.truth
    return min(1.0, ((x2 - x1) * (y2 - y1) / (across * down)) ** 0.5)


def best_position(case: DesignCase) -> Edges:
    """The largest box at the position where it overlaps the person's crop most: the bound without a choice of size."""
    x1, y1, x2, y2 = case.truth
    width, height = case.ratio.largest_in(case.size)
    left = min(max((x1 + x2 - width) / 2, 0), case.size[0] - width)
    top = min(max((y1 + y2 - height) / 2, 0), case.size[1] - height)
    return left, top, left + width, top + height


def saliency_edge_boxes(
    cases: Sequence[DesignCase], edge: str, heatmaps: Mapping[str, Tensor] | None = None
) -> np.ndarray:
    """The paper's baseline: a box around the text region and the salient region, brought to the ratio by one edge.

    Args:
        cases: N cases.
        edge: `short` or `long`, see `models.baselines.saliency_edge.edge_box`.
        heatmaps: `[h, w]` by the photograph's name. Without them the person counts as salient, or the whole picture.

    Returns:
        `[N, 4]`; boxes may reach beyond the picture.
    """
    boxes = []
    for case in cases:
        if heatmaps is not None:
            salient = salient_region(heatmaps[case.name])
        else:
            subjects = case.subjects()
            salient = subjects[0].region if subjects else WHOLE_PICTURE
        around = bounding_region([salient, case.region])
        assert around is not None
        boxes.append(edge_box(around, case.ratio, case.size, edge))
    return np.array(boxes) * np.array([case.size * 2 for case in cases], float)
