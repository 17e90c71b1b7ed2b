"""Made-up weights: the same on every machine, drawn key by key, so that recorded scores can be checked."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from hashlib import sha256

import torch
from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]


def uniform(name: str, shape: tuple[int, ...], seed: int = 0) -> Tensor:
    """Values in 0..1 that depend on the name alone (`rand` is bit-exact everywhere, `randn` is not)."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()) + seed)
    return torch.rand(shape, generator=generator)


def made_up_state(shapes: Shapes, seed: int = 0) -> dict[str, Tensor]:
    """A state dict for the given names and shapes, scaled so that activations neither die nor explode."""
    return {name: _made_up_tensor(name, tuple(shape), seed) for name, shape in shapes.items()}


def _made_up_tensor(name: str, shape: tuple[int, ...], seed: int) -> Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    values = uniform(name, shape, seed)
    if name.endswith("running_var"):
        return values + 0.5
    if name.endswith(("running_mean", "bias")):
        return (values - 0.5) * 0.2
    if len(shape) == 1:
        return values * 0.5 + 0.55
    fan_in = math.prod(shape[1:])
    return (values - 0.5) * math.sqrt(12 * 2 / fan_in)


def fingerprint(shapes: Shapes) -> str:
    """One short string for a whole list of names and shapes."""
    lines = sorted(f"{name} {list(shape)}" for name, shape in shapes.items())
    return sha256("\n".join(lines).encode()).hexdigest()[:16]
