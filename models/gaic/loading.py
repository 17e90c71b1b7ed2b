"""GAIC croppers from checkpoints.

Three kinds are read, told apart by their keys:
- the authors' (HuiZeng/Grid-Anchor-based-Image-Cropping-Pytorch), whose last layer is numbered 3 where a dropout stands
  before it and 2 where none does, and whose VGG16 holds its layers twice;
- bo-zhang-cs/GAIC-Pytorch's, which has torchvision's backbones and predicts plain opinion scores;
- those of `training/gaic`.
Sizes of layers and grid are read from the shapes.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..backbones import Backbone, MobileNetV2, ResNet50, ShuffleNetV2, Vgg16
from ..base import Architecture
from ..state_dict import load_named, shape_of
from .cropper import GaicCropper
from .network import GaicNetwork
from .state_dict import canonical, detect, find_variant, reduction_name

_WHAT = "a GAIC checkpoint"
BACKBONES: tuple[type[Backbone], ...] = (MobileNetV2, ShuffleNetV2, Vgg16, ResNet50)
# Of what is read of each of thousands of boxes; published networks read 1296. A small file could ask for any number.
MAX_SAMPLES = 16_384


def load(state: Mapping[str, Tensor]) -> GaicCropper:
    """A cropper from any of the three kinds of state dict.

    Raises:
        ValueError: when the backbone is none of MobileNetV2, ShuffleNetV2, VGG16 and ResNet-50, a tensor is missing, or
            the network reads more than `MAX_SAMPLES` numbers of a box.
    """
    backbone, multi_scale = find_backbone(state)
    named = canonical(state, backbone)
    reduced, _, _, _ = shape_of(named, "reduce.weight", 4, _WHAT)
    first, _, _, side = shape_of(named, "head.0.weight", 4, _WHAT)
    second, _, _, _ = shape_of(named, "head.2.weight", 4, _WHAT)
    if 2 * reduced * side * side > MAX_SAMPLES:
        raise ValueError(f"{_WHAT} that reads {2 * reduced * side * side} numbers of each box; is the file whole?")
    network = GaicNetwork(backbone(), reduced, side, (first, second), multi_scale)
    load_named(network, named, _WHAT)
    return GaicCropper(network, find_variant(state))


def find_backbone(state: Mapping[str, Tensor]) -> tuple[type[Backbone], bool]:
    """The backbone whose channels the reduction expects, and whether the reduction reads all three maps.

    Raises:
        ValueError: when no backbone has that many channels.
    """
    _, depth, _, _ = shape_of(state, reduction_name(state), 4, _WHAT)
    for backbone in BACKBONES:
        if depth in (sum(backbone.channels), backbone.channels[1]):
            return backbone, depth == sum(backbone.channels)
    known = ", ".join(f"{sum(each.channels)} ({each.__name__})" for each in BACKBONES)
    raise ValueError(f"{_WHAT} that reduces {depth} channels; known are {known}")


ARCHITECTURE = Architecture("gaic", detect, load)
