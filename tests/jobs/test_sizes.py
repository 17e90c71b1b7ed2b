"""Plans for pictures of which only the sizes are known."""

import pytest
import torch

from salient_crop.bucketing.grids import BucketGrid
from salient_crop.cropping.constraint import Constraint
from salient_crop.jobs.bucket_stages import measure_picture
from salient_crop.jobs.settings import BucketSettings
from salient_crop.jobs.sizes import measure_size, plan_sizes
from salient_crop.models.analysis import Analysis

SETTINGS = BucketSettings(BucketGrid("two", ((384, 768), (768, 384))), 512, smallest=1)


@pytest.mark.parametrize("size", [(900, 300), (300, 900), (512, 512), (77, 131)])
def test_a_size_loses_what_a_picture_of_even_heat_loses(size):
    even = measure_picture(Analysis(torch.ones(8, 8)), size, Constraint(min_share=1.0), SETTINGS)
    for ours, theirs in zip(measure_size(size, SETTINGS), even, strict=True):
        assert (ours.bucket, ours.ratio, ours.target_size) == (theirs.bucket, theirs.ratio, theirs.target_size)
        assert ours.box[2:] == theirs.box[2:]
        assert ours.kept == pytest.approx(theirs.kept, abs=2e-2)
        assert abs(2 * ours.box[0] + ours.box[2] - size[0]) <= 1
        assert abs(2 * ours.box[1] + ours.box[3] - size[1]) <= 1


def test_pictures_are_named_by_their_number_and_size():
    report = plan_sizes([(300, 600), (600, 300), (60, 30)], SETTINGS)
    assert report.planned.counts == {(384, 768): 1, (768, 384): 2}
    limited = BucketSettings(SETTINGS.grid, 512, smallest=1, most_enlarged=2.0)
    assert [line.split(":")[:2] for line in plan_sizes([(600, 300), (60, 30)], limited).left_out] == [["2", " 60x30"]]


@pytest.mark.parametrize(
    ("sizes", "words"), [([], "there are none to plan for"), ([(4, 4), (0, 4)], r"at least 1×1 pixel, got \(0, 4\)")]
)
def test_sizes_that_cannot_be_are_named(sizes, words):
    with pytest.raises(ValueError, match=words):
        plan_sizes(sizes, SETTINGS)


def test_a_picture_of_one_pixel_can_be_planned():
    assert plan_sizes([(1, 1)], SETTINGS).planned.heat_lost == 0
