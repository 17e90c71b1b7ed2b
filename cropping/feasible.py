"""Which pixel boxes a constraint allows in a picture, and what conflicts where it allows none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from math import ceil, sqrt

import torch
from torch import Tensor

from .box import Box
from .checks import check_kind, check_size
from .constraint import Constraint, UnsatisfiableError
from .ratio import Ratio


@dataclass(frozen=True)
class FeasibleBoxes:
    """The boxes of one ratio that are allowed in a picture.

    Attributes:
        size: (width, height) of the picture in pixels.
        ratio: of every box.
        shortest, longest: range of the box's long side, in pixels, both included.
        required: every box holds it, or None. A side of it that is longer than the box's is filled by the box instead.
    """

    size: tuple[int, int]
    ratio: Ratio
    shortest: int
    longest: int
    required: Box | None = None

    def box_size(self, long_side: int) -> tuple[int, int]:
        """Width and height of the boxes with this long side."""
        width, height = self.ratio.size_for(long_side)
        return min(width, self.size[0]), min(height, self.size[1])

    @cached_property
    def ranges(self) -> Tensor:
        """For each long side from `shortest` to `longest`, in whole pixels `[S, 3, 2]`: width and height, the first
        allowed left and top, the last allowed left and top.
        """
        long_side = torch.arange(self.shortest, self.longest + 1)
        wide, high = self.ratio.width, self.ratio.height
        if wide >= high:
            width, height = long_side, (2 * long_side * high + wide) // (2 * wide)
        else:
            width, height = (2 * long_side * wide + high) // (2 * high), long_side
        pixels = torch.tensor(self.size)
        sides = torch.stack([width, height], 1).clamp_min(1).minimum(pixels)
        free = pixels - sides
        if self.required is None:
            return torch.stack([sides, torch.zeros_like(free), free], 1)
        near, far = torch.tensor(
            [[self.required.x, self.required.y], [self.required.right, self.required.bottom]], dtype=torch.long
        )
        first, last = torch.minimum(near, far - sides), torch.maximum(near, far - sides)
        return torch.stack([sides, *(edge.clamp_min(0).minimum(free) for edge in (first, last))], 1)

    @property
    def count(self) -> int:
        """How many boxes are allowed."""
        return int((self.ranges[:, 2] - self.ranges[:, 1] + 1).prod(1).sum())

    def list_boxes(self) -> Tensor:
        """All allowed boxes, pixels `[N, 4]` (x, y, width, height)."""
        columns, rows = (self.ranges[:, 2] - self.ranges[:, 1] + 1).unbind(1)
        counts = columns * rows
        scale = torch.arange(len(counts)).repeat_interleave(counts)
        position = torch.arange(len(scale)) - (counts.cumsum(0) - counts)[scale]
        sides, first, _ = self.ranges[scale].unbind(1)
        offset = torch.stack([position % columns[scale], position // columns[scale]], 1)
        return torch.cat([first + offset, sides], 1)

    def nearest_boxes(self, long_side: Tensor, corner: Tensor) -> tuple[Tensor, Tensor]:
        """The allowed boxes nearest to long sides `[*]` and left, top edges `[*, 2]`, whole numbers.

        Returns:
            Pixel boxes `[*, 4]` (x, y, width, height), and the long sides `[*]` after clamping.
        """
        long_side = long_side.clamp(self.shortest, self.longest)
        sides, first, last = self.ranges_of(long_side).unbind(-2)
        return torch.cat([corner.clamp(first, last), sides], -1), long_side

    def ranges_of(self, long_side: Tensor) -> Tensor:
        """The `ranges` of allowed long sides `[*]`: `[*, 3, 2]`."""
        return self.ranges.to(long_side.device)[long_side - self.shortest]


def required_box(constraint: Constraint, size: tuple[int, int]) -> Box | None:
    """The smallest pixel box around everything that a crop must hold, or None."""
    boxes = [Box.from_relative(region, size).clipped(size) for region in constraint.required_regions]
    return reduce(Box.union, boxes) if boxes else None


def find_feasible_boxes(constraint: Constraint, ratio: Ratio, size: tuple[int, int]) -> FeasibleBoxes:
    """The boxes of one ratio that the constraint allows; under the policy `shrink`, giving up as little as needed.

    Raises:
        UnsatisfiableError: where none is allowed and the policy is not `shrink`; the message names the conflict.
    """
    check_kind("constraint", constraint, Constraint)
    longest = max(check_kind("ratio", ratio, Ratio).largest_in(size))
    shortest = max(1, min(longest, ceil(longest * sqrt(constraint.min_share) - 1e-9)))
    required = required_box(constraint, size)
    conflicts = []
    for name, needed in (("min_size", constraint.min_size), ("keep", required.size if required else None)):
        if needed is None:
            continue
        long_side = smallest_long_side(ratio, needed)
        if long_side > longest:
            largest = "×".join(map(str, ratio.largest_in(size)))
            conflicts.append(f"{name} needs {needed[0]}×{needed[1]} pixels, but the largest box is {largest}")
        shortest = min(longest, max(shortest, long_side))
    if conflicts and constraint.policy != "shrink":
        raise UnsatisfiableError(f"no {ratio} crop of a {size[0]}×{size[1]} picture obeys: {'; '.join(conflicts)}")
    return FeasibleBoxes(size, ratio, shortest, longest, required)


def pad_box(constraint: Constraint, ratio: Ratio, size: tuple[int, int]) -> Box:
    """The smallest box of the ratio that holds what a crop must hold; it may reach outside the picture.

    It is centred on what it must hold, then moved so that it leaves the picture no further than it has to.
    """
    check_kind("constraint", constraint, Constraint)
    check_kind("ratio", ratio, Ratio)
    size = check_size("size", size)
    required = required_box(constraint, size)
    needed = required.size if required else (1, 1)
    if constraint.min_size:
        needed = max(needed[0], constraint.min_size[0]), max(needed[1], constraint.min_size[1])
    width, height = ratio.size_for(smallest_long_side(ratio, needed))
    centre = required or Box(0, 0, *size)
    return Box(
        _move_inside(centre.x + (centre.width - width) // 2, width, size[0]),
        _move_inside(centre.y + (centre.height - height) // 2, height, size[1]),
        width,
        height,
    )


def smallest_long_side(ratio: Ratio, needed: tuple[int, int]) -> int:
    """The smallest long side whose box of the ratio is at least `needed` (width, height) pixels large."""
    (long_needed, short_needed), long, short = needed, ratio.width, ratio.height
    if long < short:
        (short_needed, long_needed), short, long = needed, ratio.width, ratio.height
    if short_needed <= 1:  # Ratio.size_for never rounds a side to 0
        return max(long_needed, 1)
    # The short side is rounded half up: it reaches `short_needed` where the exact side is half a pixel less.
    return max(long_needed, -(-(2 * short_needed - 1) * long // (2 * short)))


def _move_inside(start: int, length: int, pixels: int) -> int:
    """The start nearest to `start` at which a span of `length` leaves 0..`pixels` by as little as possible."""
    free = pixels - length
    return min(max(start, min(0, free)), max(0, free))
