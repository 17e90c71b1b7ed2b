"""Boxes that may reach outside the picture, so that canvas makes room for text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import torch
from torch import Tensor

from .box import Box
from .checks import Region
from .feasible import FeasibleBoxes, box_size, smallest_long_side
from .ratio import Ratio


@dataclass(frozen=True)
class PaddedBoxes(FeasibleBoxes):
    """The boxes of one ratio whose part that text leaves free lies on the picture; the rest of them may be canvas.

    Attributes:
        free: the part of every box that no text region touches, relative to the box. It holds `required`. Along an axis
            on which it is longer than the picture, it holds the picture instead.
    """

    free: Region = (0.0, 0.0, 1.0, 1.0)

    def box_size(self, long_side: int) -> tuple[int, int]:
        return box_size(self.ratio, long_side, self.multiple)

    @property
    def most_shown(self) -> tuple[float, float]:
        """The most of the picture's width and height that the free part of a box can show, 0..1."""
        width, height = self.box_size(self.longest)
        x1, y1, x2, y2 = self.free
        return min(1.0, (x2 - x1) * width / self.size[0]), min(1.0, (y2 - y1) * height / self.size[1])

    @cached_property
    def ranges(self) -> Tensor:
        """As of `FeasibleBoxes`; left and top may be negative."""
        sides = torch.tensor([self.box_size(each) for each in range(self.shortest, self.longest + 1)])
        near = (sides * sides.new_tensor(self.free[:2], dtype=torch.float64)).ceil().long()
        far = (sides * sides.new_tensor(self.free[2:], dtype=torch.float64)).floor().long()
        slack = torch.tensor(self.size) - (far - near)
        first, last = slack.clamp_max(0) - near, slack.clamp_min(0) - near
        if self.required is not None:
            start, stop = (
                torch.tensor(each)
                for each in ((self.required.x, self.required.y), (self.required.right, self.required.bottom))
            )
            lowest, highest = torch.minimum(start - near, stop - far), torch.maximum(start - near, stop - far)
            first, last = first.maximum(lowest).minimum(highest), last.minimum(highest).maximum(lowest)
        return torch.stack([sides, first, last], 1)


def pad_beside_text(
    ratio: Ratio, size: tuple[int, int], free: Region, shortest: int, required: Box | None, multiple: int = 1
) -> PaddedBoxes:
    """The boxes of a ratio that may have canvas where their text regions are.

    They go up to the one whose free part is the largest that lies on the picture, or holds what is required.

    Args:
        ratio: of the boxes.
        size: (width, height) of the picture in pixels.
        free: see `PaddedBoxes`.
        shortest: long side of the smallest of them, in pixels.
        required: that the free part holds, in pixels; None where nothing is.
        multiple: both sides of every box are multiples of it, as is `shortest`.
    """
    width, height = free[2] - free[0], free[3] - free[1]
    largest = min(size[0] / (width * ratio.width), size[1] / (height * ratio.height))
    longest = int(largest * max(ratio.width, ratio.height)) // multiple * multiple
    if required is not None:
        needed = (
            ceil(required.width / width) + 2,
            ceil(required.height / height) + 2,
        )  # the free part is rounded inwards
        shortest = max(shortest, smallest_long_side(ratio, needed, multiple))
    return PaddedBoxes(size, ratio, shortest, max(longest, shortest), required, multiple, free)


def reach_text_sides(box: Box, free: Region, size: tuple[int, int]) -> Box:
    """A box inside the picture, extended to the picture's edges on the sides where text lies beside the free part."""
    left, top = (0 if free[axis] > 0 else start for axis, start in ((0, box.x), (1, box.y)))
    right, bottom = (size[axis] if free[axis + 2] < 1 else stop for axis, stop in ((0, box.right), (1, box.bottom)))
    return Box(left, top, right - left, bottom - top)
