"""A training sample of a rated picture: resized, mirrored at random and with random colours, and some of its crops."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as V

from ..images.decode import Picture
from ..images.header import read_header
from ..models.composition.features import mirror_boxes
from .rated_crops import RatedPicture

# The ranges of the colour jitter that HCIC and bo-zhang's GAIC train with.
BRIGHTNESS, CONTRAST, SATURATION, HUE = 0.125, 0.5, 0.5, 0.05


@dataclass(frozen=True)
class RatedSample:
    """A picture and its crops.

    Attributes:
        image: `[3, H, W]` RGB in 0..1.
        boxes: `[N, 4]` relative x1, y1, x2, y2 of all crops.
        ratings: `[N]`.
        chosen: `[K]` indices of the crops to train on in this step.
    """

    image: Tensor
    boxes: Tensor
    ratings: Tensor
    chosen: Tensor


def load_sample(picture: RatedPicture, size: tuple[int, int], crops: int, generator: torch.Generator) -> RatedSample:
    """The picture, mirrored with probability 1/2 and with random colours.

    Args:
        picture: with N crops.
        size: (width, height) that it is resized to.
        crops: K, how many to choose. Where N is smaller, some are chosen again, so that samples can be stacked.
        generator: the only source of randomness.

    Raises:
        PictureError: naming a file that cannot be read.
    """
    width, height = read_header(picture.path).size
    pixels = torch.from_numpy(Picture(picture.path).small(min(size)))
    image = rearrange(pixels, "h w c -> 1 c h w").float() / 255
    image = F.interpolate(image, (size[1], size[0]), mode="bilinear", antialias=True)[0]
    boxes = torch.tensor([box for box, _ in picture.crops]) / torch.tensor([width, height]).repeat(2)
    ratings = torch.tensor([rating for _, rating in picture.crops])
    if torch.rand((), generator=generator) < 0.5:
        image, boxes = image.flip(-1), mirror_boxes(boxes)
    return RatedSample(jitter_colours(image, generator), boxes, ratings, _choose(len(ratings), crops, generator))


def jitter_colours(image: Tensor, generator: torch.Generator) -> Tensor:
    """Random brightness, contrast, saturation and hue for a picture `[3, H, W]`."""
    brightness, contrast, saturation, hue = (torch.rand(4, generator=generator) * 2 - 1).tolist()
    image = V.adjust_brightness(image, 1 + brightness * BRIGHTNESS)
    image = V.adjust_contrast(image, 1 + contrast * CONTRAST)
    image = V.adjust_saturation(image, 1 + saturation * SATURATION)
    return V.adjust_hue(image, hue * HUE)


def _choose(count: int, number: int, generator: torch.Generator) -> Tensor:
    """Indices `[number]` below `count`, each of them equally often to within one."""
    rounds = [torch.randperm(count, generator=generator) for _ in range(-(-number // count))]
    return torch.cat(rounds)[:number]
