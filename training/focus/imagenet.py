"""torchvision's MobileNetV2 as the backbone of `focus`: each normalisation folded into the convolution before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

EPSILON = 1e-5


def fold_mobilenet(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of `models.focus.network.Backbone` from torchvision's `mobilenet_v2` (its last layer and
    classifier are left out).
    """
    folded: dict[str, Tensor] = {}
    for ours, convolution, norm in _pairs():
        scale = state[f"{norm}.weight"] * torch.rsqrt(state[f"{norm}.running_var"] + EPSILON)
        folded[f"{ours}.weight"] = state[f"{convolution}.weight"] * scale[:, None, None, None]
        folded[f"{ours}.bias"] = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
    return folded


def _pairs() -> Iterator[tuple[str, str, str]]:
    """(our convolution, theirs, their normalisation)."""
    yield "stem", "features.0.0", "features.0.1"
    for layer in range(17):
        theirs, ours = f"features.{layer + 1}.conv", f"layers.{layer}"
        parts = ["filter"] if layer == 0 else ["widen", "filter"]
        for index, part in enumerate(parts):
            yield f"{ours}.{part}", f"{theirs}.{index}.0", f"{theirs}.{index}.1"
        yield f"{ours}.narrow", f"{theirs}.{len(parts)}", f"{theirs}.{len(parts) + 1}"
