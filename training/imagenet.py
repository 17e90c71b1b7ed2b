"""torchvision's ImageNet weights for the backbones of `models.backbones`, from a file that the user brings."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..models.backbones import Backbone, MobileNetV2, ResNet50, ShuffleNetV2, Vgg16
from ..models.gaic.state_dict import canonical
from ..models.state_dict import load_named

# Where torchvision's rows of layers are cut: the number each stage starts at, and the first that no stage has.
_CUTS = {MobileNetV2: (0, 7, 14, 18), Vgg16: (0, 23, 30, 30)}
_MODULES = {
    ShuffleNetV2: {"conv1": "3.0", "stage2": "3.2", "stage3": "4.0", "stage4": "5.0"},
    ResNet50: {"conv1": "3.0", "bn1": "3.1", "layer1": "3.4", "layer2": "3.5", "layer3": "4.0", "layer4": "5.0"},
}


def load_imagenet(backbone: Backbone, state: Mapping[str, Tensor]) -> None:
    """Puts torchvision's weights for the same network into the backbone; the classifier is left out.

    Raises:
        ValueError: when the state dict is another network's.
    """
    kind = type(backbone)
    published = {}
    for name, value in state.items():
        slot = _slice(name, kind) if kind in _CUTS else _module(name, kind)
        if slot is not None:
            published[f"Feat_ext.feature{slot}"] = value
    renamed = canonical({**published, "DimRed.weight": torch.empty(0)}, kind)
    layers = {name.removeprefix("backbone."): value for name, value in renamed.items() if name.startswith("backbone.")}
    load_named(backbone, layers, f"an ImageNet checkpoint for {kind.__name__}")


def _slice(name: str, kind: type[Backbone]) -> str | None:
    first, _, rest = name.partition(".")
    number = rest.split(".")[0]
    cuts = _CUTS[kind]
    if first != "features" or int(number) >= cuts[3]:
        return None
    return f"{3 + (int(number) >= cuts[1]) + (int(number) >= cuts[2])}.0.{rest}"


def _module(name: str, kind: type[Backbone]) -> str | None:
    first, _, rest = name.partition(".")
    return f"{_MODULES[kind][first]}.{rest}" if first in _MODULES[kind] else None
