"""Targets and losses of HCIC, with which the heatmap network of "Image Cropping under Design Constraints" is trained.

From "Human-centric Image Cropping with Partition-aware and Content-preserving Features" (Zhang et al., ECCV 2022).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ...cropping.boxes import area_xyxy
from ...models.box_heatmap import accumulate_boxes, normalise_min_max
from ...models.design_heatmap.network import HEAT_SIDE

AREA_BONUS = 2.0  # added to the rating of a crop that is the whole picture
MIN_CROPS = 10  # up to so many crops, all of them are used


def pseudo_heatmap(boxes: Tensor, ratings: Tensor, mean_rating: float, side: int = HEAT_SIDE) -> Tensor:
    """The heatmap that a picture's rated crops stand for: HCIC's training target.

    Crops rated above the mean of the data set are drawn on top of each other, weighted by a softmax over rating and
    area, and min–max normalised. All crops are drawn where there are at most `MIN_CROPS`, or none is above the mean.
    HCIC draws whole pixels and resizes; here a cell counts by the share of it that a crop covers.

    Args:
        boxes: `[N, 4]` relative x1, y1, x2, y2.
        ratings: `[N]`.
        mean_rating: of the data set.
        side: of the heatmap, in cells.

    Returns:
        `[side, side]` in 0..1.
    """
    if len(ratings) > MIN_CROPS and (ratings > mean_rating).any():
        boxes, ratings = boxes[ratings > mean_rating], ratings[ratings > mean_rating]
    weights = torch.softmax(ratings + AREA_BONUS * area_xyxy(boxes), dim=0)
    return normalise_min_max(accumulate_boxes(boxes, weights, (side, side)))


def heatmap_loss(heat: Tensor, target: Tensor, predicted: Tensor, ratings: Tensor) -> Tensor:
    """The sum of three losses: L1 of the heatmaps, smooth L1 of the ratings, and `ranking_loss`.

    Args:
        heat, target: `[B, h, w]`, predicted and from `pseudo_heatmap`.
        predicted, ratings: `[B, N]`, predicted and by people, standardised over the data set.

    Returns:
        A scalar.
    """
    return F.l1_loss(heat, target) + F.smooth_l1_loss(predicted, ratings) + ranking_loss(predicted, ratings)


def ranking_loss(predicted: Tensor, ratings: Tensor) -> Tensor:
    """How far the predicted difference of two crops falls short of the true one: mean over all pairs in a picture.

    For a pair with the true difference d and the predicted difference p it is max(0, sign(d) · (d − p)). The paper has
    the sign, HCIC's code the sine of d; the sign is used here.

    Args:
        predicted, ratings: `[B, N]`, predicted and by people.

    Returns:
        A scalar; 0 for a single crop.
    """
    predicted_difference = predicted.unsqueeze(-1) - predicted.unsqueeze(-2)
    difference = ratings.unsqueeze(-1) - ratings.unsqueeze(-2)
    shortfall = (difference.sign() * (difference - predicted_difference)).clamp(min=0)
    pairs = predicted.shape[0] * predicted.shape[1] * (predicted.shape[1] - 1) / 2
    return shortfall.sum() / max(pairs, 1.0)
