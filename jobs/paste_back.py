"""An edited crop back into its picture, from Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..cropping.box import Box
from ..images.cut import check_box
from ..images.decode import Picture
from ..images.errors import PictureError
from ..images.machine import memory_limit
from ..images.paste import paste
from ..images.reader import PictureReader
from ..images.source import PictureSource, open_picture
from .picture import CroppedPicture


def paste_back(
    picture: PictureSource,
    edited: PictureSource,
    crop: CroppedPicture | Box | Sequence[int],
    *,
    feather: int = 16,
    mask: PictureSource | None = None,
) -> Image.Image:
    """The picture with an edited crop back in its place.

    Where nothing was changed, the pixels are the picture's own.

    >>> import salient_crop
    >>> found = salient_crop.crop("samples/astronaut.jpg", "2:3")
    >>> edited = found.image.convert("L")
    >>> salient_crop.paste_back("samples/astronaut.jpg", edited, found).size
    (512, 512)

    Args:
        picture: that the crop was cut from: a path, bytes, a PIL image, an array or a tensor; see `open_picture`.
        edited: the crop after editing, of any size.
        crop: what `crop` returned, or the box alone: x, y, width, height in pixels of the picture.
        feather: width of the soft seam in pixels of the picture, 0 for a hard one.
        mask: as large as the crop, or stretched over it: white where it is pasted. None: all of it.

    Returns:
        RGB; what was transparent lies on white.

    Raises:
        TypeError, ValueError: when an argument cannot be used; the message names it.
        PictureError: when a picture cannot be read.
    """
    box, cut_size = (crop.box, crop.image.size) if isinstance(crop, CroppedPicture) else (crop, None)
    place = check_box(box)
    with _opened("picture", picture) as original:
        pixels = _as_tensor(original.crop((0, 0, *original.info.size)))
        before = _as_tensor(original.crop(place, cut_size))
    with _opened("edited", edited) as changed:
        part = _as_tensor(changed.crop((0, 0, *changed.info.size)))
    light = None
    if mask is not None:
        with _opened("mask", mask) as masking:
            light = _as_tensor(masking.crop((0, 0, *masking.info.size))).mean(-1)
    paste(pixels, part, place, cut_size, feather, light, before)
    return Image.fromarray((pixels * 255).round().byte().numpy())


@contextmanager
def _opened(name: str, source: PictureSource) -> Iterator[Picture]:
    """A picture for the argument of that name, which its errors begin with."""
    # One picture alone may take all the memory that there is.
    with PictureReader(memory_limit()) as reader, ExitStack() as files:
        try:
            opened = open_picture(source, lambda *file, **more: files.enter_context(reader.open(*file, **more)))
        except (TypeError, ValueError) as error:
            if isinstance(error, PictureError):
                raise
            raise type(error)(f"{name}{str(error).removeprefix('picture')}") from None
        yield opened


def _as_tensor(pixels: np.ndarray) -> Tensor:
    """Levels `[H, W, 3]` as float32 in 0..1."""
    return torch.from_numpy(pixels.astype(np.float32)) / 255
