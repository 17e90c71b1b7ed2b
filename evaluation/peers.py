"""Other programs that choose a crop's position, to be measured beside ours where they are installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import torch
from PIL import Image

from ..cropping.ratio import Ratio


@dataclass(frozen=True)
class Peer:
    """Another cropper.

    Attributes:
        name: as printed.
        package: that must be importable.
        place: (picture uint8 `[H, W, 3]`, (width, height) of the crop) → its left and top in pixels.
    """

    name: str
    package: str
    place: Callable[[np.ndarray, tuple[int, int]], tuple[int, int]]

    def available(self) -> bool:
        return find_spec(self.package) is not None

    def crop(self, image: torch.Tensor, ratio: Ratio) -> np.ndarray:
        """The largest box of the ratio, x1, y1, x2, y2 in pixels, of a picture `[3, H, W]` in 0..1."""
        pixels = (image.permute(1, 2, 0) * 255).round().to(torch.uint8).cpu().numpy()
        height, width = pixels.shape[:2]
        size = ratio.largest_in((width, height))
        left, top = self.place(pixels, size)
        return np.array([left, top, left + size[0], top + size[1]], float)


def _smartcrop(pixels: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """smartcrop.py, its own defaults: the crop's position only."""
    import smartcrop

    found = smartcrop.SmartCrop().crop(Image.fromarray(pixels), *size, min_scale=1.0, max_scale=1.0)["top_crop"]
    height, width = pixels.shape[:2]
    return _inside(found["x"], width - size[0]), _inside(found["y"], height - size[1])


def _libvips(pixels: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """The attention strategy of libvips' smartcrop."""
    import pyvips

    picture = pyvips.Image.new_from_memory(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0], 3, "uchar")
    crop = picture.copy(interpretation="srgb").smartcrop(*size, interesting="attention")
    return -crop.xoffset, -crop.yoffset


def _inside(offset: float, most: int) -> int:
    return int(min(max(0, offset), most))


PEERS = (Peer("smartcrop.py", "smartcrop", _smartcrop), Peer("libvips attention", "pyvips", _libvips))
