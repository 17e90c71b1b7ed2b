"""From pictures of any size to the input of the `focus` network."""

from __future__ import annotations

from math import sqrt

from torch import Tensor
from torch.nn import functional as F

from .network import STRIDE

AREA = 352 * 448  # pixels of the network's input, whatever the shape of the picture
MAX_ASPECT = 6.0  # of the long side to the short side; longer pictures are squeezed to it


def working_size(width: int, height: int, area: int = AREA) -> tuple[int, int]:
    """The (width, height) at which a picture is analysed: its own shape in about `area` pixels, in multiples of 32.

    The shape is kept to within half of 32 pixels a side, and to at most 6 : 1.

    >>> working_size(4000, 3000)
    (448, 352)
    """
    aspect = min(max(width / height, 1 / MAX_ASPECT), MAX_ASPECT)
    return _round_to_stride(sqrt(area * aspect)), _round_to_stride(sqrt(area / aspect))


def resize_to_working_size(images: Tensor) -> Tensor:
    """`[B, 3, H, W]` RGB in 0..1 → the same at the working size, antialiased, values clamped to 0..1."""
    width, height = working_size(images.shape[-1], images.shape[-2])
    return F.interpolate(images, (height, width), mode="bilinear", antialias=True).clamp(0, 1)


def _round_to_stride(side: float) -> int:
    return max(STRIDE, round(side / STRIDE) * STRIDE)
