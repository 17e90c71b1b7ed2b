"""Subjects from the outputs of the `focus` network: heads, and the connected parts of the subject mask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor

from scipy.ndimage import find_objects, label
from torch import Tensor

from ...cropping.subject import Subject
from ..detectors.centre_points import Detection, decode_detections
from .network import Outputs

MIN_CONFIDENCE = 0.3  # of a head
MAX_IOU = 0.45  # of two boxes; from there on they are the same head
MIN_SUBJECT_AREA = 0.01  # of the picture

# Calibrated on pictures that the network was not trained on; see card.md.
BODY_WEIGHT = (
    0.002  # of the box around a subject: the extent already counts in the heatmap, so the box only breaks ties
)
HEAD_MARGIN = 0.03  # of a head's own size, added above and beside it: where the hair ends is known no better
HEAD_WEIGHT = 0.023  # of a head of `USUAL_HEAD_AREA`
SINGLE_HEAD_WEIGHT = 0.5  # for all of the attention, where it lies on the only head
USUAL_HEAD_AREA = 0.02  # of the picture
SURE_CONFIDENCE = 0.6  # from which a head is certainly there


def decode_heads(outputs: Outputs) -> list[list[Detection]]:
    """The heads in every picture, the most certain first."""
    return decode_detections(outputs.centres, outputs.reach, MIN_CONFIDENCE, MAX_IOU)


def head_dominance(heads: Sequence[Detection]) -> float:
    """How far a single head dominates the picture, 0..1: 1 for one certain head, 0 without any.

    It is the square of the Herfindahl index of the heads' areas, times the confidence of the surest head.
    """
    areas = [head.area * head.confidence for head in heads]
    if not areas:
        return 0.0
    concentration = sum(area * area for area in areas) / sum(areas) ** 2
    return concentration * concentration * min(1.0, max(head.confidence for head in heads) / SURE_CONFIDENCE)


def build_subjects(attention: Tensor, extent: Tensor, heads: Sequence[Detection]) -> list[Subject]:
    """Heads, and each connected part of the extent, as subjects.

    Args:
        attention: `[h, w]` on the CPU, sums to 1.
        extent: `[h, w]` on the CPU, in 0..1: the probability that a cell belongs to a subject.
        heads: of the picture.
    """
    return [*_head_subjects(attention, heads), *_body_subjects(extent, heads)]


def _head_subjects(attention: Tensor, heads: Sequence[Detection]) -> Iterator[Subject]:
    dominance = head_dominance(heads)
    for x1, y1, x2, y2, confidence in heads:
        across, down = HEAD_MARGIN * (x2 - x1), HEAD_MARGIN * (y2 - y1)
        box = max(x1 - across, 0.0), max(y1 - down, 0.0), min(x2 + across, 1.0), min(y2, 1.0)
        if box[2] > box[0] and box[3] > box[1]:
            yield Subject(*box, weight=_head_weight(box, confidence, attention, dominance), kind="face")


def _head_weight(box: Sequence[float], confidence: float, attention: Tensor, dominance: float) -> float:
    """The weight of a head, 0..1: it grows with the head's area, and with the attention on it where it is the only one.

    A large head must not be cut at all. One of many tiny ones may be cut where that gains much.
    """
    height, width = attention.shape
    x1, y1, x2, y2 = box
    rows = slice(floor(y1 * height), ceil(y2 * height))
    attracted = attention[rows, floor(x1 * width) : ceil(x2 * width)].sum().item()
    area = (x2 - x1) * (y2 - y1) / USUAL_HEAD_AREA
    by_area = HEAD_WEIGHT * confidence * area ** (0.5 if area > 1 else 0.25)
    return min(1.0, by_area + SINGLE_HEAD_WEIGHT * dominance * attracted)


def _body_subjects(extent: Tensor, heads: Sequence[Detection]) -> Iterator[Subject]:
    height, width = extent.shape
    parts, _ = label(extent.numpy() > 0.5)
    for down, across in find_objects(parts):
        box = across.start / width, down.start / height, across.stop / width, down.stop / height
        if (box[2] - box[0]) * (box[3] - box[1]) >= MIN_SUBJECT_AREA:
            kind = "person" if any(_holds_centre(box, head) for head in heads) else "object"
            yield Subject(*box, weight=BODY_WEIGHT, kind=kind)


def _holds_centre(box: Sequence[float], head: Detection) -> bool:
    x, y = (head.x1 + head.x2) / 2, (head.y1 + head.y2) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
