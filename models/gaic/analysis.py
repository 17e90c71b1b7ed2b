"""What GAIC found in one picture: a feature map from which any box can be rated."""

from __future__ import annotations

import torch
from torch import Tensor

from ...cropping.checks import Region
from ...cropping.ratio import Ratio
from ..analysis import Analysis
from ..box_heatmap import accumulate_boxes, normalise_min_max
from .network import GaicNetwork
from .preprocess import round_out
from .proposals import grid_anchors, ratio_proposals
from .variant import GaicVariant

SCORE_MEAN, SCORE_STD = 2.95, 0.8  # of GAICD's mean opinion scores
MIN_SCORE, MAX_SCORE = 1.0, 5.0
BOXES_PER_CHUNK = 4096
HEATMAP_SHORT_SIDE = 32  # cells
SHARPNESS = 2.0  # factor of the standardised ratings before the softmax that weights the anchors


class GaicAnalysis(Analysis):
    """One picture's feature map, ready to rate any number of boxes; proposes boxes of its own.

    Args:
        network: that computed the features.
        features: `[C, h, w]`.
        size: (width, height) of the picture that the network was given.
        variant: of the network.
        detail: as in `Analysis`.
    """

    def __init__(
        self,
        network: GaicNetwork,
        features: Tensor,
        size: tuple[int, int],
        variant: GaicVariant,
        detail: Tensor | None = None,
    ) -> None:
        self.network, self.features, self.size, self.variant = network, features, size, variant
        super().__init__(self._anchor_heatmap(), detail=detail)

    def score(self, boxes: Tensor) -> Tensor:
        """`[N, 4]` relative boxes → `[N]` predicted mean opinion scores, from 1 (worst) to 5 (best) scaled to 0..1."""
        scores = self.rate(boxes)
        if self.variant.standardised_scores:
            scores = scores * SCORE_STD + SCORE_MEAN
        return ((scores - MIN_SCORE) / (MAX_SCORE - MIN_SCORE)).clamp(0, 1)

    @torch.no_grad()
    def rate(self, boxes: Tensor) -> Tensor:
        """`[N, 4]` relative boxes → `[N]` outputs of the network, in its own units.

        Boxes grow to whole pixels of the 256-pixel picture first, as in training and in the published evaluation.
        """
        weight = self.network.reduce.weight
        features = self.features.to(weight.device)[None]
        pixels = round_out(boxes.to(weight.device, torch.float64), self.size).to(weight.dtype)
        rated = [self.network.rate(features, chunk[None])[0] for chunk in pixels.split(BOXES_PER_CHUNK)]
        return (torch.cat(rated) if rated else weight.new_zeros(0)).to(boxes.device)

    def propose_boxes(
        self, ratio: Ratio, min_share: float, size: tuple[int, int], requested: Region | None = None
    ) -> Tensor:
        """The dense set of boxes of one ratio, relative `[N, 4]` (see `ratio_proposals`)."""
        return ratio_proposals(ratio, size, min_share)

    def _anchor_heatmap(self) -> Tensor:
        """The weighted sum of the grid anchors: the softmax of their standardised ratings weights them."""
        boxes = grid_anchors(self.size)
        if not len(boxes):  # a picture too long for GAIC's anchors
            boxes = boxes.new_tensor([[0.0, 0.0, 1.0, 1.0]])
        ratings = self.rate(boxes).double()
        std = ratings.std(correction=0).clamp(min=1e-6)
        weights = torch.softmax(SHARPNESS * (ratings - ratings.mean()) / std, dim=0)
        columns, rows = (round(side * HEATMAP_SHORT_SIDE / min(self.size)) for side in self.size)
        return normalise_min_max(accumulate_boxes(boxes, weights, (rows, columns))).to(self.features.device)
