"""torchvision's MobileNetV2 as the backbone of `focus`: batch normalisation is folded into the convolutions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

EPSILON = 1e-5  # of torchvision's batch normalisation
BLOCKS = 17


def fold_mobilenet(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """torchvision's `mobilenet_v2` state dict → the state dict of `models.focus.network.Backbone`.

    The last convolution and the classifier are left out.
    """
    folded: dict[str, Tensor] = {}
    for name, convolution, norm in _layer_names():
        scale = state[f"{norm}.weight"] * torch.rsqrt(state[f"{norm}.running_var"] + EPSILON)
        folded[f"{name}.weight"] = state[f"{convolution}.weight"] * scale[:, None, None, None]
        folded[f"{name}.bias"] = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
    return folded


def _layer_names() -> Iterator[tuple[str, str, str]]:
    """For each convolution: its name in the backbone, its name in torchvision, the name of its normalisation there."""
    yield "stem", "features.0.0", "features.0.1"
    for block in range(BLOCKS):
        theirs, ours = f"features.{block + 1}.conv", f"layers.{block}"
        parts = ["filter"] if block == 0 else ["widen", "filter"]
        for index, part in enumerate(parts):
            yield f"{ours}.{part}", f"{theirs}.{index}.0", f"{theirs}.{index}.1"
        yield f"{ours}.narrow", f"{theirs}.{len(parts)}", f"{theirs}.{len(parts) + 1}"
