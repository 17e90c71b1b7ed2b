from __future__ import annotations

import pytest

from salient_crop.cropping.constraint import POLICIES, Constraint, UnsatisfiableError
from salient_crop.cropping.text_region import TextRegion

LEFT, RIGHT, MIDDLE = (0.0, 0.0, 0.25, 1.0), (0.75, 0.25, 1.0, 0.5), (0.25, 0.25, 0.5, 0.75)
HARD, SOFT = TextRegion(RIGHT, "source", hard=True), TextRegion(RIGHT, "source")


def test_what_holds_where_nothing_is_asked():
    plain = Constraint()
    assert (plain.ratios, plain.min_share, plain.min_size, plain.policy) == ((), 0.6, None, "shrink")
    assert (plain.keep, plain.avoid, plain.text_regions) == ((), (), ())
    assert (plain.required_regions, plain.requested_region) == ((), None)
    assert Constraint.min_share == 0.6
    assert POLICIES == ("shrink", "pad", "error")
    assert issubclass(UnsatisfiableError, ValueError)


@pytest.mark.parametrize(
    ("keep", "text_regions", "required", "requested"),
    [
        ((), (), (), None),
        ((LEFT,), (), (LEFT,), LEFT),
        ((), (HARD,), (RIGHT,), RIGHT),
        ((), (SOFT,), (), RIGHT),  # asked for, but not required
        ((), (TextRegion(RIGHT, "crop", hard=True),), (), None),  # a place in the crop, not in the picture
        ((LEFT, MIDDLE), (HARD, SOFT), (LEFT, MIDDLE, RIGHT), (0.0, 0.0, 1.0, 1.0)),
        ((MIDDLE,), (SOFT,), (MIDDLE,), (0.25, 0.25, 1.0, 0.75)),
    ],
)
def test_what_a_crop_must_hold_and_is_asked_to_hold(keep, text_regions, required, requested):
    constraint = Constraint(keep=keep, text_regions=text_regions)
    assert constraint.required_regions == required
    assert constraint.requested_region == requested


@pytest.mark.parametrize("field", ["keep", "avoid"])
def test_regions_may_fill_the_picture(field):
    assert getattr(Constraint(**{field: [(0, 0, 1, 1)]}), field) == ((0.0, 0.0, 1.0, 1.0),)


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        Constraint().policy = "pad"
