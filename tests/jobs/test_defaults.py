"""What is assumed where nothing is said."""

import pytest

from salient_crop.cropping.model_sizes import parse_shapes
from salient_crop.jobs import defaults
from salient_crop.jobs.defaults import BUCKET_RESOLUTION, RATIOS, default_min_share, default_workers


def test_ratios_and_resolution():
    assert [str(each) for each in parse_shapes(RATIOS)] == ["1:1", "2:3", "3:2"]
    assert BUCKET_RESOLUTION == 1024


@pytest.mark.parametrize(("with_buckets", "share"), [(False, 0.6), (True, 1.0)])
def test_the_smallest_share(with_buckets, share):
    assert default_min_share(with_buckets) == share


@pytest.mark.parametrize(("device", "workers"), [("cpu", 3), ("cuda", 6)])
def test_a_gpu_takes_the_pictures_of_twice_as_many_workers(monkeypatch, device, workers):
    monkeypatch.setattr(defaults, "available_cores", lambda: 3)
    assert default_workers(device) == workers
