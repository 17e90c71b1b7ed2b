"""The crop under a `Canvas`: of the whole picture, or of all its subjects, extended where the ratio needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from ..cropping.box import Box
from ..cropping.canvas import WHOLE, Canvas, Extent, added_share, composed_share, find_extents, place_canvas
from ..cropping.checks import Region, Size
from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.crop import Crop
from ..cropping.feasible import find_feasible_boxes, pad_box, required_box
from ..cropping.heads import SURE_CONFIDENCE
from ..cropping.objective import Objective
from ..cropping.ratio import Ratio
from ..cropping.regions import clip
from ..cropping.subject import Subject
from ..cropping.text_names import text_sides
from ..models.analysis import Analysis
from ..models.selection import SearchBatch

AIR = 0.04
"""Room around what a crop must hold, as a share of the picture's sides, where the picture has it."""

POSITIONS = 33  # along an axis on which the crop may move


def fit_crop(
    batch: SearchBatch, constraint: Constraint, objective: Objective, canvas: Canvas
) -> tuple[Crop, Constraint]:
    """The crop of the one picture of a batch, and the constraint that it obeys.

    Of several ratios, that which needs the least canvas; of those that need none, the best-scoring one.

    Args:
        batch: of one picture.
        constraint: on the crop.
        objective: how crops are compared.
        canvas: with the fit `whole` or `subject`.

    Raises:
        UnsatisfiableError: when there is no crop and the policy is `error`.
    """
    (analysis,) = batch.analyses
    needed = [(0.0, 0.0, 1.0, 1.0)] if canvas.fit == WHOLE else list(whole_subjects(analysis))
    under = replace(constraint, keep=(*constraint.keep, *needed), policy="error")
    if not under.required_regions:
        (crop,) = batch.best_crops(constraint, objective)
        return crop, constraint
    ratios = (replace(under, ratios=(each,)) for each in under.ratios_for(batch.size))
    wanted = [with_size_given_up(each, batch.size, constraint.policy) for each in ratios]
    found = [(_fit_ratio(batch, each, objective, canvas), each) for each in wanted]
    return min(found, key=lambda each: (added_share(each[0].box, batch.size), -each[0].score))


def place_auto(batch: SearchBatch, constraint: Constraint, box: Box, canvas: Canvas) -> Box:
    """The box with its canvas where the text is, or else where the subjects are not, unless a side is named."""
    text = text_sides(each.region for each in constraint.text_regions if each.frame == "crop")
    extents = _extents_of(batch.analyses[0])
    across, down = (
        composed_share(extent, pixels, length) if share is None and length > pixels else share or 0.0
        for share, extent, pixels, length in zip(text, extents, batch.size, box.size, strict=True)
    )
    return place_canvas(box, batch.size, canvas.side, (across, down))


def whole_subjects(analysis: Analysis) -> Iterator[Region]:
    """What must stay whole of the subjects that are certainly there, on the picture, with some air around it."""
    for subject in _sure_subjects(analysis):
        x1, y1, x2, y2 = subject.region if subject.kind == "face" else subject.body_region
        region = clip((x1 - AIR, y1 - AIR, x2 + AIR, y2 + AIR))
        if region[0] < region[2] and region[1] < region[3]:
            yield region


def with_size_given_up(constraint: Constraint, size: Size, policy: str) -> Constraint:
    """A constraint at one ratio, with as much of its smallest size as a picture of `size` has, so that no canvas is
    added for it unless the policy asks for that.
    """
    least = constraint.min_size
    if least is None or policy == "pad":
        return constraint
    (ratio,) = constraint.ratios_for(size)
    width, height = ratio.largest_in(size)
    return replace(constraint, min_size=(min(least[0], width), min(least[1], height)))


def _fit_ratio(batch: SearchBatch, under: Constraint, objective: Objective, canvas: Canvas) -> Crop:
    (ratio,) = under.ratios_for(batch.size)
    if canvas.fit == WHOLE and under.multiple_of == 1 and ratio.largest_in(batch.size) == batch.size:
        return batch.crop_at(Box(0, 0, *batch.size), ratio, under, objective)
    try:
        find_feasible_boxes(under, ratio, batch.size)
    except UnsatisfiableError:
        box = pad_box(replace(under, policy="pad"), ratio, batch.size)
        box = place_auto(batch, under, _best_position(batch, under, ratio, box, objective), canvas)
        return batch.crop_at(box, ratio, under, objective)
    (crop,) = batch.best_crops(under, objective)
    return crop


def _best_position(batch: SearchBatch, under: Constraint, ratio: Ratio, box: Box, objective: Objective) -> Box:
    """The best place of a box along an axis on which it is not longer than the picture, by the score."""
    required = required_box(under, batch.size)
    assert required is not None
    options = [
        _positions(start, length, pixels, (first, last))
        for start, length, pixels, first, last in (
            (box.x, box.width, batch.size[0], required.x, required.right),
            (box.y, box.height, batch.size[1], required.y, required.bottom),
        )
    ]
    boxes = [Box(x, y, box.width, box.height) for x in options[0] for y in options[1]]
    if len(boxes) == 1:
        return box
    # Ties go to the first, which is the one nearest to the middle of what it must hold.
    return max((batch.crop_at(each, ratio, under, objective) for each in boxes), key=lambda crop: crop.score).box


def _positions(start: int, length: int, pixels: int, held: tuple[int, int]) -> list[int]:
    """Where a span of `length` may begin so that it lies on the picture and holds what it must; `start` comes first."""
    first, last = max(0, held[1] - length), min(held[0], pixels - length)
    if length > pixels or first >= last:
        return [start]
    others = torch.linspace(first, last, POSITIONS).round().long().unique().tolist()
    return [start, *sorted(others, key=lambda each: abs(each - start))]


def _sure_subjects(analysis: Analysis) -> list[Subject]:
    return [each for each in analysis.subjects if each.weight > 0 and each.confidence >= SURE_CONFIDENCE]


def _extents_of(analysis: Analysis) -> tuple[Extent, Extent]:
    """Where the subjects lie across and down; of a picture without any, where its value does."""
    subjects = _sure_subjects(analysis)
    found = find_extents(
        [each.body_region for each in subjects],
        [(each.essence, each.weight) for each in subjects],
    )
    if found is not None:
        return found
    heat = analysis.heatmap.double().cpu()
    across, down = (
        float((sums * (torch.arange(len(sums)) + 0.5) / len(sums)).sum() / sums.sum().clamp_min(1e-12))
        for sums in (heat.sum(0), heat.sum(1))
    )
    return Extent(0.5, 0.5, across), Extent(0.5, 0.5, down)
