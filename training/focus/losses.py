"""The losses of the network's outputs. Each is a mean over the pictures (or heads) that have the label: a scalar."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

NSS_WEIGHT = 0.1
DICE_WEIGHT = 0.5
EPSILON = 1e-12


def attention_loss(logits: Tensor, density: Tensor, fixations: Tensor) -> Tensor:
    """Kullback–Leibler divergence + (1 − linear correlation) − 0.1 · NSS, usual losses of saliency models.

    Args:
        logits: `[B, h, w]` of a softmax over the picture.
        density: `[B, h, w]` blurred fixations, each picture with the sum 1.
        fixations: `[B, h, w]` the share of the fixations in each cell.
    """
    logits, density, fixations = (each.flatten(1) for each in (logits, density, fixations))
    predicted = logits.log_softmax(1)
    divergence = (density * (density.clamp_min(EPSILON).log() - predicted)).sum(1)
    standardised = standardise(predicted.exp())
    correlation = (standardised * standardise(density)).mean(1)
    nss = (standardised * fixations).sum(1)
    return (divergence + 1 - correlation - NSS_WEIGHT * nss).mean()


def standardise(maps: Tensor) -> Tensor:
    """`[B, n]` → the same with mean 0 and standard deviation 1 in each row."""
    centred = maps - maps.mean(1, keepdim=True)
    return centred / centred.square().mean(1, keepdim=True).sqrt().clamp_min(EPSILON)


def subject_loss(logits: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """Binary cross entropy + 0.5 · dice loss (Milletari et al., 2016) of soft masks.

    Args:
        logits: `[B, h, w]`.
        mask: `[B, h, w]` in 0..1.
        weight: `[B]`, 0 for a picture without a mask.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none").mean((1, 2))
    predicted = logits.sigmoid()
    overlap = (predicted * mask).sum((1, 2))
    dice = 1 - (2 * overlap + 1) / (predicted.square().sum((1, 2)) + mask.square().sum((1, 2)) + 1)
    return ((entropy + DICE_WEIGHT * dice) * weight).sum() / weight.sum().clamp_min(1)


def centre_loss(logits: Tensor, peaks: Tensor, weight: Tensor) -> Tensor:
    """The focal loss of CenterNet ("Objects as Points", Zhou et al., 2019), divided by the number of heads.

    Args:
        logits: `[B, h, w]`.
        peaks: `[B, h, w]` Gaussians of height 1 at the centres.
        weight: `[B, h, w]` of negative examples, 0 where it is unknown whether there is a head.
    """
    predicted = logits.sigmoid()
    is_centre = peaks > 0.999
    positive = F.logsigmoid(logits) * (1 - predicted).square() * is_centre
    negative = F.logsigmoid(-logits) * predicted.square() * (1 - peaks).pow(4) * ~is_centre * weight
    return -(positive + negative).sum() / is_centre.sum().clamp_min(1)


def reach_loss(logarithms: Tensor, reach: Tensor, weight: Tensor) -> Tensor:
    """1 − generalised IoU (Rezatofighi et al., 2019) of the boxes that cells near a centre predict, weighted.

    Args:
        logarithms: `[B, 4, h, w]` predicted logarithms of the distances to left, top, right, bottom, in cells.
        reach: `[B, 4, h, w]` the true distances; negative where the cell lies outside the head.
        weight: `[B, h, w]`, 0 away from centres.
    """
    near = weight > 0
    predicted = logarithms.permute(0, 2, 3, 1)[near].clamp(-3, 6).exp()
    true, weight = reach.permute(0, 2, 3, 1)[near], weight[near]
    shared = _side(torch.minimum, predicted, true, 0).clamp_min(0) * _side(torch.minimum, predicted, true, 1).clamp_min(
        0
    )
    hull = _side(torch.maximum, predicted, true, 0) * _side(torch.maximum, predicted, true, 1)
    union = _area(predicted) + _area(true) - shared
    giou = shared / union.clamp_min(1e-6) - (hull - union) / hull.clamp_min(1e-6)
    return ((1 - giou) * weight).sum() / weight.sum().clamp_min(1)


def animal_loss(logits: Tensor, animal: Tensor, weight: Tensor) -> Tensor:
    """Binary cross entropy of a head's kind in the cells near its centre, weighted.

    Args:
        logits: `[B, h, w]`.
        animal: `[B, h, w]`, 1 for an animal's head, 0 for a person's.
        weight: `[B, h, w]`, 0 away from centres.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, animal, reduction="none")
    return (entropy * weight).sum() / weight.sum().clamp_min(1)


def divergence_loss(logits: Tensor, teacher: Tensor) -> Tensor:
    """Kullback–Leibler divergence of our softmax over the picture from a teacher's ("Distilling the Knowledge in a
    Neural Network", Hinton et al., 2015).

    Args:
        logits, teacher: `[B, h, w]`.
    """
    expected = teacher.flatten(1).log_softmax(1)
    return F.kl_div(logits.flatten(1).log_softmax(1), expected, reduction="batchmean", log_target=True)


def _side(choose: Callable[[Tensor, Tensor], Tensor], one: Tensor, other: Tensor, axis: int) -> Tensor:
    """Width (axis 0) or height (axis 1) of the boxes' intersection (`minimum`) or hull (`maximum`): `[N]`."""
    return choose(one[:, axis::2], other[:, axis::2]).sum(1)


def _area(reach: Tensor) -> Tensor:
    return reach[:, 0::2].sum(1) * reach[:, 1::2].sum(1)
