"""Sizes in text and in order, and the area that a bucket costs."""

import numpy as np
import pytest

from salient_crop.bucketing.sizes import aspect_ratios, format_size, measure_area_loss, parse_size, sort_sizes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("832x1216", (832, 1216)),
        (" 1 X 2 ", (1, 2)),
        ("832×1216", (832, 1216)),
    ],
)
def test_a_size_is_read_and_written(text, size):
    assert parse_size(text) == size
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize("text", ["", "832", "832x", "x832", "0x5", "5x0", "-5x5", "5x5x5", "5.0x5", "axb", "1 2"])
def test_what_is_no_size_is_refused_with_its_text(text):
    with pytest.raises(ValueError, match="is not a bucket size; write width x height") as error:
        parse_size(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("sizes", "ordered"),
    [
        ([], []),
        ([(64, 32), (32, 64), (48, 48)], [(32, 64), (48, 48), (64, 32)]),
        ([(64, 64), (32, 32), (64, 64)], [(32, 32), (64, 64)]),  # equal ratios, one size twice
    ],
)
def test_sizes_are_sorted_from_narrow_to_wide(sizes, ordered):
    assert sort_sizes(sizes) == ordered


@pytest.mark.parametrize(
    ("pictures", "buckets", "lost"),
    [
        ([], [(1, 1)], np.zeros((0, 1))),
        ([(300, 200)], [(3, 2), (1, 1), (2, 3)], [[0, 1 / 3, 5 / 9]]),
        ([(1, 4), (4, 1)], [(1, 1)], [[0.75], [0.75]]),  # alike both ways
    ],
)
def test_the_area_that_a_bucket_costs(pictures, buckets, lost):
    assert measure_area_loss(pictures, buckets) == pytest.approx(np.array(lost))


@pytest.mark.parametrize("sizes", [[(0, 1)], [(1, 0)], [(-1, 2)], [(np.nan, 1)], [(np.inf, 1)], [(1, 2, 3)], [1, 2]])
def test_sizes_without_pixels_are_refused(sizes):
    with pytest.raises(ValueError, match="sizes must be pairs"):
        aspect_ratios(sizes)
