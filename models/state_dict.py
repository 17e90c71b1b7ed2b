"""A checkpoint's tensors: putting them into a network with an error that a user can act on, and their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn

_COUNTER = "num_batches_tracked"  # not written by old versions of PyTorch, and of no use when judging

# Float8 without a scale; the packed kinds mean nothing by themselves.
_FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2)


def load_named(network: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Loads all of `state`, and nothing else, into the network.

    Raises:
        ValueError: when names are missing or left over, a shape differs, or numbers are of another kind, NaN or
            infinite; says `what` and names some of them.
    """
    own = network.state_dict()
    known = {name: (state[name], own[name]) for name in state if name in own}
    faults = {
        "lacks": [name for name in own if name not in state and not name.endswith(_COUNTER)],
        "has unknown": [name for name in state if name not in own],
        "has the wrong shape of": [name for name, (given, ours) in known.items() if given.shape != ours.shape],
        "has no numbers of a network in": [name for name, pair in known.items() if not _is_convertible(*pair)],
        "has NaN or infinity in": [name for name, (given, _) in known.items() if not _is_finite(given)],
    }
    for fault, names in faults.items():
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise ValueError(f"{what} {fault} {', '.join(names[:3])}{more}; is the file whole?")
    network.load_state_dict(state, strict=False)


def _is_convertible(given: Tensor, ours: Tensor) -> bool:
    """Whether a tensor's numbers mean the same in ours: floats of any width, or whole numbers where ours are some."""
    if ours.is_floating_point():
        return given.dtype in _FLOATS
    return not (given.is_floating_point() or given.is_complex() or given.dtype == torch.bool)


def _is_finite(given: Tensor) -> bool:
    """Whether no number is NaN or infinite; a tensor of shapes alone has none."""
    return given.is_meta or not given.is_floating_point() or bool(given.float().isfinite().all())


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
