"""What the search knows of a batch of equally large pictures, ready for box sums."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .box_sums import normalise, summed_area
from .size_curve import Ratings


@dataclass(frozen=True)
class SearchInputs:
    """Tables and subjects of B pictures of one size.

    Attributes:
        heat: `[B, h + 1, w + 1]` float64 summed-area table of heat that sums to 1.
        detail: the same for detail (edges, texture), or None where it is not known.
        subjects: `[B, M, 5]` float64, relative x1, y1, x2, y2 and weight; weight 0 marks an empty slot.
        ratings: how people would rate boxes of these pictures, or None.
    """

    heat: Tensor
    detail: Tensor | None
    subjects: Tensor
    ratings: Ratings | None = None

    @classmethod
    def from_maps(cls, heatmaps: Tensor, subjects: Tensor | None = None, detail: Tensor | None = None) -> SearchInputs:
        """Builds the tables from `[B, h, w]` maps (any scale, values ≥ 0) and `[B, M, 5]` subjects."""
        heatmaps = _searchable(heatmaps)
        if subjects is None:
            subjects = heatmaps.new_zeros(len(heatmaps), 0, 5)
        return cls(
            heat=summed_area(normalise(heatmaps)),
            detail=None if detail is None else summed_area(normalise(_searchable(detail))),
            subjects=subjects.to(device=heatmaps.device, dtype=torch.float64),
        )

    def __len__(self) -> int:
        return len(self.heat)

    @property
    def device(self) -> torch.device:
        return self.heat.device


def _searchable(maps: Tensor) -> Tensor:
    if maps.ndim != 3:
        raise ValueError(f"heatmaps must be [B, h, w], got {list(maps.shape)}")
    # Apple's GPU has no float64, and ties are only the same everywhere when every device counts alike.
    return maps.to("cpu" if maps.device.type == "mps" else maps.device).to(torch.float64)
