"""From analyses to crops: the search, or the best of a cropper's own proposals, for any number of pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from ..cropping.box import Box
from ..cropping.candidates import find_candidates
from ..cropping.confidence import measure_confidence
from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.crop import Crop
from ..cropping.heads import move_to_hold, stack_protected
from ..cropping.inputs import SearchInputs
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.ratio import Ratio
from ..cropping.search import assess_box, choose_among, search
from ..cropping.subject import stack_subjects
from ..cropping.text_rule import stack_claims
from .analysis import Analysis


def best_crops(
    analyses: Sequence[Analysis],
    sizes: Sequence[tuple[int, int]],
    constraint: Constraint,
    objective: Objective = DEFAULT_OBJECTIVE,
) -> list[Crop]:
    """The best crop of every picture over all of the constraint's ratios.

    Args:
        analyses: one a picture.
        sizes: (width, height) in pixels, one a picture.
        constraint, objective: the same for all.

    Returns:
        One crop a picture, in order.

    Raises:
        ValueError: when the two lists differ in length.
        UnsatisfiableError: under the policy `error`, naming the picture's index and the conflict.
    """
    return best_crops_for_constraints(analyses, sizes, [constraint], objective)[0]


def best_crops_for_constraints(
    analyses: Sequence[Analysis],
    sizes: Sequence[tuple[int, int]],
    constraints: Sequence[Constraint],
    objective: Objective = DEFAULT_OBJECTIVE,
) -> list[list[Crop]]:
    """As `best_crops`, under each of several constraints: for each, one crop a picture."""
    if len(analyses) != len(sizes):
        raise ValueError(f"{len(analyses)} analyses but {len(sizes)} sizes; every picture needs both")
    found: list[dict[int, Crop]] = [{} for _ in constraints]
    for indices in _groups(analyses, sizes).values():
        batch = SearchBatch.of([analyses[index] for index in indices], sizes[indices[0]])
        try:
            for crops, constraint in zip(found, constraints, strict=True):
                crops.update(zip(indices, batch.best_crops(constraint, objective), strict=True))
        except UnsatisfiableError as error:
            raise UnsatisfiableError(f"picture {indices[0]}: {error}") from None
    return [[crops[index] for index in range(len(analyses))] for crops in found]


def _groups(analyses: Sequence[Analysis], sizes: Sequence[tuple[int, int]]) -> dict[tuple, list[int]]:
    """Indices of pictures that can be searched at once, by what they share; one that proposes boxes is alone."""
    groups: dict[tuple, list[int]] = defaultdict(list)
    for index, (analysis, size) in enumerate(zip(analyses, sizes, strict=True)):
        alone = index if _proposes(analysis, size) else None
        detail = None if analysis.detail is None else tuple(analysis.detail.shape)
        seen = analysis.impression is not None
        groups[size, tuple(analysis.heatmap.shape), analysis.heatmap.device, detail, seen, alone].append(index)
    return groups


def _proposes(analysis: Analysis, size: tuple[int, int]) -> bool:
    """Whether an analysis names the boxes to choose among, instead of leaving all to the search."""
    return analysis.propose_boxes(Ratio.of(size), 1.0, size) is not None


@dataclass(frozen=True)
class SearchBatch:
    """Pictures of one size that are searched at once; the tables are built once, for any number of constraints.

    Attributes:
        analyses: with maps of one size; a single one where it proposes its own boxes.
        size: (width, height) of the pictures in pixels.
        inputs: of all of them, without ratings.
    """

    analyses: Sequence[Analysis]
    size: tuple[int, int]
    inputs: SearchInputs

    @classmethod
    def of(cls, analyses: Sequence[Analysis], size: tuple[int, int]) -> SearchBatch:
        return cls(analyses, size, build_search_inputs(analyses))

    @cached_property
    def proposes(self) -> bool:
        """Whether the only picture's own proposals are chosen among."""
        return _proposes(self.analyses[0], self.size)

    def best_crops(self, constraint: Constraint, objective: Objective = DEFAULT_OBJECTIVE) -> list[Crop]:
        """The best crop of each picture.

        Raises:
            UnsatisfiableError: under the policy `error`, naming the conflict.
        """
        if self.proposes:
            return [_best_proposal(self.analyses[0], self.inputs, self.size, constraint, objective)]
        return search(self.inputs_for(objective), self.size, constraint, objective)

    def crop_at(self, box: Box, ratio: Ratio, constraint: Constraint, objective: Objective = DEFAULT_OBJECTIVE) -> Crop:
        """The crop of the first picture that is this box, see `assess_box`."""
        if self.proposes:
            own = self.analyses[0].score
            return assess_box(self.inputs, self.size, ratio, constraint, box, objective, own)
        return assess_box(self.inputs_for(objective), self.size, ratio, constraint, box, objective)

    def confidence(self, crop: Crop, constraint: Constraint, objective: Objective = DEFAULT_OBJECTIVE) -> float:
        """How sure the crop of the first picture is, 0..1, see `measure_confidence`."""
        if self.proposes:
            own = self.analyses[0].score
            return measure_confidence(self.inputs, self.size, constraint, crop, objective, own)
        return measure_confidence(self.inputs_for(objective), self.size, constraint, crop, objective)

    def candidates(
        self, crop: Crop, constraint: Constraint, objective: Objective = DEFAULT_OBJECTIVE, count: int = 3
    ) -> list[Box]:
        """The next best distinct boxes of the first picture, see `find_candidates`."""
        if self.proposes:
            own = self.analyses[0].score
            return find_candidates(self.inputs, self.size, constraint, crop, objective, own, count)
        return find_candidates(self.inputs_for(objective), self.size, constraint, crop, objective, count=count)

    def inputs_for(self, objective: Objective) -> SearchInputs:
        """The inputs, with what the objective's rater and chooser say, where it has them."""
        rater, chooser, inputs = objective.rater, objective.chooser, self.inputs
        subjects = [each.subjects for each in self.analyses]
        if rater is not None:
            inputs = replace(inputs, ratings=rater.ratings(subjects, self.size))
        if chooser is not None:
            seen = [each.impression for each in self.analyses]
            inputs = replace(inputs, choices=chooser.choices(seen, subjects, self.size))
        return inputs


def build_search_inputs(analyses: Sequence[Analysis]) -> SearchInputs:
    """The search inputs of analyses whose maps are equally large; detail only where all of them have it."""
    details = [each.detail for each in analyses]
    detail: Tensor | None = None
    if all(each is not None for each in details):
        detail = torch.stack([each for each in details if each is not None])
    subjects = [each.subjects for each in analyses]
    return SearchInputs.from_maps(
        torch.stack([each.value for each in analyses]),
        stack_subjects(subjects),
        detail,
        stack_protected(subjects),
        stack_claims(subjects),
    )


def _best_proposal(
    analysis: Analysis, inputs: SearchInputs, size: tuple[int, int], constraint: Constraint, objective: Objective
) -> Crop:
    crops = []
    for ratio in constraint.ratios_for(size):
        boxes = analysis.propose_boxes(ratio, constraint.min_share, size, constraint.requested_region)
        if boxes is None:
            raise TypeError(f"{type(analysis).__name__} proposes boxes for some ratios only, not for {ratio}")
        # Perhaps no proposal holds a head that some other box holds.
        boxes = torch.cat([boxes, move_to_hold(boxes, inputs.protected[0, :, :4])])
        crops += choose_among(inputs, size, ratio, constraint, boxes[None], analysis.score(boxes)[None], objective)
    return max(crops, key=lambda crop: crop.score)
