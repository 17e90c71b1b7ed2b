"""Files of weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor, nn

from ..datasets.atomic import open_atomic


def export(network: nn.Module, path: Path) -> None:
    """Writes the weights of a network, and nothing else. ComfyUI finds those of a cropper in `models/croppers`."""
    write_weights(network.state_dict(), path)


def write_weights(state: Mapping[str, Tensor], path: Path) -> None:
    """Writes tensors by name as safetensors. A file of that name is replaced as a whole."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    with open_atomic(path) as file:
        file.write(save(tensors))
