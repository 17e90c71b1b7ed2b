"""HCIC's pseudo-heatmaps as targets, and its losses, for the heatmap-based approach.

From "Human-centric Image Cropping with Partition-aware and Content-preserving Features" (Zhang et al., ECCV 2022).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ...models.box_heatmap import accumulate_boxes, normalise_min_max
from ...models.design_heatmap.network import HEAT_SIDE

AREA_BONUS = 2.0
ENOUGH_CROPS = 10


def pseudo_heatmap(boxes: Tensor, ratings: Tensor, mean_rating: float, side: int = HEAT_SIDE) -> Tensor:
    """HCIC's target: crops rated above the data set's mean vote for what they hold, the better and larger the louder.

    boxes: [N, 4] relative. ratings: [N]. Returns [side, side] with values from 0 to 1. With ten crops or fewer all of
    them vote, and so they do where none is above the mean. HCIC draws whole pixels and resizes; here a cell that is
    covered in part counts in part.
    """
    if len(ratings) > ENOUGH_CROPS and (ratings > mean_rating).any():
        boxes, ratings = boxes[ratings > mean_rating], ratings[ratings > mean_rating]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    weights = torch.softmax(ratings + AREA_BONUS * area, dim=0)
    return normalise_min_max(accumulate_boxes(boxes, weights, (side, side)))


def heatmap_loss(heat: Tensor, target: Tensor, rated: Tensor, ratings: Tensor) -> Tensor:
    """L1 between the maps, smooth L1 between the ratings, and the ranking loss, summed.

    heat, target: [B, h, w]. rated, ratings: [B, N], predicted and given (standardised over the data set).
    """
    return F.l1_loss(heat, target) + F.smooth_l1_loss(rated, ratings) + rank_loss(rated, ratings)


def rank_loss(rated: Tensor, ratings: Tensor) -> Tensor:
    """Mean over all pairs of crops of one picture of how far the predicted difference falls short of the given one.

    HCIC's code takes the sine of the given difference where its paper has the sign; the sign is used here, and pairs
    are formed within a picture. rated, ratings: [B, N]. Returns a scalar, 0 for a single crop.
    """
    predicted = rated.unsqueeze(-1) - rated.unsqueeze(-2)
    given = ratings.unsqueeze(-1) - ratings.unsqueeze(-2)
    short = (given.sign() * (given - predicted)).clamp(min=0)
    pairs = rated.shape[0] * rated.shape[1] * (rated.shape[1] - 1) / 2
    return short.sum() / max(pairs, 1.0)
