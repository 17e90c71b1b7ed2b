"""The crops of all frames of a clip, chosen together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from ..cropping.checks import Size
from ..cropping.constraint import Constraint
from ..cropping.crop import Crop
from ..cropping.main_person import label_framing
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.sequence import STILL, FrameGroup, search_following, search_still
from ..models.analysis import Analysis
from ..models.selection import SearchBatch
from .warnings import find_warnings

GROUP = 16
"""Frames that are scored at once."""


def choose_clip_crops(
    analyses: Sequence[Analysis],
    size: Size,
    constraints: Sequence[Constraint],
    frames: str,
    scenes: Sequence[int] = (0,),
    objective: Objective = DEFAULT_OBJECTIVE,
) -> list[Crop]:
    """A crop of every frame of a clip, all of one size, with warnings and framing. Its confidence is not measured.

    Boxes are searched for a cropper that proposes its own, too.

    Args:
        analyses: of the frames, in order.
        size: width and height of all frames in pixels.
        constraints: one for each frame; they differ in their regions only.
        frames: `still` for one box, `follow` for one that moves.
        scenes: the first frame of each scene, see `find_scenes`.
        objective: how boxes are compared; its chooser has no say.

    Raises:
        UnsatisfiableError: when there is no crop, as the constraint's policy has it.
        ValueError: when the constraints differ in more than their regions.
    """
    objective = replace(objective, chooser=None)  # it would take longer than all else
    with torch.inference_mode():
        groups = [
            FrameGroup(SearchBatch.of(analyses[part], size).inputs_for(objective), constraints[part.start])
            for part in _list_parts(analyses, constraints)
        ]
        if frames == STILL:
            crops = search_still(groups, size, objective)
        else:
            crops = search_following(groups, size, scenes, objective)
        found = zip(analyses, crops, constraints, strict=True)
        return [
            replace(
                crop,
                warnings=find_warnings(each, crop, size, under),
                framing=label_framing(each.subjects, crop.box.relative(size)),
            )
            for each, crop, under in found
        ]


def _list_parts(analyses: Sequence[Analysis], constraints: Sequence[Constraint]) -> Iterator[slice]:
    """Consecutive frames with maps of one size under one constraint, at most `GROUP` together."""

    def kind_of(index: int) -> tuple:
        analysis = analyses[index]
        detail = None if analysis.detail is None else analysis.detail.shape
        return analysis.heatmap.shape, detail, constraints[index]

    start = 0
    for index in range(1, len(analyses) + 1):
        if index == len(analyses) or index - start == GROUP or kind_of(index) != kind_of(start):
            yield slice(start, index)
            start = index
