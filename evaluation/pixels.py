"""Photographs as croppers take them."""

from __future__ import annotations

from pathlib import Path

import torch
from einops import rearrange
from torch import Tensor

from ..images.decode import decode


def load_image(path: Path) -> Tensor:
    """A photograph at full size and upright: float `[1, 3, H, W]`, sRGB in 0..1.

    Raises:
        PictureError: naming a file that cannot be read.
    """
    return rearrange(torch.from_numpy(decode(path)), "h w c -> 1 c h w").float() / 255
