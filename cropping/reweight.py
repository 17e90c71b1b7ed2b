"""Heat raised under a mask to focus on, and removed under a mask to avoid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .box_sums import check_maps, normalise
from .boxes import rasterize_xyxy
from .checks import check_share


def reweight_heatmap(
    heatmap: Tensor, focus: Tensor | None = None, avoid: Tensor | None = None, strength: float = 0.5
) -> Tensor:
    """A heatmap with a share of its heat moved under the focus mask, and none left under the avoid mask.

    Args:
        heatmap: `[h, w]` of any scale, ≥ 0.
        focus: mask `[h', w']` in 0..1 of any size; `strength` of all heat goes there, in proportion to the mask, even
            where there was none. An empty mask changes nothing.
        avoid: mask `[h', w']` in 0..1 of any size; where it is 1, no heat stays.
        strength: share of the heat that the focus takes, 0..1.

    Returns:
        `[h, w]` float64 that sums to 1; uniform where the whole picture is avoided.

    Raises:
        TypeError: when a map is no plain tensor of real numbers, or the strength no number; names it.
        ValueError: when one has another shape, no cell or NaN, or the strength is out of range; names it.
    """
    heat = normalise(check_maps("heatmap", heatmap, "[h, w]")[None], "heatmap")[0]
    focus, avoid = _check_mask("focus", focus), _check_mask("avoid", avoid)
    strength = check_share("strength", strength)
    if focus is not None and focus.any():
        target = normalise(_resize_mask(focus, heat)[None])[0]
        heat = (1 - strength) * heat + strength * target
    if avoid is not None:
        allowed = 1 - _resize_mask(avoid, heat)
        # Where all heat is avoided, the rest of the picture gets uniform heat.
        heat = heat * allowed if (heat * allowed).any() else allowed
    return normalise(heat[None])[0]


def combine_focus(
    mask: Tensor | None, regions: Tensor, shape: Sequence[int], weights: Tensor | None = None
) -> Tensor | None:
    """A mask `[h, w]` in 0..1 and relative regions `[N, 4]` as one mask; None where there is neither.

    Args:
        mask: counts as a region of weight 1 where it is white.
        shape: rows and columns of the result where there is no mask.
        weights: of the regions, `[N]` ≥ 0, None for 1 each. The heaviest, or the mask, becomes 1 in the result.
    """
    if not len(regions):
        return mask
    rows, columns = shape if mask is None else mask.shape
    covered = rasterize_xyxy(regions, rows, columns, weights)
    combined = covered if mask is None else torch.maximum(covered.to(mask), mask)
    highest = combined.amax()
    return combined / highest if weights is not None and highest > 0 else combined


def _check_mask(name: str, mask: Any) -> Tensor | None:
    if mask is not None and bool(check_maps(name, mask, "[h, w]").isnan().any()):
        raise ValueError(f"{name} must hold values in 0..1, got NaN")
    return mask


def _resize_mask(mask: Tensor, heat: Tensor) -> Tensor:
    """The mask averaged onto the grid of the heat, in 0..1."""
    mask = mask.to(device=heat.device, dtype=heat.dtype).clamp(0, 1)
    return torch.nn.functional.adaptive_avg_pool2d(mask[None], (heat.shape[0], heat.shape[1]))[0]
