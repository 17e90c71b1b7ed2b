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


def test_a_size_that_is_no_text_or_has_too_many_digits_is_refused():
    for text in (None, 3, b"8x8", (8, 8)):
        with pytest.raises(TypeError, match="a bucket size must be of the type str, got"):
            parse_size(text)
    with pytest.raises(ValueError, match="9… is not a bucket size|is not a bucket size") as error:
        parse_size("9" * 5000 + "x1")
    assert len(str(error.value)) < 200


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


NONE = [
    *([(0, 1)], [(1, 0)], [(-1, 2)], [(np.nan, 1)], [(np.inf, 1)], [(1, 2, 3)], [(1,)], [1, 2]),
    *([("a", 1)], [(None, 1)], [(1j, 1)], [(10**400, 1)], 3, None, [object()], "12"),
]


@pytest.mark.parametrize("sizes", NONE)
def test_sizes_without_pixels_are_refused_by_name(sizes):
    with pytest.raises(ValueError, match="sizes must be pairs of a width and a height above 0, got "):
        aspect_ratios(sizes)
    with pytest.raises(ValueError, match="pictures must be pairs"):
        measure_area_loss(sizes, [(1, 1)])
    with pytest.raises(ValueError, match="buckets must be pairs"):
        measure_area_loss([(1, 1)], sizes)


@pytest.mark.parametrize("sizes", [3, None, [(0, 0)], [(5,)], [("a", 1)], [(np.nan, 1)], "12"])
def test_what_is_no_size_is_not_sorted(sizes):
    with pytest.raises((TypeError, ValueError), match="^sizes (must|needs) "):
        sort_sizes(sizes)
