"""Where one subject should lie in its crop, as a rater for the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .checks import Region
from .size_curve import Ratings
from .subject import Subject

ABOVE = 0.35
"""Of the room above and below a region with a head, the share that lies above it; of others it is a half."""

OFF_PLACE = 4.0
"""What it costs when a subject lies off its place, times the square of how far, in sides of the crop."""

WASTE = 0.5
"""What it costs when the crop is nothing but room around the region; less in proportion."""


@dataclass(frozen=True)
class Placement:
    """Rates the boxes of one picture by how well a region lies in them: in its place, and tightly.

    The middle of the region should be that of the box across; down, of one with a head, some of the room above goes
    below. It is a smooth function of the box, as `CropRater` asks.

    Attributes:
        region: relative, x1, y1, x2, y2.
        has_head: whether it is about a head.
    """

    region: Region
    has_head: bool = False
    digest: str = ""

    def ratings(self, subjects: Sequence[Sequence[Subject]], size: tuple[int, int]) -> Ratings:
        """The same for each of the pictures; the subjects do not matter."""
        return self.rate

    def rate(self, boxes: Tensor) -> Tensor:
        """Boxes `[*, 4]` (relative x1, y1, x2, y2) → ratings `[*]` in 0..1."""
        left, top, right, bottom = boxes.unbind(-1)
        x1, y1, x2, y2 = self.region
        wide, high = (right - left).clamp_min(1e-9), (bottom - top).clamp_min(1e-9)
        across = ((x1 - left) - (right - x2)) / wide
        above = ABOVE if self.has_head else 0.5
        down = 2 * ((1 - above) * (y1 - top) - above * (bottom - y2)) / high
        waste = (1 - (x2 - x1) * (y2 - y1) / (wide * high)).clamp(0, 1)
        off = OFF_PLACE / 4 * (across.square() + down.square())
        return torch.clamp(1 - off - WASTE * waste, 0, 1)
