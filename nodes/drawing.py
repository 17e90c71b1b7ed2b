"""What nodes draw for people: heatmaps over pictures, and crops in their pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..cropping.box import Box
from ..images.cut import cut
from .sockets import Size

HOT, HOTTEST = (1.0, 0.25, 0.0), (1.0, 1.0, 0.6)
GREY_SHARE = 0.7
"""The brightness of the grey picture under the heat, as a share of the picture's own."""

GLOW_OPACITY = 0.85
"""How much of the colour of the hottest place is the heat's, not the grey picture's."""

ROWS_AT_ONCE = 64
"""Rows that are drawn together: what lies between their pixels and the result then fits into a processor's cache."""

OUTLINE = (255, 204, 0)
DIMMED = 0.35
"""The brightness of what lies outside a crop, as a share of its own."""

PREVIEW_SIDE = 1024
"""The most pixels on the long side of a preview."""


def heatmap_as_mask(heatmap: Tensor, size: Size) -> Tensor:
    """A heatmap `[h, w]` ≥ 0 of any scale as a mask of `size`: float32 `[height, width]`, 1 at its hottest place."""
    heat = heatmap.float().cpu()
    smooth = torch.nn.functional.interpolate(heat[None, None], size[::-1], mode="bilinear", align_corners=False)[0, 0]
    return smooth / smooth.max().clamp_min(torch.finfo(smooth.dtype).tiny)


def draw_heat(picture: Tensor, heat: Tensor, out: Tensor | None = None) -> Tensor:
    """A picture `[H, W, 3]` in grey, glowing where the heat `[H, W]` in 0..1 is.

    Args:
        out: float32 `[H, W, 3]` to draw into; None for a new one.
    """
    out = torch.empty_like(picture) if out is None else out
    strips = (each.split(ROWS_AT_ONCE) for each in (picture, heat, out))
    for part, warmth, drawn in zip(*strips, strict=True):
        grey, opacity = GREY_SHARE * part.mean(-1), GLOW_OPACITY * warmth.sqrt()
        for channel, (hot, hottest) in enumerate(zip(HOT, HOTTEST, strict=True)):
            drawn[..., channel] = torch.lerp(grey, hot + (hottest - hot) * warmth, opacity)
    return out


def draw_crop(thumbnail: np.ndarray, box: Box, size: Size) -> Tensor:
    """A picture with the box outlined and the rest dimmed: float32 `[h, w, 3]`, at most `PREVIEW_SIDE` long.

    Where the box reaches outside, the picture is shown on the canvas that it is extended to.

    Args:
        thumbnail: the whole picture, uint8 `[h, w, 3]`.
        box: in pixels of the picture of `size`.
    """
    canvas = Box(0, 0, *size).union(box)
    drawn = _on_canvas(thumbnail, canvas, size)
    height, width = drawn.shape[:2]
    x_scale, y_scale = width / canvas.width, height / canvas.height
    left, right = (round(x_scale * (x - canvas.x)) for x in (box.x, box.right))
    top, bottom = (round(y_scale * (y - canvas.y)) for y in (box.y, box.bottom))
    thickness = max(2, round(max(height, width) / 256))
    inner = slice(top + thickness, bottom - thickness), slice(left + thickness, right - thickness)
    kept = drawn[inner].copy()
    drawn = (drawn * DIMMED).astype(np.uint8)
    drawn[top:bottom, left:right] = OUTLINE
    drawn[inner] = kept
    return torch.from_numpy(drawn).float() / 255


def _on_canvas(thumbnail: np.ndarray, canvas: Box, size: Size) -> np.ndarray:
    """The thumbnail of a picture of `size` on the canvas that holds it, at most `PREVIEW_SIDE` long."""
    x_scale, y_scale = thumbnail.shape[1] / size[0], thumbnail.shape[0] / size[1]
    x, y = round(canvas.x * x_scale), round(canvas.y * y_scale)
    width, height = max(1, round(canvas.width * x_scale)), max(1, round(canvas.height * y_scale))
    scale = min(1.0, PREVIEW_SIDE / max(width, height))
    return cut(thumbnail, (x, y, width, height), (max(1, round(width * scale)), max(1, round(height * scale))))
