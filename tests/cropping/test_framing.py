import pytest

from salient_crop.cropping.framing import FRAMINGS, name_framing


@pytest.mark.parametrize(
    ("heads", "below", "framing"),
    [
        (0.5, 0.4, "close-up"),  # of a part of a face
        (1.3, 1.2, "close-up"),
        (2.4, 2.2, "portrait"),  # chest
        (3.6, 3.3, "half figure"),  # knees
        (5.5, 5.2, "full figure"),  # head to foot, with little room
        (8.0, 6.5, "full figure"),
        (8.0, 2.5, "half figure"),  # the head low in the crop, which ends at the waist
        (20.0, 12.0, "wide"),
        (20.0, 2.0, "wide"),
    ],
)
def test_a_framing_is_told_by_the_height_in_heads_and_by_what_is_shown_below_the_crown(heads, below, framing):
    assert name_framing(heads, below) == framing


def test_framings_are_ordered_from_near_to_far():
    found = [name_framing(heads / 10, heads / 10) for heads in range(1, 300)]
    places = [FRAMINGS.index(each) for each in found]
    assert places == sorted(places) and set(found) == set(FRAMINGS)
