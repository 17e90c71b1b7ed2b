"""Canvas around a picture: where it goes, and how much of it there is."""

import itertools
import random

import pytest

from salient_crop.cropping.box import Box
from salient_crop.cropping.canvas import (
    SIDES,
    Canvas,
    Extent,
    added_share,
    added_sides,
    composed_share,
    find_extents,
    place_canvas,
)


@pytest.mark.parametrize(
    ("subject", "length", "share"),
    [
        (Extent(0.4, 0.6, 0.5), 150, 0.5),  # in the middle
        (Extent(0.0, 0.6, 0.3), 150, 0.0),  # it goes on at the left: canvas to the right
        (Extent(0.4, 1.0, 0.7), 150, 1.0),
        (Extent(0.0, 1.0, 0.5), 150, 0.5),
        (Extent(0.3, 0.5, 0.4), 120, 0.0),  # at 40 of 120 it lies on the first third
        (Extent(0.3, 0.5, 0.4), 150, 0.2),  # 10 of 50 bring it from 40 to 50 of 150
        (Extent(0.5, 0.7, 0.6), 150, 0.8),
        (Extent(0.02, 0.1, 0.05), 150, 0.5),  # beyond the third wherever the canvas goes
    ],
)
def test_canvas_goes_where_the_subject_is_not(subject, length, share):
    assert composed_share(subject, 100, length) == pytest.approx(share)


def test_a_picture_and_its_mirror_image_are_composed_alike():
    chance = random.Random(0)
    for _ in range(300):
        start, stop = sorted((chance.random(), chance.random()))
        centre, length = chance.uniform(start, stop), chance.randint(101, 400)
        share = composed_share(Extent(start, stop, centre), 100, length)
        assert 0 <= share <= 1
        assert composed_share(Extent(1 - stop, 1 - start, 1 - centre), 100, length) == pytest.approx(1 - share)
        place = (share * (length - 100) + centre * 100) / length
        evenly = ((length - 100) / 2 + centre * 100) / length
        assert min(abs(place - each) for each in (1 / 3, 0.5, 2 / 3)) < 0.35
        if centre < 0.45 and start >= 0.01 and stop <= 0.99:  # never more on its own side than on the other
            assert place <= evenly + 1e-9


@pytest.mark.parametrize("side", SIDES)
def test_a_named_side_has_all_the_canvas_of_its_axis(side):
    size = (20, 10)
    for width, height, x, y in itertools.product((12, 20, 31), (8, 10, 15), (-4, 0, 3), (-3, 0, 1)):
        box = Box(x, y, width, height)
        placed = place_canvas(box, size, side, (0.25, 0.75))
        assert placed.size == box.size
        for axis, (first, last, share) in enumerate((("left", "right", 0.25), ("top", "bottom", 0.75))):
            start, extra = (placed.x, placed.y)[axis], box.size[axis] - size[axis]
            if extra <= 0:
                assert start == (x, y)[axis]
                continue
            share = {first: 1.0, last: 0.0, "even": 0.5}.get(side, share)
            assert -start == round(extra * share)
        unmoved = place_canvas(box, size, "auto")
        assert unmoved == box


def test_added_canvas_is_counted_pixel_by_pixel():
    size = (6, 5)
    for x, y, width, height in itertools.product(range(-4, 6), range(-4, 5), (1, 4, 12), (1, 3, 9)):
        box = Box(x, y, width, height)
        pixels = set(itertools.product(range(x, x + width), range(y, y + height)))
        on_picture = {each for each in pixels if 0 <= each[0] < 6 and 0 <= each[1] < 5}
        if not on_picture:
            continue
        assert added_share(box, size) == pytest.approx(1 - len(on_picture) / len(pixels))
        assert ("left" in added_sides(box, size)) == any(each[0] < 0 for each in pixels)
        assert ("bottom" in added_sides(box, size)) == any(each[1] >= 5 for each in pixels)
        assert bool(added_sides(box, size)) == (not box.inside(size))


def test_the_extents_of_subjects_end_at_the_picture_and_weigh_their_centres():
    bodies = [(-0.2, 0.1, 0.3, 0.5), (0.2, 0.2, 0.6, 1.4)]
    across, down = find_extents(bodies, [((0.0, 0.1, 0.2, 0.3), 3.0), ((0.4, 0.2, 0.6, 0.4), 1.0)])
    assert across == pytest.approx((0.0, 0.6, (3 * 0.1 + 0.5) / 4))
    assert down == pytest.approx((0.1, 1.0, (3 * 0.2 + 0.3) / 4))
    assert find_extents([], []) is None


@pytest.mark.parametrize(
    ("given", "words"), [({"fit": "all"}, "fit must be one of"), ({"side": "up"}, "fit_side must")]
)
def test_what_there_is_not_is_named(given, words):
    with pytest.raises(ValueError, match=words):
        Canvas(**given)
