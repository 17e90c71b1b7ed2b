"""Where boxes lie on their picture: turned, scaled, clipped, or refused."""

import pytest

from salient_crop.datasets.annotations.boxes import AnnotatedBox, Annotation, place_boxes
from salient_crop.datasets.json_values import MalformedValue
from salient_crop.images.header import PictureInfo
from salient_crop.images.orientation import TURNS, to_displayed_box, to_stored_box


def place(edges, size=None, displayed=(100, 200), orientation=1, relative=False):
    info = PictureInfo(displayed, "JPEG", "RGB", orientation)
    found = place_boxes(Annotation((AnnotatedBox(edges, relative),), size), info)
    return [tuple(round(each, 6) for each in one.region) for one in found]


def test_no_boxes_are_placed_nowhere():
    assert place_boxes(Annotation((), (3, 4)), PictureInfo((6, 8), "PNG", "RGB", 1)) == []


@pytest.mark.parametrize(
    ("edges", "size", "expected"),
    [
        ((10, 20, 50, 100), None, (0.1, 0.1, 0.5, 0.5)),
        ((10, 20, 50, 100), (100, 200), (0.1, 0.1, 0.5, 0.5)),
        ((20, 40, 100, 200), (200, 400), (0.1, 0.1, 0.5, 0.5)),  # measured on a larger copy
        ((-10, -20, 50, 100), None, (0.0, 0.0, 0.5, 0.5)),
    ],
)
def test_pixels_are_those_of_the_displayed_picture_at_any_scale(edges, size, expected):
    assert place(edges, size) == [expected]


def test_what_lies_beside_the_picture_is_left_out():
    assert place((100, 0, 120, 10)) == []
    assert place((-1, -1, 0, 0), relative=True) == []
    assert place((0.5, 0.5, 0.5 + 1e-12, 0.9), relative=True) == []  # nor what nobody can see


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_boxes_measured_on_the_stored_picture_are_turned_with_it(orientation):
    """The stored picture is 200×100; the box around its left upper corner goes where the orientation turns it."""
    (found,) = place((0, 0, 20, 20), (200, 100), (100, 200), orientation)
    stored = to_stored_box(
        tuple(a * b for a, b in zip(found, (100, 200, 100, 200), strict=True)), (100, 200), orientation
    )
    assert [round(each, 6) for each in stored] == [0, 0, 20, 20]


@pytest.mark.parametrize("orientation", [*TURNS, 1])
def test_turning_a_box_there_and_back_changes_nothing(orientation):
    size, box = (300, 400), (10.0, 20.0, 60.0, 90.0)
    assert to_displayed_box(to_stored_box(box, size, orientation), size, orientation) == box


def test_a_box_measured_on_the_displayed_size_is_not_turned():
    assert place((0, 0, 10, 20), (100, 200), (100, 200), 6) == [(0.0, 0.0, 0.1, 0.1)]


@pytest.mark.parametrize("size", [(200, 100), (100, 150), (10, 10), (1000, 1000)])
def test_boxes_measured_on_another_shape_are_refused(size):
    with pytest.raises(MalformedValue, match=f"measured on {size[0]}×{size[1]}, but its picture has 100×200"):
        place((0, 0, 10, 10), size)
