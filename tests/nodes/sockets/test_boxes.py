"""BOUNDING_BOX values."""

from importlib import import_module

import pytest
import torch
from wires import as_box

from salient_crop.cropping.box import Box
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.ratio import Ratio


@pytest.fixture
def boxes(host):
    return import_module("salient_crop.nodes.sockets.boxes")


ONE, TWO = as_box(1, 2, 3, 4), as_box(5, 6, 7, 8)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], [[]]),
        ([[]], [[]]),
        ([[], []], [[], []]),
        (ONE, [[Box(1, 2, 3, 4)]]),
        ([ONE, TWO], [[Box(1, 2, 3, 4), Box(5, 6, 7, 8)]]),
        ([[ONE], [], [TWO]], [[Box(1, 2, 3, 4)], [], [Box(5, 6, 7, 8)]]),
        (as_box(0.5, 0.5, 1.0, 2.25), [[Box(0, 0, 2, 3)]]),  # the smallest box of whole pixels around it
        (as_box(-1.5, 2, 3, 1), [[Box(-2, 2, 4, 1)]]),
        ([as_box(1, 2, 0, 4), ONE, as_box(1, 2, 3, -1)], [[Box(1, 2, 3, 4)]]),  # without area: left out
        (as_box("1", "2", "3", "4"), [[Box(1, 2, 3, 4)]]),
    ],
)
def test_all_three_shapes_of_boxes_are_read(boxes, value, expected):
    assert boxes.read_frames(value, "box") == expected


@pytest.mark.parametrize(
    "value",
    [
        "0,0,10,10",
        7,
        {"x": 1, "y": 2, "width": 3},
        as_box(None, 2, 3, 4),
        as_box("left", 2, 3, 4),
        as_box(float("nan"), 2, 3, 4),
        as_box(1, 2, float("inf"), 4),
        [ONE, 7],
        [[ONE], [7]],
    ],
)
def test_what_is_no_box_is_refused_by_the_name_of_its_socket(boxes, value):
    with pytest.raises(ValueError, match=r"^face_boxes: (expected a bounding box|a bounding box needs the numbers)"):
        boxes.read_frames(value, "face_boxes")


def test_boxes_belong_to_the_pictures_of_each_batch(boxes):
    batches = [torch.zeros(2, 9, 9, 3), torch.zeros(1, 9, 9, 3)]
    assert boxes.read_boxes(None, batches, "box") == [[], [], []]
    assert boxes.read_boxes([[ONE]], batches, "box") == [[Box(1, 2, 3, 4)]] * 3
    assert boxes.read_boxes([[[ONE], []], TWO], batches, "box") == [[Box(1, 2, 3, 4)], [], [Box(5, 6, 7, 8)]]
    # Several lists for a single picture are its own, together.
    assert boxes.read_boxes([[[ONE], [TWO]]], batches[1:], "box") == [[Box(1, 2, 3, 4), Box(5, 6, 7, 8)]]
    assert boxes.read_boxes([ONE, [TWO]], batches[1:], "box") == [[Box(1, 2, 3, 4), Box(5, 6, 7, 8)]]
    with pytest.raises(ValueError, match="^box: 3 values for 2 pictures"):
        boxes.read_boxes([ONE, ONE, ONE], batches, "box")
    with pytest.raises(ValueError, match="^box: 3 values for 2 pictures"):
        boxes.read_boxes([[[ONE]] * 3, ONE], batches, "box")


def test_boxes_of_every_shape_come_in_one_row(boxes):
    assert boxes.flatten_boxes([], "box") == []
    assert boxes.flatten_boxes([ONE, [TWO], [[ONE], [TWO]]], "box") == [ONE, TWO, ONE, TWO]
    with pytest.raises(ValueError, match="^box: expected a bounding box"):
        boxes.flatten_boxes([ONE, "two"], "box")


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (None, Box(10, 20, 30, 41)),
        ({}, Box(10, 20, 30, 41)),
        ({"picture_size": [100, 100]}, Box(10, 20, 30, 41)),
        ({"picture_size": [50, 200]}, Box(20, 10, 60, 20)),
        ({"picture_size": [10000, 10000]}, Box(0, 0, 1, 1)),  # never without a pixel
        ({"picture_size": "100x100"}, Box(10, 20, 30, 41)),  # another pack's metadata
        ({"picture_size": [0, 100]}, Box(10, 20, 30, 41)),
        ("a face", Box(10, 20, 30, 41)),
    ],
)
def test_a_box_that_knows_the_size_of_its_picture_is_scaled(boxes, metadata, expected):
    assert boxes.fit_box(as_box(10, 20, 30, 41, metadata=metadata), (100, 100)) == expected


def test_no_box_and_a_box_without_area_are_told_apart(boxes):
    with pytest.raises(ValueError, match="^box: no box arrived for this picture"):
        boxes.fit_box({}, (10, 10))
    with pytest.raises(ValueError, match="^box: the box has no area"):
        boxes.fit_box(as_box(1, 1, 0, 5), (10, 10))


def test_a_crop_tells_where_it_lies_and_why(boxes):
    crop = Crop(Box(1, 2, 30, 45), Ratio(2, 3), 0.5, {"aesthetic": 0.75}, 0.9)
    value = boxes.make_bounding_box(crop, (60, 50), (20, 30))
    assert {key: value[key] for key in ("x", "y", "width", "height")} == as_box(1, 2, 30, 45)
    assert (value["score"], value["label"]) == (0.5, "2:3")
    assert value["metadata"]["picture_size"] == [60, 50]
    assert value["metadata"]["crop_size"] == [20, 30]
    assert boxes.cut_size_of(value) == (20, 30)
    assert boxes.cut_size_of(as_box(1, 2, 3, 4)) is None
    assert value["metadata"]["kept"] == 0.9
    assert value["metadata"]["terms"] == {"aesthetic": 0.75}
    assert boxes.fit_box(value, (120, 100)) == Box(2, 4, 60, 90)


def test_relative_regions_are_clipped_to_the_picture(boxes):
    found = boxes.relative_regions([Box(-5, 0, 10, 5), Box(100, 100, 5, 5), Box(5, 5, 5, 5)], (10, 20))
    assert found.tolist() == [[0, 0, 0.5, 0.25], [0.5, 0.25, 1, 0.5]]
    assert boxes.relative_regions([], (10, 20)).shape == (0, 4)
