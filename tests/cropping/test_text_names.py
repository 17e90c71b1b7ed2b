"""Names of text regions, and the sides that they lie at."""

import pytest

from salient_crop.cropping.text_names import (
    SIZED_NAMES,
    TEXT_REGION_PRESETS,
    named_region,
    parse_text_regions,
    text_sides,
)

THIRD = pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("left third", (0, 0, THIRD, 1)),
        ("right half", (0.5, 0, 1, 1)),
        ("top quarter", (0, 0, 1, 0.25)),
        ("bottom 25%", (0, 0.75, 1, 1)),
        ("left 40%", (0, 0, 0.4, 1)),
        ("right 33.3%", (pytest.approx(0.667), 0, 1, 1)),
        ("top left third", (0, 0, THIRD, THIRD)),
        ("right bottom 40%", (0.6, 0.6, 1, 1)),
        # However people write it.
        ("Left-Third", (0, 0, THIRD, 1)),
        ("  lower   third ", (0, pytest.approx(2 / 3), 1, 1)),
        ("upper half", (0, 0, 1, 0.5)),
        ("top left", (0, 0, 0.5, 0.5)),
        # The published ones keep their own geometry.
        ("left", (0, 0.2, 0.1, 0.8)),
        ("bottom-right", (0.5, 0.5, 1, 1)),
    ],
)
def test_a_side_or_corner_with_a_size(name, region):
    assert named_region(name) == region


@pytest.mark.parametrize(
    "name",
    [
        "",
        "third",
        "40%",
        "middle third",
        "left 0%",
        "left 100%",
        "left 4 0%",
        "left -5%",
        "left right third",
        "left left third",
        "top left right third",
        "left fourty%",
        "left ٣٠%",
        "left 1e1%",
        "left third\x00",
        None,
        3,
    ],
)
def test_what_is_no_name_is_answered_with_how_to_write_one(name):
    with pytest.raises(ValueError, match="left third"):
        named_region(name)


def test_every_name_that_is_offered_is_one():
    regions = [named_region(name) for name in (*TEXT_REGION_PRESETS, *SIZED_NAMES)]
    assert len(set(regions)) == len(regions) == 20
    assert regions[:8] == list(TEXT_REGION_PRESETS.values())


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("", []),
        (" ; ", []),
        ("left half;top;", [(0, 0, 0.5, 1), (0.2, 0, 0.8, 0.1)]),
        ("0.7,0.3,0.9,0.6; bottom 10%", [(0.7, 0.3, 0.9, 0.6), (0, 0.9, 1, 1)]),
    ],
)
def test_several_at_once(text, regions):
    assert parse_text_regions(text) == regions


@pytest.mark.parametrize(
    "text", ["left third, top third", "0.1,0.2,0.3", "0.5,0,0.1,1", "0,0,inf,1", "left third; middle"]
)
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="layout"):
        parse_text_regions(text)


@pytest.mark.parametrize(
    ("names", "sides"),
    [
        ([], (None, None)),
        (["left third"], (1, None)),
        (["left"], (1, None)),
        (["right 40%"], (0, None)),
        (["top half"], (None, 1)),
        (["bottom"], (None, 0)),
        (["bottom left"], (1, 0)),
        (["left third", "right quarter"], (0.5, None)),
        (["left third", "top quarter"], (1, 1)),
    ],
)
def test_canvas_goes_to_the_sides_that_text_lies_at(names, sides):
    assert text_sides(named_region(name) for name in names) == sides


def test_a_region_in_the_middle_leans_to_no_side():
    # Drawn by hand, it is hardly ever in the exact middle.
    assert text_sides([(0.1, 0.12, 0.9, 0.85)]) == (None, None)
    assert text_sides([(0.05, 0.1, 0.4, 0.95)]) == (1, None)
