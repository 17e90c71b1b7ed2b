"""Boxes from a network that marks centres and predicts the distances from a centre to the four sides.

This is the decoding of CenterNet ("Objects as Points", Zhou et al., 2019) with the box regression of TTFNet (Liu et
al., 2020): peaks of the centre map are detections, and overlapping ones are removed by non-maximum suppression.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ...cropping.boxes import iou_xyxy

MAX_DETECTIONS = 100  # a picture, before non-maximum suppression
LOG_DISTANCES = (-3.0, 6.0)  # predictions beyond are clamped: 0.05 to 400 cells


class Detection(NamedTuple):
    """A box, relative to the picture, which may reach beyond it.

    Attributes:
        confidence: how sure the network is of it, 0..1.
        of_animal: whether it is more likely an animal's than a person's.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    confidence: float
    of_animal: bool = False

    @property
    def area(self) -> float:
        return (self.x2 - self.x1) * (self.y2 - self.y1)


def decode_detections(
    centres: Tensor, log_distances: Tensor, animal: Tensor, min_confidence: float, max_iou: float
) -> list[list[Detection]]:
    """The detections of each picture, the most certain first.

    Args:
        centres: `[B, h, w]` logits: is the centre of a box in this cell?
        log_distances: `[B, 4, h, w]` logarithms of the distances, in cells, from the middle of the cell to the left,
            top, right and bottom side.
        animal: `[B, h, w]` logits: is it an animal's?
        min_confidence: of a detection.
        max_iou: intersection over union from which of two detections only the more certain one is kept.
    """
    confidence = centres.sigmoid()
    is_peak = confidence == F.max_pool2d(confidence[:, None], 3, 1, 1)[:, 0]
    batch, height, width = confidence.shape
    best, cell = (confidence * is_peak).flatten(1).topk(min(MAX_DETECTIONS, height * width))
    x, y = cell % width + 0.5, cell // width + 0.5
    left, top, right, bottom = (
        log_distances.flatten(2).gather(2, cell[:, None].expand(batch, 4, -1)).clamp(*LOG_DISTANCES).exp().unbind(1)
    )
    boxes = torch.stack([x - left, y - top, x + right, y + bottom], 2)
    boxes = boxes / boxes.new_tensor([width, height, width, height])
    pictures = torch.cat([boxes, best[..., None]], 2).tolist()
    of_animals = (animal.flatten(1).gather(1, cell) > 0).tolist()
    found = (
        [Detection(*row)._replace(of_animal=kind) for row, kind in zip(*each, strict=True) if row[-1] >= min_confidence]
        for each in zip(pictures, of_animals, strict=True)
    )
    return [suppress_overlaps(each, max_iou) for each in found]


def suppress_overlaps(detections: Iterable[Detection], max_iou: float) -> list[Detection]:
    """Non-maximum suppression of detections that are sorted by falling confidence.

    >>> one, same = Detection(0, 0, 1, 1, 0.9), Detection(0, 0, 1, 0.9, 0.8)
    >>> suppress_overlaps([one, same], max_iou=0.5) == [one]
    True
    """
    detections = list(detections)
    boxes = torch.tensor([each[:4] for each in detections], dtype=torch.float64).view(-1, 4)
    distinct = (iou_xyxy(boxes[:, None], boxes) < max_iou).tolist()
    kept: list[int] = []
    for index, row in enumerate(distinct):
        if all(row[other] for other in kept):
            kept.append(index)
    return [detections[index] for index in kept]
