"""The crops of the single subjects of a picture: the search under a constraint of its own for each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import torch

from ..cropping.box import Box
from ..cropping.boxes import rasterize_xyxy
from ..cropping.checks import Region, Size
from ..cropping.constraint import MAX_REGIONS, Constraint, UnsatisfiableError
from ..cropping.correction import Correction, has_ratio
from ..cropping.crop import Crop, CropSubject
from ..cropping.feasible import box_size, find_longest_side, smallest_long_side
from ..cropping.framing import FULL_FIGURE
from ..cropping.heads import SURE_CONFIDENCE
from ..cropping.main_person import PEOPLE, label_framing, label_person
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.placement import Placement
from ..cropping.ratio import Ratio
from ..cropping.regions import area_of, clip, holds_centre, share_inside
from ..cropping.subject import Subject, stack_subjects
from ..cropping.subject_choice import choose_subjects, count_subjects, overlap_of, region_of, sort_subjects
from ..cropping.subject_framing import WHOLE, frame_subject
from ..datasets.manifest import PictureRecord
from ..models.analysis import Analysis
from ..models.selection import SearchBatch, build_search_inputs
from .on_cut import KEEP, choose_crop, is_dropped
from .per_subject import OUT, PerSubject
from .warnings import find_sliced_neighbours

SLACK = 1.2
"""How much longer a crop may be than the smallest that holds its subject, where that serves it better."""

LEAST_AIR = 0.3
"""The share of the air around a subject that a crop has in any case; the rest gives way to neighbours."""

MOST_NEIGHBOURS = 50
"""Of one subject; those with the largest heads."""

SAME_CROP = 0.1
"""A correction belongs to the crop that its box overlaps most, from this intersection over union on."""

TOO_SMALL, CUT, REPEATED, NO_ROOM, TOO_MANY = (
    "too small",
    "with the head cut off",
    "nearly the same as another",
    "without room in the picture",
    "more than are wanted",
)
"""Why a subject has no crop."""


@dataclass(frozen=True)
class SubjectCrop:
    """The crops of one subject.

    Attributes:
        subject: of the picture.
        crops: one for each constraint; None where it has none under that one.
    """

    subject: Subject
    crops: tuple[Crop | None, ...]


@dataclass(frozen=True)
class SubjectCrops:
    """The crops of all subjects of a picture.

    Attributes:
        kind: of the subjects.
        found: in the order that was asked for.
        left_out: how many subjects have no crop, by the reason.
        unsatisfiable: why a subject has none under the policy `error`; None where each could have one.
    """

    kind: str
    found: tuple[SubjectCrop, ...]
    left_out: Counter[str] = field(default_factory=Counter)
    unsatisfiable: UnsatisfiableError | None = None

    def describe_left_out(self) -> str:
        """In words, such as `2 heads left out: too small; 1 head left out: …`; empty where each subject has a crop."""
        if not self.found and not self.left_out:
            return f"no {self.kind} was found in it"
        return "; ".join(
            f"{count_subjects(number, self.kind)} left out: {why}" for why, number in self.left_out.items()
        )


def choose_subject_crops(
    analysis: Analysis,
    size: Size,
    constraints: Sequence[Constraint],
    asked: PerSubject,
    objective: Objective = DEFAULT_OBJECTIVE,
    on_cut: str = KEEP,
    corrections: Sequence[Correction] = (),
    enlargement: Callable[[Crop, int], float] | None = None,
) -> SubjectCrops:
    """The best crop of each subject of a picture under each constraint.

    Each is what the search finds where the subject must be held whole, the crop is hardly larger than that needs, and
    neighbours are kept out or whole. So a head of a subject is cut off only where no crop can hold it, and then
    `on_cut` says what becomes of it.

    Args:
        analysis: of the picture.
        size: its width and height in pixels.
        constraints: one for each crop of a subject, see `CropSettings.constraints`. Their smallest share of the picture
            does not count.
        asked: which subjects, and how.
        objective: its weights are used; the size of a crop follows from its subject.
        on_cut: see `choose_crop`.
        corrections: of the picture. Each belongs to the crop that it overlaps most.
        enlargement: how many times a crop, found under the constraint of that place, will be enlarged; None: it will
            not be.

    Raises:
        ValueError: when something asked for cannot be.
    """
    wanted = sort_subjects(
        choose_subjects(analysis.subjects, asked.kind),
        asked.order if asked.order == "size" else "importance",
        asked.kind,
        lambda each: each,
    )
    left_out: Counter[str] = Counter()
    found: list[SubjectCrop] = []
    conflict: UnsatisfiableError | None = None
    for subject in wanted:
        if len(found) == asked.most:
            left_out[TOO_MANY] += 1
            continue
        search = _SubjectSearch.of(analysis, size, subject, asked, objective, on_cut)
        crops: list[Crop | None] = []
        reason = NO_ROOM
        for place, constraint in enumerate(constraints):
            others = [each.crops[place] for each in found]
            try:
                crop = search.best_crop(constraint)
            except UnsatisfiableError as error:
                conflict, crop = error, None
            if crop is not None:
                scale = 1.0 if enlargement is None else enlargement(crop, place)
                why = _reason_against(crop, others, asked, scale, on_cut)
                reason, crop = (why, None) if why else (reason, crop)
            crops.append(crop)
        if any(crops):
            found.append(SubjectCrop(subject, tuple(crops)))
        else:
            left_out[reason] += 1
    ordered = sort_subjects(found, asked.order, asked.kind, lambda each: each.subject)
    ordered = _correct(analysis, size, constraints, asked, objective, on_cut, corrections, ordered)
    return SubjectCrops(asked.kind, tuple(ordered), left_out, conflict)


def suggest_subject_crops(
    analysis: Analysis,
    size: Size,
    constraint: Constraint,
    asked: PerSubject,
    whom: Box,
    objective: Objective = DEFAULT_OBJECTIVE,
    on_cut: str = KEEP,
    count: int = 3,
) -> tuple[Box, list[Box]] | None:
    """The best crop of one subject of a picture, and the next best; None where it is not there, or no crop obeys.

    Args:
        analysis, size, constraint, asked, objective, on_cut: see `choose_subject_crops`.
        whom: the box of the subject in pixels, as `CropSubject` has it.
        count: of the next best, at most.
    """
    there = [
        (overlap_of(whom, Box.from_relative(clip(region_of(each, asked.kind)), size)), index, each)
        for index, each in enumerate(choose_subjects(analysis.subjects, asked.kind))
    ]
    overlap, _, subject = max(there, default=(0.0, 0, None), key=lambda each: each[:2])
    if subject is None or overlap < SAME_CROP:
        return None
    try:
        return _SubjectSearch.of(analysis, size, subject, asked, objective, on_cut).suggest(constraint, count)
    except UnsatisfiableError:
        return None


def pick_subject_corrections(
    corrections: Sequence[Correction], boxes: Sequence[Box], ratios: Sequence[Ratio]
) -> list[Correction | None]:
    """The correction of each of the crops of a picture's subjects: of those in one of the ratios, each goes to the crop
    that it overlaps most, and each crop has at most one.
    """
    fitting = [each for each in corrections if any(has_ratio(each.box, ratio) for ratio in ratios)]
    pairs = sorted(
        (
            (overlap_of(each.box, box), index, place)
            for index, each in enumerate(fitting)
            for place, box in enumerate(boxes)
        ),
        key=lambda pair: (-pair[0], *pair[1:]),
    )
    picked: list[Correction | None] = [None] * len(boxes)
    used: set[int] = set()
    for overlap, index, place in pairs:
        if overlap >= SAME_CROP and picked[place] is None and index not in used:
            picked[place] = fitting[index]
            used.add(index)
    return picked


def pick_recorded_corrections(
    corrections: Sequence[Correction], record: PictureRecord, constraints: Sequence[Constraint]
) -> list[Correction | None]:
    """As `pick_subject_corrections`, of the crops of a record, each in the ratio that it has."""
    if record.size is None or not corrections:
        return []
    picked: list[Correction | None] = []
    for constraint in constraints:
        ratios = constraint.ratios_for(record.size)
        boxes = [Box(*each.box) for each in record.crops if any(has_ratio(Box(*each.box), ratio) for ratio in ratios)]
        picked += pick_subject_corrections(corrections, boxes, ratios)
    return picked


def _reason_against(
    crop: Crop, others: Sequence[Crop | None], asked: PerSubject, enlarged: float, on_cut: str
) -> str | None:
    """Why a crop is left out; None where it is not."""
    if min(crop.box.size) < asked.smallest or (asked.most_enlarged is not None and enlarged > asked.most_enlarged):
        return TOO_SMALL
    if is_dropped(crop, on_cut):
        return CUT
    if any(each is not None and overlap_of(each.box, crop.box) > asked.most_overlap for each in others):
        return REPEATED
    return None


def _correct(
    analysis: Analysis,
    size: Size,
    constraints: Sequence[Constraint],
    asked: PerSubject,
    objective: Objective,
    on_cut: str,
    corrections: Sequence[Correction],
    found: Sequence[SubjectCrop],
) -> list[SubjectCrop]:
    """The crops as a person has corrected them."""
    if not corrections:
        return list(found)
    columns = []
    for place, constraint in enumerate(constraints):
        crops = [each.crops[place] for each in found]
        boxes = [crop.box for crop in crops if crop is not None]
        picked = iter(pick_subject_corrections(corrections, boxes, constraint.ratios_for(size)))
        column = []
        for each, crop in zip(found, crops, strict=True):
            decided = None if crop is None else next(picked)
            if decided is not None:
                search = _SubjectSearch.of(analysis, size, each.subject, asked, objective, on_cut)
                crop = search.corrected(constraint, decided)
            column.append(crop)
        columns.append(column)
    return [SubjectCrop(each.subject, crops) for each, crops in zip(found, zip(*columns, strict=True), strict=True)]


@dataclass(frozen=True)
class _SubjectSearch:
    """The search for the crops of one subject.

    Attributes:
        batch: of the picture, with the heat and the head of this subject, and its neighbours as what may be sliced.
        asked: how the subject is framed.
        subject: of the picture.
        core: of the subject, what the crop shows.
        held: the same with the least air, which the crop must hold where it can.
        region: the same with all of its air.
        others: that are certainly there, but for what lies in the subject.
        objective: under which it lies in its place.
        on_cut: see `choose_crop`.
        everybody: all subjects of the picture.
    """

    batch: SearchBatch
    asked: PerSubject
    subject: Subject
    core: Region
    held: Region
    region: Region
    others: tuple[Subject, ...]
    objective: Objective
    on_cut: str
    everybody: tuple[Subject, ...]

    @classmethod
    def of(
        cls, analysis: Analysis, size: Size, subject: Subject, asked: PerSubject, objective: Objective, on_cut: str
    ) -> _SubjectSearch:
        core, held, region = (
            frame_subject(subject, asked.shown, share * asked.air, size) for share in (0, LEAST_AIR, 1)
        )
        others = tuple(_neighbours(subject, analysis.subjects, asked))
        alone = analysis.replace(_own_heat(analysis, region), (_shown_part(subject, asked),))
        # A neighbour costs where it is sliced, and not where it is left out.
        inputs = replace(
            build_search_inputs([alone]),
            subjects=stack_subjects([[replace(each, weight=1.0) for each in others]]).to(alone.heatmap.device),
        )
        weights = replace(objective.weights, subjects=0.0, size=0.0, composition=0.5)
        placed = Objective(weights, rater=Placement(region, subject.head_region is not None))
        return cls(
            SearchBatch((alone,), size, inputs),
            asked,
            subject,
            core,
            held,
            region,
            others,
            placed,
            on_cut,
            analysis.subjects,
        )

    def best_crop(self, constraint: Constraint) -> Crop:
        """The best crop of the subject under a constraint: of the ratios that hold most of it, the best-scoring one.

        Raises:
            UnsatisfiableError: under the policy `error`, and where no ratio gives a crop.
        """
        return self._described(choose_crop(self.batch, self._choose_ratio(constraint), self.objective, self.on_cut))

    def suggest(self, constraint: Constraint, count: int) -> tuple[Box, list[Box]]:
        """The box of the best crop under a constraint, and at most so many of the next best distinct ones.

        Raises:
            UnsatisfiableError: see `best_crop`.
        """
        under = self._choose_ratio(constraint)
        best = choose_crop(self.batch, under, self.objective, self.on_cut)
        with torch.inference_mode():
            return best.box, self.batch.candidates(best, under, self.objective, count)

    def _choose_ratio(self, constraint: Constraint) -> Constraint:
        """What the best crop is searched under: of the ratios that hold most of the subject, the best-scoring one.

        Raises:
            UnsatisfiableError: see `best_crop`.
        """
        conflict: UnsatisfiableError | None = None
        found: list[tuple[float, float, Constraint]] = []
        for ratio in constraint.ratios_for(self.batch.size):
            try:
                under = self._constrain(constraint, ratio)
                (crop,) = self.batch.best_crops(under, self.objective)
            except UnsatisfiableError as error:
                conflict = error
                continue
            held = share_inside(self.core, crop.box.relative(self.batch.size))
            found.append((round(held, 2), crop.score, under))
        if not found:
            assert conflict is not None
            raise conflict
        *_, under = max(found, key=lambda each: each[:2])
        return under

    def corrected(self, constraint: Constraint, correction: Correction) -> Crop:
        """The crop that a person decided on."""
        return self._described(choose_crop(self.batch, constraint, self.objective, self.on_cut, correction))

    def _described(self, crop: Crop) -> Crop:
        """The crop with whom it is of, and what it costs its neighbours."""
        size, kind = self.batch.size, self.asked.kind
        region = crop.box.relative(size)
        is_person = self.subject.kind in PEOPLE
        return replace(
            crop,
            warnings=(*crop.warnings, *find_sliced_neighbours(self.others, crop, size)),
            framing=label_person(self.subject, region) if is_person else label_framing(self.everybody, region),
            subject=CropSubject(
                kind,
                Box.from_relative(clip(region_of(self.subject, kind)), size),
                self.subject.label or kind,
                self.subject.confidence,
            ),
        )

    def _constrain(self, constraint: Constraint, ratio: Ratio) -> Constraint:
        """The constraint at one ratio with the subject to be kept, in a crop hardly larger than that needs."""
        size, multiple = self.batch.size, constraint.multiple_of
        longest = find_longest_side(ratio, size, multiple)
        needed = smallest_long_side(ratio, Box.from_relative(self.region, size).size, multiple)
        largest = box_size(ratio, min(longest, ceil(needed * SLACK)), multiple)
        # Where there is no room for all of the air, the subject itself is kept in the largest box that there is.
        kept = self.held if needed <= longest else self.core
        avoid = self._to_avoid(largest) if self.asked.neighbours == OUT else []
        return replace(
            constraint,
            ratios=(ratio,),
            min_share=min(1.0, needed / longest) ** 2,
            keep=(*constraint.keep, kept),
            avoid=(*constraint.avoid, *avoid)[:MAX_REGIONS],
            max_size=largest,
        )

    def _to_avoid(self, largest: Size) -> list[Region]:
        """The neighbours that a crop of this size may come to, but for those in the subject's own region."""
        x1, y1, x2, y2 = self.region
        wide, high = largest[0] / self.batch.size[0], largest[1] / self.batch.size[1]
        within = clip((min(x1, x2 - wide), min(y1, y2 - high), max(x2, x1 + wide), max(y2, y1 + high)))
        regions = [clip(each.essence) for each in self.others]
        return [each for each in regions if share_inside(each, within) > 0 and not holds_centre(self.region, each)]


def _shown_part(subject: Subject, asked: PerSubject) -> Subject:
    """What of a subject may not be cut: the whole of it, or the head where the framing leaves the rest out."""
    head = subject.head_region
    if head is None or asked.shown in (WHOLE, FULL_FIGURE):
        return subject
    return Subject(*head, weight=subject.weight, kind="face", confidence=subject.confidence, label=subject.label)


def _neighbours(subject: Subject, subjects: Sequence[Subject], asked: PerSubject) -> list[Subject]:
    """The other subjects that have a head, or are of the same kind, the largest first; not what lies on this one's own
    essence, as a second detection of it does."""
    rivals = choose_subjects(subjects, asked.kind)
    others = [
        each
        for each in subjects
        if each is not subject
        and each.confidence >= SURE_CONFIDENCE
        and (each.head_region is not None or each in rivals)
        and area_of(clip(each.essence)) > 0
        and share_inside(clip(each.essence), clip(subject.essence)) <= 0.5
    ]
    return sorted(others, key=lambda each: -area_of(clip(each.essence)))[:MOST_NEIGHBOURS]


def _own_heat(analysis: Analysis, region: Region) -> torch.Tensor:
    """The heat on a region, or an even one where there is none."""
    heat = analysis.heatmap
    own = rasterize_xyxy(torch.tensor([region], dtype=torch.float64), *heat.shape).to(heat)
    return heat * own if bool((heat * own).sum() > 0) else own
