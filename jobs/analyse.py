"""From pixels to analyses, in the same way for every door: command, bucket runs, previews, nodes, Python.

Every picture is reduced to a thumbnail of one size with one filter before a cropper sees it, and thumbnails go through
the cropper in batches by one rule. So a photograph gets the same analysis, and the same crop, wherever it comes from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from ..images.thumbnail import small_floats
from ..models.analysis import Analysis
from ..models.base import Cropper

ANALYSIS_SIDE = 512
"""Short side of thumbnails in pixels; smaller pictures are never enlarged. Croppers reduce it to their own size."""

BATCH_SIZE = 8
"""Thumbnails in a batch on a GPU."""


def batch_size_on(device: str | torch.device) -> int:
    """How many thumbnails go through a cropper at once on a device.

    On a CPU a batch is no faster than its pictures one by one, and the last digits of a result would depend on the
    other pictures in it. A GPU is kept busy by full batches only.
    """
    return 1 if torch.device(device).type == "cpu" else BATCH_SIZE


def analyse_thumbnails(
    cropper: Cropper,
    thumbnails: Sequence[np.ndarray],
    device: str | torch.device = "cpu",
    batch_size: int | None = None,
) -> list[Analysis]:
    """The cropper's analysis of each thumbnail, in order.

    Thumbnails of equal size share a batch. Every batch is full: copies of its last thumbnail fill it up. The network
    then computes each picture in the same way whatever the other pictures are, and a run that was stopped and continued
    ends with the same crops.

    Args:
        cropper: with its weights on `device`.
        thumbnails: uint8 `[h, w, 3]` each, of any sizes; see `Picture.small` and `thumbnail_of_tensor`.
        device: to analyse on.
        batch_size: None for the rule of `batch_size_on`.
    """
    size = batch_size or batch_size_on(device)
    analyses: dict[int, Analysis] = {}
    for indices in equal_batches(thumbnails, size):
        batch = [thumbnails[index] for index in indices]
        batch += batch[-1:] * (size - len(batch))
        analyses.update(zip(indices, _analyse_batch(cropper, batch, device), strict=False))
    return [analyses[index] for index in range(len(thumbnails))]


def thumbnail_of_tensor(image: Tensor) -> np.ndarray:
    """The thumbnail of a picture that is a tensor, such as one picture of ComfyUI's IMAGE.

    A picture whose values are whole levels of 255, such as a loaded PNG, gives the same thumbnail as its file.

    Args:
        image: floats `[H, W, C ≥ 3]` in 0..1 on any device; channels after the third are left out.

    Returns:
        uint8 `[h, w, 3]`.

    Raises:
        ValueError: when it has another shape, or no pixels.
    """
    if image.ndim != 3 or image.shape[2] < 3 or 0 in image.shape:
        raise ValueError(f"image: expected [H, W, 3] with at least one pixel, got {list(image.shape)}")
    values = image[..., :3].detach().to("cpu", torch.float32)
    lowest, highest = values.aminmax()
    if lowest < 0 or highest > 1:
        values = values.clamp(0, 1)
    return small_floats(values.numpy(), ANALYSIS_SIDE)


def sketch_of_tensor(image: Tensor, short_side: int = ANALYSIS_SIDE // 2) -> np.ndarray:
    """A picture at a glance, for people only: every so-many-th pixel, reduced to `short_side`.

    It reads a quarter of a large picture, or less. Edges are a little rougher than in `thumbnail_of_tensor`.

    Args:
        image: floats `[H, W, C ≥ 3]` in 0..1 on any device.
        short_side: of the result in pixels; a smaller picture is not enlarged.

    Returns:
        uint8 `[h, w, 3]`.
    """
    step = max(1, min(image.shape[:2]) // (2 * short_side))
    part = image[::step, ::step, :3].detach().to("cpu", torch.float32).clamp(0, 1)
    return small_floats(part.numpy(), short_side)


def equal_batches(thumbnails: Sequence[np.ndarray], size: int) -> Iterator[list[int]]:
    """Indices of thumbnails of equal shape, at most `size` together."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, thumbnail in enumerate(thumbnails):
        groups[thumbnail.shape].append(index)
    for indices in groups.values():
        yield from (indices[start : start + size] for start in range(0, len(indices), size))


def _analyse_batch(cropper: Cropper, thumbnails: Sequence[np.ndarray], device: str | torch.device) -> list[Analysis]:
    pixels = torch.from_numpy(np.stack(thumbnails)).to(device)
    with torch.inference_mode():
        return cropper.analyse(pixels.permute(0, 3, 1, 2).float().div_(255))
