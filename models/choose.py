"""From analyses to crops: the one step between what a cropper saw and the box that is cut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.crop import Crop
from ..cropping.evidence import Evidence
from ..cropping.ratio import Ratio
from ..cropping.search import pick, search
from ..cropping.subject import stack_subjects
from .analysis import Analysis


def best_crops(analyses: Sequence[Analysis], sizes: Sequence[tuple[int, int]], constraint: Constraint) -> list[Crop]:
    """The best crop of every picture over all of the constraint's ratios.

    Args:
        analyses: one a picture.
        sizes: (width, height) in pixels, one a picture.
        constraint: the same for all.

    Returns:
        One crop a picture, in order.

    Raises:
        ValueError: when the two lists differ in length.
        UnsatisfiableError: under the policy `error`, naming the picture's index and the conflict.
    """
    if len(analyses) != len(sizes):
        raise ValueError(f"{len(analyses)} analyses but {len(sizes)} sizes; every picture needs both")
    crops: list[Crop | None] = [None] * len(analyses)
    for indices in _groups(analyses, sizes).values():
        group = [analyses[index] for index in indices]
        try:
            found = _best_of_group(group, sizes[indices[0]], constraint)
        except UnsatisfiableError as error:
            raise UnsatisfiableError(f"picture {indices[0]}: {error}") from None
        for index, crop in zip(indices, found, strict=True):
            crops[index] = crop
    return [crop for crop in crops if crop is not None]


def _groups(analyses: Sequence[Analysis], sizes: Sequence[tuple[int, int]]) -> dict[tuple, list[int]]:
    """Indices of pictures that can be searched at once; a proposal cropper's each stand alone."""
    groups: dict[tuple, list[int]] = defaultdict(list)
    for index, (analysis, size) in enumerate(zip(analyses, sizes, strict=True)):
        alone = index if _proposes(analysis, size) else None
        detail = None if analysis.detail is None else tuple(analysis.detail.shape)
        groups[size, tuple(analysis.heatmap.shape), analysis.heatmap.device, detail, alone].append(index)
    return groups


def _proposes(analysis: Analysis, size: tuple[int, int]) -> bool:
    return analysis.candidates(Ratio.of(size), 1.0, size) is not None


def _best_of_group(group: Sequence[Analysis], size: tuple[int, int], constraint: Constraint) -> list[Crop]:
    evidence = gather_evidence(group)
    if _proposes(group[0], size):
        return [_best_proposal(group[0], evidence, size, constraint)]
    if constraint.rater is not None:
        evidence = replace(evidence, ratings=constraint.rater.ratings([each.subjects for each in group], size))
    return search(evidence, size, constraint)


def gather_evidence(group: Sequence[Analysis]) -> Evidence:
    """The evidence of analyses whose maps are equally large."""
    details = [each.detail for each in group]
    detail: Tensor | None = None
    if all(each is not None for each in details):
        detail = torch.stack([each for each in details if each is not None])
    return Evidence.gather(
        torch.stack([each.value for each in group]), stack_subjects([each.subjects for each in group]), detail
    )


def _best_proposal(analysis: Analysis, evidence: Evidence, size: tuple[int, int], constraint: Constraint) -> Crop:
    crops = []
    for ratio in constraint.ratios or (Ratio.of(size),):
        boxes = analysis.candidates(ratio, constraint.min_share, size)
        if boxes is None:
            raise TypeError(f"{type(analysis).__name__} proposes boxes for some ratios only, not for {ratio}")
        crops += pick(evidence, size, ratio, constraint, boxes[None], analysis.score(boxes)[None])
    return max(crops, key=lambda crop: crop.score)
