"""MASK values: one for each picture, stretched over it whatever its own size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from .lists import pair_or_unite, pair_with_pictures
from .tensors import require_pixel_count, require_plain_tensor, require_unit_range

GREY = 0.5
"""The value of pictures that stand in where only masks are connected."""


def read_masks(masks: Sequence[Tensor] | None, batches: Sequence[Tensor], name: str) -> list[Tensor | None]:
    """The mask `[h, w]` in 0..1 of every picture of the batches; None for each where nothing is connected.

    Args:
        masks: as many values as batches, each with one mask for the batch or one for each picture of it; or masks that
            are counted through: one for all pictures, or one for each. Several masks for a single picture are united.

    Raises:
        ValueError: when there are neither one nor as many as pictures, or one is no mask.
    """
    counts = [len(batch) for batch in batches]
    if not masks:
        return [None] * sum(counts)
    frames = [read_frames(mask, f"{name} {index}") for index, mask in enumerate(masks)]
    if len(frames) == len(batches):
        paired = zip(frames, counts, strict=True)
        return [each for value, count in paired for each in pair_or_unite(list(value), count, name, unite_masks)]
    return pair_or_unite([each for value in frames for each in value], sum(counts), name, unite_masks)


def read_each_mask(masks: Sequence[Tensor] | None, batches: Sequence[Tensor], name: str) -> list[list[Tensor]]:
    """As `read_masks`, but several masks of a single picture stay apart; empty lists where nothing is connected.

    A segmenter gives as many masks for one picture as it found things in it.

    Raises:
        ValueError: when there are neither one nor as many as pictures, or one is no mask.
    """
    count = sum(map(len, batches))
    frames = [each for index, mask in enumerate(masks or ()) for each in read_frames(mask, f"{name} {index}")]
    if count == 1:
        return [frames]
    return [[] if each is None else [each] for each in pair_with_pictures(frames, count, name)]


def unite_masks(masks: Sequence[Tensor]) -> Tensor:
    """Masks `[h, w]` of one picture as one, white where any of them is; smaller ones are stretched to the largest."""
    size = max((mask.shape for mask in masks), key=lambda shape: shape[0] * shape[1])
    stretched = [functional.interpolate(mask[None, None], (size[0], size[1]))[0, 0] for mask in masks]
    return torch.stack(stretched).amax(0)


def read_frames(mask: Tensor, name: str) -> Tensor:
    """One MASK value as `[B, h, w]` float32 in 0..1.

    Raises:
        ValueError: when it has another shape, no pixels, or values that are not in 0..1.
    """
    require_plain_tensor(mask, name, "a mask [B, H, W]")
    if mask.ndim == 2:
        mask = mask[None]
    if mask.ndim != 3 or 0 in mask.shape:
        raise ValueError(f"{name}: expected a mask [B, H, W] with at least one pixel, got {list(mask.shape)}")
    require_pixel_count(mask.shape[1:], name)
    frames = mask.float()
    require_unit_range(frames, name)
    return frames.clamp(0, 1)


def blank_pictures(masks: Sequence[Tensor], name: str) -> list[Tensor]:
    """Grey pictures `[B, H, W, 3]` as large as the masks."""
    frames = [read_frames(mask, f"{name} {index}") for index, mask in enumerate(masks)]
    return [torch.full((*mask.shape, 3), GREY) for mask in frames]
