"""Composition heads from safetensors files."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file

from ..state_dict import load_named, shape_of
from .head import CompositionHead

WEIGHTS = Path(__file__).with_name("composition.safetensors")


def load_composition(path: Path) -> CompositionHead:
    """A head from a safetensors file; its widths are read from the shapes.

    Raises:
        ValueError: when the file is not such a head's.
    """
    state, what = load_file(path), f"{path}:"
    _, _, width = shape_of(state, "edge", 3, what)
    joint_pools, _, hidden = shape_of(state, "judge_joint", 3, what)
    _, pooled, summary = shape_of(state, "tell", 3, what)
    (context,), (last,) = shape_of(state, "scene.bias", 1, what), shape_of(state, "middle.bias", 1, what)
    head = CompositionHead(width, summary, context, pooled // max(1, width), joint_pools, hidden, last)
    load_named(head, state, what)
    return head.eval()


def load_bundled_composition() -> CompositionHead:
    """The head with the weights that come with the package."""
    return load_composition(WEIGHTS)
