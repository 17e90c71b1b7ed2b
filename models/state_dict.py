"""A checkpoint's tensors: putting them into a network with an error that a user can act on, and their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn

_COUNTER = "num_batches_tracked"  # not written by old versions of PyTorch, and of no use when judging


def load_named(network: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Loads all of `state`, and nothing else, into the network.

    Raises:
        ValueError: when names are missing or left over, or a shape differs; says `what` and names some of them.
    """
    own = network.state_dict()
    missing = [name for name in own if name not in state and not name.endswith(_COUNTER)]
    unknown = [name for name in state if name not in own]
    wrong = [name for name in state if name in own and state[name].shape != own[name].shape]
    for names, fault in ((missing, "lacks"), (unknown, "has unknown"), (wrong, "has the wrong shape of")):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise ValueError(f"{what} {fault} {', '.join(names[:3])}{more}; is the file whole?")
    network.load_state_dict(state, strict=False)


def shape_of(state: Mapping[str, Tensor], name: str, dimensions: int, what: str) -> torch.Size:
    """The shape of a tensor from which the size of a network is read.

    Raises:
        ValueError: when the tensor is missing or has another number of dimensions; says `what` and the name.
    """
    if name not in state:
        raise ValueError(f"{what} lacks {name}; is the file whole?")
    shape = state[name].shape
    if len(shape) != dimensions:
        raise ValueError(f"{what} has the wrong shape of {name}; is the file whole?")
    return shape


def digest_weights(weights: nn.Module | Mapping[str, Tensor]) -> str:
    """SHA-256, in hex, of a network's state dict: its names in sorted order, dtypes, shapes and bytes.

    It is the same on every device, and differs as soon as a single weight does.
    """
    state = weights.state_dict() if isinstance(weights, nn.Module) else weights
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(f"{name}|{tensor.dtype}|{list(tensor.shape)}|".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
