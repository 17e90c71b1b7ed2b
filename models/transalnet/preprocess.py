"""From pictures of any size to TranSalNet's frame, and back."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from ...cropping.box import Box

PADDING = 1 / 255  # the authors pad with near-black


def letterbox(images: Tensor, frame: tuple[int, int]) -> tuple[Tensor, Box]:
    """Pictures fitted into a frame, centred and padded, as the authors' `preprocess_img` does.

    Args:
        images: `[B, 3, H, W]` RGB in 0..1.
        frame: (width, height).

    Returns:
        `[B, 3, height, width]` of the frame, and where in it the pictures lie.
    """
    box = place_in_frame((images.shape[-1], images.shape[-2]), frame)
    fitted = F.interpolate(images, (box.height, box.width), mode="bilinear", antialias=True)
    framed = fitted.new_full((len(images), 3, frame[1], frame[0]), PADDING)
    cut_from_frame(framed, box).copy_(fitted)
    return framed, box


def cut_from_frame(maps: Tensor, box: Box) -> Tensor:
    """The part of `[*, height, width]` maps of the frame where the pictures lie; a view."""
    return maps[..., box.y : box.bottom, box.x : box.right]


def place_in_frame(size: tuple[int, int], frame: tuple[int, int]) -> Box:
    """Where a picture of `size` lies in the frame; both are (width, height).

    >>> place_in_frame((1000, 500), (384, 288))
    Box(x=0, y=48, width=384, height=192)
    """
    width, height = frame
    if size[1] * width > size[0] * height:
        width = max(1, size[0] * height // size[1])
    else:
        height = max(1, size[1] * width // size[0])
    return Box((frame[0] - width) // 2, (frame[1] - height) // 2, width, height)
