"""saliency-short-edge and saliency-long-edge: the baseline of "Image Cropping under Design Constraints" (Nishiyasu,
Shimoda, Sato; MM Asia 2023), on any heatmap.

A box around the salient cells and the text region gets the ratio by a change of one of its edges. The paper names the
two methods and shows results, without a definition. In the results, Short-Edge reaches beyond the picture and Long-Edge
cuts content, so here `short` lengthens the edge that is too short for the ratio, and `long` shortens the one that is
too long, about the box's centre. Cells with at least twice the mean heat are salient, the usual threshold (Achanta et
al., "Frequency-tuned Salient Region Detection", CVPR 2009). The paper's heatmaps are TranSalNet's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ...cropping.checks import Region
from ...cropping.ratio import Ratio
from ...cropping.subject import Subject
from ...cropping.text_region import bounding_region
from ..analysis import Analysis
from ..base import Cropper

EDGES = ("short", "long")
MIN_SALIENT = 2.0  # times the mean


def salient_region(heat: Tensor) -> Region:
    """The smallest region around all cells of `[h, w]` with twice the mean heat; the whole picture where none has."""
    salient = heat >= MIN_SALIENT * heat.mean()
    if not salient.any() or not heat.any():
        return 0.0, 0.0, 1.0, 1.0
    rows, columns = (salient.any(axis).nonzero()[:, 0] for axis in (1, 0))
    height, width = heat.shape
    return (
        int(columns[0]) / width,
        int(rows[0]) / height,
        (int(columns[-1]) + 1) / width,
        (int(rows[-1]) + 1) / height,
    )


def edge_box(around: Region, ratio: Ratio, size: tuple[int, int], edge: str) -> Region:
    """The relative box of a ratio about a region's centre; with the edge `short` it may reach beyond the picture.

    Args:
        around: relative region.
        ratio: of the box in pixels.
        size: (width, height) of the picture in pixels.
        edge: `short` lengthens the region's too short edge, `long` shortens the too long one.

    Raises:
        ValueError: when the edge is neither.
    """
    if edge not in EDGES:
        raise ValueError(f"{edge!r} is no edge; use one of {', '.join(EDGES)}")
    x1, y1, x2, y2 = around
    width, height = (x2 - x1) * size[0], (y2 - y1) * size[1]
    too_narrow = width < height * ratio.value
    if too_narrow == (edge == "short"):
        width = height * ratio.value
    else:
        height = width / ratio.value
    across, down = width / size[0] / 2, height / size[1] / 2
    centre_x, centre_y = (x1 + x2) / 2, (y1 + y2) / 2
    return centre_x - across, centre_y - down, centre_x + across, centre_y + down


class SaliencyEdgeAnalysis(Analysis):
    """A heatmap that proposes one box for each ratio. The crop is the feasible box that is nearest to it."""

    def __init__(
        self, edge: str, heatmap: Tensor, subjects: Sequence[Subject] = (), detail: Tensor | None = None
    ) -> None:
        super().__init__(heatmap, subjects, detail)
        self.edge = edge

    def propose_boxes(
        self, ratio: Ratio, min_share: float, size: tuple[int, int], requested: Region | None = None
    ) -> Tensor:
        """The one box, relative `[1, 4]`."""
        salient = salient_region(self.heatmap)
        around = bounding_region([salient, requested] if requested else [salient]) or salient
        box = edge_box(around, ratio, size, self.edge)
        return torch.tensor([box], dtype=torch.float64, device=self.heatmap.device)

    def replace(self, heatmap: Tensor | None = None, subjects: Sequence[Subject] | None = None) -> Analysis:
        """The same baseline on another heatmap."""
        return SaliencyEdgeAnalysis(
            self.edge,
            self.heatmap if heatmap is None else heatmap,
            self.subjects if subjects is None else subjects,
            self.detail,
        )


class SaliencyEdgeCropper(Cropper):
    """The baseline on the heatmaps of another cropper.

    Attributes:
        name: `saliency-short-edge` or `saliency-long-edge`.

    Args:
        inner: gives the heatmaps.
        edge: `short` or `long`, see `edge_box`.

    Raises:
        ValueError: when the edge is neither.
    """

    name = "saliency-edge"

    def __init__(self, inner: Cropper, edge: str) -> None:
        if edge not in EDGES:
            raise ValueError(f"{edge!r} is no edge; use one of {', '.join(EDGES)}")
        self.inner, self.edge, self.module, self.network_pass = inner, edge, inner.module, inner.network_pass
        self.name = f"saliency-{edge}-edge"

    def analyse(self, images: Tensor) -> list[Analysis]:
        return [
            SaliencyEdgeAnalysis(self.edge, each.heatmap, each.subjects, each.detail)
            for each in self.inner.analyse(images)
        ]

    @property
    def digest(self) -> str:  # type: ignore[override]
        return self.inner.digest


def saliency_edge_factory(make_inner: Callable[[], Cropper], edge: str) -> Callable[[], Cropper]:
    """A factory of the baseline on the heatmaps of the cropper that `make_inner` makes."""
    return lambda: SaliencyEdgeCropper(make_inner(), edge)
