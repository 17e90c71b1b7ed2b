"""Pictures into buckets: what is measured of one, the plan of all, and the record of each."""

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
    assert (baseline.score, baseline.terms) == (0.0, {})
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


def crop_record(bucket, box, kept=1.0, cut=0.0, warnings=()):
    size = bucket[1], bucket[0]
    ratio = str(Ratio.of(bucket))
    return CropRecord(None, ratio, bucket, box, 0.5, {"cut": cut}, kept, (0, 0), (100, 100), size, warnings)


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


def test_only_warnings_about_the_crop_that_is_taken_check_a_caption():
    warning = CropWarning("subject-left-out", "a person is outside", (0.0, 0.0, 0.1, 0.1))
    other = CropWarning("min-size-given-up", "it is small")
    picture = measured(0.9, 0.8)
    picture[0] = crop_record(TALL, (0, 0, 50, 100), 0.9, warnings=(other, warning))
    tall = sort([picture], BucketSettings(THREE.grid, smallest=1, loss_weights=NO_AREA))
    assert tall.report.caption_checks == ["0.jpg: a person is outside"]
    area = LossWeights(area=9.0, upscaling=0.0)
    assert sort([picture], BucketSettings(THREE.grid, smallest=1, loss_weights=area)).report.caption_checks == []


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
    found = bucket_stages._placement_of(record, size)
    assert (found.bucket, found.heat_lost) == ((100, 100), 0.25)
    assert (found.area_lost, found.scale) == pytest.approx((area_lost, scale))
