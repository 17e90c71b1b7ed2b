"""One rated picture as a network is shown it: resized, mirrored and tinted at random, with some of its crops."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as V

from ..images.decode import Picture
from ..images.header import read_header
from .rated_crops import RatedPicture

# The strengths that HCIC and bo-zhang's GAIC train with.
BRIGHTNESS, CONTRAST, SATURATION, HUE = 0.125, 0.5, 0.5, 0.05


@dataclass(frozen=True)
class RatedSample:
    """A picture and its crops.

    Attributes:
        image: [3, H, W] RGB in 0..1.
        boxes: [N, 4] relative, of all crops.
        ratings: [N].
        drawn: [K] numbers of the crops to train on this time.
    """

    image: Tensor
    boxes: Tensor
    ratings: Tensor
    drawn: Tensor


def rated_sample(picture: RatedPicture, size: tuple[int, int], crops: int, generator: torch.Generator) -> RatedSample:
    """The picture at `size` (width, height), mirrored and tinted at random.

    crops: how many to draw; a picture with fewer gives some of them twice, so that samples can be stacked.

    Raises:
        PictureError: naming a file that cannot be read.
    """
    width, height = read_header(picture.path).size
    image = torch.from_numpy(Picture(picture.path).small(min(size))).permute(2, 0, 1).float() / 255
    image = F.interpolate(image[None], (size[1], size[0]), mode="bilinear", antialias=True)[0]
    boxes = torch.tensor([box for box, _ in picture.crops]) / torch.tensor([width, height]).repeat(2)
    ratings = torch.tensor([rating for _, rating in picture.crops])
    if torch.rand((), generator=generator) < 0.5:
        image, boxes = mirrored(image, boxes)
    return RatedSample(tinted(image, generator), boxes, ratings, _drawn(len(ratings), crops, generator))


def mirrored(image: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Left and right exchanged, in the picture [3, H, W] and in its relative boxes [N, 4]."""
    x1, y1, x2, y2 = boxes.unbind(-1)
    return image.flip(-1), torch.stack((1 - x2, y1, 1 - x1, y2), dim=-1)


def tinted(image: Tensor, generator: torch.Generator) -> Tensor:
    """Brightness, contrast, saturation and hue changed a little."""
    brightness, contrast, saturation, hue = (torch.rand(4, generator=generator) * 2 - 1).tolist()
    image = V.adjust_brightness(image, 1 + brightness * BRIGHTNESS)
    image = V.adjust_contrast(image, 1 + contrast * CONTRAST)
    image = V.adjust_saturation(image, 1 + saturation * SATURATION)
    return V.adjust_hue(image, hue * HUE)


def _drawn(count: int, wanted: int, generator: torch.Generator) -> Tensor:
    """[wanted] numbers below `count`, as few of them twice as possible."""
    rounds = [torch.randperm(count, generator=generator) for _ in range(-(-wanted // count))]
    return torch.cat(rounds)[:wanted]
