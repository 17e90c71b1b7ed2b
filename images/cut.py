"""The one way to cut a box out of a picture and to resize it, for the command, the nodes and Python.

A box is never stretched: where its ratio is not that of the result, its edges are left out evenly. The part of the box
that lies on the picture is resized once (`resample`); what lies outside is the background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..cropping.box import Box
from ..cropping.checks import check_whole_number, show
from .colour import RGB, WHITE, composite
from .fill import Fill, fill_canvas
from .header import MAX_PIXELS
from .orientation import FloatBox
from .resample import CROP_FILTER, Size, resize, resize_floats, whole_pixels

# PyTorch takes a second to import, and reading pictures does without it.
if TYPE_CHECKING:
    from torch import Tensor

IntBox = tuple[int, int, int, int]


class CutError(ValueError):
    """A box that cannot be cut out of a picture."""


class OutsideError(CutError):
    """A box of which no pixel lies on the picture."""


class TooLargeError(CutError):
    """A result of more than `MAX_PIXELS`, such as a narrow picture on a wide canvas."""


@dataclass(frozen=True, slots=True)
class CutPlan:
    """How a box of a picture becomes a result of some size.

    Attributes:
        region: the part of the picture that is resized: left, top, right, bottom in its pixels.
        place: where that part goes: left, top, right, bottom in whole pixels of the result.
        size: width and height of the result.
    """

    region: FloatBox
    place: IntBox
    size: Size

    @property
    def part_size(self) -> Size:
        """Width and height that the region is resized to."""
        return self.place[2] - self.place[0], self.place[3] - self.place[1]

    @property
    def padded(self) -> bool:
        """Whether some of the result lies outside the picture."""
        return self.part_size != self.size


def plan_cut(box: Box | Sequence[int], size: Size | None, picture_size: Size) -> CutPlan:
    """How a box is cut out of a picture of `picture_size`.

    Args:
        box: x, y, width, height in pixels of the picture; may reach outside it.
        size: width and height of the result; None for the box's own.

    >>> plan_cut((-10, 0, 40, 40), (20, 20), (100, 100))
    CutPlan(region=(0.0, 0.0, 30.0, 40.0), place=(5, 0, 20, 20), size=(20, 20))

    Raises:
        TypeError, ValueError: when `box` or `size` is malformed; names it.
        OutsideError: when no pixel of the box lies on the picture.
        TooLargeError: when the result has more than `MAX_PIXELS`.
    """
    x, y, width, height = check_box(box)
    size = (width, height) if size is None else check_size(size)
    if size[0] * size[1] > MAX_PIXELS:
        raise TooLargeError(f"a crop of {size[0]}×{size[1]} pixels, over the limit of {MAX_PIXELS:,}")
    edges = _of_ratio((float(x), float(y), float(x + width), float(y + height)), size)
    region = _clipped(edges, picture_size)
    if region == edges:
        return CutPlan(region, (0, 0, *size), size)
    if region[0] >= region[2] or region[1] >= region[3]:
        raise OutsideError(f"the box {[x, y, width, height]} lies outside the picture")
    return CutPlan(region, _place(region, edges, size), size)


def cut(
    pixels: np.ndarray | Image.Image,
    box: Box | Sequence[int],
    size: Size | None = None,
    background: RGB | None = WHITE,
    fill: Fill = None,
) -> np.ndarray:
    """A box out of an 8-bit sRGB picture, resized once where `size` differs from the box's own.

    Args:
        pixels: uint8 `[H, W, 3]`, or `[H, W, 4]` where it is transparent; or a Pillow image of mode RGB or RGBA.
        box, size: see `plan_cut`.
        background: RGB of what lies outside the picture and under transparent pixels; None leaves both transparent.
        fill: of what lies outside the picture, see `fill_canvas`; None for the background.

    Returns:
        uint8 `[h, w, 3]`; `[h, w, 4]` where something may be transparent and `background` is None.

    >>> cut(np.zeros((4, 4, 3), np.uint8), (-1, 0, 2, 1)).tolist()
    [[[255, 255, 255], [0, 0, 0]]]

    Raises:
        TypeError, ValueError: when an argument is malformed; names it.
        OutsideError: when no pixel of the box lies on the picture.
    """
    image = pixels if isinstance(pixels, Image.Image) else _as_image(pixels)
    if image.mode not in ("RGB", "RGBA"):
        raise ValueError(f"pixels: a picture must be RGB or RGBA, got the mode {image.mode}")
    plan = plan_cut(box, size, image.size)
    part = resize(image, plan.region, plan.part_size)
    return place_on_canvas(
        np.array(part if background is None else composite(part, background)), plan, background, fill
    )


def cut_tensor(
    image: Tensor,
    box: Box | Sequence[int],
    size: Size | None = None,
    background: float | Sequence[float] = 1.0,
    fill: str | None = None,
) -> Tensor:
    """A box out of a picture or mask of floats, as `cut` does it, without rounding to 8 bits.

    Both agree to within 1/255 on the same picture, except beside hard edges; see `resample.resize_floats`.

    Args:
        image: float `[H, W, C]` in 0..1 with any number of channels, on any device.
        box, size: see `plan_cut`.
        background: what lies outside the picture, in 0..1: one number, or one a channel.
        fill: one of `FILLS` instead of a background.

    Returns:
        float `[h, w, C]` of the same type on the same device. Where nothing is resized or padded, it is a slice that
        shares memory with `image`.

    Raises:
        TypeError, ValueError: when an argument is malformed; names it.
        OutsideError: when no pixel of the box lies on the picture.
    """
    if image.ndim != 3 or not image.is_floating_point():
        raise ValueError(f"image: must be float [H, W, C], got {image.dtype} {list(image.shape)}")
    plan = plan_cut(box, size, (image.shape[1], image.shape[0]))
    part = resize_tensor(image, plan.region, plan.part_size)
    if not plan.padded:
        return part
    if fill is not None:
        import torch

        values = part.detach().to("cpu", torch.float32).numpy()
        return torch.from_numpy(fill_canvas(values, plan.place, plan.size, fill)).to(image)
    colour = image.new_tensor(background)
    if colour.numel() not in (1, image.shape[2]):
        raise ValueError(f"background: must be one number, or {image.shape[2]} for the channels, got {colour.numel()}")
    canvas = colour.expand(plan.size[1], plan.size[0], image.shape[2]).clone()
    left, top, right, bottom = plan.place
    canvas[top:bottom, left:right] = part
    return canvas


def resize_tensor(image: Tensor, region: FloatBox, size: Size, filter: Image.Resampling = CROP_FILTER) -> Tensor:
    """The region of a picture or mask of floats at another size; see `resample.resize_floats`.

    Args:
        image: float `[H, W, C]` in 0..1, on any device.
        region: left, top, right, bottom in pixels of `image`, inside it.
        size: width and height of the result.
        filter: `resample.SMALL_FILTER` for previews, which takes half the time.

    Returns:
        float `[h, w, C]` of the same type on the same device; a slice of `image` where nothing has to be computed.
    """
    whole = whole_pixels(region, size)
    if whole is not None:
        return image[whole[1] : whole[3], whole[0] : whole[2]]
    import torch

    values = image.detach().to("cpu", torch.float32).numpy()
    return torch.from_numpy(resize_floats(values, region, size, filter)).to(image)


def outside_mask(plan: CutPlan, feather: int = 0, overlap: int = 0) -> np.ndarray:
    """float32 `[h, w]`: 1 where the result lies outside the picture, 0 on the picture.

    Args:
        plan: of the cut.
        feather: pixels of the picture beside the canvas over which the mask falls from 1 to 0, as a square: the way of
            ComfyUI's node Pad Image for Outpainting.
        overlap: pixels of the picture beside the canvas that are 1 too, before it falls.

    Both are limited so that they take no more than half of the picture's width or height.
    """
    left, top, right, bottom = plan.place
    mask = np.ones((plan.size[1], plan.size[0]), np.float32)
    down = _distance(bottom - top, top > 0, bottom < plan.size[1], feather > 0)
    across = _distance(right - left, left > 0, right < plan.size[0], feather > 0)
    limit = min(bottom - top, right - left) // 2
    overlap = min(overlap, limit)
    feather = min(feather, limit - overlap)
    distance = np.minimum(down[:, None], across) - overlap
    falling = np.clip((feather - distance) / feather, 0, 1) ** 2 if feather else distance < 0
    mask[top:bottom, left:right] = falling
    return mask


def _distance(length: int, before: bool, after: bool, soft: bool) -> np.ndarray:
    """For each pixel of a side, how far it is from the canvas, which lies before and after it, or not at all.

    The first pixel beside canvas has the distance 0; in a soft mask that of the last one is 1, as in ComfyUI.
    """
    far = np.full(length, np.inf, np.float32)
    place = np.arange(length, dtype=np.float32)
    return np.minimum(place if before else far, length - 1 + soft - place if after else far)


def place_on_canvas(part: np.ndarray, plan: CutPlan, background: RGB | None, fill: Fill = None) -> np.ndarray:
    """The resized part, uint8 `[h, w, 3 or 4]`, at its place on the background (None: transparent), or on a `fill`."""
    if not plan.padded:
        return part
    if isinstance(fill, str):
        return fill_canvas(part, plan.place, plan.size, fill)
    colour = background if fill is None else fill
    width, height = plan.size
    if colour is not None:
        canvas = np.full((height, width, part.shape[2]), (*colour, 255)[: part.shape[2]], np.uint8)
    else:
        canvas = np.zeros((height, width, 4), np.uint8)
        part = part if part.shape[2] == 4 else np.dstack([part, np.full(part.shape[:2], 255, np.uint8)])
    left, top, right, bottom = plan.place
    canvas[top:bottom, left:right] = part
    return canvas


def check_box(box: Box | Sequence[int]) -> IntBox:
    """A box as x, y, width, height.

    Raises:
        TypeError: when it is not four whole numbers.
        ValueError: when width or height is below 1.
    """
    x, y, width, height = box.as_list() if isinstance(box, Box) else _whole_numbers("box", box, 4)
    if width < 1 or height < 1:
        raise ValueError(f"box: width and height must be at least 1, got {width}×{height}")
    return x, y, width, height


def check_size(size: Sequence[int]) -> Size:
    """A size as width, height.

    Raises:
        TypeError: when it is not two whole numbers.
        ValueError: when one of them is below 1.
    """
    width, height = _whole_numbers("size", size, 2)
    if width < 1 or height < 1:
        raise ValueError(f"size: width and height must be at least 1, got {width}×{height}")
    return width, height


def _whole_numbers(name: str, values: Any, count: int) -> list[int]:
    try:
        numbers = [check_whole_number(name, value) for value in values]
    except TypeError:
        numbers = []
    if len(numbers) != count:
        raise TypeError(f"{name}: must be {count} whole numbers, got {show(values)}")
    return numbers


def _as_image(pixels: np.ndarray) -> Image.Image:
    if not isinstance(pixels, np.ndarray):
        raise TypeError(f"pixels: must be an array or a Pillow image, got {type(pixels).__name__}")
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(f"pixels: must be uint8 [H, W, 3 or 4], got {pixels.dtype} {list(pixels.shape)}")
    return Image.fromarray(pixels)


def _of_ratio(edges: FloatBox, size: Size) -> FloatBox:
    """The largest box of the ratio of `size` in the middle of `edges`."""
    x1, y1, x2, y2 = edges
    width, height = x2 - x1, y2 - y1
    if width == size[0] and height == size[1]:
        return edges
    scale = min(width / size[0], height / size[1])
    dx, dy = max(0.0, width - size[0] * scale) / 2, max(0.0, height - size[1] * scale) / 2
    return x1 + dx, y1 + dy, x2 - dx, y2 - dy


def _clipped(edges: FloatBox, limits: Size) -> FloatBox:
    return max(edges[0], 0.0), max(edges[1], 0.0), min(edges[2], float(limits[0])), min(edges[3], float(limits[1]))


def _place(region: FloatBox, edges: FloatBox, size: Size) -> IntBox:
    """Where on the result the region of a box with these edges belongs; at least one pixel."""
    scale_x, scale_y = size[0] / (edges[2] - edges[0]), size[1] / (edges[3] - edges[1])
    left = min(round((region[0] - edges[0]) * scale_x), size[0] - 1)
    top = min(round((region[1] - edges[1]) * scale_y), size[1] - 1)
    right = max(round((region[2] - edges[0]) * scale_x), left + 1)
    bottom = max(round((region[3] - edges[1]) * scale_y), top + 1)
    return left, top, right, bottom
