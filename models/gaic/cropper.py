"""GAIC: judges crops from what lies inside them and what they discard, with one pass over the picture for all of them.

"Grid Anchor based Image Cropping: A New Benchmark and An Efficient Model" (Zeng, Li, Cao, Zhang; TPAMI 2020,
"GAICv2"). It is also the aesthetic judge of the proposal-based approach of "Image Cropping under Design Constraints"
(Nishiyasu et al., 2023).

Three kinds of checkpoint are read, told apart by their keys:
- the authors' (HuiZeng/Grid-Anchor-based-Image-Cropping-Pytorch), whose last layer is numbered 3 where a dropout stands
  before it and 2 where none does, and whose VGG16 holds its layers twice;
- bo-zhang-cs/GAIC-Pytorch's, which has torchvision's backbones and predicts plain opinion scores;
- those of `training/gaic`, with the names used below.
Sizes of layers and grid are read from the shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ...cropping.ratio import Ratio
from ...cropping.text_region import Region
from ..analysis import Analysis, measure_detail
from ..backbones.backbones import Backbone, MobileNetV2, ResNet50, ShuffleNetV2, Vgg16
from ..base import Architecture, Cropper, validate_images
from ..baselines.accumulate import accumulate_boxes, normalise_min_max
from ..state_dict import load_named
from . import state_dict as gaic_keys
from .network import GaicNetwork
from .proposals import grid_anchors, ratio_proposals

SHORT_SIDE, LONGEST_SIDE = 256, 2048
MULTIPLE = 32
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
OPINION_MEAN, OPINION_DEVIATION = 2.95, 0.8  # of GAICD's mean opinion scores
OPINIONS = (1.0, 5.0)
BOXES_AT_ONCE = 4096
HEAT_SHORT_SIDE = 32
VOTE_SHARPNESS = 2.0
BACKBONES: tuple[type[Backbone], ...] = (MobileNetV2, ShuffleNetV2, Vgg16, ResNet50)


@dataclass(frozen=True)
class Recipe:
    """How the network was trained to see and to answer.

    Attributes:
        white: the value of a white pixel before the mean is taken off (the authors divided bytes by 256).
        antialias: whether pictures were reduced with a filter that widens with the scale.
        standardised: whether the answer is (mean opinion score - 2.95) / 0.8, or the score itself.
    """

    white: float = 255 / 256
    antialias: bool = False
    standardised: bool = True


AUTHORS = Recipe()
BO_ZHANG = Recipe(white=1.0, antialias=True, standardised=False)
TRAINED_HERE = Recipe(white=1.0, antialias=True)


class GaicAnalysis(Analysis):
    """One picture's feature map, ready to rate any number of boxes; proposes boxes of its own."""

    def __init__(
        self,
        network: GaicNetwork,
        features: Tensor,
        size: tuple[int, int],
        recipe: Recipe,
        detail: Tensor | None = None,
    ) -> None:
        """features: [C, h, w]. size: (width, height) of the picture the network saw. detail: as in `Analysis`."""
        self.network, self.features, self.size, self.recipe = network, features, size, recipe
        super().__init__(self._voted(), detail=detail)

    def score(self, boxes: Tensor) -> Tensor:
        """[N, 4] relative boxes -> [N] predicted mean opinion score, from 1 (worst) to 5 (best) scaled to 0..1."""
        opinion = self.rate(boxes)
        if self.recipe.standardised:
            opinion = opinion * OPINION_DEVIATION + OPINION_MEAN
        low, high = OPINIONS
        return ((opinion - low) / (high - low)).clamp(0, 1)

    @torch.no_grad()
    def rate(self, boxes: Tensor) -> Tensor:
        """[N, 4] relative boxes -> [N] what the network says, in its own units.

        Boxes grow to whole pixels of the 256-pixel picture first, as in training and in the published evaluation.
        """
        weight = self.network.reduce.weight
        features = self.features.to(weight.device)[None]
        pixels = whole_pixels(boxes.to(weight.device, torch.float64), self.size).to(weight.dtype)
        rated = [self.network.rate(features, chunk[None])[0] for chunk in pixels.split(BOXES_AT_ONCE)]
        return (torch.cat(rated) if rated else weight.new_zeros(0)).to(boxes.device)

    def candidates(self, ratio: Ratio, min_share: float, size: tuple[int, int], held: Region | None = None) -> Tensor:
        """The dense set of boxes of one ratio, relative [N, 4] (see `ratio_proposals`)."""
        return ratio_proposals(ratio, size, min_share)

    def _voted(self) -> Tensor:
        """What the rated grid anchors agree on: the sum of the boxes, better ones louder."""
        boxes = grid_anchors(self.size)
        if not len(boxes):  # a picture too long for GAIC's anchors
            boxes = boxes.new_tensor([[0.0, 0.0, 1.0, 1.0]])
        ratings = self.rate(boxes).double()
        spread = ratings.std(correction=0).clamp(min=1e-6)
        weights = torch.softmax(VOTE_SHARPNESS * (ratings - ratings.mean()) / spread, dim=0)
        columns, rows = (round(side * HEAT_SHORT_SIDE / min(self.size)) for side in self.size)
        return normalise_min_max(accumulate_boxes(boxes, weights, (rows, columns))).to(self.features.device)


class GaicCropper(Cropper):
    """GAIC with loaded weights."""

    name = "gaic"

    def __init__(self, network: GaicNetwork, recipe: Recipe = AUTHORS) -> None:
        self.module = network.eval()
        self.network, self.recipe = network, recipe

    @torch.no_grad()
    def analyse(self, images: Tensor) -> list[Analysis]:
        """[B, 3, H, W] RGB in 0..1 of any size -> B analyses."""
        images = validate_images(images).to(self.network.reduce.weight)
        size = working_size((images.shape[-1], images.shape[-2]))
        seen = normalise(resize(images, size, self.recipe), self.recipe)
        return [
            GaicAnalysis(self.network, features, size, self.recipe, detail)
            for features, detail in zip(self.network.features(seen), measure_detail(images), strict=True)
        ]


def working_size(size: tuple[int, int], short_side: int = SHORT_SIDE) -> tuple[int, int]:
    """(width, height) the network works at: short side 256 (or another), both sides rounded to multiples of 32.

    Pictures longer than 8:1 are squashed to that, lest a strip of a few pixels ask for gigabytes.
    """
    scale = short_side / min(size)
    width, height = (min(round(side * scale / MULTIPLE) * MULTIPLE, LONGEST_SIDE) for side in size)
    return width, height


def resize(images: Tensor, size: tuple[int, int], recipe: Recipe) -> Tensor:
    """[B, 3, H, W] to (width, height), reduced in the way the network was trained on."""
    if (images.shape[-1], images.shape[-2]) == size:
        return images
    shape = (size[1], size[0])
    return F.interpolate(images, shape, mode="bilinear", align_corners=False, antialias=recipe.antialias)


def normalise(images: Tensor, recipe: Recipe) -> Tensor:
    """[B, 3, H, W] RGB in 0..1 -> as ImageNet's networks expect it."""
    mean, deviation = (images.new_tensor(each)[:, None, None] for each in (MEAN, DEVIATION))
    return (images * recipe.white - mean) / deviation


def whole_pixels(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Relative boxes [..., 4] in pixels of a picture of `size`, grown to whole ones."""
    pixels = boxes * boxes.new_tensor(size).repeat(2)
    slack = 1e-4  # what rounding may add to a coordinate that was whole
    return torch.cat(((pixels[..., :2] + slack).floor(), (pixels[..., 2:] - slack).ceil()), dim=-1)


# --- checkpoints ------------------------------------------------------------------------------------------------------


def load(state: Mapping[str, Tensor]) -> GaicCropper:
    """A cropper from any of the three kinds of state dict; sizes are read from the shapes.

    Raises:
        ValueError: when the backbone is none of MobileNetV2, ShuffleNetV2, VGG16 and ResNet-50, or a tensor is missing.
    """
    backbone, multi_scale = backbone_of(state)
    names = gaic_keys.canonical(state, backbone)
    network = GaicNetwork(
        backbone(),
        reduced=names["reduce.weight"].shape[0],
        side=names["head.0.weight"].shape[-1],
        hidden=(names["head.0.weight"].shape[0], names["head.2.weight"].shape[0]),
        multi_scale=multi_scale,
    )
    load_named(network, names, "a GAIC checkpoint")
    return GaicCropper(network, _RECIPES[gaic_keys.layout(state)])


def backbone_of(state: Mapping[str, Tensor]) -> tuple[type[Backbone], bool]:
    """The backbone whose depth the reduction expects, and whether the reduction reads all three maps.

    Raises:
        ValueError: when no backbone has that depth.
    """
    depth = gaic_keys.reduction(state).shape[1]
    for backbone in BACKBONES:
        if depth in (sum(backbone.channels), backbone.channels[1]):
            return backbone, depth == sum(backbone.channels)
    known = ", ".join(f"{sum(each.channels)} ({each.__name__})" for each in BACKBONES)
    raise ValueError(f"a GAIC checkpoint that reduces {depth} channels; known are {known}")


_RECIPES = {"authors": AUTHORS, "bo-zhang": BO_ZHANG, "trained here": TRAINED_HERE}
ARCHITECTURE = Architecture("gaic", gaic_keys.detect, load)
