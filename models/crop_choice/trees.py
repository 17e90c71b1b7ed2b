"""Gradient-boosted regression trees as tensors (Friedman, 2001): all trees walk down at once."""

from __future__ import annotations

from collections.abc import Mapping

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
        return torch.cat([self._sum(rows) for rows in features.split(ROWS_PER_CHUNK)])

    def _sum(self, features: Tensor) -> Tensor:
        trees, nodes = self.feature.shape
        start = torch.arange(trees)[:, None] * nodes
        wanted, children = self.feature.flatten().long(), (self.child.long() + start).flatten()
        threshold = self.threshold.flatten()
        columns = features.T.contiguous().flatten()
        row = torch.arange(len(features))
        node = start.expand(-1, len(features))
        for _ in range(int(self.depth)):
            beyond = columns[wanted[node] * len(features) + row] > threshold[node]
            node = children[2 * node + beyond]
        return self.value.flatten()[node].sum(0) + self.offset


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
