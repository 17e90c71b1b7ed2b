"""An edited crop back into its picture: the inverse of `cut`, with a soft seam.

Only the part of the box that lies on the picture comes back; what `cut` added around it is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from ..cropping.box import Box
from ..cropping.checks import check_count
from .cut import CutError, IntBox, check_size, cut_tensor, plan_cut, resize_tensor
from .orientation import FloatBox
from .resample import SMALL_FILTER, Size, whole_pixels

# PyTorch takes a second to import, and the geometry does without it.
if TYPE_CHECKING:
    from torch import Tensor

# A VAE trims what it encodes to a multiple of one of these, evenly at both ends.
TRIM_STEPS = (8, 16)
WIDEST_FEATHER = 4096  # pixels
# A crop that differs by no more than this was not changed: files have 8 bits.
UNCHANGED = 1.5 / 255
CHANGED_AROUND = 2  # pixels of the crop around a change that are pasted too: the filters reach so far


@dataclass(frozen=True, slots=True)
class PastePlan:
    """Which part of an edited crop comes back, and where to.

    Attributes:
        part: left, top, right, bottom in pixels of the edited crop.
        place: left, top, right, bottom in whole pixels of the picture.
        crop_size: width and height of the edited crop.
    """

    part: FloatBox
    place: IntBox
    crop_size: Size

    @property
    def size(self) -> Size:
        """Width and height of the place."""
        return self.place[2] - self.place[0], self.place[3] - self.place[1]


def plan_paste(
    box: Box | Sequence[int], crop_size: Sequence[int], picture_size: Size, cut_size: Sequence[int] | None = None
) -> PastePlan:
    """How an edited crop goes back into a picture of `picture_size`.

    Args:
        box: x, y, width, height in pixels of the picture, as it was cut out; may reach outside it.
        crop_size: width and height of the edited crop. One that a VAE has trimmed to a multiple of 8 or 16, and any
            enlargement of it, goes back without the edges that are lost; any other is stretched over what was cut.
        cut_size: width and height that the box was cut out at, see `plan_cut`; None for the box's own.

    >>> plan_paste((-10, 0, 40, 40), (80, 80), (100, 100))
    PastePlan(part=(20.0, 0.0, 80.0, 80.0), place=(0, 0, 30, 40), crop_size=(80, 80))

    Raises:
        TypeError, ValueError: when an argument is malformed; names it.
        CutError: when the box covers not one whole pixel of the picture.
    """
    plan = plan_cut(box, None if cut_size is None else check_size(cut_size), picture_size)
    edited = check_size(crop_size)
    trimmed = _find_trimmed(edited, plan.size)
    across, down = (
        _Axis(
            (plan.region[axis], plan.region[axis + 2]),
            (plan.place[axis], plan.place[axis + 2]),
            trimmed[axis] // 2,
            edited[axis] / (plan.size[axis] - trimmed[axis]),
        ).paste(edited[axis])
        for axis in (0, 1)
    )
    (left, right, x1, x2), (top, bottom, y1, y2) = across, down
    return PastePlan((x1, y1, x2, y2), (left, top, right, bottom), edited)


def paste(
    picture: Tensor,
    crop: Tensor,
    box: Box | Sequence[int],
    cut_size: Sequence[int] | None = None,
    feather: int = 0,
    mask: Tensor | None = None,
    before: Tensor | None = None,
) -> None:
    """Pastes an edited crop into a picture, in place.

    Where the crop was not changed, the picture stays the same to the last bit: a crop that was reduced to be edited is
    compared with what had been cut out, so that its unchanged parts keep the detail that the picture has.

    Args:
        picture: float `[H, W, C]` in 0..1 on any device; it is written to.
        crop: float `[h, w, C]` in 0..1 of any size, see `plan_paste`.
        box, cut_size: as the crop was cut out of the picture, see `plan_paste`.
        feather: width in pixels of the picture in which the crop fades in from its edges, those on the picture's own
            border excepted, and in which the mask's edges are softened; 0: hard seams.
        mask: float `[h', w']` in 0..1, stretched over the whole crop: 1 where the crop is pasted, 0 where the picture
            stays, beyond half the feather; None: all of it.
        before: the crop as it was cut, where that was done in another way than by `cut_tensor`.

    Raises:
        TypeError, ValueError: when the feather is not a whole number of 0 to `WIDEST_FEATHER`, a shape does not fit, or
            another argument is malformed; names it.
        CutError: when the box covers not one whole pixel of the picture.
    """
    import torch

    check_count("feather", feather, WIDEST_FEATHER, least=0)
    if crop.ndim != 3 or 0 in crop.shape or crop.shape[2] != picture.shape[2]:
        raise ValueError(f"crop: must be [h, w, {picture.shape[2]}] with at least one pixel, got {list(crop.shape)}")
    plan = plan_paste(box, (crop.shape[1], crop.shape[0]), (picture.shape[1], picture.shape[0]), cut_size)
    weight = _fade_in(plan, picture, feather)
    if mask is not None:
        weight = weight * _stretch_mask(mask.to(picture), plan, feather)
    changed = _find_changes(picture, crop.to(picture), box, cut_size, before)
    if changed is not None:
        weight = weight * resize_tensor(changed, plan.part, plan.size, SMALL_FILTER)[..., 0]
    left, top, right, bottom = plan.place
    target = picture[top:bottom, left:right]
    part = resize_tensor(crop, plan.part, plan.size).to(picture)
    target.copy_(torch.lerp(target, part, weight[..., None].clamp(0, 1)))


def _find_changes(
    picture: Tensor,
    crop: Tensor,
    box: Box | Sequence[int],
    cut_size: Sequence[int] | None,
    before: Tensor | None,
) -> Tensor | None:
    """`[h, w, 1]`: 1 in the neighbourhood of what was changed in a crop, else 0.

    None where that does not matter, as nothing was resized, or cannot be told, as the crop has another size now.
    """
    import torch

    plan = plan_cut(box, None if cut_size is None else check_size(cut_size), (picture.shape[1], picture.shape[0]))
    edited = crop.shape[1], crop.shape[0]
    trimmed = _find_trimmed(edited, plan.size)
    if whole_pixels(plan.region, plan.part_size) or edited != (plan.size[0] - trimmed[0], plan.size[1] - trimmed[1]):
        return None
    if before is None:
        before = cut_tensor(picture, box, plan.size)
    left, top = trimmed[0] // 2, trimmed[1] // 2
    before = before[top : top + edited[1], left : left + edited[0]]
    changed = ((crop - before).abs().amax(-1) > UNCHANGED).to(picture)
    reach = CHANGED_AROUND
    spread = torch.nn.functional.max_pool2d(changed[None], 2 * reach + 1, stride=1, padding=reach)
    return spread[0, ..., None]


@dataclass(frozen=True, slots=True)
class _Axis:
    """How positions along one axis of the picture lie on the edited crop.

    Attributes:
        region: the first and last position on the picture that was cut.
        place: where they lie in what was cut, in its pixels.
        trimmed: pixels that the edit took from the start of what was cut.
        scale: pixels of the edited crop for one of those that were left.
    """

    region: tuple[float, float]
    place: tuple[int, int]
    trimmed: int
    scale: float

    def paste(self, length: int) -> tuple[int, int, float, float]:
        """First and last whole pixel of the picture that a crop of `length` covers, and where they lie on the crop."""
        low = max(self.region[0], self._on_picture(0))
        high = min(self.region[1], self._on_picture(length))
        first, last = ceil(low - 1e-6), floor(high + 1e-6)
        if first >= last:
            raise CutError("the box covers not one whole pixel of the picture")
        start, stop = (min(max(self._on_crop(each), 0.0), float(length)) for each in (first, last))
        return first, last, start, stop

    def _on_crop(self, position: float) -> float:
        cut = self.place[0] + (position - self.region[0]) / self._step
        return (cut - self.trimmed) * self.scale

    def _on_picture(self, position: float) -> float:
        return self.region[0] + (position / self.scale + self.trimmed - self.place[0]) * self._step

    @property
    def _step(self) -> float:
        """Pixels of the picture for one that was cut."""
        return (self.region[1] - self.region[0]) / (self.place[1] - self.place[0])


def _find_trimmed(edited: Size, cut: Size) -> Size:
    """How many pixels of each side a VAE has trimmed from what was cut, judged by the size of the edited crop."""
    for step in TRIM_STEPS:
        rest = cut[0] % step, cut[1] % step
        left = cut[0] - rest[0], cut[1] - rest[1]
        if any(rest) and all(left) and (edited == left or (_alike(edited, left) and not _alike(edited, cut))):
            return rest
    return 0, 0


def _alike(first: Size, second: Size) -> bool:
    """Whether two sizes have the same ratio."""
    return first[0] * second[1] == first[1] * second[0]


def _fade_in(plan: PastePlan, picture: Tensor, feather: int) -> Tensor:
    """`[h, w]`: 1 inside the place, less within `feather` pixels of its edges that do not lie on the border."""
    limits = picture.shape[1], picture.shape[0]
    across, down = (
        _ramp(plan.size[axis], plan.place[axis] > 0, plan.place[axis + 2] < limits[axis], feather, picture)
        for axis in (0, 1)
    )
    return down[:, None] * across


def _ramp(length: int, at_start: bool, at_end: bool, feather: int, like: Tensor) -> Tensor:
    """`[length]`: 1, rising smoothly from 0 within `feather` of the ends that are asked for; two ends meet halfway."""
    import torch

    rise = torch.ones(length, dtype=like.dtype, device=like.device)
    width = min(feather, length // 2 if at_start and at_end else length)
    if width:
        share = (torch.arange(width, dtype=like.dtype, device=like.device) + 0.5) / width
        smooth = share.square() * (3 - 2 * share)
        if at_start:
            rise[:width] = smooth
        if at_end:
            rise[-width:] = smooth.flip(0)
    return rise


def _stretch_mask(mask: Tensor, plan: PastePlan, feather: int) -> Tensor:
    """The mask `[h', w']` of the whole crop on the plan's place, `[h, w]`, its edges softened over `feather` pixels."""
    import torch

    if mask.ndim != 2 or 0 in mask.shape:
        raise ValueError(f"mask: must be [h, w] with at least one pixel, got {list(mask.shape)}")
    across, down = mask.shape[1] / plan.crop_size[0], mask.shape[0] / plan.crop_size[1]
    x1, y1, x2, y2 = plan.part
    part = x1 * across, y1 * down, min(x2 * across, mask.shape[1]), min(y2 * down, mask.shape[0])
    stretched = resize_tensor(mask[..., None], part, plan.size, SMALL_FILTER)[None, None, ..., 0]
    reach = feather // 2
    if not reach:
        return stretched[0, 0]
    offsets = torch.arange(-reach, reach + 1, dtype=mask.dtype, device=mask.device)
    kernel = torch.exp(-0.5 * (offsets / (reach / 2)).square())
    kernel = kernel / kernel.sum()
    for shape, padding in (((1, 1, 1, -1), (reach, reach, 0, 0)), ((1, 1, -1, 1), (0, 0, reach, reach))):
        wide = torch.nn.functional.pad(stretched, padding, mode="replicate")
        stretched = torch.nn.functional.conv2d(wide, kernel.view(shape))
    return stretched[0, 0]
