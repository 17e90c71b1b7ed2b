"""IMAGE values: batches of pictures."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from . import Size
from .tensors import require_pixel_count, require_plain_tensor, require_unit_range


def read_batches(images: Sequence[Tensor], name: str = "image") -> list[Tensor]:
    """IMAGE values as `[B, H, W, 3]` float32 each; a fourth channel is left out.

    Raises:
        ValueError: when there is none, or one has another shape, no pixels, or values that are not in 0..1.
    """
    if not images:
        raise ValueError(f"{name}: an empty list arrived; the node before found no picture")
    for index, image in enumerate(images):
        require_plain_tensor(image, f"{name} {index}", "pictures [B, H, W, 3]")
        if image.ndim != 4 or image.shape[-1] < 3 or 0 in image.shape:
            raise ValueError(f"{name} {index}: expected [B, H, W, 3] with at least one pixel, got {list(image.shape)}")
        require_pixel_count(image.shape[1:3], f"{name} {index}")
    batches = [image[..., :3].float() for image in images]
    for index, batch in enumerate(batches):
        require_unit_range(batch, f"{name} {index}")
    return batches


def size_of(picture: Tensor) -> Size:
    """(width, height) of a picture `[H, W, C]`."""
    return picture.shape[1], picture.shape[0]
