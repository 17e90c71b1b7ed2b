"""Reading checkpoint files as plain tensors, without running what they hold."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

SUFFIXES = (".safetensors", ".pth", ".pt")


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name; pickled code is never run.

    Raises:
        ValueError: when the file cannot be read as a plain state dict; says what it is and what to do.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path}: a checkpoint ends in {', '.join(SUFFIXES)}")
    try:
        state = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"{path} could not be read as plain weights: {_explain(path, error)}") from error
    # Trainers often wrap the weights with the epoch and the optimiser.
    while isinstance(state, dict) and isinstance(inner := state.get("state_dict", state.get("model")), dict):
        state = inner
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path} holds no plain state dict of tensors; save the network's state_dict() alone")
    return state


def _explain(path: Path, error: Exception) -> str:
    """What is wrong with a file and what to do; without PyTorch's own message, which advises to run its code."""
    with path.open("rb") as file:
        start = file.read(64)
    if not start:
        return "it is empty; download it again"
    if start.lstrip().startswith((b"<", b"version https://git-lfs")):
        return "it is a web page or a Git LFS pointer; download the file itself"
    if "GLOBAL" in str(error):
        return "it holds objects besides tensors, which would run code; save the network's state_dict() alone"
    return "it is damaged or no checkpoint; download it again"
