"""TranSalNet croppers from checkpoints of both published variants, told apart by their keys."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..base import Architecture
from ..state_dict import load_named
from .cropper import TranSalNetCropper
from .encoder import DENSE, RES
from .network import FRAME, TranSalNet


def detect(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of a TranSalNet."""
    return {"decoder.TransEncoder1.position_embeddings", "encoder.encoder.0.weight"} <= state.keys()


def load(state: Mapping[str, Tensor], frame: tuple[int, int] = FRAME) -> TranSalNetCropper:
    """A cropper from a published state dict of either variant; `frame` (width, height) is what it was trained at.

    Raises:
        ValueError: when a tensor is missing or of the wrong shape.
    """
    dense = any(".denselayer1." in name for name in state)
    network = TranSalNet(DENSE if dense else RES, frame)
    load_named(network, state, "a TranSalNet checkpoint")
    return TranSalNetCropper(network, frame)


ARCHITECTURE = Architecture("transalnet", detect, load)
