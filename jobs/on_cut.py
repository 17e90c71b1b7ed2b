"""What becomes of a picture whose best crop still cuts off a head: kept with a warning, dropped, or padded."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..cropping.canvas import AUTO, CROP, NO_CANVAS, WHOLE, Canvas, place_canvas
from ..cropping.checks import Region
from ..cropping.constraint import Constraint
from ..cropping.correction import Correction, corrected_box, is_near, nearest_ratio
from ..cropping.crop import Crop
from ..cropping.heads import cut_heads, protected_subjects
from ..cropping.main_person import label_framing
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.ratio import Ratio
from ..models.selection import SearchBatch
from .fit import fit_crop, with_size_given_up
from .warnings import CANVAS_ADDED, HEAD_CUT, find_warnings

KEEP, DROP, PAD = "keep", "drop", "pad"
ON_CUT = (KEEP, DROP, PAD)

AIR = 0.08
"""Room around a head for which the canvas is extended, as a share of the head's own size on every side."""


class HeadCutError(ValueError):
    """Even the best crop cuts off a head, and such crops are to be dropped."""


def choose_crop(
    batch: SearchBatch,
    constraint: Constraint,
    objective: Objective = DEFAULT_OBJECTIVE,
    on_cut: str = KEEP,
    correction: Correction | None = None,
    canvas: Canvas = NO_CANVAS,
) -> Crop:
    """The best crop of the one picture of a batch, with its warnings, its confidence and its framing.

    Args:
        batch: of one picture.
        constraint: on the crop.
        objective: how crops are compared.
        on_cut: where the best crop cuts off the head of somebody whom the picture is about: `pad` extends the canvas so
            that the head fits, whatever the constraint's policy; `keep` and `drop` (see `is_dropped`) leave the crop.
        correction: what a person decided about the crop. Its box is the crop, whatever else is asked for, but for the
            ratio: see `corrected_box`. Warnings and confidence are told as of any other.
        canvas: whether the crop holds the whole picture, or all its subjects, and where canvas is added.

    Raises:
        UnsatisfiableError: when there is no crop and the policy is `error`.
        ValueError: when the box of the correction lies elsewhere.
    """
    (analysis,) = batch.analyses
    with torch.inference_mode():
        under = constraint
        if correction is not None:
            crop = _correct(batch, constraint, objective, correction)
        elif canvas.fit != CROP:
            crop, under = fit_crop(batch, constraint, objective, canvas)
        else:
            (crop,) = batch.best_crops(constraint, objective)
        if correction is None and on_cut == PAD and cut_heads(analysis.subjects, crop.box.relative(batch.size)):
            under = with_heads_kept(batch, constraint, crop.ratio)
            (crop,) = batch.best_crops(under, objective)
        if correction is None and canvas.side != AUTO:
            box = place_canvas(crop.box, batch.size, canvas.side)
            crop = crop if box == crop.box else batch.crop_at(box, crop.ratio, under, objective)
        warnings = find_warnings(analysis, crop, batch.size, constraint)
        if canvas.fit == WHOLE:  # its canvas was asked for
            warnings = tuple(each for each in warnings if each.code != CANVAS_ADDED)
        framing = label_framing(analysis.subjects, crop.box.relative(batch.size))
        sure = batch.confidence(crop, under, objective)
        return replace(crop, warnings=warnings, confidence=sure, framing=framing)


def is_dropped(crop: Crop, on_cut: str) -> bool:
    """Whether a crop with these warnings is to be left out; a person's decision goes first."""
    if crop.correction is not None:
        return crop.correction.is_drop
    return on_cut == DROP and any(each.code == HEAD_CUT for each in crop.warnings)


def with_heads_kept(batch: SearchBatch, constraint: Constraint, ratio: Ratio) -> Constraint:
    """The constraint at one ratio with the protected heads of the batch's one picture to be kept, on a larger canvas.

    The canvas is extended for the heads: for a smallest size only where the constraint's own policy is `pad`.
    """
    (analysis,) = batch.analyses
    heads = tuple(_with_air(each.essence) for each in protected_subjects(analysis.subjects))
    larger = with_size_given_up(replace(constraint, ratios=(ratio,)), batch.size, constraint.policy)
    return replace(larger, keep=constraint.keep + heads, policy="pad")


def _correct(batch: SearchBatch, constraint: Constraint, objective: Objective, correction: Correction) -> Crop:
    """The crop that a person decided on, at the ratio of the constraint that is nearest to it."""
    if not is_near(correction.box, batch.size):
        raise ValueError(
            f"the corrected box {correction.box.as_list()} does not lie in this picture of"
            f" {batch.size[0]}×{batch.size[1]}; correct it anew"
        )
    ratio = nearest_ratio(correction.box, constraint.ratios_for(batch.size))
    box = corrected_box(correction, ratio, batch.size, constraint.multiple_of)
    return replace(batch.crop_at(box, ratio, constraint, objective), correction=correction)


def _with_air(head: Region) -> Region:
    x1, y1, x2, y2 = head
    across, down = AIR * (x2 - x1), AIR * (y2 - y1)
    return max(0.0, x1 - across), max(0.0, y1 - down), min(1.0, x2 + across), min(1.0, y2 + down)
