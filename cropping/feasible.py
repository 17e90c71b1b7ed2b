"""Which pixel boxes a constraint allows in a picture, and what conflicts where it allows none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from math import ceil, sqrt
from typing import TypeVar

import torch
from torch import Tensor

from .box import Box
from .checks import check_kind, check_size
from .constraint import Constraint, UnsatisfiableError
from .ratio import Ratio

Whole = TypeVar("Whole", int, Tensor)

NARROWEST = 32
"""The short side of a crop is at least this part of the picture's short side, or the crop shows nothing of it."""


class UselessRatioError(UnsatisfiableError):
    """A ratio so far from the picture's that its largest crop is a sliver."""


@dataclass(frozen=True)
class FeasibleBoxes:
    """The boxes of one ratio that are allowed in a picture.

    Attributes:
        size: (width, height) of the picture in pixels.
        ratio: of every box.
        shortest, longest: range of the box's long side, in pixels, both included.
        required: every box holds it, or None. A side of it that is longer than the box's is filled by the box instead.
        multiple: both sides of every box are multiples of it, as are `shortest` and `longest`. Long sides between are
            rounded.
    """

    size: tuple[int, int]
    ratio: Ratio
    shortest: int
    longest: int
    required: Box | None = None
    multiple: int = 1

    def box_size(self, long_side: int) -> tuple[int, int]:
        """Width and height of the boxes with this long side."""
        width, height = box_size(self.ratio, long_side, self.multiple)
        return min(width, self.size[0]), min(height, self.size[1])

    @cached_property
    def ranges(self) -> Tensor:
        """For each long side from `shortest` to `longest`, in whole pixels `[S, 3, 2]`: width and height, the first
        allowed left and top, the last allowed left and top.
        """
        pixels, long_side = torch.tensor(self.size), torch.arange(self.shortest, self.longest + 1)
        sides = torch.stack(_round_sides(self.ratio, long_side, self.multiple), 1)
        sides = sides.clamp_min(self.multiple).minimum(pixels)
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
        return int((self._distinct[:, 2] - self._distinct[:, 1] + 1).prod(1).sum())

    @cached_property
    def _distinct(self) -> Tensor:
        """The `ranges` of each size once."""
        return self.ranges if self.multiple == 1 else self.ranges.unique_consecutive(dim=0)

    def list_boxes(self) -> Tensor:
        """All allowed boxes, pixels `[N, 4]` (x, y, width, height)."""
        columns, rows = (self._distinct[:, 2] - self._distinct[:, 1] + 1).unbind(1)
        counts = columns * rows
        scale = torch.arange(len(counts)).repeat_interleave(counts)
        position = torch.arange(len(scale)) - (counts.cumsum(0) - counts)[scale]
        sides, first, _ = self._distinct[scale].unbind(1)
        offset = torch.stack([position % columns[scale], position // columns[scale]], 1)
        return torch.cat([first + offset, sides], 1)

    def spread_boxes(self, long_sides: Tensor, places: int) -> Tensor:
        """Allowed boxes of long sides `[S]` at evenly spread places, so many along each axis: pixels `[S, N, 4]`."""
        shares = torch.linspace(0, 1, places, dtype=torch.float64)
        sides, first, last = self.ranges_of(long_sides).unbind(1)
        corners = first[:, None] + ((last - first)[:, None] * torch.cartesian_prod(shares, shares)).round().long()
        return torch.cat([corners, sides[:, None].expand_as(corners)], -1)

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
        UnsatisfiableError: where none is allowed and the policy is not `shrink`; the message names the conflict. Under
            every policy where the ratio, or the multiple, is beyond what the picture can give.
    """
    shortest, longest = find_range(constraint, ratio, size)
    multiple = constraint.multiple_of
    required = required_box(constraint, size)
    conflicts = []
    for name, needed in (("min_size", constraint.min_size), ("keep", required.size if required else None)):
        if needed is None:
            continue
        long_side = smallest_long_side(ratio, needed, multiple)
        if long_side > longest:
            largest = "×".join(map(str, FeasibleBoxes(size, ratio, longest, longest, None, multiple).box_size(longest)))
            conflicts.append(f"{name} needs {needed[0]}×{needed[1]} pixels, but the largest box is {largest}")
        shortest = min(longest, max(shortest, long_side))
    if conflicts and constraint.policy != "shrink":
        raise UnsatisfiableError(f"no {ratio} crop of a {size[0]}×{size[1]} picture obeys: {'; '.join(conflicts)}")
    if constraint.max_size is not None:
        longest = max(shortest, min(longest, largest_long_side(ratio, constraint.max_size, multiple)))
    return FeasibleBoxes(size, ratio, shortest, longest, required, multiple)


def find_longest_side(ratio: Ratio, size: tuple[int, int], multiple: int = 1) -> int:
    """The long side of the largest box of the ratio in a picture of (width, height) `size`.

    Args:
        multiple: both sides of the box are multiples of it.

    Raises:
        UselessRatioError: where the box would be a sliver, see `NARROWEST`.
        UnsatisfiableError: where the picture is too small for the multiple.
    """
    _check_useful(check_kind("ratio", ratio, Ratio), size)
    longest = max(ratio.largest_in(size))
    if multiple == 1:
        return longest
    limits = [side // multiple * multiple for side in size]
    if not min(limits):
        raise UnsatisfiableError(
            f"no crop of a {size[0]}×{size[1]} picture has sides that are multiples of {multiple}; resize the crops"
        )
    # The short side is rounded, too, and may ask for a pixel more than there is.
    options = range(min(_round_up(longest, multiple), max(limits)), 0, -multiple)
    return next(each for each in options if _fits(box_size(ratio, each, multiple), limits))


def find_range(constraint: Constraint, ratio: Ratio, size: tuple[int, int]) -> tuple[int, int]:
    """The shortest and the longest long side, in pixels, of the boxes that the smallest share allows.

    Raises:
        UnsatisfiableError: see `find_longest_side`.
    """
    check_kind("constraint", constraint, Constraint)
    multiple = constraint.multiple_of
    longest = find_longest_side(ratio, size, multiple)
    return max(multiple, min(longest, _round_up(ceil(longest * sqrt(constraint.min_share) - 1e-9), multiple))), longest


def pad_box(constraint: Constraint, ratio: Ratio, size: tuple[int, int]) -> Box:
    """The smallest box of the ratio that holds what a crop must hold; it may reach outside the picture.

    Raises:
        UselessRatioError: where the ratio is beyond what the picture can give, see `NARROWEST`.

    It is centred on what it must hold, then moved so that it leaves the picture no further than it has to.
    """
    check_kind("constraint", constraint, Constraint)
    check_kind("ratio", ratio, Ratio)
    size = check_size("size", size)
    _check_useful(ratio, size)
    required = required_box(constraint, size)
    needed = required.size if required else (1, 1)
    if constraint.min_size:
        needed = max(needed[0], constraint.min_size[0]), max(needed[1], constraint.min_size[1])
    long_side = smallest_long_side(ratio, needed, constraint.multiple_of)
    width, height = box_size(ratio, long_side, constraint.multiple_of)
    centre = required or Box(0, 0, *size)
    return Box(
        move_inside(centre.x + (centre.width - width) // 2, width, size[0]),
        move_inside(centre.y + (centre.height - height) // 2, height, size[1]),
        width,
        height,
    )


def box_size(ratio: Ratio, long_side: int, multiple: int = 1) -> tuple[int, int]:
    """Width and height of a box of the ratio; each is rounded to the nearest multiple, and at least one.

    >>> box_size(Ratio(16, 9), 1000, 64)
    (1024, 576)
    """
    width, height = _round_sides(ratio, long_side, multiple)
    return max(multiple, width), max(multiple, height)


def smallest_long_side(ratio: Ratio, needed: tuple[int, int], multiple: int = 1) -> int:
    """The smallest long side whose box of the ratio is at least `needed` (width, height) pixels large.

    Args:
        multiple: both sides of the box, and the long side that is returned, are multiples of it.
    """
    if multiple == 1:
        return _smallest_long_side(ratio, needed)
    width, height = (max(1, side - multiple) for side in needed)  # as the sides are rounded
    long_side = _round_up(_smallest_long_side(ratio, (width, height)), multiple)
    while not _fits(needed, box_size(ratio, long_side, multiple)):
        long_side += multiple
    return long_side


def largest_long_side(ratio: Ratio, limits: tuple[int, int], multiple: int = 1) -> int:
    """The largest long side whose box of the ratio is at most `limits` (width, height) pixels large; at least one
    multiple.

    >>> largest_long_side(Ratio(2, 3), (100, 1000)), largest_long_side(Ratio(2, 3), (100, 1000), 8)
    (150, 144)
    """
    width, height = (max(1, side) for side in limits)
    long_side = max(ratio.largest_in((width, height)))
    if multiple == 1:
        return long_side
    options = range(_round_up(long_side, multiple), 0, -multiple)
    return next((each for each in options if _fits(box_size(ratio, each, multiple), limits)), multiple)


def _smallest_long_side(ratio: Ratio, needed: tuple[int, int]) -> int:
    (long_needed, short_needed), long, short = needed, ratio.width, ratio.height
    if long < short:
        (short_needed, long_needed), short, long = needed, ratio.width, ratio.height
    if short_needed <= 1:  # Ratio.size_for never rounds a side to 0
        return max(long_needed, 1)
    # The short side is rounded half up: it reaches `short_needed` where the exact side is half a pixel less.
    return max(long_needed, -(-(2 * short_needed - 1) * long // (2 * short)))


def move_inside(start: int, length: int, pixels: int) -> int:
    """The start nearest to `start` at which a span of `length` leaves 0..`pixels` by as little as possible."""
    free = pixels - length
    return min(max(start, min(0, free)), max(0, free))


def _round_sides(ratio: Ratio, long_side: Whole, multiple: int) -> tuple[Whole, Whole]:
    """Width and height of boxes; the long side is rounded to a multiple, and the short one follows from it."""
    wide, high = ratio.width, ratio.height
    long, short = max(wide, high), min(wide, high)
    longer = _round_half_up(long_side, multiple) * multiple
    shorter = _round_half_up(longer * short, long * multiple) * multiple
    return (longer, shorter) if wide >= high else (shorter, longer)


def _round_half_up(numerator: Whole, denominator: int) -> Whole:
    return (2 * numerator + denominator) // (2 * denominator)


def _round_up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


def _fits(inner: Sequence[int], outer: Sequence[int]) -> bool:
    return inner[0] <= outer[0] and inner[1] <= outer[1]


def _check_useful(ratio: Ratio, size: tuple[int, int]) -> None:
    """Refuses a ratio whose largest box in a picture of `size` is a sliver.

    Raises:
        UselessRatioError: it says which ratios the picture can give.
    """
    width, height = check_size("size", size)
    scale = min(Fraction(width, ratio.width), Fraction(height, ratio.height))
    if min(ratio.width, ratio.height) * scale * NARROWEST >= min(width, height):
        return
    largest = "×".join(map(str, ratio.largest_in(size)))
    tallest, widest = (side * NARROWEST // min(width, height) for side in (height, width))
    raise UselessRatioError(
        f"no {ratio} crop of a {width}×{height} picture shows anything of it: the largest has {largest} pixels; this"
        f" picture gives ratios from 1:{tallest} to {widest}:1"
    )
