"""Candidate boxes of the proposal-based croppers: pure geometry, relative coordinates."""

from __future__ import annotations

from math import ceil, sqrt

import torch
from torch import Tensor

from ...cropping.ratio import Ratio

GRID = 12  # GAIC's bins along each side
STARTS, ENDS = range(0, 4), range(8, 12)  # a box starts in the first third of the bins and ends in the last
SMALLEST_AREA = 0.4999
RATIO_BOUNDS = (0.5, 2.0)
DENSE_STEPS = 24


def grid_anchors(size: tuple[int, int]) -> Tensor:
    """GAIC's grid anchors for a picture of `size` (width, height): float64 [N, 4], relative x1, y1, x2, y2.

    Corners lie at the middles of a 12 x 12 grid; kept are boxes of about half the area and more whose width : height
    lies strictly between 1:2 and 2:1. N is 90 for 1:1, 87 for 4:3, 83 for 3:2, 60 for 16:9, 38 for 2:1, and 0 where
    no box can have such a ratio (beyond about 4:1). From "Grid Anchor based Image Cropping", Zeng et al.
    """
    across, down = size[0] / GRID, size[1] / GRID
    boxes = [
        (left, top, right, bottom)
        for top in STARTS
        for left in STARTS
        for bottom in ENDS
        for right in ENDS
        if (bottom - top) * (right - left) > SMALLEST_AREA * GRID * GRID
        # In this order of operations 2:1 pictures round as in the original: exactly 2.0 is out.
        and RATIO_BOUNDS[0] < (right - left) * across / (bottom - top) / down < RATIO_BOUNDS[1]
    ]
    return (torch.tensor(boxes, dtype=torch.float64).reshape(-1, 4) + 0.5) / GRID


def ratio_proposals(
    ratio: Ratio,
    size: tuple[int, int],
    min_share: float,
    min_size: tuple[int, int] = (1, 1),
    steps: int = DENSE_STEPS,
) -> Tensor:
    """A dense set of boxes of one ratio, the largest first.

    Args:
        ratio: of the boxes.
        size: (width, height) of the picture in pixels.
        min_share: smallest share of the area of the largest box, in (0, 1].
        min_size: smallest (width, height) in pixels.
        steps: scales and positions along a whole side; 24 gives some hundred boxes.

    Returns:
        float64 `[N, 4]`, relative x1, y1, x2, y2; N is at least 1.

    "Image Cropping under Design Constraints" (Nishiyasu et al., 2023) takes GAIC's proposals under the wanted ratio,
    raises their number, imposes a smallest width and height, and prefers large areas, but does not publish the
    numbers. Here the sides shrink in even steps (linear in the side, not the area) down to the smallest allowed, and
    the boxes of each size are spread evenly over the picture, always including the positions flush with its edges.
    """
    width, height = (side / whole for side, whole in zip(ratio.largest_in(size), size, strict=True))
    smallest = max(sqrt(min_share), min_size[0] / (width * size[0]), min_size[1] / (height * size[1]))
    smallest = min(smallest, 1.0)
    scales = torch.linspace(1, smallest, _count(1 - smallest, steps), dtype=torch.float64).tolist()
    return torch.cat([_spread_positions(width * scale, height * scale, steps) for scale in scales])


def _spread_positions(width: float, height: float, steps: int) -> Tensor:
    left, top = (
        torch.linspace(0, 1 - side, _count(1 - side, steps), dtype=torch.float64).clamp(min=0)
        for side in (width, height)
    )
    y, x = torch.meshgrid(top, left, indexing="ij")
    return torch.stack((x, y, x + width, y + height), dim=-1).flatten(0, 1).clamp(max=1)


def _count(length: float, steps: int) -> int:
    """How many evenly spaced values cover `length` with gaps of at most 1 / steps; one where the length is 0."""
    return ceil(round(length * steps, 6)) + 1
