import pytest

from salient_crop.cropping.framing import name_framing
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.subject_framing import MARGINS, SUBJECT_FRAMINGS, frame_subject

SIZE = (1000, 1000)
FACE = Subject(0.45, 0.1, 0.55, 0.2, kind="face")
STANDING = Subject(0.35, 0.1, 0.65, 0.62, kind="person", head=FACE.region)
BEHIND_A_TABLE = Subject(0.35, 0.1, 0.65, 0.32, kind="person", head=FACE.region)
SHOE = Subject(0.1, 0.8, 0.3, 0.9)


@pytest.mark.parametrize(
    ("subject", "framing", "region"),
    [
        (STANDING, "head", FACE.region),
        (STANDING, "portrait", (0.4, 0.1, 0.6, 0.3)),
        (STANDING, "half figure", (0.375, 0.1, 0.625, 0.42)),
        (STANDING, "full figure", STANDING.region),
        (STANDING, "whole", STANDING.region),
        (BEHIND_A_TABLE, "half figure", (0.375, 0.1, 0.625, 0.32)),  # no further than it is seen
        (FACE, "full figure", (0.375, 0.1, 0.625, 0.62)),  # as far as a body goes
        (FACE, "whole", FACE.body_region),
        *((SHOE, framing, SHOE.region) for framing in SUBJECT_FRAMINGS),
    ],
)
def test_how_much_of_a_subject_each_framing_shows(subject, framing, region):
    assert frame_subject(subject, framing, 0.0, SIZE) == pytest.approx(region)


@pytest.mark.parametrize(
    ("framing", "label"), [("head", "close-up"), ("portrait", "portrait"), ("half figure", "half figure")]
)
def test_a_crop_of_the_region_has_the_framing_of_that_name(framing, label):
    _, top, _, bottom = frame_subject(FACE, framing, MARGINS[framing], SIZE)
    assert name_framing((bottom - top) / 0.1, (bottom - 0.1) / 0.1) == label
    _, top, _, bottom = frame_subject(FACE, "full figure", MARGINS["full figure"], SIZE)
    assert name_framing((bottom - top) / 0.1, (bottom - 0.1) / 0.1) == "full figure"


def test_the_margin_is_even_in_pixels_and_stays_on_the_picture():
    assert frame_subject(SHOE, "whole", 0.5, (1000, 2000)) == pytest.approx((0.0, 0.75, 0.4, 0.95))
    assert frame_subject(SHOE, "whole", 2.0, SIZE) == (0.0, pytest.approx(0.4), pytest.approx(0.7), 1.0)
    leaving = Subject(-0.2, -0.2, 0.1, 0.1, kind="face")
    assert frame_subject(leaving, "head", 0.0, SIZE) == (0.0, 0.0, 0.1, 0.1)


@pytest.mark.parametrize(
    ("framing", "margin", "message"),
    [
        ("close-up", 0.1, "'close-up' is no framing of a subject; use one of head, portrait"),
        ("head", -0.1, "margin must be a share in 0..2"),
        ("head", 2.1, "margin must be a share in 0..2"),
        ("head", float("nan"), "margin"),
    ],
)
def test_what_cannot_be_is_named(framing, margin, message):
    with pytest.raises(ValueError, match=message):
        frame_subject(FACE, framing, margin, SIZE)
