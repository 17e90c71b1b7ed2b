"""Regions that a mask points out."""

from __future__ import annotations

import torch
from torch import Tensor

from .checks import Region

WHITE = 0.5
"""Values above this belong to the region that a mask points out."""

MOST_PARTS = 20
SMALLEST_PART = 1e-4
"""Of the picture's area: smaller parts are specks of a segmenter."""


def find_region(mask: Tensor) -> Region | None:
    """The bounds of all that is white in a mask `[h, w]`: relative x1, y1, x2, y2; None where nothing is."""
    white = mask > WHITE
    if not white.any():
        return None
    height, width = mask.shape
    columns, rows = white.any(0).nonzero().flatten().tolist(), white.any(1).nonzero().flatten().tolist()
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


def find_parts(mask: Tensor) -> list[Region]:
    """The bounds of each connected white part of a mask `[h, w]`, the largest first; at most `MOST_PARTS`.

    >>> find_parts(torch.tensor([[1.0, 0.0, 0.0, 1.0]]))
    [(0.0, 0.0, 0.25, 1.0), (0.75, 0.0, 1.0, 1.0)]
    """
    from scipy import ndimage  # takes long to import, and most runs need none of it

    height, width = mask.shape
    labels, count = ndimage.label((mask > WHITE).cpu().numpy(), structure=torch.ones(3, 3).numpy())
    sizes = torch.bincount(torch.from_numpy(labels).flatten(), minlength=count + 1)[1:].tolist()
    found = sorted(zip(sizes, ndimage.find_objects(labels), strict=True), key=lambda each: -each[0])
    return [
        (across.start / width, down.start / height, across.stop / width, down.stop / height)
        for size, (down, across) in found[:MOST_PARTS]
        if size >= SMALLEST_PART * height * width
    ]
