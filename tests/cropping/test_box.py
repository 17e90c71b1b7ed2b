from __future__ import annotations

import pytest

from salient_crop.cropping.box import Box

BOX = Box(10, 20, 30, 40)


def test_edges_and_sizes():
    assert (BOX.right, BOX.bottom, BOX.area, BOX.size) == (40, 60, 1200, (30, 40))
    assert BOX.as_list() == [10, 20, 30, 40]
    assert BOX.relative((100, 200)) == (0.1, 0.1, 0.4, 0.3)
    assert BOX.shifted(3, -5) == Box(13, 15, 30, 40)


@pytest.mark.parametrize(
    ("region", "size", "expected"),
    [
        ((0, 0, 1, 1), (7, 5), Box(0, 0, 7, 5)),
        ((0.5, 0.5, 1, 1), (7, 5), Box(3, 2, 4, 3)),  # begins inside a pixel: all of it
        ((0, 0, 0.5, 0.5), (7, 5), Box(0, 0, 4, 3)),  # ends inside a pixel: all of it
        ((0.1, 0.3, 0.2, 0.4), (10, 10), Box(1, 3, 1, 1)),  # 0.1 + 0.2 is not 0.3, and no pixel is added for that
        ((0.29, 0.57, 0.58, 0.58), (100, 100), Box(29, 57, 29, 1)),
        ((0.3 + 2e-6, 0, 0.4 + 2e-6, 1), (1, 1), Box(0, 0, 1, 1)),
        ((0.3 - 2e-7, 0, 0.4 + 2e-7, 1), (10, 1), Box(2, 0, 3, 1)),  # two millionths of a pixel are no rounding error
        ((0.3 - 5e-8, 0, 0.4 + 5e-8, 1), (10, 1), Box(3, 0, 1, 1)),  # half a millionth is one
        ((0.5, 0.5, 0.5, 0.5), (10, 10), Box(5, 5, 1, 1)),  # a point becomes a pixel
        ((-0.5, -0.25, 0.5, 0.5), (10, 8), Box(-5, -2, 10, 6)),  # may lie outside
    ],
)
def test_the_smallest_box_around_a_region(region, size, expected):
    assert Box.from_relative(region, size) == expected


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        (Box(0, 0, 100, 80), True),
        (Box(-1, 0, 10, 10), False),
        (Box(0, -1, 10, 10), False),
        (Box(91, 0, 10, 10), False),
        (Box(90, 70, 10, 10), True),
        (Box(0, 71, 10, 10), False),
    ],
)
def test_inside_a_picture(box, inside):
    assert box.inside((100, 80)) is inside


@pytest.mark.parametrize(
    ("other", "held"),
    [
        (BOX, True),
        (Box(11, 21, 28, 38), True),
        (Box(9, 20, 30, 40), False),
        (Box(10, 19, 30, 40), False),
        (Box(10, 20, 31, 40), False),
        (Box(10, 20, 30, 41), False),
    ],
)
def test_holding_another_box(other, held):
    assert BOX.holds(other) is held


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(1, 2, 3, 4), Box(1, 2, 3, 4)),
        (Box(-2, -3, 5, 5), Box(0, 0, 3, 2)),
        (Box(98, 77, 5, 5), Box(98, 77, 2, 3)),
        (Box(-10, -10, 200, 200), Box(0, 0, 100, 80)),
        (Box(-4, 0, 5, 5), Box(0, 0, 1, 5)),
        (Box(99, 79, 1, 1), Box(99, 79, 1, 1)),
        (Box(-5, 0, 5, 5), None),  # ends where the picture begins
        (Box(0, -5, 5, 5), None),
        (Box(-50, 0, 5, 5), None),
        (Box(100, 0, 5, 5), None),
        (Box(150, 0, 5, 5), None),
        (Box(0, 80, 5, 5), None),
    ],
)
def test_the_part_on_the_picture(box, expected):
    if expected is None:
        with pytest.raises(ValueError, match="outside the picture of 100×80"):
            box.clipped((100, 80))
        return
    assert box.clipped((100, 80)) == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (BOX, BOX),
        (Box(12, 22, 1, 1), BOX),
        (Box(0, 0, 1, 1), Box(0, 0, 40, 60)),
        (Box(50, 70, 10, 10), Box(10, 20, 50, 60)),
    ],
)
def test_the_box_around_two(other, expected):
    assert BOX.union(other) == other.union(BOX) == expected
