import pytest

from salient_crop.cropping.box import Box
from salient_crop.cropping.text_names import TEXT_REGION_PRESETS
from salient_crop.cropping.text_region import TextRegion, bounding_region, published_text_region, reserved_box

# Worked out by hand: quadrants, and strips 0.1 deep along the middle 0.6 of each side, rounded down.
PATTERNS_1024_768 = [
    (0, 0, 512, 384),
    (512, 0, 1024, 384),
    (512, 384, 1024, 768),
    (0, 384, 512, 768),
    (0, 153, 102, 614),
    (204, 0, 819, 76),
    (921, 153, 1024, 614),
    (204, 691, 819, 768),
]


@pytest.mark.parametrize(("index", "edges"), list(enumerate(PATTERNS_1024_768)))
def test_the_eight_patterns_have_the_test_sets_pixels(index, edges):
    box = reserved_box(published_text_region(index).region, (1024, 768))
    assert (box.x, box.y, box.right, box.bottom) == edges


def test_presets_and_patterns_are_one_list():
    assert [published_text_region(i) for i in range(8)] == [TextRegion.preset(name) for name in TEXT_REGION_PRESETS]


def test_rounding_is_exact_where_floats_are_not():
    # 0.1 × 1030 and 0.6 × 5 sit on whole pixels that floating point misses by a hair; rounding down must not lose one.
    assert reserved_box((0.1, 0.2, 0.6, 0.8), (1030, 1030)) == Box(103, 206, 515, 618)


def test_a_region_of_a_tiny_picture_keeps_a_pixel():
    assert reserved_box(TEXT_REGION_PRESETS["left"], (4, 4)).size == (1, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"region": (0.5, 0.0, 0.5, 1.0)}, "x1 < x2"),
        ({"region": (0.0, 0.0, 1.0, 1.2)}, "≤ 1"),
        ({"region": (0.0, 0.0, 1.0)}, "x1, y1, x2, y2"),
        ({"region": (0.0, 0.0, 1.0, 1.0), "frame": "page"}, "source, crop"),
        ({"region": (float("nan"), 0.0, 1.0, 1.0)}, "finite"),
    ],
)
def test_a_layout_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        TextRegion(**arguments)


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="top-left"):
        TextRegion.preset("centre")
    with pytest.raises(ValueError, match="0 to 7"):
        published_text_region(8)


def test_bounding_region():
    assert bounding_region([]) is None
    assert bounding_region([(0.1, 0.4, 0.3, 0.5), (0.2, 0.1, 0.9, 0.45)]) == (0.1, 0.1, 0.9, 0.5)
