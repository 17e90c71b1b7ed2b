"""All positions of a crop of a given size, and what each of them keeps. Boxes are x1, y1, x2, y2 in pixels."""

from __future__ import annotations

import numpy as np

from .metrics import coverage

CUT = (0.05, 0.95)  # a face is cut when the share of it that a crop keeps lies between these


def list_positions(size: tuple[int, int], box: tuple[int, int]) -> np.ndarray:
    """All boxes of the (width, height) `box` in a picture of the (width, height) `size`: `[N, 4]`.

    One pixel apart along the longer free side, centred along the other.

    >>> list_positions((3, 2), (2, 2)).tolist()
    [[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0]]
    """
    (width, height), (across, down) = size, box
    left, top = np.arange(width - across + 1), np.arange(height - down + 1)
    left, top = (left, pick_middle(top)[None]) if len(left) > len(top) else (pick_middle(left)[None], top)
    left, top = np.broadcast_arrays(left, top)
    return np.stack([left, top, left + across, top + down], 1).astype(float)


def pick_middle(values: np.ndarray) -> np.ndarray:
    """The middle entry along the first axis; the earlier one of two. Of `list_positions`, it is the centred box."""
    return values[(len(values) - 1) // 2]


def fixations_kept(fixations: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The share of the fixations `[N, 2]` inside each of the boxes `[M, 4]`: `[M]` in 0..1."""
    x, y = fixations[:, 0], fixations[:, 1]
    x1, y1, x2, y2 = (boxes[:, [side]] for side in range(4))
    return ((x >= x1) & (x < x2) & (y >= y1) & (y < y2)).mean(1)


def regions_kept(regions: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The share of each region `[N, 4]` inside each box `[M, 4]`: `[M, N]` in 0..1."""
    return coverage(boxes[:, None], regions)


def faces_cut(faces: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Whether each face `[N, 4]` is cut by each box `[M, 4]`: `[M, N]` booleans."""
    shares = regions_kept(faces, boxes)
    return (shares > CUT[0]) & (shares < CUT[1])
