"""Which device croppers run on."""

from __future__ import annotations

import torch

from ..cropping.checks import show

DEVICES = ("auto", "cpu", "cuda")


def find_device(name: str = "auto") -> str:
    """A device that is there.

    Args:
        name: one of `DEVICES`; `auto` is a CUDA GPU where PyTorch finds one, else the CPU.

    Raises:
        ValueError: when the name is not known, or a GPU is asked for and there is none.
    """
    if name not in DEVICES:
        raise ValueError(f"device: {show(name)} is none of {', '.join(DEVICES)}")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ValueError("device: PyTorch finds no CUDA GPU here")
    return ("cuda" if available else "cpu") if name == "auto" else name
