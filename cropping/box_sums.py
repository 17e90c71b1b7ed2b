"""Summed-area tables: the sum inside any box from four look-ups (Crow, 1984).

A heatmap is read as a piecewise constant density, so interpolating its table bilinearly is exact at any coordinate.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .checks import show


def normalise(heatmaps: Tensor, name: str = "a heatmap") -> Tensor:
    """Scales `[B, h, w]` heatmaps to sum to 1 in float64; an empty one becomes uniform.

    Raises:
        TypeError: when they are no plain tensor of real numbers; says `name`.
        ValueError: when they have no cell, or a value is negative or not finite; says `name`.
    """
    heat = check_maps(name, heatmaps, "[B, h, w]").to(torch.float64)
    # min() of a NaN is NaN, which fails the comparison too.
    if not bool((heat.min() >= 0) & torch.isfinite(heat).all()):
        raise ValueError(f"{name} must hold finite values of 0 or more")
    heat = heat / heat.amax(dim=(-2, -1), keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)
    total = heat.sum(dim=(-2, -1), keepdim=True)
    uniform = torch.full_like(heat, 1.0 / (heat.shape[-1] * heat.shape[-2]))
    return torch.where(total > 0, heat / total.clamp_min(1e-300), uniform)


def check_maps(name: str, maps: Any, shape: str) -> Tensor:
    """The maps, after a check that they are a plain tensor of real numbers with so many dimensions.

    Args:
        name: of the argument, in errors.
        maps: what was given.
        shape: as it is written in documentation, such as `[B, h, w]`.

    Raises:
        TypeError: when they are no tensor, or a sparse, quantised, complex or meta one.
        ValueError: when they have another number of dimensions, or no cell at all.
    """
    if not isinstance(maps, Tensor):
        raise TypeError(f"{name} must be a tensor {shape}, got {show(maps)}")
    if maps.layout != torch.strided or maps.is_quantized or maps.is_complex() or maps.is_meta:
        raise TypeError(f"{name} must be a plain tensor of real numbers, got {maps.dtype} on {maps.device}")
    if maps.ndim != shape.count(",") + 1:
        raise ValueError(f"{name} must be {shape}, got {list(maps.shape)}")
    if 0 in maps.shape:
        raise ValueError(f"{name} must be {shape} with at least one cell, got {list(maps.shape)}")
    return maps


def summed_area(maps: Tensor) -> Tensor:
    """`[B, h, w]` → `[B, h + 1, w + 1]`; entry (i, j) is the sum of the first i rows and j columns."""
    return torch.nn.functional.pad(maps.cumsum(-2).cumsum(-1), (1, 0, 1, 0))


def resample(maps: Tensor, nodes: tuple[int, int]) -> Tensor:
    """Maps `[B, h, w]`, bilinearly interpolated at evenly spaced nodes from edge to edge: `[B, *nodes]`."""
    return torch.nn.functional.interpolate(maps[:, None], nodes, mode="bilinear", align_corners=True)[:, 0]


def read_points(table: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """A table `[B, h + 1, w + 1]`, bilinearly interpolated at relative points x, y clamped to 0..1: `[B, N]`.

    Points are `[B, N]`, or `[1, N]`, the same for all.
    """
    height, width = table.shape[-2:]
    column, right = _locate(x, width)
    row, below = _locate(y, height)
    first = row * width + column
    nodes = torch.cat([first, first + 1, first + width, first + (width + 1)], 1)
    flat = table.flatten(1)
    values = flat.gather(1, nodes) if len(nodes) == len(flat) else flat.index_select(1, nodes[0])
    near, next_to, under, across = values.chunk(4, 1)
    return torch.lerp(torch.lerp(near, next_to, right), torch.lerp(under, across, right), below)


def _locate(position: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    """The node before each position in 0..1, and how far the position lies towards the next node, 0..1."""
    scaled = position.clamp(0, 1).mul_(nodes - 1)
    index = scaled.long().clamp_(max=nodes - 2)
    return index, scaled - index


def read_along(values: Tensor, dim: int, position: Tensor) -> Tensor:
    """Values, given at evenly spaced nodes along a dimension, linearly interpolated at positions `[n]` in 0..1."""
    index, share = _locate(position, values.shape[dim])
    share = share.view(-1, *[1] * (values.ndim - 1 - dim))
    return torch.lerp(values.index_select(dim, index), values.index_select(dim, index + 1), share)
