"""What a cropper found in one picture: where the value lies, what the subjects are, and how good any box would be."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..cropping.box_sets import ListedBoxSet
from ..cropping.box_sums import normalise
from ..cropping.grid import SearchGrid
from ..cropping.inputs import SearchInputs
from ..cropping.ratio import Ratio
from ..cropping.subject import Subject
from ..cropping.text_region import Region


class Analysis:
    """A heatmap and the subjects of one picture, in coordinates relative to the picture.

    Attributes:
        heatmap: `[h, w]` float64, ≥ 0, sums to 1.
        subjects: boxes with weight and kind.
        detail: `[h, w]` ≥ 0, how much fine structure lies where, or None; text wants to lie where there is little.

    Args:
        heatmap: `[h, w]` of any scale, ≥ 0; an empty one becomes uniform.
    """

    def __init__(self, heatmap: Tensor, subjects: Sequence[Subject] = (), detail: Tensor | None = None) -> None:
        if heatmap.ndim != 2:
            raise ValueError(f"a heatmap must be [h, w], got {list(heatmap.shape)}")
        self.heatmap = normalise(heatmap[None])[0]
        self.subjects = tuple(subjects)
        self.detail = detail

    @property
    def value(self) -> Tensor:
        """The map that the best crop is searched on, like `heatmap`: here the heatmap itself."""
        return self.heatmap

    def score(self, boxes: Tensor) -> Tensor:
        """How good each box `[N, 4]` (relative x1, y1, x2, y2) is, `[N]` in 0..1: here, its share of the heat."""
        evidence = SearchInputs.from_maps(self.heatmap[None])
        return ListedBoxSet(evidence.heat, SearchGrid(1, 1), boxes[None].to(evidence.device)).heat_sum()[0].clamp(0, 1)

    def candidates(
        self, ratio: Ratio, min_share: float, size: tuple[int, int], held: Region | None = None
    ) -> Tensor | None:
        """The only boxes to choose from, `[N, 4]` relative, or None where every box may be searched.

        Args:
            ratio: that the crop must have.
            min_share: its smallest area as a share of the largest box of that ratio.
            size: (width, height) of the picture in pixels.
            held: the relative region that the crop is asked to hold, or None.
        """
        return None

    def replaced(self, heatmap: Tensor | None = None, subjects: Sequence[Subject] | None = None) -> Analysis:
        """The same analysis with another heatmap or other subjects, which a search over all boxes then follows."""
        return Analysis(
            self.heatmap if heatmap is None else heatmap,
            self.subjects if subjects is None else subjects,
            self.detail,
        )


def detail_of(images: Tensor, rows: int = 64) -> Tensor:
    """Mean gradient of luma of `[B, 3, H, W]` images on a grid of `rows` along the short side: `[B, h, w]`."""
    luma = torch.einsum("bchw,c->bhw", images.float(), images.new_tensor([0.299, 0.587, 0.114]).float())
    across = torch.nn.functional.pad((luma[..., 1:] - luma[..., :-1]).abs(), (0, 1))
    down = torch.nn.functional.pad((luma[..., 1:, :] - luma[..., :-1, :]).abs(), (0, 0, 0, 1))
    height, width = luma.shape[-2:]
    scale = min(1.0, rows / min(height, width))
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    return torch.nn.functional.adaptive_avg_pool2d(across + down, shape)
