"""Buckets as a user asks for them."""

from dataclasses import fields

import pytest

from salient_crop.bucketing.grids import parse_grid
from salient_crop.jobs.bucket_options import BucketOptions
from salient_crop.jobs.settings import BucketSettings


def no_sizes():
    raise AssertionError("only grids that are made from the pictures read their sizes")


def settings(resolution=None, enlarge=True, read_sizes=no_sizes, **options):
    return BucketOptions(**options).settings(resolution, enlarge, read_sizes)


def test_nothing_is_asked_for():
    assert settings() is None
    assert BucketOptions().dataset_format().name == "plain"


def test_what_is_not_said_has_the_defaults_of_the_settings():
    assert settings(buckets="sdxl") == BucketSettings(parse_grid("sdxl", 1024), 1024)


def test_all_that_is_said_reaches_the_settings():
    found = settings(
        512,
        buckets="auto:3",
        batch_size=4,
        smallest=8,
        remainder="drop",
        most_enlarged=2.0,
        duplicates="skip",
    )
    assert found == BucketSettings(parse_grid("auto:3", 512), 512, 4, 8, "drop", 2.0, duplicates="skip")


@pytest.mark.parametrize(
    ("enlarge", "most_enlarged", "limit"), [(True, None, None), (False, None, 1.0), (False, 1.5, 1.5), (True, 3.0, 3.0)]
)
def test_without_enlarging_no_picture_is_enlarged_unless_a_limit_is_named(enlarge, most_enlarged, limit):
    assert settings(enlarge=enlarge, buckets="sdxl", most_enlarged=most_enlarged).most_enlarged == limit


def test_only_a_grid_made_from_the_pictures_reads_their_sizes():
    sizes = [(300, 200)] * 4 + [(200, 300)] * 4
    found = settings(buckets=" Quantile:2", read_sizes=lambda: sizes)
    assert found.grid.sizes == parse_grid("quantile:2", 1024, sizes).sizes


def test_the_dataset_format_gets_its_numbers_and_narrows_the_grid():
    layout = BucketOptions("auto:2", batch_size=4, dataset="kohya", concept="cat", repeats=3).dataset_format()
    assert (layout.name, layout.batch_size, layout.concept, layout.repeats) == ("kohya", 4, "cat", 3)
    options = BucketOptions("auto:2", batch_size=4, dataset="onetrainer")
    assert (options.dataset_format().name, options.dataset_format().batch_size) == ("onetrainer", 4)
    assert options.settings(512, True, no_sizes).grid == parse_grid("auto:2:onetrainer", 512)
    assert BucketOptions("sdxl").dataset_format().name == "plain"


def test_the_step_reaches_the_format_and_the_grid():
    options = BucketOptions("auto:2", dataset="onetrainer", step=8)
    found = options.settings(512, True, no_sizes)
    assert found.grid == parse_grid("auto:2:onetrainer:512,8", 1024)
    assert (found.resolution, options.dataset_format(found).step) == (512, 8)


def test_the_grid_names_resolution_and_step_where_nothing_else_does():
    options = BucketOptions("auto:2:onetrainer:512,16", dataset="onetrainer")
    found = options.settings(None, True, no_sizes)
    assert (found.resolution, options.dataset_format(found).step) == (512, 16)
    assert settings(buckets="kohya:768", dataset="kohya").resolution == 768
    assert settings(768, buckets="sdxl").resolution == 1024
    assert settings(768, buckets="novelai").resolution == 768


@pytest.mark.parametrize("name", [each.name for each in fields(BucketOptions) if each.name != "buckets"])
def test_an_option_that_would_do_nothing_is_named(name):
    with pytest.raises(ValueError, match=f"^{name}: does nothing without buckets"):
        BucketOptions(**{name: "kohya" if name == "dataset" else 1})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"buckets": "autos:3"}, "^buckets: 'autos:3' is no bucket grid"),
        ({"buckets": "sdxl", "dataset": "nonesuch"}, "nonesuch"),
        ({"buckets": "sdxl", "dataset": "kohya", "concept": "../up"}, "^concept: "),
        ({"buckets": "sdxl", "batch_size": 0}, "batch_size"),
    ],
)
def test_what_cannot_be_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        settings(**options)
