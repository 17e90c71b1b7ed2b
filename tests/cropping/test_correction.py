"""Corrections: the ratio that a box meets, and the same place in another ratio."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import UnsatisfiableError
from salient_crop.cropping.correction import Correction, corrected_box, fit_box, has_ratio, is_near, nearest_ratio
from salient_crop.cropping.ratio import Ratio

SIDES = st.integers(1, 400)
RATIOS = st.builds(Ratio, st.integers(1, 30), st.integers(1, 30))


@pytest.mark.parametrize("decision", ["", "keep", None, 1, "BOX"])
def test_another_decision_is_refused_by_name(decision):
    with pytest.raises(ValueError, match="decision must be one of box, drop, approve"):
        Correction(decision, Box(0, 0, 1, 1))


def test_a_box_is_a_box():
    with pytest.raises(TypeError, match="box"):
        Correction("box", (0, 0, 1, 1))


@given(RATIOS, st.integers(1, 5000))
def test_what_the_search_makes_of_a_ratio_has_it(ratio, long_side):
    assert has_ratio(Box(0, 0, *ratio.size_for(long_side)), ratio)


@pytest.mark.parametrize(("box", "ratio"), [((200, 300), (1, 1)), ((343, 512), (2, 3)), ((340, 512), (2, 3))])
def test_more_than_a_pixel_off_is_another_ratio(box, ratio):
    assert not has_ratio(Box(0, 0, *box), Ratio(*ratio))


@given(SIDES, SIDES, SIDES, SIDES, st.integers(-400, 400), st.integers(-400, 400), RATIOS)
def test_in_another_ratio_a_box_lies_in_its_picture(width, height, wide, high, x, y, ratio):
    fitted = fit_box(Box(x, y, wide, high), ratio, (width, height))
    assert fitted.inside((width, height))
    assert has_ratio(fitted, ratio) or 1 in fitted.size


def test_in_another_ratio_a_box_keeps_its_centre_and_area_where_there_is_room():
    fitted = fit_box(Box(300, 200, 200, 300), Ratio(3, 2), (1000, 1000))
    assert fitted == Box(250, 250, 300, 200)
    assert fit_box(Box(0, 0, 1000, 1000), Ratio(2, 1), (1000, 800)) == Box(0, 250, 1000, 500)


def test_the_nearest_ratio_is_told_by_shape():
    ratios = Ratio(1, 1), Ratio(2, 3), Ratio(3, 2)
    assert nearest_ratio(Box(0, 0, 70, 100), ratios) == Ratio(2, 3)
    assert nearest_ratio(Box(0, 0, 95, 100), ratios) == Ratio(1, 1)


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from((2, 8, 16)), RATIOS)
def test_sides_that_are_to_be_multiples_are_and_a_box_that_fits_is_taken_as_it_is(width, height, wide, high, by, ratio):
    size = width + 200, height + 200
    try:
        made = corrected_box(Correction("box", Box(3, 5, wide, high)), ratio, size, by)
    except UnsatisfiableError:
        return
    assert made.width % by == made.height % by == 0
    assert corrected_box(Correction("approve", made), ratio, size, by) == made


@pytest.mark.parametrize(
    ("box", "near"),
    [
        ((0, 0, 100, 80), True),
        ((-50, 0, 150, 80), True),
        ((99, 79, 1, 1), True),
        ((100, 0, 10, 10), False),
        ((-10, 0, 10, 10), False),
        ((-3201, 0, 3250, 80), False),
        ((0, 0, 2**53, 1), False),
    ],
)
def test_a_box_elsewhere_is_none_of_this_picture(box, near):
    assert is_near(Box(*box), (100, 80)) == near
