"""What the search reads of a batch of pictures of one size: summed-area tables, subjects, ratings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .box_sums import normalise, summed_area
from .heads import PARTS
from .size_curve import Ratings


@dataclass(frozen=True)
class SearchInputs:
    """Tables and subjects of B pictures of one size.

    Attributes:
        heat: `[B, h + 1, w + 1]` float64 summed-area table of heat that sums to 1.
        detail: the same for detail (edges, texture), or None where it is not known.
        subjects: `[B, M, 5]` float64, relative x1, y1, x2, y2 and weight; weight 0 marks an empty slot.
        protected: `[B, K, 9]` float64, the subjects whose heads are not to be cut, see `stack_protected`.
        ratings: a function from boxes to the ratings that people would give, or None.
    """

    heat: Tensor
    detail: Tensor | None
    subjects: Tensor
    protected: Tensor
    ratings: Ratings | None = None

    @classmethod
    def from_maps(
        cls,
        heatmaps: Tensor,
        subjects: Tensor | None = None,
        detail: Tensor | None = None,
        protected: Tensor | None = None,
    ) -> SearchInputs:
        """The inputs from maps `[B, h, w]` of any scale with values ≥ 0, subjects `[B, M, 5]`, protected `[B, K, 9]`.

        Raises:
            ValueError: when a map is not `[B, h, w]`, or holds a negative or non-finite value; when subjects are not
                `[B, M, 5]`, or protected ones not `[B, K, 9]`.
        """
        heatmaps = _to_double(heatmaps)
        detail = None if detail is None else _to_double(detail)
        subjects = _read_rows(subjects, heatmaps, 5, "subjects must be [{}, M, 5]")
        protected = _read_rows(protected, heatmaps, PARTS, "protected must be [{}, K, 9]")
        if detail is not None and len(detail) != len(heatmaps):
            raise ValueError(f"{len(heatmaps)} heatmaps, but {len(detail)} maps of detail")
        return cls(
            heat=summed_area(normalise(heatmaps)),
            detail=None if detail is None else summed_area(normalise(detail)),
            subjects=subjects,
            protected=protected,
        )

    def __len__(self) -> int:
        return len(self.heat)

    @property
    def device(self) -> torch.device:
        return self.heat.device


def _read_rows(rows: Tensor | None, heatmaps: Tensor, numbers: int, expected: str) -> Tensor:
    """Rows of so many numbers for each picture, `[B, *, numbers]`, on the device of the heatmaps; none for None."""
    if rows is None:
        return heatmaps.new_zeros(len(heatmaps), 0, numbers)
    if rows.ndim != 3 or rows.shape[0] != len(heatmaps) or rows.shape[2] != numbers:
        raise ValueError(f"{expected.format(len(heatmaps))}, got {list(rows.shape)}")
    return rows.to(heatmaps)


def _to_double(maps: Tensor) -> Tensor:
    if maps.ndim != 3:
        raise ValueError(f"heatmaps must be [B, h, w], got {list(maps.shape)}")
    # Apple's GPU has no float64, and ties are the same on every device only where all sum in the same precision.
    return maps.to("cpu" if maps.device.type == "mps" else maps.device).to(torch.float64)
