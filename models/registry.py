"""Which croppers there are: the bundled ones by name, and any checkpoint by its keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors.torch import load_file
from torch import Tensor

from .base import Architecture, Cropper
from .baselines.centre import CentreCropper
from .baselines.saliency_edge import saliency_edge_factory
from .design_heatmap import loading as design_heatmap
from .focus import loading as focus
from .gaic import loading as gaic
from .smartcrop.cropper import SmartcropCropper
from .transalnet import loading as transalnet

SUFFIXES = (".safetensors", ".pth", ".pt")

BUNDLED: Mapping[str, Callable[[], Cropper]] = MappingProxyType(
    {
        "focus": focus.load_bundled,
        "smartcrop": SmartcropCropper,
        "centre": CentreCropper,
        "saliency-short-edge": saliency_edge_factory(focus.load_bundled, "short"),
        "saliency-long-edge": saliency_edge_factory(focus.load_bundled, "long"),
    }
)
"""Name → factory of the croppers that need no file; the first is the default."""

ARCHITECTURES: tuple[Architecture, ...] = (
    focus.ARCHITECTURE,
    gaic.ARCHITECTURE,
    design_heatmap.ARCHITECTURE,
    transalnet.ARCHITECTURE,
)


def load_cropper(name_or_path: str | Path, device: str | torch.device = "cpu") -> Cropper:
    """A bundled cropper by its name, or one from a checkpoint.

    Args:
        name_or_path: a name of `BUNDLED`, or a `.safetensors`, `.pth` or `.pt` file.
        device: to put the weights on.

    Raises:
        FileNotFoundError: when it is neither a bundled name nor a file.
        ValueError: when the file cannot be read as a plain state dict, or no architecture knows its keys.
    """
    if str(name_or_path) in BUNDLED:
        cropper = BUNDLED[str(name_or_path)]()
    else:
        cropper = cropper_from(load_state(Path(name_or_path)), str(name_or_path))
    if cropper.module is not None:
        cropper.module.to(device)
    return cropper


def cropper_from(state: dict[str, Tensor], source: str) -> Cropper:
    """The cropper whose architecture knows the state dict's keys; `source` names it in errors."""
    for architecture in ARCHITECTURES:
        if architecture.detect(state):
            try:
                return architecture.load(state)
            except ValueError as error:
                raise ValueError(f"{source}: {error}") from error
    known = ", ".join(each.name for each in ARCHITECTURES) or "none"
    raise ValueError(
        f"{source}: no known architecture has these keys (e.g. {next(iter(state), 'none')!r}); known: {known}."
        " It is a checkpoint of something else; choose one of these"
    )


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint; pickled code is never run."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is neither a file nor a bundled cropper ({', '.join(BUNDLED)})")
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path}: a checkpoint ends in {', '.join(SUFFIXES)}")
    try:
        state = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"{path} could not be read as plain weights: {_complaint(path, error)}") from error
    # Trainers often wrap the weights with the epoch and the optimiser.
    while isinstance(state, dict) and isinstance(inner := state.get("state_dict", state.get("model")), dict):
        state = inner
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path} holds no plain state dict of tensors; save the network's state_dict() alone")
    return state


def _complaint(path: Path, error: Exception) -> str:
    """What is wrong with a file and what to do; PyTorch's own words advise to run its code."""
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        return "it is empty; download it again"
    if head.lstrip().startswith((b"<", b"version https://git-lfs")):
        return "it is a web page or a Git LFS pointer; download the file itself"
    if "GLOBAL" in str(error):
        return "it holds objects besides tensors, which would run code; save the network's state_dict() alone"
    return "it is damaged or no checkpoint; download it again"
