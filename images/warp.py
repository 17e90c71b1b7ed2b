"""A turned square out of a picture, in one antialiased warp from the source; and an edited one back into it.

What of the picture lies under the square is read at no more than twice the density of the result, where it is reduced
at all (`resample`), then sampled by bicubic interpolation at a spacing of at most one of its pixels, and those samples
are reduced to the result by the filter of every other crop. Where nothing is turned or resized, the pixels are the
picture's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from ..cropping.box import Box
from ..cropping.checks import Size, check_count
from ..cropping.similarity import Similarity
from .colour import RGB, WHITE
from .cut import OutsideError, resize_tensor
from .fill import BLUR, EDGE, MIRROR, Fill, blurred_copy
from .paste import WIDEST_FEATHER
from .resample import SMALL_FILTER, block_side

# PyTorch takes a second to import, and the geometry does without it.
if TYPE_CHECKING:
    from torch import Tensor

MAX_SIDE = 2048
"""Pixels of a square's side."""

UNCHANGED = 1.5 / 255  # of a square that was not edited: files have 8 bits
_CHANGED_AROUND = 2  # pixels of the square around a change that are pasted too: the filters reach so far
_REACH = 3  # pixels beside the square that interpolation may read

Read = Callable[[Box, Size], "Tensor"]
"""A box inside the picture, reduced to a size: float `[h, w, C]` in 0..1."""


@dataclass(frozen=True, slots=True)
class WarpPlan:
    """How a square is made.

    Attributes:
        matrix: from the picture to the square, both in pixels, whose centres lie at halves.
        size: pixels a side of the square.
        box: the part of the picture that is read.
        block: how many times smaller it is read.
    """

    matrix: Similarity
    size: int
    box: Box
    block: int

    @property
    def read_size(self) -> Size:
        """Width and height at which the part is read."""
        return self.box.width // self.block, self.box.height // self.block

    @property
    def to_part(self) -> Similarity:
        """From the square to the part as it is read."""
        moved = self.matrix.inverse().then(Similarity(1.0, 0.0, -self.box.x, -self.box.y))
        return moved.then(Similarity(1 / self.block, 0.0, 0.0, 0.0))


def plan_warp(matrix: Similarity, size: int, picture_size: Size) -> WarpPlan:
    """How the square of `size` pixels a side that `matrix` leads to is made.

    Raises:
        TypeError, ValueError: when the size is not a whole number of 1 to `MAX_SIDE`.
        OutsideError: when no pixel of the square lies on the picture.
    """
    check_count("size", size, MAX_SIDE)
    back = matrix.inverse()
    corners = [back.apply((x, y)) for x in (0.0, float(size)) for y in (0.0, float(size))]
    block = block_side(back.scale)
    edges = []
    for axis in (0, 1):
        low, high = (pick(each[axis] for each in corners) for pick in (min, max))
        start = max(0, floor(low) - _REACH * block)
        stop = min(picture_size[axis], ceil(high) + _REACH * block)
        if low >= picture_size[axis] or high <= 0 or stop - start < block:
            raise OutsideError("the square lies outside the picture")
        edges.append((start, (stop - start) // block * block))
    (x, width), (y, height) = edges
    return WarpPlan(matrix, size, Box(x, y, width, height), block)


def warp(read: Read, plan: WarpPlan, background: RGB = WHITE, fill: Fill = None) -> tuple[Tensor, Tensor]:
    """The square of a plan.

    Args:
        read: reads the picture that the plan was made for.
        plan: see `plan_warp`.
        background: what lies outside the picture, where there is no `fill`.
        fill: a colour, or `edge`, `mirror` (repeated as often as needed) or `blur`; see `fill_canvas`.

    Returns:
        Float `[size, size, C]` in 0..1, and `[size, size]`: 1 where the square lies outside the picture, 0 on it.
    """
    import torch

    part = read(plan.box, plan.read_size)
    to_part = plan.to_part
    inside = _share_inside(to_part, plan.size, (part.shape[1], part.shape[0]), part)
    square = _sample(part, to_part, (plan.size, plan.size), "reflection" if fill == MIRROR else "border")
    outside = 1 - inside
    if not outside.any():
        return square, outside
    if fill == BLUR:
        copy = torch.from_numpy(blurred_copy(square.cpu().numpy(), (plan.size, plan.size))).to(square)
        square = torch.lerp(copy, square, inside[..., None])
    elif not isinstance(fill, str):
        colour = square.new_tensor(background if fill is None else fill) / 255
        square = torch.lerp(colour.expand_as(square), square, inside[..., None])
    return square, outside


def read_tensor(picture: Tensor) -> Read:
    """Reads a picture `[H, W, C]` of floats in 0..1."""

    def read(box: Box, size: Size) -> Tensor:
        region = float(box.x), float(box.y), float(box.right), float(box.bottom)
        return resize_tensor(picture, region, size).float()

    return read


def paste_square(
    picture: Tensor,
    square: Tensor,
    matrix: Similarity,
    size: int,
    feather: int = 0,
    mask: Tensor | None = None,
    background: RGB = WHITE,
    fill: Fill = None,
) -> None:
    """Pastes an edited square into its picture, in place.

    Where the square was not changed, the picture stays the same to the last bit; what lies outside it is left out.

    Args:
        picture: float `[H, W, C]` in 0..1; it is written to.
        square: float `[n, n, C]` of any size: the edit may be larger or smaller than what was cut.
        matrix, size, background, fill: as it was cut, see `plan_warp` and `warp`.
        feather: width in pixels of the picture in which it fades in from its edges; 0: hard seams.
        mask: float `[h, w]` in 0..1, stretched over the square: 1 where it is pasted; None: all of it.

    Raises:
        TypeError, ValueError: when a shape does not fit, or an argument is malformed; names it.
        OutsideError: when no pixel of the square lies on the picture.
    """
    import torch

    check_count("feather", feather, WIDEST_FEATHER, least=0)
    if square.ndim != 3 or 0 in square.shape or square.shape[2] != picture.shape[2]:
        raise ValueError(f"crop: must be [n, n, {picture.shape[2]}] with at least one pixel, got {list(square.shape)}")
    if square.shape[0] != square.shape[1]:
        raise ValueError(f"crop: a face goes back as a square, got {square.shape[1]}×{square.shape[0]}")
    if mask is not None and (mask.ndim != 2 or 0 in mask.shape):
        raise ValueError(f"mask: must be [h, w] with at least one pixel, got {list(mask.shape)}")
    plan = plan_warp(matrix, size, (picture.shape[1], picture.shape[0]))
    place = _place_of(plan, picture)
    to_square = Similarity(1.0, 0.0, float(place.x), float(place.y)).then(matrix)
    before, outside = warp(read_tensor(picture), plan, background, fill)
    weights = [_may_be_pasted(outside, fill)]
    if square.shape[0] == size:  # of another size, what was changed cannot be told
        weights.append(_spread((square.to(before) - before).abs().amax(-1) > UNCHANGED))
    if mask is not None:
        whole = 0.0, 0.0, float(mask.shape[1]), float(mask.shape[0])
        weights.append(resize_tensor(mask[..., None].to(before), whole, (size, size), SMALL_FILTER)[..., 0])
    weight = _fade_in(to_square, size, place.size, feather, picture)
    for each in weights:
        if not bool((each == 1).all()):
            weight = weight * _sample(each[..., None].to(picture), to_square, place.size, "border")[..., 0]
    scaled = to_square.then(Similarity(square.shape[0] / size, 0.0, 0.0, 0.0))
    part = _sample(square.to(picture), scaled, place.size, "border")
    target = picture[place.y : place.bottom, place.x : place.right]
    target.copy_(torch.lerp(target, part, weight[..., None].clamp(0, 1)))


def _may_be_pasted(outside: Tensor, fill: Fill) -> Tensor:
    """`[n, n]`: 0 where the square is mixed with what lies outside the picture."""
    if fill in (EDGE, MIRROR):
        return outside.new_ones(outside.shape)
    return (outside == 0).to(outside)


def _spread(changed: Tensor) -> Tensor:
    """`[n, n]`: 1 in the neighbourhood of what was changed."""
    import torch

    reach = _CHANGED_AROUND
    return torch.nn.functional.max_pool2d(changed.float()[None], 2 * reach + 1, stride=1, padding=reach)[0]


def _place_of(plan: WarpPlan, picture: Tensor) -> Box:
    """The pixels of the picture that the square touches."""
    back, size = plan.matrix.inverse(), float(plan.size)
    corners = [back.apply((x, y)) for x in (0.0, size) for y in (0.0, size)]
    (left, right), (top, bottom) = ((min(each), max(each)) for each in zip(*corners, strict=True))
    whole = Box(floor(left), floor(top), max(1, ceil(right) - floor(left)), max(1, ceil(bottom) - floor(top)))
    return whole.clipped((picture.shape[1], picture.shape[0]))


def _fade_in(to_square: Similarity, size: int, place: Size, feather: int, like: Tensor) -> Tensor:
    """`[h, w]`: 1 inside the square, less within `feather` pixels of its edges, 0 outside it."""
    x, y = _positions(to_square, place, like)
    distance = _to_edges(x, y, (size, size)) / to_square.scale
    if not feather:
        return (distance + 0.5).clamp(0, 1)
    share = (distance / feather).clamp(0, 1)
    return share.square() * (3 - 2 * share)


def _share_inside(to_part: Similarity, size: int, part: Size, like: Tensor) -> Tensor:
    """`[size, size]`: the share of each pixel of the square that lies on the picture's part."""
    corners = [to_part.apply((x, y)) for x in (0.5, size - 0.5) for y in (0.5, size - 0.5)]
    if all(min(x, y, part[0] - x, part[1] - y) >= to_part.scale for x, y in corners):
        return like.new_ones(size, size)
    x, y = _positions(to_part, (size, size), like)
    return (_to_edges(x, y, part) / to_part.scale + 0.5).clamp(0, 1)


def _to_edges(x: Tensor, y: Tensor, size: Size) -> Tensor:
    """How far points lie from the nearest edge of a rectangle; below 0 outside it."""
    return x.minimum(size[0] - x).minimum(y).minimum(size[1] - y)


def _positions(matrix: Similarity, size: Size, like: Tensor, density: int = 1) -> tuple[Tensor, Tensor]:
    """Where the centres of pixels lie, `[h · density, w · density]` each."""
    import torch

    width, height = (each * density for each in size)
    x = (torch.arange(width, dtype=torch.float64, device=like.device) + 0.5) / density
    y = (torch.arange(height, dtype=torch.float64, device=like.device)[:, None] + 0.5) / density
    across, down = matrix.a * x - matrix.b * y + matrix.dx, matrix.b * x + matrix.a * y + matrix.dy
    return across.to(like.dtype), down.to(like.dtype)


def _sample(part: Tensor, to_part: Similarity, size: Size, around: str) -> Tensor:
    """`[h, w, C]`: a part of a picture as it is seen through a matrix, antialiased.

    Args:
        part: float `[H, W, C]` in 0..1.
        to_part: from the result to the part.
        size: width and height of the result.
        around: how the part goes on beyond its edges: `border` or `reflection`.
    """
    import torch

    whole = _as_slice(to_part, size, part)
    if whole is not None:
        return whole
    density = max(1, ceil(to_part.scale - 1e-6))
    x, y = _positions(to_part, size, part, density)
    grid = torch.stack([x * (2 / part.shape[1]) - 1, y * (2 / part.shape[0]) - 1], -1)
    found = torch.nn.functional.grid_sample(
        part.movedim(-1, 0)[None], grid[None], "bicubic", around, align_corners=False
    )[0].movedim(0, -1)
    if density == 1:
        return found.clamp(0, 1)
    region = 0.0, 0.0, float(size[0] * density), float(size[1] * density)
    return resize_tensor(found, region, size)


def _as_slice(to_part: Similarity, size: Size, part: Tensor) -> Tensor | None:
    """A copy of a part's own pixels where the matrix only moves it by whole ones, and stays inside; else None."""
    x, y = round(to_part.dx), round(to_part.dy)
    moves = (
        max(abs(to_part.a - 1), abs(to_part.b)) * max(size) < 1e-4
        and max(abs(to_part.dx - x), abs(to_part.dy - y)) < 1e-4
    )
    if not moves or min(x, y) < 0 or x + size[0] > part.shape[1] or y + size[1] > part.shape[0]:
        return None
    return part[y : y + size[1], x : x + size[0]].clone()
