"""Small parts of a picture that are each read once, then looked at in many ways: turned, moved and scaled views, all
of one size and sampled at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import torch
from torch import Tensor
from torch.nn import functional as F

from ..cropping.box import Box
from ..cropping.checks import Region, Size
from ..cropping.similarity import Similarity

ReadPlane = Callable[[Box, Size], Tensor]
"""A box inside a picture, reduced to a size: float `[h, w]`."""


@dataclass(frozen=True)
class Patches:
    """Parts of one picture.

    Attributes:
        pixels: `[N, n, n]`, what was read, with its outermost pixels repeated around it.
        placing: `[N, 4]`: how many pixels of a patch one of the picture has across and down, and where the picture's
            left top corner lies in the patch.
        inside: which of the squares asked for these are; the others lie beside the picture.
    """

    pixels: Tensor
    placing: Tensor
    inside: tuple[int, ...]

    def sample(self, views: Sequence[tuple[int, Similarity]], side: int) -> Tensor:
        """`[len(views), side, side]`, by bilinear interpolation.

        Args:
            views: of which square, by its number among those asked for, and from the picture to the view, both in
                pixels whose centres lie at halves.
            side: of a view in pixels.
        """
        rows = torch.tensor([self.inside.index(index) for index, _ in views])
        back = torch.tensor([(each.a, each.b, each.dx, each.dy) for each in (view.inverse() for _, view in views)])
        a, b, dx, dy = back[..., None, None].unbind(1)
        at = torch.arange(side) + 0.5
        across, down, x, y = self.placing[rows][..., None, None].unbind(1)
        places = (a * at - b * at[:, None] + dx) * across + x, (b * at + a * at[:, None] + dy) * down + y
        grid = torch.stack(places, -1) * (2 / self.pixels.shape[-1]) - 1
        return F.grid_sample(self.pixels[rows][:, None], grid, "bilinear", "border", align_corners=False)[:, 0]


def read_patches(read: ReadPlane, squares: Sequence[Region], size: Size, pixels: int) -> Patches:
    """Reads squares of a picture.

    Args:
        read: the picture, of `size`.
        squares: left, top, right, bottom of each in pixels of the picture; they may reach beyond it.
        size: width and height of the picture.
        pixels: a side of a patch. What is larger is reduced to it; nothing is enlarged.
    """
    patches, placing, inside = [], [], []
    for index, (left, top, right, bottom) in enumerate(squares):
        x, y = max(0, floor(left)), max(0, floor(top))
        width, height = min(size[0], ceil(right)) - x, min(size[1], ceil(bottom)) - y
        if width < 1 or height < 1:
            continue
        shrink = min(1.0, pixels / max(right - left, bottom - top, width, height))
        wide, high = max(1, round(width * shrink)), max(1, round(height * shrink))
        across, down = wide / width, high / height
        # What the picture lacks on the left and above comes first, so that the square is where it would be.
        before = [
            min(room, max(0, round(lack)))
            for room, lack in (
                (pixels - wide, (x - left) * across),
                (pixels - high, (y - top) * down),
            )
        ]
        after = pixels - wide - before[0], pixels - high - before[1]
        plane = read(Box(x, y, width, height), (wide, high))
        around = (before[0], after[0], before[1], after[1])
        patches.append(F.pad(plane[None, None], around, mode="replicate")[0, 0])
        placing.append((across, down, before[0] - x * across, before[1] - y * down))
        inside.append(index)
    stacked = torch.stack(patches) if patches else torch.zeros(0, pixels, pixels)
    return Patches(stacked, torch.tensor(placing).view(-1, 4), tuple(inside))
