"""Other programs that choose the position of a crop, measured where they are installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import torch
from PIL import Image

from ..cropping.ratio import Ratio

Place = Callable[[np.ndarray, tuple[int, int]], tuple[int, int]]
"""(picture uint8 `[H, W, 3]`, (width, height) of the crop) → left and top of the crop in pixels."""


@dataclass(frozen=True)
class Peer:
    """Another cropper.

    Attributes:
        name: of its row in tables and JSON.
        package: that it is imported from.
        place: chooses the position.
    """

    name: str
    package: str
    place: Place

    def available(self) -> bool:
        """Whether the package is installed."""
        return find_spec(self.package) is not None

    def crop(self, image: torch.Tensor, ratio: Ratio) -> np.ndarray:
        """The largest box of the ratio where this cropper places it: `[4]` x1, y1, x2, y2 in pixels.

        Args:
            image: `[3, H, W]` in 0..1.
            ratio: of the crop.
        """
        pixels = (image.permute(1, 2, 0) * 255).round().to(torch.uint8).cpu().numpy()
        height, width = pixels.shape[:2]
        size = ratio.largest_in((width, height))
        left, top = self.place(pixels, size)
        return np.array([left, top, left + size[0], top + size[1]], float)


def _place_by_smartcrop(pixels: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """smartcrop.py with its default settings, at full size."""
    import smartcrop

    crop = smartcrop.SmartCrop().crop(Image.fromarray(pixels), *size, min_scale=1.0, max_scale=1.0)["top_crop"]
    height, width = pixels.shape[:2]
    return _clamp(crop["x"], width - size[0]), _clamp(crop["y"], height - size[1])


def _place_by_libvips(pixels: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """libvips' smartcrop with the strategy `attention`."""
    import pyvips

    picture = pyvips.Image.new_from_memory(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0], 3, "uchar")
    crop = picture.copy(interpretation="srgb").smartcrop(*size, interesting="attention")
    return -crop.xoffset, -crop.yoffset


def _clamp(offset: float, largest: int) -> int:
    return int(min(max(0, offset), largest))


PEERS = (
    Peer("smartcrop.py", "smartcrop", _place_by_smartcrop),
    Peer("libvips attention", "pyvips", _place_by_libvips),
)
