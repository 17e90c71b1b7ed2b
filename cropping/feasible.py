"""Which pixel boxes a constraint leaves open in a picture, and what stands in the way when it leaves none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from math import ceil, sqrt

import torch
from torch import Tensor

from .box import Box
from .constraint import Constraint, UnsatisfiableError
from .ratio import Ratio


@dataclass(frozen=True)
class FeasibleBoxes:
    """The boxes of one ratio that are allowed in a picture.

    Attributes:
        size: of the picture.
        ratio: of every box.
        shortest, longest: range of the box's long side, in pixels.
        hold: what every candidate must hold, or None; a side that is too long for the box is filled by it instead.
    """

    size: tuple[int, int]
    ratio: Ratio
    shortest: int
    longest: int
    hold: Box | None = None

    def box_size(self, long_side: int) -> tuple[int, int]:
        width, height = self.ratio.size_for(long_side)
        return min(width, self.size[0]), min(height, self.size[1])

    @cached_property
    def spans(self) -> Tensor:
        """Of boxes of each long side from the shortest to the longest: width and height, the first allowed left and top
        edge, and the last ones, whole pixels `[S, 3, 2]`.
        """
        long_side = torch.arange(self.shortest, self.longest + 1)
        wide, high = self.ratio.width, self.ratio.height
        if wide >= high:
            width, height = long_side, (2 * long_side * high + wide) // (2 * wide)
        else:
            width, height = (2 * long_side * wide + high) // (2 * high), long_side
        pixels = torch.tensor(self.size)
        taken = torch.stack([width, height], 1).clamp_min(1).minimum(pixels)
        most = pixels - taken
        if self.hold is None:
            return torch.stack([taken, torch.zeros_like(most), most], 1)
        near, far = torch.tensor([[self.hold.x, self.hold.y], [self.hold.right, self.hold.bottom]])
        first, last = torch.minimum(near, far - taken), torch.maximum(near, far - taken)
        return torch.stack([taken, *(edge.clamp_min(0).minimum(most) for edge in (first, last))], 1)

    @property
    def count(self) -> int:
        """How many boxes there are."""
        return int((self.spans[:, 2] - self.spans[:, 1] + 1).prod(1).sum())

    def every(self) -> Tensor:
        """All boxes, as pixels `[N, 4]` (x, y, width, height)."""
        across, down = (self.spans[:, 2] - self.spans[:, 1] + 1).unbind(1)
        counts = across * down
        size = torch.arange(len(counts)).repeat_interleave(counts)
        place = torch.arange(len(size)) - (counts.cumsum(0) - counts)[size]
        taken, first, _ = self.spans[size].unbind(1)
        return torch.cat([first + torch.stack([place % across[size], place // across[size]], 1), taken], 1)

    def boxes(self, long_side: Tensor, corner: Tensor) -> tuple[Tensor, Tensor]:
        """Allowed boxes nearest to the wishes: long sides `[*]` and left, top edges `[*, 2]`, whole numbers.

        Returns:
            The boxes as pixels `[*, 4]` (x, y, width, height), and the long sides `[*]` after clamping.
        """
        long_side = long_side.clamp(self.shortest, self.longest)
        taken, first, last = self.spans_of(long_side).unbind(-2)
        return torch.cat([corner.clamp(first, last), taken], -1), long_side

    def spans_of(self, long_side: Tensor) -> Tensor:
        """The `spans` of long sides `[*]` that are allowed: `[*, 3, 2]`."""
        return self.spans.to(long_side.device)[long_side - self.shortest]


def required_box(constraint: Constraint, size: tuple[int, int]) -> Box | None:
    """The smallest pixel box around everything that a crop must hold, or None."""
    boxes = [Box.from_relative(region, size).clipped(size) for region in constraint.must_hold]
    return reduce(Box.union, boxes) if boxes else None


def find_feasible_boxes(constraint: Constraint, ratio: Ratio, size: tuple[int, int]) -> FeasibleBoxes:
    """The room that the constraint leaves for one ratio; under `shrink`, after giving up as little as needed.

    Raises:
        UnsatisfiableError: when nothing is left and the policy is not `shrink`; the message names the conflict.
    """
    longest = max(ratio.largest_in(size))
    shortest = max(1, min(longest, ceil(longest * sqrt(constraint.min_share) - 1e-9)))
    hold = required_box(constraint, size)
    conflicts = []
    for name, needed in (("min_size", constraint.min_size), ("keep", hold.size if hold else None)):
        if needed is None:
            continue
        long_side = long_side_for(ratio, needed)
        if long_side > longest:
            largest = "×".join(map(str, ratio.largest_in(size)))
            conflicts.append(f"{name} needs {needed[0]}×{needed[1]} pixels, but the largest box is {largest}")
        shortest = min(longest, max(shortest, long_side))
    if conflicts and constraint.policy != "shrink":
        raise UnsatisfiableError(f"no {ratio} crop of a {size[0]}×{size[1]} picture obeys: {'; '.join(conflicts)}")
    return FeasibleBoxes(size, ratio, shortest, longest, hold)


def padded_box(constraint: Constraint, ratio: Ratio, size: tuple[int, int]) -> Box:
    """The smallest box of the ratio that holds what must be held, reaching outside the picture where it has to.

    It is centred on what it holds, but moved so that no more of the canvas is added than must be.
    """
    hold = required_box(constraint, size)
    needed = hold.size if hold else (1, 1)
    if constraint.min_size:
        needed = max(needed[0], constraint.min_size[0]), max(needed[1], constraint.min_size[1])
    width, height = ratio.size_for(long_side_for(ratio, needed))
    centre = hold or Box(0, 0, *size)
    return Box(
        _least_outside(centre.x + (centre.width - width) // 2, width, size[0]),
        _least_outside(centre.y + (centre.height - height) // 2, height, size[1]),
        width,
        height,
    )


def long_side_for(ratio: Ratio, needed: tuple[int, int]) -> int:
    """The smallest long side whose box is at least `needed` wide and high."""
    (long_needed, short_needed), long, short = needed, ratio.width, ratio.height
    if long < short:
        (short_needed, long_needed), short, long = needed, ratio.width, ratio.height
    if short_needed <= 1:  # no side is ever rounded to nothing
        return max(long_needed, 1)
    # The short side is rounded half up, so it reaches `short_needed` where the exact one is half a pixel short of it.
    return max(long_needed, -(-(2 * short_needed - 1) * long // (2 * short)))


def _least_outside(start: int, taken: int, pixels: int) -> int:
    """The start nearest to the wish at which a span of `taken` leaves the picture no more than it has to."""
    free = pixels - taken
    return min(max(start, min(0, free)), max(0, free))
