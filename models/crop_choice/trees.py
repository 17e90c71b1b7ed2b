"""Gradient-boosted regression trees as tensors (Friedman, 2001): all trees walk down at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ..state_dict import load_named, shape_of

ROWS_PER_CHUNK = 512  # so that what is computed in between stays in the processor's cache


class Trees(nn.Module):
    """A sum of T binary trees with up to N nodes each; a leaf is its own child.

    Attributes:
        feature: `[T, N]`, which feature a node asks for.
        threshold: `[T, N]`, up to which its first child is taken.
        child: `[T, 2 · N]`, both children of each node, as nodes of the tree.
        value: `[T, N]`, of the leaves.
        offset: `[1]`, added to the sum.
        depth: `[1]`, of the deepest leaf.
    """

    feature: Tensor
    threshold: Tensor
    child: Tensor
    value: Tensor
    offset: Tensor
    depth: Tensor

    def __init__(self, trees: int, nodes: int) -> None:
        super().__init__()
        self.register_buffer("feature", torch.zeros(trees, nodes, dtype=torch.int16))
        self.register_buffer("threshold", torch.zeros(trees, nodes))
        self.register_buffer("child", torch.zeros(trees, 2 * nodes, dtype=torch.int16))
        self.register_buffer("value", torch.zeros(trees, nodes))
        self.register_buffer("offset", torch.zeros(1))
        self.register_buffer("depth", torch.zeros(1, dtype=torch.int16))

    def forward(self, features: Tensor) -> Tensor:
        """Features `[N, F]` in single precision → `[N]`."""
        walk = _Walk(self)
        return torch.cat([self._sum(walk, rows) for rows in features.split(ROWS_PER_CHUNK)])

    def _sum(self, walk: _Walk, features: Tensor) -> Tensor:
        leaves = torch.from_numpy(walk.find_leaves(features.numpy()))
        return self.value.flatten()[leaves].sum(0) + self.offset


class _Walk:
    """Trees as NumPy looks numbers up, three times as fast as PyTorch does.

    A node is known by the place of its first child, so that the second one is the next; what it asks for stands there
    twice.
    """

    def __init__(self, trees: Trees) -> None:
        count, nodes = trees.feature.shape
        roots = np.arange(count)[:, None] * nodes
        self._roots, self._depth = 2 * roots, int(trees.depth)
        self._feature = trees.feature.numpy().astype(np.int64).repeat(2)
        self._threshold = trees.threshold.numpy().repeat(2)
        self._child = (2 * (trees.child.numpy().astype(np.int64) + roots)).ravel()

    def find_leaves(self, features: np.ndarray) -> np.ndarray:
        """The leaf that each row `[N, F]` comes to in each of T trees, counted over all of them: `[T, N]`."""
        rows = len(features)
        columns, first = np.ascontiguousarray(features.T).ravel(), self._feature * rows
        node = self._roots.repeat(rows, 1)
        place, value, threshold = np.empty_like(node), *(np.empty(node.shape, np.float32) for _ in range(2))
        beyond = np.empty(node.shape, bool)
        for _ in range(self._depth):
            _look_up(first, node, place)
            place += np.arange(rows)
            _look_up(columns, place, value)
            _look_up(self._threshold, node, threshold)
            np.greater(value, threshold, out=beyond)
            np.add(node, beyond, out=place)
            _look_up(self._child, place, node)
        return node >> 1


def _look_up(values: np.ndarray, places: np.ndarray, found: np.ndarray) -> None:
    """Values at places, all of which are there, into an array that is."""
    np.take(values, places, out=found, mode="clip")  # other modes first make a copy


def load_trees(state: Mapping[str, Tensor], features: int, what: str) -> Trees:
    """Trees from their tensors, which ask for no other than so many features.

    Raises:
        ValueError: when they are no trees; says `what`.
    """
    trees = Trees(*shape_of(state, "feature", 2, what))
    load_named(trees, state, what)
    nodes = trees.feature.shape[1]
    sound = trees.feature.ge(0) & trees.feature.lt(features)
    if not (bool(sound.all()) and bool((trees.child.ge(0) & trees.child.lt(nodes)).all())):
        raise ValueError(f"{what} has trees that lead nowhere; is the file whole?")
    return trees
