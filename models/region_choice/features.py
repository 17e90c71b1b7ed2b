"""The numbers by which a box that holds a region is judged: those of `crop_choice`, and how it stands to the region, to
the largest box of its ratio, and to the places where it could be instead.

Names and mirror images are as in `crop_choice/features.py`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...cropping.checks import Region, Size
from ...cropping.ratio import Ratio
from ..crop_choice.features import SIDES, Features, box_features
from ..crop_choice.picture import PictureTables
from ..size_prior.prior import case_features
from .places import Places

TOUCHING = 1e-6  # an edge so near to the picture's is on it


def region_features(picture: PictureTables, places: Places, size: Size, ratio: Ratio, region: Region) -> Features:
    """The features of places around a region, in a picture of (width, height) `size`: name → `[K]`, float64."""
    found = _case(size, ratio, region) | _place(places) | _edges(places.boxes, region)
    found = {name: value.expand(len(places)) for name, value in found.items()}
    return found | box_features(picture, places.boxes)


def stack_features(picture: PictureTables, places: Places, size: Size, ratio: Ratio, region: Region) -> Tensor:
    """As `region_features`, `[K, F]` in single precision."""
    return torch.stack(list(region_features(picture, places, size, ratio, region).values()), 1).float()


def _case(size: Size, ratio: Ratio, region: Region) -> Features:
    """What holds for all boxes alike."""
    case = {f"case {index}": value for index, value in enumerate(case_features(size, ratio, region))}
    x1, y1, x2, y2 = region
    case |= {f"region {side}": value for side, value in zip(SIDES, (x1, y1, 1 - x2, 1 - y2), strict=True)}
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in case.items()}


def _place(places: Places) -> Features:
    """The size, and where of all places the box is."""
    across, down = (places.moved - places.centred).unbind(1)
    return {
        "largest share": places.scale,
        "nearly largest": torch.exp((places.scale - 1) / 0.04),
        "near largest": torch.exp((places.scale - 1) / 0.15),
        "off place across": across,
        "off place down": down,
        "off place aside": across.abs(),
        "off place upright": down.abs(),
        "play across": places.play[:, 0],
        "play down": places.play[:, 1],
        "play left": places.moved[:, 0],
        "play top": places.moved[:, 1],
        "play right": places.play[:, 0] - places.moved[:, 0],
        "play bottom": places.play[:, 1] - places.moved[:, 1],
        "places": places.count.log(),
    }


def _edges(boxes: Tensor, region: Region) -> Features:
    """Which edges are the picture's, and how far each lies outside the region's."""
    x1, y1, x2, y2 = boxes.unbind(1)
    margins = (x1, y1, 1 - x2, 1 - y2)
    touching = [(each < TOUCHING).double() for each in margins]
    past = (region[0] - x1, region[1] - y1, x2 - region[2], y2 - region[3])
    return {
        **{f"touches {side}": each for side, each in zip(SIDES, touching, strict=True)},
        "touches": torch.stack(touching).sum(0),
        **{f"past region {side}": each for side, each in zip(SIDES, past, strict=True)},
    }
