"""Which part of a picture is used, and at which size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ...models.focus.preprocess import working_size
from .pictures import LabelledPicture


@dataclass(frozen=True)
class View:
    """A part of a picture, resized and maybe mirrored.

    Attributes:
        part: x1, y1, x2, y2 in pixels of the picture.
        size: (width, height) that the part is resized to.
        mirrored: whether left and right are exchanged.
    """

    part: tuple[float, float, float, float]
    size: tuple[int, int]
    mirrored: bool = False

    def transform(self, boxes: np.ndarray, picture_size: tuple[int, int]) -> np.ndarray:
        """Boxes `[N, 4]` relative to the picture → `[N, 4]` relative to this view; they may lie outside of 0..1.

        Args:
            boxes: x1, y1, x2, y2.
            picture_size: (width, height) of the picture in pixels.
        """
        x1, y1, x2, y2 = self.part
        across, down = x2 - x1, y2 - y1
        boxes = boxes.reshape(-1, 4) * np.array([*picture_size, *picture_size])
        boxes = (boxes - [x1, y1, x1, y1]) / [across, down, across, down]
        return boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [1, 0, 1, 0] if self.mirrored else boxes

    def render(self, image: Image.Image) -> Image.Image:
        """The part of the picture at this view's size."""
        x1, y1, x2, y2 = self.part
        # Rounding may have moved an edge outside by a tiny amount, which Pillow refuses.
        box = max(0.0, x1), max(0.0, y1), min(float(image.width), x2), min(float(image.height), y2)
        resized = image.resize(self.size, Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
        return resized.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self.mirrored else resized


def full_view(picture_size: tuple[int, int], mirrored: bool = False) -> View:
    """All of a picture, at the size that the cropper itself uses."""
    return View((0, 0, *picture_size), working_size(*picture_size), mirrored)


def nearly_full_view(picture_size: tuple[int, int], size: tuple[int, int], rng: np.random.Generator) -> View:
    """All of a picture, or (half of the time) all but up to a tenth of its width and height. Randomly mirrored.

    Args:
        picture_size: (width, height) of the picture.
        size: (width, height) of the view.
        rng: the only source of randomness.
    """
    width, height = picture_size
    share = 1 - rng.uniform(0, 0.1, 2) * (rng.random() < 0.5)
    left, top = rng.uniform(0, 1, 2) * (1 - share) * picture_size
    part = left, top, left + share[0] * width, top + share[1] * height
    return View(part, size, bool(rng.random() < 0.5))


def random_part(
    picture: LabelledPicture, picture_size: tuple[int, int], size: tuple[int, int], rng: np.random.Generator
) -> View:
    """A random part of a picture, about in the shape of the view. Randomly mirrored.

    Its sides are at least 35 % (of people 60 %) of those of the largest such part. Where the picture has heads, 70 % of
    the parts hold at least the centre of one.

    Args:
        picture: with its heads.
        picture_size: (width, height) of the picture.
        size: (width, height) of the view.
        rng: the only source of randomness.
    """
    width, height = picture_size
    ratio = size[0] / size[1] * np.exp(rng.uniform(-0.15, 0.15))
    largest = min(width, height * ratio)
    across = largest * rng.uniform(0.35, 1.0)
    if picture.group == "people":
        across = largest * rng.uniform(0.6, 1.0)
    down = across / ratio
    heads = picture.all_heads
    if heads and rng.random() < 0.7:
        head = np.array(heads[rng.integers(len(heads))]) * [width, height, width, height]
        across = float(np.clip(max(across, 1.3 * (head[2] - head[0]), 1.3 * (head[3] - head[1]) * ratio), 0, largest))
        down = across / ratio
        centre = (head[:2] + head[2:]) / 2 + rng.uniform(-0.5, 0.5, 2) * [across, down]
        left, top = centre - np.array([across, down]) / 2
    else:
        left, top = rng.uniform(0, 1, 2) * [width - across, height - down]
    left, top = np.clip(left, 0, width - across), np.clip(top, 0, height - down)
    return View((left, top, left + across, top + down), size, bool(rng.random() < 0.5))
