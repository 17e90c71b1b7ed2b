"""What the crop editor on the canvas is told of a run: its pictures, their crops, and what a person judges them by.

Drawn by `web/js/corrections.js`; `CropEditor` (`web/js/editor/crop_editor.js`) says what an item is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cropping.box import Box
from ..cropping.canvas import NO_CANVAS, Canvas
from ..cropping.checks import Size
from ..cropping.constraint import Constraint
from ..cropping.crop import CropWarning
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..images.thumbnail import small_pixels
from ..jobs.on_cut import KEEP
from ..jobs.suggest import describe_scene, describe_suggestions, suggest_crops
from ..models.analysis import Analysis
from .panel import save_heat, save_picture

KEY = "salient_crop_editor"
"""Of the editor's items among what a node shows."""

MOST = 1000
"""More pictures than these are cropped, but not offered for correction."""

LARGE_SIDE, SMALL_SIDE, MANY = 512, 320, 60
"""Short side, in pixels, of the pictures, and of each among more than `MANY`."""


@dataclass(frozen=True)
class Item:
    """One picture for the editor.

    Attributes:
        digest: by which its correction is kept.
        name: as a person calls it.
        size: width and height in pixels.
        picture: a thumbnail of it, uint8 `[h, w, 3]`.
        analysis: of it.
        constraint, objective, on_cut, canvas: that its crop was chosen under.
        box: of the crop; None where it has none, for the `reason`.
        ratio: of the crop, such as `2:3`.
        bucket: width and height of its bucket.
        confidence, warnings: of the crop.
        is_corrected: whether a person decided on the box.
    """

    digest: str
    name: str
    size: Size
    picture: np.ndarray
    analysis: Analysis
    constraint: Constraint
    objective: Objective = DEFAULT_OBJECTIVE
    on_cut: str = KEEP
    canvas: Canvas = NO_CANVAS
    box: Box | None = None
    ratio: str = ""
    bucket: Size | None = None
    confidence: float | None = None
    warnings: Sequence[CropWarning] = ()
    is_corrected: bool = False
    reason: str = ""


def item_side(count: int) -> int:
    """The short side, in pixels, of the pictures of an editor with so many."""
    return LARGE_SIDE if count <= MANY else SMALL_SIDE


class Editor:
    """The items of one run of a node; pictures are written as temporary files as they come.

    Args:
        count: how many pictures there will be.
    """

    def __init__(self, count: int) -> None:
        self._side = item_side(count)
        self._items: list[dict[str, Any]] = []

    def add(self, item: Item) -> None:
        """Adds a picture; those beyond `MOST` are passed over."""
        if len(self._items) < MOST:
            self._items.append(_as_json(item, self._side))

    def show(self) -> dict[str, list[Any]]:
        """The items as part of the `ui` of a node's output."""
        return {KEY: self._items}


def _as_json(item: Item, side: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "digest": item.digest,
        "name": item.name,
        "size": list(item.size),
        "status": "ok" if item.box else "dropped",
        "reason": item.reason,
        "picture": save_picture(small_pixels(item.picture, side)),
        "heat": save_heat(item.analysis.heatmap, item.size),
        "warnings": [{"code": each.code, "words": each.words} for each in item.warnings],
        **describe_scene(item.analysis, item.constraint),
    }
    if item.box is not None:
        found = suggest_crops(
            item.analysis,
            item.size,
            item.constraint,
            item.objective,
            item.on_cut,
            item.canvas,
            chosen=None if item.is_corrected else item.box,
        )
        suggested = describe_suggestions(found)
        described |= {
            "box": item.box.as_list(),
            "ratio": item.ratio,
            "bucket": item.bucket,
            "confidence": item.confidence,
            "others": suggested["others"],
            "best": suggested["best"] or item.box.as_list(),
        }
    return described
