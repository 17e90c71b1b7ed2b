"""The bucket widgets."""

from importlib import import_module

import pytest


@pytest.fixture
def bucketing(host):
    return import_module("salient_crop.nodes.bucketing")


def test_the_widgets_become_settings(bucketing):
    settings = bucketing.bucket_settings("512x512,512x768", 768, 4, "drop", 3, 1.5, [], "skip")
    assert settings.grid.sizes == ((512, 768), (512, 512))
    assert (settings.resolution, settings.batch_size, settings.smallest) == (768, 4, 3)
    assert (settings.remainder, settings.most_enlarged, settings.duplicates) == ("drop", 1.5, "skip")


def test_an_enlargement_of_0_means_no_limit(bucketing):
    assert bucketing.bucket_settings("sdxl", 1024, 1, "keep", 2, 0.0, []).most_enlarged is None


@pytest.mark.parametrize("size", [(800, 400), (400, 800)])
def test_quantiles_are_taken_from_the_sizes_of_the_pictures(bucketing, size):
    ((width, height),) = bucketing.bucket_settings("quantile:1", 512, 1, "keep", 2, 0.0, [size] * 3).grid.sizes
    assert (width > height) == (size[0] > size[1])


def test_what_cannot_be_read_is_refused_by_the_name_of_the_widget(bucketing):
    with pytest.raises(ValueError, match="^buckets: 'autos:3' is no bucket grid"):
        bucketing.bucket_settings("autos:3", 512, 1, "keep", 2, 0.0, [])
