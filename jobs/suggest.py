"""What a person needs to judge a crop: the one that the search finds, and which come next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ..cropping.box import Box
from ..cropping.canvas import NO_CANVAS, Canvas
from ..cropping.checks import Size
from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.correction import nearest_ratio
from ..cropping.crop import Crop
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..datasets.manifest import CropRecord
from ..models.analysis import Analysis
from ..models.selection import SearchBatch
from .bucket_stages import constraint_for
from .on_cut import KEEP, choose_crop
from .settings import CropSettings
from .stages import Seen
from .steer import Guidance
from .subject_crops import suggest_subject_crops


@dataclass(frozen=True)
class Suggestions:
    """Crops of one picture.

    Attributes:
        best: the search's own.
        others: the next best distinct ones, the best first.
    """

    best: Box
    others: tuple[Box, ...]


def suggest_crops(
    analysis: Analysis,
    size: Size,
    constraint: Constraint,
    objective: Objective = DEFAULT_OBJECTIVE,
    on_cut: str = KEEP,
    canvas: Canvas = NO_CANVAS,
    chosen: Box | None = None,
    count: int = 3,
) -> Suggestions | None:
    """The crop that the search finds, and the next best; None where no crop obeys.

    Args:
        analysis: of the picture.
        size: its width and height in pixels.
        constraint, objective, on_cut, canvas: see `choose_crop`.
        chosen: the crop that the search has found; None to search for it.
        count: of the others, at most.
    """
    batch = SearchBatch.of([analysis], size)
    try:
        if chosen is None:
            best = choose_crop(batch, constraint, objective, on_cut, canvas=canvas)
        else:
            best = Crop(chosen, nearest_ratio(chosen, constraint.ratios_for(size)), 0.0)
    except UnsatisfiableError:
        return None
    with torch.inference_mode():
        others = batch.candidates(best, constraint, objective, count)
    return Suggestions(best.box, tuple(others))


def describe_choice(seen: Seen, size: Size, crop: CropRecord | None, settings: CropSettings) -> dict[str, Any]:
    """What a person judges one crop of a run by, as JSON: see `describe_scene`; the `best` crop and the `others`.

    Args:
        seen: what the crop was searched on.
        size: width and height of the picture in pixels.
        crop: as the manifest lists it; None where there is none.
        settings: of the run.
    """
    constraint = constraint_of(crop, settings, seen.guidance)
    if settings.per_subject is not None and crop is not None and crop.subject is not None:
        asked = constraint, settings.per_subject, crop.subject.box, settings.objective, settings.on_cut
        best = suggest_subject_crops(seen.analysis, size, *asked)
        found = None if best is None else Suggestions(best[0], tuple(best[1]))
    else:
        found = suggest_crops(seen.analysis, size, constraint, settings.objective, settings.on_cut, settings.canvas)
    return {**describe_scene(seen.analysis, constraint), **describe_suggestions(found)}


def describe_suggestions(found: Suggestions | None) -> dict[str, Any]:
    """The `best` crop and the `others` as JSON; null and none where no crop obeys."""
    return {
        "best": found.best.as_list() if found else None,
        "others": [each.as_list() for each in found.others] if found else [],
    }


def constraint_of(crop: CropRecord | None, settings: CropSettings, guidance: Guidance) -> Constraint:
    """What a crop of a run was chosen under."""
    if settings.buckets is not None and crop is not None and crop.bucket is not None:
        return constraint_for(crop.bucket, guidance.constrain(settings.constraint), settings.buckets)
    constraints = [guidance.constrain(each) for each in settings.constraints()]
    fitting = (each for each in constraints if crop and crop.ratio in map(str, each.ratios))
    return next(fitting, constraints[0])


def describe_scene(analysis: Analysis, constraint: Constraint) -> dict[str, list[dict[str, Any]]]:
    """Who is in a picture, and the regions of a constraint, as JSON: each in relative x1, y1, x2, y2.

    Text regions say in whose frame that is: of the `source`, or of the `crop`.
    """
    subjects = [{"kind": each.kind, "region": each.region, "head": each.head_region} for each in analysis.subjects]
    regions = [
        *({"kind": "keep", "frame": "source", "region": each} for each in constraint.keep),
        *({"kind": "avoid", "frame": "source", "region": each} for each in constraint.avoid),
        *({"kind": "text", "frame": each.frame, "region": each.region} for each in constraint.text_regions),
    ]
    return {"subjects": subjects, "regions": regions}
