"""From the teachers' faces and heads to labels of heads. Boxes are x1, y1, x2, y2 in one unit."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...cropping.boxes import area_xyxy, intersection_xyxy, iou_xyxy

# YuNet's box reaches from the eyebrows to the chin. The head reaches so far beyond it, as shares of the box's height
# (above, below) and width (on each side). Chosen by eye on the 170 people, hats and long hair aside.
ABOVE, BELOW, BESIDE = 0.38, 0.12, 0.18
# Two boxes are one face when their IoU, or the share of the smaller one inside the other, is at least this.
SAME_IOU, SAME_SHARE = 0.4, 0.7
# The most that a head which one teacher alone found is believed: less than a head needs to be learned.
MOST_DOUBTFUL = 0.7


def head_from_face(face: Sequence[float]) -> tuple[float, float, float, float]:
    """The box of the head, with hair and chin, around the box of its face."""
    x1, y1, x2, y2 = face
    across, down = x2 - x1, y2 - y1
    return x1 - BESIDE * across, y1 - ABOVE * down, x2 + BESIDE * across, y2 + BELOW * down


def merge_scales(faces: Sequence[Sequence[float]]) -> list[Sequence[float]]:
    """Non-maximum suppression of faces that were detected at several scales.

    Args:
        faces: `[x1, y1, x2, y2, confidence]` each.

    Returns:
        The faces by falling confidence, without those that are a more confident face once more.
    """
    kept: list[Sequence[float]] = []
    for face in sorted(faces, key=lambda each: -each[4]):
        if not _is_among(face, kept):
            kept.append(face)
    return kept


def add_doubtful_heads(heads: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> list[Sequence[float]]:
    """The heads, and those of another teacher that are none of them, as doubtful ones.

    Two heads are one where either holds the other's centre.

    Args:
        heads, others: `[x1, y1, x2, y2, confidence]` each.
    """
    missed = (
        other for other in others if not any(holds_centre(each, other) or holds_centre(other, each) for each in heads)
    )
    return [*heads, *([*box, min(MOST_DOUBTFUL, confidence)] for *box, confidence in missed)]


def holds_centre(box: Sequence[float], other: Sequence[float]) -> bool:
    """Whether a box holds the centre of another one."""
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _is_among(face: Sequence[float], faces: Sequence[Sequence[float]]) -> bool:
    if not faces:
        return False
    box, boxes = torch.tensor(face[:4]).double(), torch.tensor([each[:4] for each in faces]).double()
    smaller = torch.minimum(area_xyxy(box), area_xyxy(boxes))
    same = (iou_xyxy(box, boxes) >= SAME_IOU) | (intersection_xyxy(box, boxes) >= SAME_SHARE * smaller)
    return bool(same.any())
