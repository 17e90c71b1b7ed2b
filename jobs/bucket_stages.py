"""Pictures into buckets: measure one picture in every bucket, plan all, and tell what came of each.

Plain functions over manifest records: pictures can be measured anywhere and in any order, planning needs only what was
measured, and writing needs only a picture's own planned record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
import torch

from ..bucketing.grids import BucketGrid, list_kohya_sizes
from ..bucketing.loss import LossWeights, compute_loss
from ..bucketing.report import BucketReport, Placement, build_report, describe_left_out
from ..bucketing.solver.planner import BucketPlan, plan_assignment
from ..bucketing.solver.policy import BucketPolicy
from ..cropping.boxes import coverage_xyxy
from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.crop import Crop
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.ratio import Ratio
from ..datasets.formats.centre_crop import centre_crop
from ..datasets.formats.kohya import kohya_bucket
from ..datasets.manifest import DROPPED, OK, CropRecord, PictureRecord
from ..models.analysis import Analysis
from ..models.selection import SearchBatch
from .stages import Size, crop_record

LOST = "lost"  # among the terms of a crop, see `lost_subject`


@dataclass(frozen=True)
class SortRequest:
    """What is asked of a sorting.

    Attributes:
        grid: the buckets to sort into, or to choose from.
        resolution: of kohya's default grid, which the report compares with.
        batch_size, smallest, remainder: see `BucketPolicy`.
        most_enlarged: a picture never goes where it would have to be enlarged more; None for no limit.
        weights: of the parts of a loss.
    """

    grid: BucketGrid
    resolution: int = 1024
    batch_size: int = 1
    smallest: int = 2
    remainder: str = "keep"
    most_enlarged: float | None = None
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        self.rule()
        if self.most_enlarged is not None and self.most_enlarged <= 0:
            raise ValueError(f"the limit of enlarging must be above 0, got {self.most_enlarged}")

    def rule(self) -> BucketPolicy:
        return BucketPolicy(self.grid.max_buckets, False, self.batch_size, self.smallest, self.remainder)


@dataclass(frozen=True)
class Sorted:
    """A plan over pictures, and where each went.

    Attributes:
        buckets: each picture's bucket, or None.
        times: how often each picture is used.
    """

    plan: BucketPlan
    report: BucketReport
    buckets: list[Size | None]
    times: list[int]


def measure(
    analysis: Analysis,
    size: Size,
    constraint: Constraint,
    request: SortRequest,
    objective: Objective = DEFAULT_OBJECTIVE,
) -> list[CropRecord]:
    """The best crop of one picture for every bucket that it may go to, and last, what kohya would have cut out.

    Raises:
        UnsatisfiableError: when it may go to none.
    """
    found: list[CropRecord] = []
    complaint: Exception | None = None
    scene = SearchBatch.of([analysis], size)
    for bucket in request.grid.sizes:
        try:
            crop = _best_for(scene, bucket, constraint, objective, request.most_enlarged)
        except UnsatisfiableError as error:
            complaint = error
            continue
        crop = replace(crop, terms={**crop.terms, LOST: lost_subject(analysis, crop, size)})
        found.append(crop_record(crop, size, bucket, None, bucket))
    if not found and complaint is not None:
        raise complaint
    return [*found, _kohya_record(analysis, size, request.resolution)]


def lost_subject(analysis: Analysis, crop: Crop, size: Size) -> float:
    """The largest share of a subject that lies outside the crop, 0..1: above a half, its caption may tell of what is
    no longer there."""
    if not analysis.subjects:
        return 0.0
    subjects = torch.tensor([each.region for each in analysis.subjects], dtype=torch.float64)
    held = coverage_xyxy(subjects, subjects.new_tensor(crop.box.relative(size)))
    return float((1 - held).clamp_min(0).max())


def sort_pictures(
    names: Sequence[str], sizes: Sequence[Size], measured: Iterable[Sequence[CropRecord]], request: SortRequest
) -> Sorted:
    """Plans all pictures.

    Args:
        names: as the report calls the pictures.
        sizes: width and height of each.
        measured: what `measure` found of each, read once, in order.
    """
    table = _Table.read(sizes, measured, request)
    plan = plan_assignment(table.loss(request), request.rule())
    places = [int(each) for each in plan.assignment]
    buckets = [request.grid.sizes[place] if place >= 0 else None for place in places]
    ours = [table.placed(index, place, request.grid) if place >= 0 else None for index, place in enumerate(places)]
    report = build_report(plan, request.grid.sizes, names, ours, table.before)
    report = replace(report, caption_checks=[_check(names[row], lost) for row, lost in table.lost_subjects(places)])
    times = [0 if place < 0 else 1 + int(more) for place, more in zip(places, plan.repeats, strict=True)]
    return Sorted(plan, report, buckets, times)


def option_for(options: Sequence[CropRecord], bucket: Size) -> CropRecord:
    """The crop that was measured for a bucket."""
    return next(each for each in options[:-1] if each.bucket == bucket)


def planned(measured: PictureRecord, result: Sorted, index: int, files: Sequence[str | None]) -> PictureRecord:
    """The record of picture `index` with the crop of its bucket, one for each file; dropped, with the reason, else."""
    bucket = result.buckets[index]
    if bucket is None:
        reason = describe_left_out(result.plan.left_out[index])
        return replace(measured, status=DROPPED, reason=reason, crops=())
    crop = option_for(measured.crops, bucket)
    return replace(measured, status=OK, crops=tuple(replace(crop, file=file) for file in files))


def _best_for(
    scene: SearchBatch, bucket: Size, constraint: Constraint, objective: Objective, most_enlarged: float | None
) -> Crop:
    wanted = replace(constraint, ratios=(Ratio.of(bucket),))
    if most_enlarged is not None:
        across, down = (ceil(side / most_enlarged) for side in bucket)
        least = constraint.min_size or (1, 1)
        wanted = replace(wanted, min_size=(max(least[0], across), max(least[1], down)))
    with torch.inference_mode():
        return scene.best_crops(wanted, objective)[0]


def _kohya_record(analysis: Analysis, size: Size, resolution: int) -> CropRecord:
    bucket = kohya_bucket(size, list_kohya_sizes(resolution, largest=max(1024, resolution)))
    box = centre_crop(size, bucket)
    # The share of heat, whatever the cropper's own idea of a score is.
    kept = float(Analysis.score(analysis, torch.tensor([box.relative(size)], dtype=torch.float64))[0])
    return crop_record(Crop(box, Ratio.of(bucket), 0.0, {}, kept), size, bucket, None, bucket)


@dataclass
class _Table:
    """What N pictures lose in M buckets, float32 `[N, M]` each; a scale of inf where a picture must not go."""

    heat: np.ndarray
    cut: np.ndarray
    area: np.ndarray
    scale: np.ndarray
    lost: np.ndarray
    before: list[Placement]

    @classmethod
    def read(cls, sizes: Sequence[Size], measured: Iterable[Sequence[CropRecord]], request: SortRequest) -> _Table:
        shape = len(sizes), len(request.grid.sizes)
        heat, cut, area, lost = (np.zeros(shape, np.float32) for _ in range(4))
        table = cls(heat, cut, area, np.full(shape, np.inf, np.float32), lost, [])
        column = {bucket: index for index, bucket in enumerate(request.grid.sizes)}
        for row, (size, records) in enumerate(zip(sizes, measured, strict=True)):
            for record in records[:-1]:
                assert record.bucket is not None
                place = row, column[record.bucket]
                found = _placed(record, size)
                table.heat[place], table.area[place] = found.heat_lost, found.area_lost
                table.cut[place] = record.terms.get("cut", 0.0)
                table.scale[place] = found.scale
                table.lost[place] = record.terms.get(LOST, 0.0)
            table.before.append(_placed(records[-1], size))
        return table

    def loss(self, request: SortRequest) -> np.ndarray:
        known = np.isfinite(self.scale)
        scale = np.where(known, self.scale, 1.0).astype(np.float64)
        loss = compute_loss(self.heat, self.cut, self.area, scale, request.weights, request.most_enlarged)
        return np.where(known, loss, np.inf)

    def lost_subjects(self, places: Sequence[int]) -> list[tuple[int, float]]:
        """The pictures that lose more than half of a subject where they went, and how much of it."""
        lost = [(row, float(self.lost[row, place])) for row, place in enumerate(places) if place >= 0]
        return [(row, share) for row, share in lost if share > 0.5]

    def placed(self, row: int, column: int, grid: BucketGrid) -> Placement:
        place = row, column
        return Placement(grid.sizes[column], float(self.heat[place]), float(self.area[place]), float(self.scale[place]))


def _placed(record: CropRecord, size: Size) -> Placement:
    assert record.bucket is not None
    _, _, width, height = record.box
    inside = min(1.0, width * height / (size[0] * size[1]))
    scale = max(record.bucket[0] / width, record.bucket[1] / height)
    return Placement(record.bucket, 1 - record.kept, 1 - inside, scale)


def _check(name: str, lost: float) -> str:
    return f"{name}: {lost:.0%} of a subject is outside the crop"


def ordered(result: Sorted, grid: BucketGrid) -> Iterator[int]:
    """Indices of the pictures placed, bucket by bucket, from the narrowest to the widest, in their own order within."""
    for bucket in grid.sizes:
        yield from (index for index, each in enumerate(result.buckets) if each == bucket)
