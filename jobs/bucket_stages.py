"""Pictures into buckets: measure one picture in every bucket, plan all pictures, and record the crop of each.

Plain functions over manifest records: pictures can be measured anywhere and in any order, planning needs only what was
measured, and writing needs only a picture's own planned record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
import torch

from ..bucketing.grids import list_kohya_sizes
from ..bucketing.loss import compute_loss
from ..bucketing.report import BEHEADED, BucketReport, Placement, build_report, describe_left_out
from ..bucketing.solver.plan import BucketPlan
from ..cropping.box import Box
from ..cropping.canvas import NO_CANVAS, Canvas
from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.correction import Correction, has_ratio
from ..cropping.crop import Crop, CropWarning
from ..cropping.heads import cut_share
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.ratio import Ratio
from ..cropping.regions import share_outside
from ..datasets.formats.centre_crop import centre_crop
from ..datasets.formats.kohya import kohya_bucket
from ..datasets.manifest import DROPPED, OK, CropRecord, PictureRecord
from ..models.analysis import Analysis
from ..models.selection import SearchBatch
from .corrections import pick_correction
from .on_cut import KEEP, choose_crop, is_dropped
from .settings import BucketSettings
from .stages import Size, crop_record
from .warnings import HEAD_CUT, SUBJECT_LEFT_OUT, summarise_warnings

# Among the terms of a crop: see `lost_subject`, and `cut_share`.
LOST, HEADS_CUT = "lost", "heads_cut"


@dataclass(frozen=True)
class SortedPictures:
    """A plan over N pictures, and the bucket of each.

    Attributes:
        plan: as the solver gives it.
        report: for a person.
        buckets: width and height of each picture's bucket, or None where it has none.
        uses: how often each picture is used; 0 where it has no bucket.
    """

    plan: BucketPlan
    report: BucketReport
    buckets: list[Size | None]
    uses: list[int]


def measure_picture(
    analysis: Analysis,
    size: Size,
    constraint: Constraint,
    settings: BucketSettings,
    objective: Objective = DEFAULT_OBJECTIVE,
    on_cut: str = KEEP,
    corrections: Sequence[Correction] = (),
    canvas: Canvas = NO_CANVAS,
) -> list[CropRecord]:
    """The best crop of one picture for every bucket that it may go to, and last the baseline: what kohya would cut out.

    Args:
        analysis: of the picture.
        size: its width and height in pixels.
        constraint: on its crop; the bucket's ratio replaces its ratios.
        settings: gives the buckets.
        objective: how crops are compared.
        on_cut: where the crop for a bucket cuts off a head: `keep` the crop, `drop` it (the picture may not go to that
            bucket), or `pad` the canvas. Where all are dropped, only the baseline is returned.
        corrections: of the picture. Where a person drew or approved a box, the picture may go to the buckets of its
            ratio only, with this box; where there is none, to all, with a box like it. One that was dropped has the
            crop that keeps most, so that it can be taken back.
        canvas: when canvas is added, and where.

    Raises:
        UnsatisfiableError: when there is no bucket that it may go to.
    """
    records: list[CropRecord] = []
    conflict: UnsatisfiableError | None = None
    beheaded = False
    batch = SearchBatch.of([analysis], size)
    correction = pick_correction(corrections, [Ratio.of(each) for each in settings.grid.sizes])
    for bucket in _buckets_for(correction, settings):
        try:
            asked = constraint_for(bucket, constraint, settings)
            crop = choose_crop(batch, asked, objective, on_cut, correction, canvas)
        except UnsatisfiableError as error:
            conflict = error
            continue
        if correction is None and is_dropped(crop, on_cut):
            beheaded = True
            continue
        records.append(bucket_record(analysis, crop, size, bucket))
    if not records and conflict is not None and not beheaded:
        raise conflict
    return [*records, _baseline_record(analysis, size, settings.resolution)]


def bucket_record(analysis: Analysis, crop: Crop, size: Size, bucket: Size, file: str | None = None) -> CropRecord:
    """A crop for a bucket as the manifest lists it, with what it loses among its terms."""
    terms = {**crop.terms, LOST: lost_subject(analysis, crop, size), HEADS_CUT: heads_cut(analysis, crop.box, size)}
    return crop_record(replace(crop, terms=terms), size, bucket, file, bucket)


def left_out_crop(measured: Sequence[CropRecord]) -> CropRecord | None:
    """Of a picture that a person dropped, the crop that keeps most; None of any other."""
    return max((each for each in measured[:-1] if each.is_dropped), key=lambda each: each.kept, default=None)


def lost_subject(analysis: Analysis, crop: Crop, size: Size) -> float:
    """The largest share of a subject that lies outside the crop, 0..1."""
    region = crop.box.relative(size)
    return max((share_outside(each.region, region) for each in analysis.subjects), default=0.0)


def heads_cut(analysis: Analysis, box: Box, size: Size) -> float:
    """How much of what a picture is about a crop beheads, 0..1, see `cut_share`."""
    return cut_share(analysis.subjects, box.relative(size))


def baseline_crop(size: Size, resolution: int) -> tuple[Box, Size]:
    """The middle of a picture of `size` that kohya's defaults would cut out, and the bucket that they would choose."""
    bucket = kohya_bucket(size, list_kohya_sizes(resolution, max_side=max(1024, resolution)))
    return centre_crop(size, bucket), bucket


def sort_pictures(
    names: Sequence[str], sizes: Sequence[Size], measured: Iterable[Sequence[CropRecord]], settings: BucketSettings
) -> SortedPictures:
    """Plans all pictures.

    Args:
        names: of the pictures, as the report calls them.
        sizes: width and height of each in pixels.
        measured: the records of `measure_picture` for each, read once, in order.
        settings: gives the buckets, the counts and the weights of the loss.
    """
    from ..bucketing.solver.planner import plan_assignment  # SciPy comes with it; what measures and writes needs none

    measurements = _Measurements.read(sizes, measured, settings)
    plan = plan_assignment(measurements.loss(settings), settings.policy())
    plan = replace(plan, left_out={**plan.left_out, **dict.fromkeys(measurements.beheaded(), BEHEADED)})
    columns = [int(each) for each in plan.assignment]
    placements = [measurements.placement(row, column, settings) for row, column in enumerate(columns)]
    report = build_report(plan, settings.grid.sizes, names, placements, measurements.baseline)
    heads, captions = (measurements.describe(code, names, columns) for code in (HEAD_CUT, SUBJECT_LEFT_OUT))
    return SortedPictures(
        plan,
        replace(report, heads_cut=heads, caption_checks=captions),
        buckets=[settings.grid.sizes[column] if column >= 0 else None for column in columns],
        uses=[0 if column < 0 else 1 + int(more) for column, more in zip(columns, plan.repeats, strict=True)],
    )


def crop_for_bucket(measured: Sequence[CropRecord], bucket: Size) -> CropRecord:
    """The crop that `measure_picture` found for a bucket."""
    return next(each for each in measured[:-1] if each.bucket == bucket)


def picture_losses(measured: Sequence[CropRecord], size: Size, settings: BucketSettings) -> np.ndarray:
    """What one picture of (width, height) `size` loses in each bucket, float64 `[M]`; infinite where it must not go.

    Args:
        measured: the records of `measure_picture`.
    """
    return _Measurements.read([size], [measured], settings).loss(settings)[0]


def plan_in_bucket(
    measured: PictureRecord, result: SortedPictures, index: int, files: Sequence[str | None]
) -> PictureRecord:
    """The record of picture `index` with the crop of its bucket, once for each file; without a bucket it is dropped,
    with the reason."""
    return crop_in_bucket(measured, result.buckets[index], result.plan.left_out.get(index, ""), files)


def crop_in_bucket(
    measured: PictureRecord, bucket: Size | None, reason: str, files: Sequence[str | None]
) -> PictureRecord:
    """The record of a measured picture with the crop of a bucket, once for each file.

    Args:
        measured: its record, see `measure_picture`.
        bucket: that it goes to; None where it is left out.
        reason: why it is, see `describe_left_out`.
        files: where the crop is written.
    """
    if bucket is None:
        return replace(measured, status=DROPPED, reason=describe_left_out(reason), crops=())
    crop = crop_for_bucket(measured.crops, bucket)
    return replace(measured, status=OK, crops=tuple(replace(crop, file=file) for file in files))


def indices_by_bucket(result: SortedPictures, settings: BucketSettings) -> Iterator[int]:
    """Indices of the pictures with a bucket: buckets from the narrowest to the widest, pictures in their own order."""
    for bucket in settings.grid.sizes:
        yield from (index for index, each in enumerate(result.buckets) if each == bucket)


def _buckets_for(correction: Correction | None, settings: BucketSettings) -> Sequence[Size]:
    """The buckets that a picture may go to."""
    sizes = settings.grid.sizes
    if correction is None:
        return sizes
    return [each for each in sizes if has_ratio(correction.box, Ratio.of(each))] or sizes


def constraint_for(bucket: Size, constraint: Constraint, settings: BucketSettings) -> Constraint:
    """The constraint on crops for a bucket: its ratio, and at least the pixels that it may be enlarged from."""
    constraint = replace(constraint, ratios=(Ratio.of(bucket),))
    if settings.most_enlarged is None:
        return constraint
    width, height = (ceil(side / settings.most_enlarged) for side in bucket)
    least = constraint.min_size or (1, 1)
    return replace(constraint, min_size=(max(least[0], width), max(least[1], height)))


def _baseline_record(analysis: Analysis, size: Size, resolution: int) -> CropRecord:
    box, bucket = baseline_crop(size, resolution)
    # The share of heat, whatever the score of the cropper's own analysis means.
    kept = float(Analysis.score(analysis, torch.tensor([box.relative(size)], dtype=torch.float64))[0])
    terms = {HEADS_CUT: heads_cut(analysis, box, size)}
    return crop_record(Crop(box, Ratio.of(bucket), 0.0, terms, kept), size, bucket, None, bucket)


@dataclass
class _Measurements:
    """What N pictures lose in M buckets.

    Attributes:
        heat, cut, area, heads: float32 `[N, M]`, shares in 0..1; 0 where a picture must not go.
        scale: float32 `[N, M]`, bucket pixels over crop pixels along a side; infinite where a picture must not go.
        baseline: of each picture, where kohya would put it.
        warnings: those that the report lists, about heads and subjects, by (picture, bucket).
    """

    heat: np.ndarray
    cut: np.ndarray
    area: np.ndarray
    heads: np.ndarray
    scale: np.ndarray
    baseline: list[Placement] = field(default_factory=list)
    warnings: dict[tuple[int, int], list[CropWarning]] = field(default_factory=dict)

    @classmethod
    def read(
        cls, sizes: Sequence[Size], measured: Iterable[Sequence[CropRecord]], settings: BucketSettings
    ) -> _Measurements:
        shape = len(sizes), len(settings.grid.sizes)
        heat, cut, area, heads = (np.zeros(shape, np.float32) for _ in range(4))
        table = cls(heat, cut, area, heads, np.full(shape, np.inf, np.float32))
        column_of = {bucket: column for column, bucket in enumerate(settings.grid.sizes)}
        for row, (size, (*records, baseline)) in enumerate(zip(sizes, measured, strict=True)):
            for record in records:
                placement = placement_of(record, size)
                place = row, column_of[placement.bucket]
                table.heat[place], table.area[place] = placement.heat_lost, placement.area_lost
                table.cut[place] = record.terms.get("cut", 0.0)
                table.heads[place] = record.terms.get(HEADS_CUT, 0.0)
                table.scale[place] = placement.scale
                if listed := [each for each in record.warnings if each.code in (HEAD_CUT, SUBJECT_LEFT_OUT)]:
                    table.warnings[place] = listed
            table.baseline.append(placement_of(baseline, size))
        return table

    def loss(self, settings: BucketSettings) -> np.ndarray:
        """The loss of each picture in each bucket, float64 `[N, M]`; infinite where it must not go."""
        allowed = np.isfinite(self.scale)
        scale = np.where(allowed, self.scale, 1.0).astype(np.float64)
        weights, limit = settings.loss_weights, settings.most_enlarged
        loss = compute_loss(self.heat, self.cut, self.area, scale, weights, limit, self.heads)
        return np.where(allowed, loss, np.inf)

    def beheaded(self) -> list[int]:
        """The pictures that may go to no bucket at all, because each would behead them, see `measure_picture`."""
        return np.nonzero(np.isinf(self.scale).all(axis=1))[0].tolist()

    def placement(self, row: int, column: int, settings: BucketSettings) -> Placement | None:
        """Of one picture in one bucket; None for column -1, no bucket."""
        if column < 0:
            return None
        heat, area, scale = (float(each[row, column]) for each in (self.heat, self.area, self.scale))
        return Placement(settings.grid.sizes[column], heat, area, scale, bool(self.heads[row, column]))

    def describe(self, code: str, names: Sequence[str], columns: Sequence[int]) -> list[str]:
        """One line for each picture whose crop has warnings of this code."""
        lines = []
        for name, place in zip(names, enumerate(columns), strict=True):
            if found := [each for each in self.warnings.get(place, []) if each.code == code]:
                lines.append(f"{name}: {summarise_warnings(found)}")
        return lines


def placement_of(record: CropRecord, size: Size) -> Placement:
    """Where a crop of a picture of (width, height) `size` goes, and what that loses."""
    assert record.bucket is not None
    _, _, width, height = record.box
    inside = min(1.0, width * height / (size[0] * size[1]))
    if record.added:  # canvas is as little wanted as what is left out
        inside = min(inside, 1 - record.added)
    scale = max(record.bucket[0] / width, record.bucket[1] / height)
    return Placement(record.bucket, 1 - record.kept, 1 - inside, scale, record.terms.get(HEADS_CUT, 0.0) > 0)
