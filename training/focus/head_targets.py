"""The targets of the head outputs: a heatmap of centres and the distances from there to the four edges.

Centres are Gaussian peaks as in CenterNet ("Objects as Points", Zhou et al., 2019); distances are learned at all cells
near a centre, as in TTFNet ("Training-Time-Friendly Network", Liu et al., 2020).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

HEAD_STRIDE = 4  # pixels of the input in a cell of the outputs `centres` and `reach`
MIN_SIDE = 4.0  # pixels of the input; smaller heads are ignored, neither positive nor negative examples
MIN_VISIBLE = 0.6  # share of a head that must lie in the view; otherwise it is ignored
PEAK_WIDTH, MIN_PEAK_WIDTH = 0.12, 0.55  # standard deviation of a peak: share of the head's side, and cells
NEAR = 0.4  # where the peak is higher than this, the distances are learned


def encode_heads(
    boxes: np.ndarray, animal: np.ndarray, uncertain: np.ndarray, grid: tuple[int, int], labelled: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The targets for the heads of a view.

    Args:
        boxes: `[N, 4]` x1, y1, x2, y2 of heads, in cells; they may reach beyond the view.
        animal: `[N]` booleans: whether it is an animal's head.
        uncertain: `[M, 4]` boxes of what may be heads.
        grid: (width, height) in cells.
        labelled: whether heads were looked for at all.

    Returns:
        centres `[h, w]`: a Gaussian of height 1 at each head.
        centre_weight `[h, w]`: 0 where it is unknown whether there is a head, else 1.
        reach_weight `[h, w]`: 0 away from the centres. For one head it sums to log(1 + its number of cells).
        reach `[4, h, w]`: distances from the middle of a cell to the head's left, top, right and bottom, in cells.
        animal `[h, w]`: near a centre, 1 for an animal's head, 0 for a person's.
    """
    width, height = grid
    centres, reach_weight = torch.zeros(height, width), torch.zeros(height, width)
    reach, centre_weight = torch.zeros(4, height, width), torch.full((height, width), float(labelled))
    is_animal = torch.zeros(height, width)
    for box in uncertain:
        _ignore(centre_weight, box)
    x, y = torch.arange(width) + 0.5, (torch.arange(height) + 0.5)[:, None]
    # The largest first: a small head in front of a large one overwrites its cells.
    largest_first = np.argsort(-(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), kind="stable")
    for (x1, y1, x2, y2), of_animal in zip(boxes[largest_first].tolist(), animal[largest_first], strict=True):
        if not _is_usable((x1, y1, x2, y2), grid):
            _ignore(centre_weight, (x1, y1, x2, y2))
            continue
        column, row = int((x1 + x2) / 2), int((y1 + y2) / 2)
        wide, high = (max(MIN_PEAK_WIDTH, side * PEAK_WIDTH) for side in (x2 - x1, y2 - y1))
        peak = torch.exp(-((x - column - 0.5) / wide).square() / 2 - ((y - row - 0.5) / high).square() / 2)
        near = peak > NEAR
        centres = torch.maximum(centres, peak)
        centres[row, column] = 1
        reach_weight[near] = (peak / peak[near].sum() * np.log1p(near.sum().item()))[near]
        distances = torch.stack(torch.broadcast_tensors(x - x1, y - y1, x2 - x, y2 - y))
        reach[:, near] = distances[:, near]
        is_animal[near] = float(of_animal)
    return centres, centre_weight, reach_weight, reach, is_animal


def _is_usable(box: tuple[float, float, float, float], grid: tuple[int, int]) -> bool:
    """Whether enough of a head is visible, its centre is, and it is large enough."""
    x1, y1, x2, y2 = box
    width, height = grid
    across, down = x2 - x1, y2 - y1
    visible = (min(x2, width) - max(x1, 0)) * (min(y2, height) - max(y1, 0)) / (across * down)
    centre_inside = 0 <= (x1 + x2) / 2 < width and 0 <= (y1 + y2) / 2 < height
    return visible >= MIN_VISIBLE and centre_inside and max(across, down) * HEAD_STRIDE >= MIN_SIDE


def _ignore(weight: Tensor, box: Sequence[float]) -> None:
    """Sets the weight `[h, w]` of all cells that a box touches to 0."""
    x1, y1, x2, y2 = (int(each) for each in box)
    weight[max(0, y1) : max(0, y2 + 1), max(0, x1) : max(0, x2 + 1)] = 0
