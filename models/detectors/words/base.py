"""The contract of a detector that finds what words name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from ....cropping.checks import Region
from ..centre_points import Detection, suppress_overlaps

MOST = 100
"""Boxes of a picture."""

SAME = 0.5
"""Intersection over union of two boxes of one word from which only the more certain one is kept."""


@dataclass(frozen=True, slots=True)
class WordBox:
    """A box around what a word names.

    Attributes:
        region: relative x1, y1, x2, y2, which may reach beyond the picture.
        word: of those that were asked for.
        confidence: how sure the detector is, 0..1.
    """

    region: Region
    word: str
    confidence: float


@runtime_checkable
class WordDetector(Protocol):
    """Pictures and words → boxes."""

    @property
    def digest(self) -> str:
        """SHA-256 of the files of the model."""

    @property
    def threshold(self) -> float:
        """The confidence below which a box is usually none."""

    def detect(self, images: Tensor, words: Sequence[str], threshold: float) -> list[tuple[WordBox, ...]]:
        """What the words name in each of `[B, 3, H, W]` uint8 RGB images, the most certain first.

        The result does not depend on what else is in the batch.
        """


def choose_boxes(boxes: Tensor, scores: Tensor, words: Sequence[str], threshold: float) -> tuple[WordBox, ...]:
    """The boxes of one picture that are sure enough, each thing once.

    Args:
        boxes: `[N, 4]` relative x1, y1, x2, y2.
        scores: `[N, W]` in 0..1: how sure it is that a box shows each of the words.
        words: W of them.
        threshold: least confidence.
    """
    best, word = scores.double().max(1)
    found: list[WordBox] = []
    for index, name in enumerate(words):
        mine = ((word == index) & (best >= threshold)).nonzero().flatten()
        mine = mine[best[mine].argsort(descending=True, stable=True)][:MOST]
        rows = torch.cat([boxes[mine].double(), best[mine, None]], 1).tolist()
        detections = [Detection(*row) for row in rows if row[2] > row[0] and row[3] > row[1]]
        kept = suppress_overlaps(detections, SAME)
        found += [WordBox((each.x1, each.y1, each.x2, each.y2), name, each.confidence) for each in kept]
    return tuple(sorted(found, key=lambda each: -each.confidence)[:MOST])


def corners(boxes: Tensor) -> Tensor:
    """Boxes `[*, 4]` by their middle, width and height as x1, y1, x2, y2."""
    middle, sides = boxes[..., :2], boxes[..., 2:]
    return (middle.unsqueeze(-2) + sides.unsqueeze(-2) * boxes.new_tensor([[-0.5], [0.5]])).flatten(-2)
