"""What smartcrop found in one picture: its maps, its boxes and its score."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ...cropping.boxes import xyxy_to_xywh
from ...cropping.checks import Region
from ...cropping.ratio import Ratio
from ...cropping.subject import Subject
from ..analysis import Analysis
from .boxes import list_boxes
from .maps import BOOST_WEIGHT, CELL, boost_map, reduce_to_cells, weigh_maps
from .score import score_crops

HEATMAP_CELL = 4  # working pixels, so a heatmap has at least 64 cells a side


class SmartcropAnalysis(Analysis):
    """One picture's maps, with smartcrop.js's boxes and its score.

    `heatmap` is the value of the pixels before their place in a crop counts, at a quarter of the working size, without
    the outermost pixels, whose detail is an artefact.

    Args:
        cells: uint8 `[4, h, w]`: skin, detail, saturation and boost of cells of 8 × 8 pixels.
        base: `[h', w']`, the heatmap without boosts, of any scale.
        work: (width, height) of the working picture.
        boost: `[h', w']`, the heatmap of the boosts, in the scale of `base`.
        detail: as in `Analysis`.
    """

    def __init__(
        self,
        cells: Tensor,
        base: Tensor,
        work: tuple[int, int],
        boost: Tensor | None = None,
        detail: Tensor | None = None,
    ) -> None:
        super().__init__(base if boost is None else base + boost, detail=detail)
        self.cells = cells
        self.work = work
        self._base = base

    def boost(self, subjects: Sequence[Subject]) -> SmartcropAnalysis:
        """The same picture with these subjects, instead of earlier ones, as smartcrop.js's boosts.

        A subject of weight 1 outweighs everything else in the picture, as it does in smartcrop.js. Of a subject with a
        head, the head is boosted: smartcrop.js is given faces.
        """
        boxes = [(*_to_pixels(each.essence, self.work), each.weight) for each in subjects]
        canvas = boost_map(self.work, boxes).to(self.cells.device)[None]
        boost = reduce_to_cells(F.pad(canvas, (0, 0, 0, 0, 3, 0))[None])[0, 3:]
        with_boost = torch.cat((self.cells[:3], boost.to(torch.uint8)))
        heat = pool_heatmap(canvas)[0] * (BOOST_WEIGHT / 255)
        return SmartcropAnalysis(with_boost, self._base, self.work, heat, self.detail)

    def propose_boxes(
        self, ratio: Ratio, min_share: float, size: tuple[int, int], requested: Region | None = None
    ) -> Tensor:
        """smartcrop.js's own boxes, see `list_boxes`."""
        x, y, width, height = list_boxes(ratio, size, self.work, min_share).to(self.cells.device).unbind(-1)
        return torch.stack((x, y, x + width, y + height), dim=-1) / self._scale()

    def score(self, boxes: Tensor) -> Tensor:
        """smartcrop.js's total score, mapped to 0..1 without changing the order of any two boxes.

        With t the score in units of the mean value of the picture's cells, it is (1 + t / (1 + |t|)) / 2: 0.5 for a box
        whose inside adds as much as its outside subtracts, and for every box of a picture without any value.
        """
        values = weigh_maps(self.cells[None].double())
        pixels = _snap_to_tenths(boxes.to(self.cells.device, torch.float64) * self._scale())
        total = score_crops(values, xyxy_to_xywh(pixels))[0]
        mean = values.mean() if values.numel() else values.new_zeros(())
        relative = total * CELL**2 / mean.clamp_min(torch.finfo(torch.float64).tiny)
        return (1 + relative / (1 + relative.abs())) / 2

    def _scale(self) -> Tensor:
        return torch.tensor([*self.work, *self.work], dtype=torch.float64, device=self.cells.device)


def pool_heatmap(heat: Tensor) -> Tensor:
    """`[B, H, W]` → the means of cells of about 4 × 4 pixels."""
    height, width = heat.shape[-2:]
    return F.adaptive_avg_pool2d(heat, (-(-height // HEATMAP_CELL), -(-width // HEATMAP_CELL)))


def _to_pixels(region: tuple[float, float, float, float], work: tuple[int, int]) -> tuple[int, int, int, int]:
    """x, y, width and height of a relative region, each rounded down to whole working pixels, as smartcrop.js does."""
    (x1, y1, x2, y2), (width, height) = region, work
    return int(x1 * width), int(y1 * height), int((x2 - x1) * width), int((y2 - y1) * height)


def _snap_to_tenths(pixels: Tensor) -> Tensor:
    """Edges within rounding of a tenth of a pixel, where all edges of `list_boxes` lie, moved exactly there.

    Whether a cell is inside a box is a strict comparison, so rounding in relative coordinates must be undone.
    """
    tenth = (pixels * 10).round() / 10
    return torch.where((pixels - tenth).abs() < 1e-3, tenth, pixels)
