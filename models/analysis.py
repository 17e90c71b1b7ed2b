"""What a cropper found in one picture: a heatmap, the subjects, and a score for any box."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from ..cropping.box_sets import ListedBoxSet
from ..cropping.box_sums import check_maps, normalise
from ..cropping.checks import Region, check_tuple, show
from ..cropping.grid import SearchGrid
from ..cropping.inputs import SearchInputs
from ..cropping.ratio import Ratio
from ..cropping.subject import Subject
from .impression import Impression


class Analysis:
    """A heatmap and the subjects of one picture, in coordinates relative to the picture.

    Attributes:
        heatmap: `[h, w]` float64, ≥ 0, sums to 1.
        subjects: boxes with weight and kind.
        detail: `[h, w]` ≥ 0, how much fine structure lies where, or None; text wants to lie where there is little.
        impression: what a network saw beside these, for models of where people crop; None where there is none.

    Args:
        heatmap: `[h, w]` of any scale, ≥ 0; one that is 0 everywhere becomes uniform.

    Raises:
        TypeError: when `heatmap` or `detail` is no plain tensor of real numbers, or a subject none.
        ValueError: when `heatmap` or `detail` is not `[h, w]` with at least one cell, or the heatmap holds a value that
            is negative or not finite.
    """

    impression: Impression | None = None

    def __init__(self, heatmap: Tensor, subjects: Sequence[Subject] = (), detail: Tensor | None = None) -> None:
        self.heatmap = normalise(check_maps("heatmap", heatmap, "[h, w]")[None], "heatmap")[0]
        self.subjects = check_tuple("subjects", subjects, Subject)
        self.detail = None if detail is None else check_maps("detail", detail, "[h, w]")

    @property
    def value(self) -> Tensor:
        """The map that the search reads, of the same shape and scale as `heatmap`; here the heatmap itself."""
        return self.heatmap

    def score(self, boxes: Tensor) -> Tensor:
        """How good each box `[N, 4]` (relative x1, y1, x2, y2) is, `[N]` in 0..1: here, its share of the heatmap."""
        if not isinstance(boxes, Tensor) or boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"boxes must be a tensor [N, 4], got {show(boxes)}")
        return ListedBoxSet(self._table, SearchGrid(1, 1), boxes[None].to(self._table.device)).heat_sum()[0].clamp(0, 1)

    @cached_property
    def _table(self) -> Tensor:
        return SearchInputs.from_maps(self.heatmap[None]).heat

    def propose_boxes(
        self, ratio: Ratio, min_share: float, size: tuple[int, int], requested: Region | None = None
    ) -> Tensor | None:
        """The only boxes to choose from, `[N, 4]` relative, or None where every box may be searched.

        Args:
            ratio: that the crop must have.
            min_share: its smallest area as a share of the largest box of that ratio.
            size: (width, height) of the picture in pixels.
            requested: the relative region that the crop is asked to hold, or None.

        Returns:
            At least one box for every ratio, or None for every ratio.
        """
        return None

    def replace(self, heatmap: Tensor | None = None, subjects: Sequence[Subject] | None = None) -> Analysis:
        """The same analysis with another heatmap or other subjects, which a search over all boxes then follows."""
        return Analysis(
            self.heatmap if heatmap is None else heatmap,
            self.subjects if subjects is None else subjects,
            self.detail,
        )

    def without_impression(self) -> Analysis:
        """The same analysis in less memory: no model can judge by what the network saw."""
        light = copy(self)
        light.impression = None
        return light


def measure_detail(images: Tensor, cells: int = 64) -> Tensor:
    """Mean gradient of luma of `[B, 3, H, W]` images on a grid of `cells` along the short side: `[B, h, w]`.

    The grid is never finer than the pixels.
    """
    # Planes that lie one after the other are added up four times as fast.
    planes = images.float().contiguous()
    luma = torch.einsum("bchw,c->bhw", planes, planes.new_tensor([0.299, 0.587, 0.114]))
    across = F.pad((luma[..., 1:] - luma[..., :-1]).abs(), (0, 1))
    down = F.pad((luma[..., 1:, :] - luma[..., :-1, :]).abs(), (0, 0, 0, 1))
    height, width = luma.shape[-2:]
    scale = min(1.0, cells / min(height, width))
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    return F.adaptive_avg_pool2d(across + down, shape)
