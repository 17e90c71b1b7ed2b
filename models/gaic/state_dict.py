"""The names under which GAIC's weights are published, and the names that `GaicNetwork` gives them.

A stage of a backbone was published as a slice of a longer sequence, and a slice keeps the original numbers; here every
stage counts from 0. torchvision nests what the authors wrote as one flat sequence of layers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from torch import Tensor

from ..backbones import Backbone, MobileNetV2, ResNet50, ShuffleNetV2, Vgg16
from .variant import AUTHORS, BO_ZHANG, TRAINED_HERE, GaicVariant

Value = TypeVar("Value")

_FIRST = {MobileNetV2: (0, 7, 14), ShuffleNetV2: (0, 4, 12), Vgg16: (0, 23, 30), ResNet50: (0, 0, 0)}
_WHOLE_FIRST_STAGE = (ShuffleNetV2, ResNet50)  # published as a sequence of modules rather than a slice
_STAGE = re.compile(r"Feat_ext\.feature([345])\.(.+)")
_REST = {
    "DimRed.": "reduce.",
    "FC_layers.0.0.": "head.0.",
    "FC_layers.1.0.": "head.2.",
    "FC_layers.2.": "head.4.",
    "FC_layers.3.": "head.4.",  # behind a dropout
}


def detect(state: Mapping[str, Tensor]) -> bool:
    """Whether these are the names of a GAIC network, published or trained here."""
    published = {"DimRed.weight", "FC_layers.0.0.weight"} <= state.keys()
    return published or {"reduce.weight", "head.0.weight", "backbone.stage3.0.0.weight"} <= state.keys()


def reduction_name(state: Mapping[str, Tensor]) -> str:
    """The name of the weight `[reduced, depth, 1, 1]` after the backbone."""
    return "DimRed.weight" if "DimRed.weight" in state else "reduce.weight"


def find_variant(state: Mapping[str, Tensor]) -> GaicVariant:
    """Which training code named these weights.

    bo-zhang's MobileNetV2 is nested and its ShuffleNetV2 has `branch`es. Its VGG16 and ResNet-50 are named like the
    authors', but hold no copy of the features and have no dropout.
    """
    if "DimRed.weight" not in state:
        return TRAINED_HERE
    authors_only = (".banch2.", "Feat_ext.feature.", "Feat_ext.feature3.0.1.conv.4.", "FC_layers.3.")
    return AUTHORS if any(part in name for name in state for part in authors_only) else BO_ZHANG


def canonical(state: Mapping[str, Value], backbone: type[Backbone]) -> dict[str, Value]:
    """The same values under `GaicNetwork`'s names, without copies and without the counts that a profiler adds."""
    if "DimRed.weight" not in state:
        return dict(state)
    first = _FIRST[backbone]
    if backbone is ShuffleNetV2 and not any(".banch2." in name for name in state):
        first = (0, 0, 0)
    nested = any(".conv.0.0." in name for name in state)
    renamed = {}
    for name, value in state.items():
        if name.startswith("Feat_ext.feature.") or name.endswith(("total_ops", "total_params")):
            continue
        stage = _STAGE.fullmatch(name)
        if stage:
            number, layer = int(stage[1]), stage[2]
            if number > 3 or backbone not in _WHOLE_FIRST_STAGE:
                layer = _renumber(layer, first[number - 3])
            if nested:
                layer = _flatten(layer, groups=1 if (number, layer[:2]) == (3, "1.") else 2)
            renamed[f"backbone.stage{number}.{layer.replace('banch', 'branch')}"] = value
        else:
            renamed[_rename_rest(name)] = value
    return renamed


def _renumber(layer: str, first: int) -> str:
    """The name of a layer whose number is counted from `first`; other names stay."""
    number, _, rest = layer.removeprefix("0.").partition(".")
    return f"{int(number) - first}.{rest}" if number.isdecimal() and rest else layer


def _flatten(layer: str, groups: int) -> str:
    """The name of a layer of torchvision's nested `conv` in one flat sequence; other names stay.

    The nested one is `groups` times convolution, norm and activation in one, then a convolution and a norm.
    """
    block, *path = layer.split(".")
    kind = path.pop() if path else ""
    if path[:1] != ["conv"] or len(path) not in (2, 3) or not "".join(path[1:]).isdecimal():
        return layer
    group = int(path[1])
    index = 3 * group + int(path[2]) if len(path) == 3 else 3 * groups + group - groups
    return f"{block}.conv.{index}.{kind}"


def _rename_rest(name: str) -> str:
    for prefix, ours in _REST.items():
        if name.startswith(prefix):
            return ours + name[len(prefix) :]
    return name
