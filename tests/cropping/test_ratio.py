from __future__ import annotations

from fractions import Fraction

import pytest

from salient_crop.cropping.ratio import Ratio

SMALL = [Ratio(width, height) for width in range(1, 8) for height in range(1, 8)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2:3", Ratio(2, 3)),
        ("4:6", Ratio(2, 3)),
        ("832x1216", Ratio(13, 19)),
        ("832X1216", Ratio(13, 19)),
        ("3×2", Ratio(3, 2)),
        ("16/9", Ratio(16, 9)),
        (" 1 : 1 ", Ratio(1, 1)),
        ("1.5", Ratio(3, 2)),
        ("+1.5", Ratio(3, 2)),
        (" .5 ", Ratio(1, 2)),
        ("2.", Ratio(2, 1)),
        ("3", Ratio(3, 1)),
        ("1.91:1", Ratio(191, 100)),
        ("2.39 x 1", Ratio(239, 100)),
        ("1:1.85", Ratio(20, 37)),
        ("1.91", Ratio(191, 100)),
        ("0.3333333", Ratio(1, 3)),  # as near as a thousandth allows
        ("1.0015", Ratio(668, 667)),
        ("0.001", Ratio(1, 1000)),
        ("0" * 38 + "2", Ratio(2, 1)),
        ("0" * 39 + "2", Ratio(2, 1)),  # 40 characters, the longest read
    ],
)
def test_what_people_write(text, expected):
    assert Ratio.parse(text) == expected


def test_it_is_reduced_and_shown():
    assert str(Ratio(1920, 1080)) == "16:9"
    assert Ratio(1920, 1080) == Ratio(16, 9)
    assert Ratio.of((640, 480)) == Ratio(4, 3)
    assert (Ratio(3, 2).value, Ratio(2, 3).value) == (1.5, 2 / 3)


@pytest.mark.parametrize(
    ("ratio", "long_side", "expected"),
    [
        (Ratio(1, 1), 5, (5, 5)),
        (Ratio(2, 1), 3, (3, 2)),  # a half is rounded up
        (Ratio(1, 2), 3, (2, 3)),
        (Ratio(2, 1), 5, (5, 3)),
        (Ratio(4, 3), 10, (10, 8)),
        (Ratio(3, 2), 10, (10, 7)),
        (Ratio(16, 9), 1920, (1920, 1080)),
        (Ratio(100, 1), 5, (5, 1)),  # never rounded to nothing
        (Ratio(1, 100), 5, (1, 5)),
        (Ratio(3, 1), 4, (4, 1)),
        (Ratio(13, 19), 1216, (832, 1216)),
    ],
)
def test_sizes(ratio, long_side, expected):
    assert ratio.size_for(long_side) == expected


@pytest.mark.parametrize("ratio", SMALL)
def test_the_largest_size_in_a_picture_by_trying_all(ratio):
    for width in range(1, 12):
        for height in range(1, 12):
            # In a narrow strip, rounding would let the long side of 7:1 grow far beyond seven times the short one.
            across, down = height * ratio.width // ratio.height + 1, width * ratio.height // ratio.width + 1
            longest = across if ratio.width >= ratio.height else down
            fitting = [ratio.size_for(side) for side in range(1, min(12, longest + 1))]
            fitting = [size for size in fitting if size[0] <= width and size[1] <= height]
            assert ratio.largest_in((width, height)) == max(fitting, key=max)


@pytest.mark.parametrize(
    ("ratio", "size", "expected"),
    [
        (Ratio(2, 3), (1024, 1024), (683, 1024)),
        (Ratio(3, 2), (1024, 1024), (1024, 683)),
        (Ratio(3, 2), (1024, 682), (1023, 682)),  # 682 × 3 / 2
        (Ratio(3, 2), (10**6, 1), (2, 1)),  # 2 : 1.33, rounded
        (Ratio(1, 1), (1, 10**6), (1, 1)),
        (Ratio(10**9, 1), (500, 400), (500, 1)),
        (Ratio(1, 10**9), (500, 400), (1, 400)),
    ],
)
def test_the_largest_size_in_a_large_picture(ratio, size, expected):
    assert ratio.largest_in(size) == expected


@pytest.mark.parametrize("ratio", SMALL)
def test_the_shorter_side_is_within_half_a_pixel(ratio):
    for long_side in range(1, 40):
        width, height = ratio.size_for(long_side)
        exact = Fraction(long_side * min(ratio.width, ratio.height), max(ratio.width, ratio.height))
        assert max(width, height) == long_side
        assert min(width, height) == 1 or abs(min(width, height) - exact) <= Fraction(1, 2)
