"""Subjects from the outputs of the `focus` network: people and animals with their heads, and what else is a subject."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

import torch
from torch import Tensor

from ...cropping.checks import Region
from ...cropping.regions import area_of
from ...cropping.subject import BODY_HEIGHT, BODY_WIDTH, Subject
from ..detectors.centre_points import Detection, decode_detections
from .network import Outputs
from .parts import find_parts

MIN_CONFIDENCE = 0.3  # of a head
# Added to the logit of a centre that is an animal's: the network saw a hundred times more heads of people, so it is too
# unsure of animals.
ANIMAL_BONUS = 2.0
MAX_IOU = 0.45  # of two boxes; from there on they are the same head
MIN_SUBJECT_AREA = 0.01  # of the picture
EXTENT = 0.5  # of a cell that belongs to a subject
# How far a person's body reaches, in sides of the head: to each side of its middle, and down from its top.
REACH_ASIDE, REACH_DOWN = 3.0, 9.0

# Calibrated on pictures that the network was not trained on; see card.md.
OBJECT_WEIGHT = 0.002  # the extent already counts in the heatmap, so the box only breaks ties
# Of a head's own size, added above it, on each side and below: where hair, hat and beard end is known no better.
MARGIN_ABOVE, MARGIN_ASIDE, MARGIN_BELOW = 0.15, 0.08, 0.06
HEAD_WEIGHT = 0.024  # of a head of `USUAL_HEAD_AREA`
SINGLE_HEAD_WEIGHT = 0.5  # for all of the attention, where it lies on the only head
USUAL_HEAD_AREA = 0.02  # of the picture
SURE_CONFIDENCE = 0.6  # from which a head is certainly there


def decode_heads(outputs: Outputs) -> list[list[Detection]]:
    """The heads in every picture, the most certain first."""
    centres = outputs.centres + ANIMAL_BONUS * outputs.animal.sigmoid()
    return decode_detections(centres, outputs.reach, outputs.animal, MIN_CONFIDENCE, MAX_IOU)


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
    """People and animals, one for each head, then each connected part of the extent that holds no head.

    Args:
        attention: `[h, w]` on the CPU, sums to 1.
        extent: `[h, w]` on the CPU, in 0..1: the probability that a cell belongs to a subject.
        heads: of the picture.
    """
    parts, around = find_parts(extent.numpy() > EXTENT)
    of_cells = torch.from_numpy(parts)
    dominance = head_dominance(heads)
    found: list[Subject] = []
    taken: set[int] = set()
    owners = _nearest_heads(heads, extent.shape)
    for index, detection in enumerate(heads):
        head = _head_box(detection)
        if head is None:
            continue
        part = _part_under(of_cells, detection)
        taken.add(part)
        mine = (of_cells == part) & (owners == index) if part else None
        weight = _head_weight(head, detection.confidence, attention, dominance)
        kind = "animal" if detection.of_animal else "person"
        box = _body_box(head, mine, kind)
        found.append(Subject(*box, weight=weight, kind=kind, head=head, confidence=min(1.0, detection.confidence)))
    rest = [slices for part, slices in enumerate(around, start=1) if part not in taken]
    return found + [Subject(*box, weight=OBJECT_WEIGHT) for box in _boxes_of(rest, extent.shape)]


def _head_box(detection: Detection) -> Region | None:
    """The head with some margin, clipped to the picture; None where that leaves nothing."""
    x1, y1, x2, y2 = detection[:4]
    across, down = MARGIN_ASIDE * (x2 - x1), y2 - y1
    top, bottom = y1 - MARGIN_ABOVE * down, y2 + MARGIN_BELOW * down
    box = max(x1 - across, 0.0), max(top, 0.0), min(x2 + across, 1.0), min(bottom, 1.0)
    return box if box[2] > box[0] and box[3] > box[1] else None


def _head_weight(box: Region, confidence: float, attention: Tensor, dominance: float) -> float:
    """The weight of a head, 0..1: it grows with the head's area, and with the attention on it where it is the only one.

    A large head must not be cut at all. One of many tiny ones may be cut where that gains much.
    """
    height, width = attention.shape
    x1, y1, x2, y2 = box
    rows = slice(floor(y1 * height), ceil(y2 * height))
    attracted = attention[rows, floor(x1 * width) : ceil(x2 * width)].sum().item()
    area = area_of(box) / USUAL_HEAD_AREA
    by_area = HEAD_WEIGHT * confidence * area ** (0.5 if area > 1 else 0.25)
    return min(1.0, by_area + SINGLE_HEAD_WEIGHT * dominance * attracted)


def _nearest_heads(heads: Sequence[Detection], shape: torch.Size) -> Tensor:
    """For each cell, the index of the head that is nearest in sides of that head: `[h, w]`. It divides shared parts."""
    height, width = shape
    if not heads:
        return torch.zeros(height, width, dtype=torch.long)
    x1, y1, x2, y2 = torch.tensor([head[:4] for head in heads])[..., None, None].unbind(1)
    x, y = (torch.arange(width) + 0.5) / width, ((torch.arange(height) + 0.5) / height)[:, None]
    across, down = (x - (x1 + x2) / 2) / (x2 - x1), (y - (y1 + y2) / 2) / (y2 - y1)
    return (across.square() + down.square()).argmin(0)


def _part_under(parts: Tensor, head: Detection) -> int:
    """The connected part of the extent that holds most of a head; 0 for none."""
    height, width = parts.shape
    x1, y1, x2, y2 = (min(1.0, max(0.0, edge)) for edge in head[:4])
    cells = parts[floor(y1 * height) : ceil(y2 * height), floor(x1 * width) : ceil(x2 * width)]
    counts = torch.bincount(cells[cells > 0].flatten().long()) if cells.numel() else cells.new_zeros(0)
    return int(counts.argmax()) if len(counts) else 0


def _body_box(head: Region, cells: Tensor | None, kind: str) -> Region:
    """The box around a head and the cells of its body; of a person no further than a body reaches.

    Where no cells are known, a person is head, shoulders and chest, and an animal its head.
    """
    x1, y1, x2, y2 = head
    across, down, middle = x2 - x1, y2 - y1, (x1 + x2) / 2
    aside, below = (REACH_ASIDE * across, y1 + REACH_DOWN * down) if kind == "person" else (1.0, 1.0)
    if cells is not None and cells.any():
        rows, columns = cells.any(1).nonzero()[:, 0], cells.any(0).nonzero()[:, 0]
        height, width = cells.shape
        left, right, top, bottom = (int(each) for each in (columns[0], columns[-1] + 1, rows[0], rows[-1] + 1))
        box = left / width, top / height, right / width, bottom / height
    elif kind == "person":
        half = BODY_WIDTH / 2 * across
        box = middle - half, y1, middle + half, y1 + BODY_HEIGHT * down
    else:
        box = head
    near, far = max(0.0, box[0], middle - aside), min(1.0, box[2], middle + aside)
    return min(x1, near), min(y1, max(0.0, box[1])), max(x2, far), max(y2, min(1.0, box[3], below))


def _boxes_of(slices: Sequence[tuple[slice, slice]], shape: torch.Size) -> list[Region]:
    """The boxes of connected parts that are large enough to be subjects."""
    height, width = shape
    boxes = [
        (across.start / width, down.start / height, across.stop / width, down.stop / height) for down, across in slices
    ]
    return [box for box in boxes if area_of(box) >= MIN_SUBJECT_AREA]
