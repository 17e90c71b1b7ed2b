"""`focus` croppers from checkpoints, and with the bundled weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from ..base import Architecture
from ..state_dict import load_named
from .cropper import FocusCropper
from .network import FocusNetwork

PEOPLE_OUTPUTS = 5  # of a head, in checkpoints made before animals' heads were learned: centre and four distances
WEIGHTS = Path(__file__).with_name("focus.safetensors")
# Each has as many rows as the decoder has channels at 1/4, 1/8, 1/16 and 1/32.
_WIDTHS = ("up4.coarse.weight", "up8.coarse.weight", "up16.coarse.weight", "gist.place.weight")


def detect(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of a `FocusNetwork`."""
    return {"gist.place.weight", "prior.weight", "heads.out.weight"} <= state.keys()


def load(state: Mapping[str, Tensor]) -> FocusCropper:
    """A cropper from the weights that `training/focus` writes; its shapes tell the decoder's widths and outputs.

    Raises:
        ValueError: when a tensor is missing or of the wrong shape.
    """
    # Any width will do where the tensor is missing: `load_named` then says so.
    quarter, eighth, sixteenth, last = (len(state.get(name, ())) or 8 for name in _WIDTHS)
    animals = len(state.get("heads.out.bias", ())) > PEOPLE_OUTPUTS
    network = FocusNetwork((quarter, eighth, sixteenth, last), animals)
    load_named(network, state, "a focus checkpoint")
    return FocusCropper(network)


def load_bundled() -> FocusCropper:
    """The cropper with the weights that come with the package."""
    return load(load_file(WEIGHTS))


ARCHITECTURE = Architecture("focus", detect, load)
