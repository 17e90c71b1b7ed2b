"""torchvision's ImageNet weights for the networks of `models.backbones`, from a file that the user provides."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..models.backbones import Backbone, MobileNetV2, ResNet50, ShuffleNetV2, Vgg16
from ..models.gaic.state_dict import canonical
from ..models.state_dict import load_named

# MobileNetV2 and VGG-16 are one sequence `features` in torchvision. For each: the index of the first layer of the three
# stages of our backbone, and the index after the last.
_STAGE_STARTS = {MobileNetV2: (0, 7, 14, 18), Vgg16: (0, 23, 30, 30)}
# The others are named modules in torchvision. For each: the stage and the index in it that GAIC's authors gave them.
_MODULES = {
    ShuffleNetV2: {"conv1": "3.0", "stage2": "3.2", "stage3": "4.0", "stage4": "5.0"},
    ResNet50: {"conv1": "3.0", "bn1": "3.1", "layer1": "3.4", "layer2": "3.5", "layer3": "4.0", "layer4": "5.0"},
}


def load_imagenet(backbone: Backbone, state: Mapping[str, Tensor]) -> None:
    """Loads torchvision's weights of the same network into a backbone. The classifier is left out.

    torchvision's names are turned into those of GAIC's authors, `Feat_ext.feature{stage}.…`, which `models.gaic` turns
    into ours: the tables for that exist anyway.

    Raises:
        ValueError: when the state dict belongs to another network.
    """
    kind = type(backbone)
    published = {}
    for name, value in state.items():
        suffix = _suffix_of_layer(name, kind) if kind in _STAGE_STARTS else _suffix_of_module(name, kind)
        if suffix is not None:
            published[f"Feat_ext.feature{suffix}"] = value
    renamed = canonical({**published, "DimRed.weight": torch.empty(0)}, kind)
    layers = {name.removeprefix("backbone."): value for name, value in renamed.items() if name.startswith("backbone.")}
    load_named(backbone, layers, f"an ImageNet checkpoint for {kind.__name__}")


def _suffix_of_layer(name: str, kind: type[Backbone]) -> str | None:
    """`features.7.…` → `4.0.7.…`; None for the classifier."""
    first, _, rest = name.partition(".")
    number = rest.split(".")[0]
    starts = _STAGE_STARTS[kind]
    if first != "features" or int(number) >= starts[3]:
        return None
    return f"{3 + (int(number) >= starts[1]) + (int(number) >= starts[2])}.0.{rest}"


def _suffix_of_module(name: str, kind: type[Backbone]) -> str | None:
    """`layer1.…` → `3.4.…`; None for the classifier."""
    first, _, rest = name.partition(".")
    return f"{_MODULES[kind][first]}.{rest}" if first in _MODULES[kind] else None
