"""What the search reads of a batch of pictures of one size: summed-area tables, subjects, ratings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from .box_sums import check_maps, normalise, summed_area
from .checks import show
from .heads import PARTS
from .size_curve import Choices, Ratings


@dataclass(frozen=True)
class SearchInputs:
    """Tables and subjects of B pictures of one size.

    Attributes:
        heat: `[B, h + 1, w + 1]` float64 summed-area table of heat that sums to 1.
        detail: the same for detail (edges, texture), or None where it is not known.
        subjects: `[B, M, 5]` float64, relative x1, y1, x2, y2 and weight; weight 0 marks an empty slot.
        protected: `[B, K, 9]` float64, the subjects whose heads are not to be cut, see `stack_protected`.
        claims: `[B, C, 5]` float64, what is to be whole beside text regions, see `stack_claims`.
        gradient: `[B]` float64, the mean of the detail before it was scaled to sum to 1.
        ratings: a function from boxes to the ratings that people would give, or None.
        choices: what people's crops are like, by the ratio and the region to hold, or None.
    """

    heat: Tensor
    detail: Tensor | None
    subjects: Tensor
    protected: Tensor
    claims: Tensor
    gradient: Tensor
    ratings: Ratings | None = None
    choices: Choices | None = None

    @classmethod
    def from_maps(
        cls,
        heatmaps: Tensor,
        subjects: Tensor | None = None,
        detail: Tensor | None = None,
        protected: Tensor | None = None,
        claims: Tensor | None = None,
    ) -> SearchInputs:
        """The inputs from maps `[B, h, w]` of any scale with values ≥ 0, and rows of boxes, see the attributes.

        Detail is the mean gradient of luma, in 0..1.

        Raises:
            TypeError: when one is no plain tensor of real numbers; names it.
            ValueError: when a map is not `[B, h, w]`, or holds a negative or non-finite value; when rows are not
                `[B, M, 5]` or `[B, K, 9]`, or one has an empty box or a negative weight; names it.
        """
        heatmaps = _to_double("heatmaps", heatmaps)
        detail = None if detail is None else _to_double("detail", detail)
        subjects = _read_rows("subjects", subjects, heatmaps, "[B, M, 5]", boxes=1)
        protected = _read_rows("protected", protected, heatmaps, f"[B, K, {PARTS}]", boxes=2)
        if detail is not None and len(detail) != len(heatmaps):
            raise ValueError(f"{len(heatmaps)} heatmaps, but {len(detail)} maps of detail")
        return cls(
            heat=summed_area(normalise(heatmaps, "heatmaps")),
            detail=None if detail is None else summed_area(normalise(detail, "detail")),
            subjects=subjects,
            protected=protected,
            claims=_read_rows("claims", claims, heatmaps, "[B, C, 5]", boxes=1),
            gradient=heatmaps.new_zeros(len(heatmaps)) if detail is None else detail.mean((1, 2)),
        )

    def without_protected(self) -> SearchInputs:
        """The same pictures, in which no head is protected."""
        return replace(self, protected=self.protected[:, :0])

    def of_picture(self, index: int) -> SearchInputs:
        """One of the pictures."""
        own = slice(index, index + 1)

        choices = self.choices
        return SearchInputs(
            heat=self.heat[own],
            detail=None if self.detail is None else self.detail[own],
            subjects=self.subjects[own],
            protected=self.protected[own],
            claims=self.claims[own],
            gradient=self.gradient[own],
            ratings=self.ratings_of_picture(self.ratings, index),
            choices=choices and (lambda *asked: self.ratings_of_picture(choices(*asked), index)),
        )

    def ratings_of_picture(self, ratings: Ratings | None, index: int) -> Ratings | None:
        """Ratings of boxes in all of the pictures, asked about one of them."""
        if ratings is None:
            return None
        return lambda boxes: ratings(boxes.expand(len(self), -1, -1))[index : index + 1]

    def __len__(self) -> int:
        return len(self.heat)

    @property
    def device(self) -> torch.device:
        return self.heat.device


def _read_rows(name: str, rows: Any, heatmaps: Tensor, shape: str, boxes: int) -> Tensor:
    """Rows of numbers for each picture, on the device of the heatmaps; none for None.

    Args:
        name: of the argument, in errors.
        rows: `[B, *, n]`.
        heatmaps: `[B, h, w]`.
        shape: of the rows, as it is written in documentation: `[B, M, 5]`.
        boxes: how many boxes a row begins with. One number follows them, 0 or more.
    """
    numbers = 4 * boxes + 1
    if rows is None:
        return heatmaps.new_zeros(len(heatmaps), 0, numbers)
    expected = shape.replace("B", str(len(heatmaps)))
    if not isinstance(rows, Tensor):
        raise TypeError(f"{name} must be a tensor {expected}, got {show(rows)}")
    if rows.ndim != 3 or rows.shape[0] != len(heatmaps) or rows.shape[2] != numbers:
        raise ValueError(f"{name} must be {expected}, got {list(rows.shape)}")
    if not rows.shape[1]:
        return heatmaps.new_zeros(rows.shape)
    found = check_maps(name, rows, shape).to(heatmaps)
    corners = found[..., :-1].unflatten(-1, (boxes, 2, 2))
    sound = (corners[..., 1, :] > corners[..., 0, :]).all() & (found[..., -1] >= 0).all() & found.isfinite().all()
    if not sound:
        raise ValueError(
            f"{name} must hold boxes with x1 < x2 and y1 < y2, a number of 0 or more, and nothing infinite"
        )
    return found


def _to_double(name: str, maps: Any) -> Tensor:
    maps = check_maps(name, maps, "[B, h, w]")
    # Apple's GPU has no float64, and ties are the same on every device only where all sum in the same precision.
    return maps.to("cpu" if maps.device.type == "mps" else maps.device).to(torch.float64)
