"""`design-heatmap` croppers from checkpoints: those of `training/design_heatmap`, and HCIC's whole models."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from ..base import Architecture
from ..state_dict import load_named, shape_of
from .cropper import DesignHeatmapCropper
from .network import HeatmapNetwork

_WHAT = "a design-heatmap checkpoint"
# A stage of HCIC's backbone is a slice of a longer sequence, and keeps the numbers of that sequence.
_STAGE = re.compile(r"backbone\.feature([345])\.0\.(\d+)\.(.+)")
_FIRST_LAYER = {"3": 0, "4": 23, "5": 30}
_BRANCH = {
    "f3_layer.": "lateral.0.",
    "f4_layer.": "lateral.1.",
    "f5_layer.": "lateral.2.",
    "feat_ext.": "reduce.",
    "content_preserve.relation_encoder.": "relate.",
    "content_preserve.preserve_predict.": "readout.",
}


def detect(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of this network or of a whole HCIC model, whose heatmap branch is then used."""
    return {"relate.phi.weight", "readout.1.weight"} <= state.keys() or (
        "content_preserve.relation_encoder.phi.weight" in state
    )


def load(state: Mapping[str, Tensor]) -> DesignHeatmapCropper:
    """A cropper from `training/design_heatmap`'s state dict, or from HCIC's.

    HCIC has no `CropRating`; there a box is rated by the heat it holds.

    Raises:
        ValueError: when a tensor is missing or of the wrong shape.
    """
    if "relate.phi.weight" not in state:
        state = _from_hcic(state)
    reduced, lateral, _, _ = shape_of(state, "reduce.weight", 4, _WHAT)
    _, related = shape_of(state, "relate.weight", 2, _WHAT)
    network = HeatmapNetwork(lateral, reduced, related)
    load_named(network, state, _WHAT)
    return DesignHeatmapCropper(network)


def _from_hcic(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    renamed = {"rating.weights.weight": torch.tensor([[1.0, 0.0, 0.0]]), "rating.weights.bias": torch.zeros(1)}
    for name, value in state.items():
        stage = _STAGE.fullmatch(name)
        if stage:
            layer = int(stage[2]) - _FIRST_LAYER[stage[1]]
            renamed[f"backbone.stage{stage[1]}.{layer}.{stage[3]}"] = value
        for prefix, name_here in _BRANCH.items():
            if name.startswith(prefix):
                renamed[name_here + name[len(prefix) :]] = value
    return renamed


ARCHITECTURE = Architecture("design-heatmap", detect, load)
