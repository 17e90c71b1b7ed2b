"""A network of `transformers` from a local folder."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import torch

_MOST_MISSING = 0.05  # share of a network's tensors: more are missing where the weights are another network's


def import_library() -> Any:
    """`transformers`, whose classes are made as they are asked for, so that no type is known of them.

    Raises:
        ImportError: when it is not installed.
    """
    return import_module("transformers")


def load_network(kind: Any, folder: Path) -> Any:
    """The network with its weights in float32, on the CPU.

    `transformers` gives tensors that a file lacks random values, and says so in a log; here they are an error.

    Args:
        kind: class of the network.
        folder: with its configuration and its weights as safetensors.

    Raises:
        ValueError: when the weights are another network's.
    """
    network, told = kind.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
    )
    missing = sorted(told["missing_keys"])
    if len(missing) > _MOST_MISSING * len(network.state_dict()):
        raise ValueError(f"its weights lack {len(missing)} tensors, such as {missing[0]}")
    return network.eval()
