"""smartcrop.js's working size and the boxes that it tries.

After Jonas Wagner's smartcrop.js 2.0.5 (https://github.com/jwagner/smartcrop.js, MIT).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...cropping.ratio import Ratio

SHORT_SIDE = 256
STEP = 8  # pixels between positions
SCALE_STEP = 0.1


def working_size(size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) that smartcrop.js works at: short side 256, rounded down to whole pixels, never enlarged.

    >>> working_size((4000, 3000))
    (341, 256)
    """
    scale = _prescale(size)
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))


def list_boxes(ratio: Ratio, size: tuple[int, int], work: tuple[int, int], min_share: float = 1.0) -> Tensor:
    """smartcrop.js's boxes of one ratio, in its order.

    Args:
        ratio: of the boxes.
        size: (width, height) of the source.
        work: (width, height) of the working picture.
        min_share: smallest share of the area of the largest box; 1 leaves only the position open, less adds boxes with
            0.9, 0.8, … of the largest box's sides as far as the share allows.

    Returns:
        float64 `[N, 4]` (x, y, width, height) in working pixels; N is at least 1.
    """
    width, height = (min(side, limit) for side, limit in zip(_largest_box(ratio, size), work, strict=True))
    boxes = []
    for scale in _scales(min_share):
        w, h = width * scale, height * scale
        x, y = (torch.arange(0, side, STEP, dtype=torch.float64) for side in work)
        x, y = x[x + w <= work[0]], y[y + h <= work[1]]
        y, x = torch.meshgrid(y, x, indexing="ij")
        boxes.append(torch.stack((x, y, torch.full_like(x, w), torch.full_like(y, h)), dim=-1).flatten(0, 1))
    return torch.cat(boxes)


def _prescale(size: tuple[int, int]) -> float:
    return min(max(SHORT_SIDE / size[0], SHORT_SIDE / size[1]), 1.0)


def _largest_box(ratio: Ratio, size: tuple[int, int]) -> tuple[int, int]:
    """The largest box of the ratio in working pixels, rounded down once in the source and once after scaling."""
    fit, prescale = min(size[0] / ratio.width, size[1] / ratio.height), _prescale(size)
    width, height = (max(1, int(max(1, int(side * fit)) * prescale)) for side in (ratio.width, ratio.height))
    return width, height


def _scales(min_share: float) -> list[float]:
    """Sides relative to the largest box. Subtracted one by one, because 1 - 0.1 - 0.1 is not 1 - 2 x 0.1 in floats."""
    smallest, scales = math.sqrt(min_share), []
    scale = 1.0
    while scale >= smallest and scale > SCALE_STEP / 2:
        scales.append(scale)
        scale -= SCALE_STEP
    return scales
