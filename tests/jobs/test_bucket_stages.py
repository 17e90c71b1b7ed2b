"""Pictures into buckets: what is measured of one, the plan of all, and the record of each."""

from dataclasses import replace

import pytest
import torch

from salient_crop.bucketing.grids import BucketGrid, parse_grid
from salient_crop.bucketing.loss import LossWeights
from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint, UnsatisfiableError
from salient_crop.cropping.crop import Crop, CropWarning
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.datasets.manifest import DROPPED, OK, CropRecord, PictureRecord
from salient_crop.jobs import bucket_stages
from salient_crop.jobs.bucket_stages import (
    crop_for_bucket,
    indices_by_bucket,
    lost_subject,
    measure_picture,
    plan_in_bucket,
    sort_pictures,
)
from salient_crop.jobs.settings import BucketSettings
from salient_crop.models.analysis import Analysis

SIZE = (900, 300)
WIDE, SQUARE, TALL = (768, 384), (512, 512), (384, 768)
THREE = BucketSettings(BucketGrid("three", (TALL, SQUARE, WIDE)), 512)


def analysis(subjects=()):
    """Heat at the right."""
    heat = torch.full((10, 30), 0.01)
    heat[2:8, 21:28] = 1
    return Analysis(heat, subjects)


def measure(settings=THREE, constraint=None, subjects=(), size=SIZE, objective=None):
    more = {} if objective is None else {"objective": objective}
    return measure_picture(analysis(subjects), size, constraint or Constraint(min_share=1.0), settings, **more)


def test_a_picture_has_a_crop_for_every_bucket_and_the_baseline_last():
    *records, baseline = measure()
    assert [record.bucket for record in records] == [TALL, SQUARE, WIDE]
    assert [record.ratio for record in records] == ["1:2", "1:1", "2:1"]
    for record in records:
        width, height = record.bucket
        assert record.target_size == (height, width)
        assert abs(record.box[2] * height - record.box[3] * width) <= max(record.bucket)
        assert record.box[0] + record.box[2] > 700  # where the heat is
        assert record.file is None
        assert record.terms["lost"] == 0
    # Of 3:1 kohya makes 832×256 within 512², and takes the middle.
    assert baseline.bucket == (832, 256)
    assert baseline.box[0] == (900 - baseline.box[2]) // 2
    assert (baseline.score, baseline.terms) == (0.0, {"heads_cut": 0.0})
    assert 0.9 < baseline.kept <= 1


def test_the_baseline_follows_the_resolution():
    small, large = (measure(BucketSettings(THREE.grid, resolution))[-1].bucket for resolution in (256, 2048))
    assert small[0] * small[1] <= 256 * 256
    assert 1024 * 1024 < large[0] * large[1] <= 2048 * 2048
    assert max(large) > 1024  # above 1024, kohya's grid is as large as the resolution


def test_a_bucket_for_which_the_picture_would_be_enlarged_too_much_is_left_out():
    strict = Constraint(min_share=1.0, policy="error")
    limited = BucketSettings(
        THREE.grid, 512, most_enlarged=1.5
    )  # 600×300 for 768×384 is 1.28, 300×300 for 512² is 1.71
    *records, _ = measure(limited, strict)
    assert [record.bucket for record in records] == [WIDE]
    with pytest.raises(UnsatisfiableError, match="min_size needs"):
        measure(BucketSettings(THREE.grid, 512, most_enlarged=1.0), strict)
    exactly = BucketSettings(BucketGrid("one", (WIDE,)), 512, most_enlarged=1.28)
    assert [record.bucket for record in measure(exactly, strict)[:-1]] == [WIDE]


def test_the_smallest_size_that_the_user_asked_for_counts_too():
    strict = Constraint(min_share=0.1, min_size=(400, 100), policy="error")
    *records, _ = measure(BucketSettings(THREE.grid, 512, most_enlarged=8.0), strict)
    assert [record.bucket for record in records] == [WIDE]
    assert records[0].box[2] >= 400


def test_the_objective_compares_the_crops_of_a_bucket(small_crops):
    *default, _ = measure(constraint=Constraint(min_share=0.2))
    *small, _ = measure(constraint=Constraint(min_share=0.2), objective=small_crops)
    assert default[1].box[2] == 300
    assert small[1].box[2] < 200


@pytest.mark.parametrize(
    ("subjects", "lost"),
    [
        ((), 0.0),
        ((Subject(0.5, 0.0, 1.0, 1.0),), 0.0),
        ((Subject(0.25, 0.0, 0.75, 1.0),), 0.5),
        ((Subject(0.25, 0.0, 0.75, 1.0), Subject(0.0, 0.0, 0.125, 0.5), Subject(0.5, 0.0, 1.0, 1.0)), 1.0),
    ],
)
def test_the_largest_share_of_a_subject_that_is_lost(subjects, lost):
    crop = Crop(Box(50, 0, 50, 100), Ratio(1, 2), 1.0)
    assert lost_subject(Analysis(torch.ones(4, 4), subjects), crop, (100, 100)) == lost


def test_a_caption_whose_picture_lost_a_subject_is_flagged():
    subjects = [Subject(0.0, 0.2, 0.2, 0.8), Subject(0.7, 0.2, 0.95, 0.8)]
    settings = BucketSettings(parse_grid("square:512"), 512)
    options, whole = measure(settings, subjects=subjects), measure(settings, subjects=subjects[1:])
    result = sort_pictures(["lost.jpg", "whole.jpg"], [SIZE] * 2, [options, whole], settings)
    line = "lost.jpg: 100 % of an object at the left is outside the crop"
    assert result.report.caption_checks == [line]
    assert f"check the caption: {line}" in result.report.format_text()


# A head of 70 rows in 100: no crop of 2:1 holds it.
TALL_HEAD = Subject(0.3, 0.1, 0.5, 0.8, kind="face")


def measure_head(on_cut="keep", grid=(TALL, WIDE), subjects=(TALL_HEAD,), constraint=None, **more):
    """A picture of 100×100 with heat in a row across, all of which a crop of 2:1 holds."""
    heat = torch.full((10, 10), 1e-6)
    heat[5] = 1
    settings = BucketSettings(BucketGrid("some", grid), 512, **more)
    constraint = constraint or Constraint(min_share=1.0)
    return measure_picture(Analysis(heat, subjects), (100, 100), constraint, settings, on_cut=on_cut)


def test_heads_that_a_bucket_or_kohya_cuts_off_are_measured():
    tall, wide, baseline = measure_head()
    assert [each.terms["heads_cut"] for each in (tall, wide, baseline)] == [0, 1, 0]
    assert [[warning.code for warning in each.warnings] for each in (tall, wide)] == [[], ["head-cut"]]
    assert (tall.confidence, baseline.confidence) == (pytest.approx(0, abs=1e-5), None)
    # Of two heads of 0.14 and 0.132, both of which the picture is about, one is whole beside what shows of the other.
    small = Subject(0.55, 0.45, 0.95, 0.78, kind="face")
    _, wide, _ = measure_head(subjects=[TALL_HEAD, small])
    assert wide.terms["heads_cut"] == pytest.approx(0.14 / 0.272, abs=1e-6)
    at_the_left = Analysis(torch.ones(4, 12), [Subject(0.0, 0.2, 0.3, 0.8, kind="face")])
    settings = BucketSettings(BucketGrid("square", (SQUARE,)), 64, smallest=1)
    *_, baseline = options = measure_picture(at_the_left, SIZE, Constraint(), settings)
    assert baseline.bucket == (64, 64)  # kohya's grid knows no other size within 64², and cuts out the middle
    assert baseline.terms["heads_cut"] == 1
    report = sort_pictures(["a.jpg"], [SIZE], [options], settings).report
    assert (report.planned.heads_cut, report.baseline.heads_cut) == (0, 1)


def test_a_portrait_goes_where_its_head_is_whole_even_if_all_heat_lies_elsewhere():
    settings = BucketSettings(BucketGrid("two", (TALL, WIDE)), 512, smallest=1)
    options = measure_head()
    result = sort_pictures(["a.jpg"], [(100, 100)], [options], settings)
    assert (result.buckets, result.report.heads_cut, result.report.planned.heads_cut) == ([TALL], [], 0)
    careless = replace(settings, loss_weights=LossWeights(heads=0.0, cut=0.0))
    result = sort_pictures(["a.jpg"], [(100, 100)], [options], careless)
    assert result.buckets == [WIDE]
    line = "a.jpg: a head in the middle is cut off: 29 % of it is outside the crop"
    assert (result.report.heads_cut, result.report.caption_checks) == ([line], [])
    assert (result.report.planned.heads_cut, result.report.baseline.heads_cut) == (1, 0)
    assert f"\nhead cut off: {line}" in result.report.format_text()


def test_dropping_leaves_out_only_the_buckets_that_behead():
    tall, square, baseline = measure_head("drop", (TALL, SQUARE, WIDE))
    assert [tall.bucket, square.bucket, baseline.bucket] == [TALL, SQUARE, (512, 512)]
    assert len(measure_head("drop", (TALL, SQUARE, WIDE), subjects=())) == 4


def test_a_picture_that_every_bucket_beheads_is_left_out_for_that_reason():
    options = measure_head("drop", (WIDE,))
    assert len(options) == 1  # the baseline
    settings = BucketSettings(BucketGrid("wide", (WIDE,)), 512, smallest=1)
    other = measure_head("drop", (WIDE,), subjects=())
    result = sort_pictures(["a.jpg", "b.jpg"], [(100, 100)] * 2, [options, other], settings)
    assert (result.buckets, result.uses) == ([None, WIDE], [0, 1])
    assert result.report.left_out == ["a.jpg: a head would be cut off in every crop that was asked for"]
    assert result.report.baseline.counts == {(512, 512): 2}
    record = plan_in_bucket(PictureRecord("a.jpg", (100, 100), OK, crops=tuple(options)), result, 0, [])
    assert (record.status, record.reason) == (DROPPED, "a head would be cut off in every crop that was asked for")


def test_a_bucket_that_is_too_large_and_one_that_beheads_leave_none():
    # 100 pixels for 120 are enlarged too much, 50 for 60 too; the picture is left out, and no error is raised.
    strict, grid = Constraint(min_share=1.0, policy="error"), ((120, 240), (100, 50))
    options = measure_head("drop", grid, constraint=strict, most_enlarged=1.1)
    assert len(options) == 1
    with pytest.raises(UnsatisfiableError):
        measure_head("drop", grid[:1], constraint=strict, most_enlarged=1.1)


def test_a_canvas_is_extended_for_a_bucket_that_would_behead():
    tall, wide, _ = measure_head("pad")
    assert tall.box[2:] == (50, 100)
    # With air the head goes from 28.4 to 51.6 and 4.4 to 85.6: 82 rows, for which 163 columns around it are enough.
    assert wide.box == (-42, 4, 163, 82)
    assert (wide.terms["heads_cut"], wide.target_size) == (0, WIDE[::-1])
    assert [each.code for each in wide.warnings] == ["canvas-added"]


def crop_record(bucket, box, kept=1.0, cut=0.0, warnings=(), heads=0.0):
    size = bucket[1], bucket[0]
    ratio = str(Ratio.of(bucket))
    terms = {"cut": cut, "heads_cut": heads}
    return CropRecord(None, ratio, bucket, box, 0.5, terms, kept, (0, 0), (100, 100), size, warnings)


def measured(tall=None, square=None, wide=None):
    """The measured records of a picture of 100×100, with the share of heat that each crop keeps."""
    boxes = {TALL: (0, 0, 50, 100), SQUARE: (0, 0, 100, 100), WIDE: (0, 0, 100, 50)}
    kept = {TALL: tall, SQUARE: square, WIDE: wide}
    records = [crop_record(bucket, boxes[bucket], kept[bucket]) for bucket in boxes if kept[bucket] is not None]
    return [*records, crop_record((512, 512), (0, 0, 100, 100), 0.7)]


def sort(pictures, settings):
    names = [f"{index}.jpg" for index in range(len(pictures))]
    return sort_pictures(names, [(100, 100)] * len(pictures), iter(pictures), settings)


NO_AREA = LossWeights(area=0.0, upscaling=0.0)


def test_each_picture_goes_where_it_loses_least():
    settings = BucketSettings(THREE.grid, smallest=1, loss_weights=NO_AREA)
    pictures = [measured(0.9, 0.8, 0.7), measured(0.7, 0.8, 0.9), measured(0.7, 0.9, 0.8)]
    result = sort(pictures, settings)
    assert result.buckets == [TALL, WIDE, SQUARE]
    assert result.uses == [1, 1, 1]
    assert list(indices_by_bucket(result, settings)) == [0, 2, 1]
    assert result.report.planned.heat_lost == pytest.approx(0.1, abs=1e-6)
    assert result.report.baseline.heat_lost == pytest.approx(0.3, abs=1e-6)


def test_what_is_lost_is_weighed_as_the_settings_say():
    picture = measured(0.9, 0.8)
    assert sort([picture], BucketSettings(THREE.grid, smallest=1, loss_weights=NO_AREA)).buckets == [TALL]
    area = LossWeights(area=9.0, upscaling=0.0)
    assert sort([picture], BucketSettings(THREE.grid, smallest=1, loss_weights=area)).buckets == [SQUARE]
    cut = [crop_record(TALL, (0, 0, 50, 100), 0.9, cut=1.0), *picture[1:]]
    assert sort([cut], BucketSettings(THREE.grid, smallest=1, loss_weights=NO_AREA)).buckets == [SQUARE]
    beheaded = [crop_record(TALL, (0, 0, 50, 100), 1.0, heads=0.4), crop_record(SQUARE, (0, 0, 100, 100), 0.1, cut=1.0)]
    default = BucketSettings(THREE.grid, smallest=1)  # 1.2 and 0.29 against 0.9, 0.5 and 0.24
    assert sort([[*beheaded, picture[-1]]], default).buckets == [TALL]
    beheaded[0] = crop_record(TALL, (0, 0, 50, 100), 1.0, heads=0.5)
    assert sort([[*beheaded, picture[-1]]], default).buckets == [SQUARE]


def test_a_picture_never_goes_where_it_must_not():
    settings = BucketSettings(THREE.grid, smallest=1, most_enlarged=5.12, loss_weights=NO_AREA)
    # 384 / 50 = 7.68 times for the narrow bucket; 512 / 100 = 5.12 times for the square.
    result = sort([measured(1.0, 0.1), measured(1.0)], settings)
    assert result.buckets == [SQUARE, None]
    assert result.uses == [1, 0]
    assert list(indices_by_bucket(result, settings)) == [0]
    assert "1.jpg: would have to be enlarged beyond the limit in every bucket" in result.report.left_out


def test_counts_follow_the_policy():
    pictures = [measured(square=0.9)] * 5
    repeat = BucketSettings(THREE.grid, batch_size=4, remainder="repeat")
    result = sort(pictures, repeat)
    assert sum(result.uses) == 8
    assert sorted(result.uses) == [1, 1, 2, 2, 2]
    drop = BucketSettings(THREE.grid, batch_size=4, remainder="drop")
    assert sorted(sort(pictures, drop).uses) == [0, 1, 1, 1, 1]


def test_losses_are_told_per_picture_in_the_report():
    settings = BucketSettings(THREE.grid, smallest=1, loss_weights=NO_AREA)
    result = sort([measured(0.9)], settings)
    assert result.report.planned.area_lost == pytest.approx(0.5)
    assert result.report.planned.upscaled == 1
    assert result.report.baseline.area_lost == 0


def test_the_record_of_a_picture_holds_the_crop_of_its_bucket_once_for_each_file():
    settings = BucketSettings(THREE.grid, smallest=1, loss_weights=NO_AREA, most_enlarged=8.0)
    pictures = [measured(0.9, 0.8), measured(0.7, 0.8), measured(1.0)]
    result = sort(pictures, settings)
    record = PictureRecord("a.jpg", (100, 100), OK, crops=tuple(pictures[1]))
    planned = plan_in_bucket(record, result, 1, ["a.jpg", "a~2.jpg"])
    assert (planned.status, [crop.file for crop in planned.crops]) == (OK, ["a.jpg", "a~2.jpg"])
    assert {crop.bucket for crop in planned.crops} == {SQUARE}
    assert crop_for_bucket(pictures[0], TALL).kept == 0.9
    limited = sort(pictures, BucketSettings(THREE.grid, smallest=1, most_enlarged=0.5))
    dropped = plan_in_bucket(record, limited, 2, [])
    assert (dropped.status, dropped.crops, dropped.size) == (DROPPED, (), (100, 100))
    assert dropped.reason == "would have to be enlarged beyond the limit in every bucket"


def test_only_warnings_about_the_crop_that_is_taken_are_in_the_report():
    warning = CropWarning("subject-left-out", "a person is outside", (0.0, 0.0, 0.1, 0.1))
    other = CropWarning("min-size-given-up", "it is small")
    cut = CropWarning("head-cut", "a head is cut off", (0.0, 0.0, 0.1, 0.1))
    picture = measured(0.9, 0.8)
    picture[0] = crop_record(TALL, (0, 0, 50, 100), 0.9, warnings=(cut, cut, other, warning))
    tall = sort([picture], BucketSettings(THREE.grid, smallest=1, loss_weights=NO_AREA)).report
    assert tall.caption_checks == ["0.jpg: a person is outside"]
    assert tall.heads_cut == ["0.jpg: a head is cut off (and 1 more)"]
    area = LossWeights(area=9.0, upscaling=0.0)
    square = sort([picture], BucketSettings(THREE.grid, smallest=1, loss_weights=area)).report
    assert (square.caption_checks, square.heads_cut) == ([], [])


@pytest.mark.parametrize(
    ("size", "box", "area_lost", "scale"),
    [
        ((200, 100), (0, 0, 200, 100), 0.0, 1.0),
        ((200, 100), (10, 0, 100, 100), 0.5, 1.0),
        ((100, 200), (0, 20, 100, 50), 0.75, 2.0),
        ((100, 200), (-20, 0, 300, 200), 0.0, 0.5),  # padded: more than the picture is no loss
    ],
)
def test_a_placement_says_what_of_the_picture_is_lost_and_how_far_it_is_enlarged(size, box, area_lost, scale):
    record = CropRecord(
        file=None,
        ratio="1:1",
        bucket=(100, 100),
        box=box,
        score=0.0,
        terms={},
        kept=0.75,
        crop_coords=(0, 0),
        original_size=(size[1], size[0]),
        target_size=(100, 100),
    )
    found = bucket_stages.placement_of(record, size)
    assert (found.bucket, found.heat_lost) == ((100, 100), 0.25)
    assert (found.area_lost, found.scale) == pytest.approx((area_lost, scale))
