"""Pictures as ComfyUI holds them, cut, resized and drawn upon: tensors in, tensors out."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cropping.box import Box

Size = tuple[int, int]
GREY = 0.5  # what ComfyUI's own outpainting pads with
HOT = (1.0, 0.25, 0.0)
OUTLINE = (1.0, 0.8, 0.0)


def cut(image: Tensor, box: Box, fill: float = GREY) -> Tensor:
    """The box out of an image `[H, W, C]`, `[box.height, box.width, C]`; what lies outside the image is `fill`."""
    height, width = image.shape[:2]
    if box.inside((width, height)):
        return image[box.y : box.bottom, box.x : box.right].clone()
    canvas = image.new_full((box.height, box.width, image.shape[2]), fill)
    seen = box.clipped((width, height))
    place = seen.shifted(-box.x, -box.y)
    canvas[place.y : place.bottom, place.x : place.right] = image[seen.y : seen.bottom, seen.x : seen.right]
    return canvas


def cut_mask(mask: Tensor, box: Box, size: Size) -> Tensor:
    """The box out of a mask `[h, w]` of a picture of `size`, `[box.height, box.width]`; 0 outside the picture."""
    return cut(resized(mask[..., None], size), box, fill=0.0)[..., 0]


def outside(box: Box, size: Size) -> Tensor:
    """`[box.height, box.width]`: 1 where the box lies outside a picture of `size`, 0 on the picture."""
    return cut(torch.zeros(size[1], size[0], 1), box, fill=1.0)[..., 0]


def resized(image: Tensor, size: Size) -> Tensor:
    """`[H, W, C]` values in 0..1 at another size (width, height), antialiased: `[height, width, C]`."""
    if image.shape[:2] == (size[1], size[0]):
        return image
    planes = image.movedim(-1, 0)[None]
    planes = torch.nn.functional.interpolate(planes, size[::-1], mode="bicubic", align_corners=False, antialias=True)
    return planes[0].movedim(0, -1).clamp(0, 1)


def shrunk(image: Tensor, long_side: int) -> Tensor:
    """`[H, W, C]` with its long side at most `long_side`."""
    height, width = image.shape[:2]
    scale = min(1.0, long_side / max(width, height))
    return resized(image, (max(1, round(width * scale)), max(1, round(height * scale))))


def as_mask(heatmap: Tensor, size: Size) -> Tensor:
    """A heatmap `[h, w]` of any scale as a mask of `size`: `[height, width]`, its hottest place 1."""
    heat = heatmap.float().cpu()
    smooth = torch.nn.functional.interpolate(heat[None, None], size[::-1], mode="bilinear", align_corners=False)[0, 0]
    return smooth / smooth.max().clamp_min(torch.finfo(smooth.dtype).tiny)


def overlay(image: Tensor, heat: Tensor) -> Tensor:
    """An image `[H, W, 3]` in grey, glowing where the heat `[H, W]` in 0..1 is."""
    grey = (0.7 * image.mean(-1, keepdim=True)).expand_as(image)
    heat = heat[..., None]
    glow = torch.lerp(image.new_tensor(HOT), image.new_tensor((1.0, 1.0, 0.6)), heat)
    return torch.lerp(grey, glow, 0.85 * heat.sqrt())


def framed(image: Tensor, box: Box, long_side: int = 1024) -> Tensor:
    """The whole picture `[H, W, 3]` with the box outlined and the rest dimmed, at most `long_side` long.

    Where the box reaches outside, the picture is shown on the canvas that it is extended to.
    """
    canvas = Box(0, 0, image.shape[1], image.shape[0]).union(box)
    whole = shrunk(cut(image, canvas), long_side)
    scale = whole.shape[1] / canvas.width
    left, top, right, bottom = (
        round(scale * edge)
        for edge in (box.x - canvas.x, box.y - canvas.y, box.right - canvas.x, box.bottom - canvas.y)
    )
    thick = max(2, round(max(whole.shape[:2]) / 256))
    drawn = 0.35 * whole
    drawn[top:bottom, left:right] = whole.new_tensor(OUTLINE)
    inner = slice(top + thick, bottom - thick), slice(left + thick, right - thick)
    drawn[inner] = whole[inner]
    return drawn
