"""The random search of "Image Cropping under Design Constraints", to compare the search over all boxes with.

The paper (Nishiyasu et al., 2023) describes its search as iterations over boxes (500 took it 20 s) and does not
publish it. In the predictions that its authors released, where the long side of a picture is 1024 pixels, all left and
top edges are multiples of 32 pixels, and so is one side of every box; the boxes drawn here are the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...cropping.constraint import Constraint
from ...cropping.crop import Crop
from ...cropping.objective import DEFAULT_OBJECTIVE, Objective
from ...cropping.ratio import Ratio
from ...cropping.search import choose_among
from ..analysis import Analysis
from ..selection import SearchBatch

STEP = 32
LONG_SIDE = 1024


def sampled_crop(
    analysis: Analysis,
    size: tuple[int, int],
    constraint: Constraint,
    iterations: int = 500,
    seed: int = 0,
    objective: Objective = DEFAULT_OBJECTIVE,
) -> Crop:
    """The best of some random boxes of each of the constraint's ratios, by the score of the search over all boxes.

    Args:
        analysis: of the picture. Boxes that it proposes, and its own score of them, are not used.
        size: (width, height) of the picture in pixels.
        constraint, objective: as in `best_crops`.
        iterations: random boxes of each ratio.
        seed: of the random boxes.

    Raises:
        UnsatisfiableError: as `best_crops` does.
    """
    inputs = SearchBatch.of([analysis], size).inputs_for(objective)
    crops = []
    for ratio in constraint.ratios_for(size):
        boxes = sampled_boxes(ratio, size, iterations, seed, constraint.min_share).to(analysis.heatmap.device)
        crops += choose_among(inputs, size, ratio, constraint, boxes[None], None, objective)
    return max(crops, key=lambda crop: crop.score)


def sampled_boxes(ratio: Ratio, size: tuple[int, int], iterations: int, seed: int, min_share: float = 0.0) -> Tensor:
    """Boxes drawn uniformly from the published grid.

    Args:
        ratio: of the boxes.
        size: (width, height) of the picture in pixels.
        iterations: how many boxes are drawn, with replacement.
        seed: the same seed gives the same boxes.
        min_share: smallest share of the area of the largest box.

    Returns:
        float64 `[iterations, 4]` relative; where the grid has no box of that size, `[1, 4]`: the largest one, in the
        middle.
    """
    boxes = grid_boxes(ratio, size)
    width, height = (side / whole for side, whole in zip(ratio.largest_in(size), size, strict=True))
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    boxes = boxes[area >= min_share * width * height]
    if not len(boxes):
        return boxes.new_tensor([[(1 - width) / 2, (1 - height) / 2, (1 + width) / 2, (1 + height) / 2]])
    generator = torch.Generator().manual_seed(seed)
    return boxes[torch.randint(len(boxes), (iterations,), generator=generator)]


def grid_boxes(ratio: Ratio, size: tuple[int, int]) -> Tensor:
    """All boxes of one ratio on the published grid: float64 `[M, 4]` relative; none in a narrow strip."""
    scale = LONG_SIDE / max(size)
    width, height = size[0] * scale, size[1] * scale
    lengths = torch.arange(STEP, LONG_SIDE + 1, STEP, dtype=torch.float64)
    widths = torch.cat((lengths, lengths * ratio.value)).unique()
    lefts, tops = (torch.arange(0, LONG_SIDE, STEP, dtype=torch.float64) for _ in range(2))
    w, x, y = (each.flatten() for each in torch.meshgrid(widths, lefts, tops, indexing="ij"))
    h = w / ratio.value
    fits = (x + w <= width + 1e-6) & (y + h <= height + 1e-6)
    x, y, w, h = x[fits], y[fits], w[fits], h[fits]
    return torch.stack((x / width, y / height, (x + w) / width, (y + h) / height), dim=-1).clamp(max=1)
