"""A picture from whatever holds it: a file, the bytes of one, a PIL image, an array or a tensor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from PIL import Image

from .colour import simplify_mode
from .decode import Picture
from .errors import reading
from .header import MAX_PIXELS, PictureInfo, read_orientation
from .orientation import swap_sides

if TYPE_CHECKING:
    from torch import Tensor

PictureSource: TypeAlias = "str | os.PathLike[str] | bytes | Image.Image | np.ndarray | Tensor"

_NAME = "picture"  # of what has no file, in errors
_CHANNELS = (1, 3, 4)  # grey, RGB, RGBA


class DecodedPicture(Picture):
    """A picture whose pixels are in memory.

    Args:
        image: in any mode. It is used as a viewer shows it: turned by its EXIF orientation, with its ICC profile.

    Raises:
        TypeError: when it is no PIL image.
        ValueError: when it has no pixel, or too many.
        PictureError: when it was opened from a file and cannot be decoded.
    """

    def __init__(self, image: Image.Image) -> None:
        if not isinstance(image, Image.Image):
            raise TypeError(f"picture: expected a PIL image, got {type(image).__name__}")
        _refuse_too_many_pixels((image.height, image.width))
        if 0 in image.size:
            raise ValueError(f"picture: must have at least one pixel, got {image.width}×{image.height}")
        self.path = Path(_NAME)
        with reading(self.path):
            image.load()  # Pillow turns a TIFF here, so its orientation is asked for afterwards
        orientation = read_orientation(image)
        self.info = PictureInfo(swap_sides(image.size, orientation), image.format or "", image.mode, orientation)
        self._max_pixels = MAX_PIXELS
        self._profile = image.info.get("icc_profile")
        self._decoded = simplify_mode(image)
        self._scale = 1
        self._terms = None
        self.identity = None


def open_picture(source: PictureSource, open_file: Callable[..., Picture] = Picture) -> Picture:
    """The picture that a source holds.

    Args:
        source: one of

            * the path of a file, or its bytes;
            * a PIL image, see `DecodedPicture`;
            * an array or tensor, uint8 in 0..255 or float in 0..1: `[H, W, C]` as ComfyUI, NumPy and Pillow have it, or
              `[C, H, W]` as PyTorch has it, with 1, 3 or 4 channels (the fourth is alpha); or grey `[H, W]`. The last
              axis is that of the channels wherever it has 1, 3 or 4 entries, otherwise the first is. A batch of one,
              `[1, H, W, C]` or `[1, C, H, W]`, is its picture.
        open_file: opens a file by its path, or its bytes by a name and `content`.

    Raises:
        TypeError: when it is none of these.
        ValueError: when an array or tensor has another shape, type or range.
        PictureError: when a file cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        if not os.fspath(source):
            raise ValueError("picture: the path is empty")
        return open_file(Path(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return open_file(_NAME, content=bytes(source))
    if isinstance(source, Image.Image):
        return DecodedPicture(source)
    if _is_tensor(source):
        source = _array_of(cast("Tensor", source))
    if isinstance(source, np.ndarray):
        return DecodedPicture(image_of_array(source))
    raise TypeError(f"picture: expected a path, bytes, a PIL image, an array or a tensor, got {type(source).__name__}")


def image_of_array(pixels: np.ndarray) -> Image.Image:
    """An array as `open_picture` takes it, as a PIL image: L, RGB or RGBA.

    >>> image_of_array(np.zeros((2, 3, 3), np.uint8)).size
    (3, 2)
    >>> image_of_array(np.zeros((3, 8, 9), np.float32)).size
    (9, 8)

    Raises:
        ValueError: when it has another shape, type or range.
    """
    if isinstance(pixels, np.ma.MaskedArray):
        raise ValueError("picture: a masked array hides pixels; fill them, or give a plain one")
    levels = _levels(_channels_last(pixels))
    return Image.fromarray(np.ascontiguousarray(levels[..., 0] if levels.shape[2] == 1 else levels))


def _is_tensor(source: object) -> bool:
    """Whether it is a tensor, told without importing PyTorch: where nobody has, there is none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, torch.Tensor)


def _array_of(tensor: Tensor) -> np.ndarray:
    """The values of a tensor; bfloat16 and other floats that NumPy has not as float32.

    Raises:
        ValueError: when it is no plain array of numbers, or has too many pixels to be copied.
    """
    if tensor.is_meta or tensor.is_quantized or "strided" not in str(tensor.layout) or tensor.is_complex():
        kind = f"{tensor.dtype}, {tensor.layout}, on {tensor.device}"
        raise ValueError(f"picture: a tensor must be a plain one of uint8, or float in 0..1, got {kind}")
    _channels_last(tensor.detach())
    values = tensor.detach().cpu()
    return (values.float() if values.is_floating_point() else values).numpy()


def _refuse_too_many_pixels(shape: Sequence[int]) -> None:
    height, width = shape[:2]
    if height * width > MAX_PIXELS:
        raise ValueError(f"picture: {width}×{height} pixels, over the limit of {MAX_PIXELS:,}")


def _levels(pixels: np.ndarray) -> np.ndarray:
    """uint8 levels of the same shape; floats in 0..1 are rounded to the nearest."""
    if pixels.dtype == np.uint8:
        return pixels
    if not np.issubdtype(pixels.dtype, np.floating):
        raise ValueError(f"picture: an array must be uint8, or float in 0..1, got {pixels.dtype}")
    # A resampling filter overshoots by a little, and half precision is coarse; 0..255 or NaN is a mistake.
    if pixels.size and not (pixels.min() >= -0.25 and pixels.max() <= 1.25):
        raise ValueError(
            f"picture: floats must lie in 0..1, got {pixels.min():g}..{pixels.max():g};"
            " divide 0..255 by 255, or convert it to uint8"
        )
    return (pixels.astype(np.float32).clip(0, 1) * 255).round().astype(np.uint8)


def _channels_last(pixels: Any) -> Any:
    """`[H, W, C]` of an array or tensor of any of the shapes that `open_picture` takes; nothing is copied.

    Raises:
        ValueError: when it has another shape, or too many pixels.
    """
    found = pixels[0] if pixels.ndim == 4 and len(pixels) == 1 else pixels
    if found.ndim == 2:
        found = found[..., None]
    if found.ndim == 3 and found.shape[2] not in _CHANNELS and found.shape[0] in _CHANNELS:
        found = found.swapaxes(0, 1).swapaxes(1, 2)
    if found.ndim != 3 or found.shape[2] not in _CHANNELS or 0 in found.shape:
        raise ValueError(
            "picture: an array must be [H, W], [H, W, C] or [C, H, W] with 1, 3 or 4 channels and at least one pixel,"
            f" got {list(pixels.shape)}"
        )
    _refuse_too_many_pixels(found.shape)
    return found
