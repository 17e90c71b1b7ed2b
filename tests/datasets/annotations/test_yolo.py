"""YOLO's labels, one text file for each picture, and the names of their classes."""

from pathlib import Path

import pytest

from salient_crop.datasets.annotations.yolo import read_classes, read_yolo
from salient_crop.datasets.json_values import MalformedValue


def edges(text, classes=None):
    return [(tuple(round(each, 6) for each in box.edges), box.label) for box in read_yolo(text, classes).boxes]


def test_boxes_are_around_their_middle_and_polygons_have_bounds():
    assert edges("") == []
    assert edges("0 0.5 0.5 0.2 0.4\n\n1 0.1 0.1 0.3 0.2 0.2 0.6\n", ["cat", "dog"]) == [
        ((0.4, 0.3, 0.6, 0.7), "cat"),
        ((0.1, 0.1, 0.3, 0.6), "dog"),
    ]


def test_a_prediction_has_a_confidence_and_a_class_without_a_name_is_its_number():
    (box,) = read_yolo("3 0.5 0.5 0.2 0.2 0.75").boxes
    assert (box.label, box.confidence, box.is_relative) == ("3", 0.75, True)


def test_windows_lines_and_rounding_over_the_edge_are_fine():
    assert len(edges("0 0.5 0.5 1.004 1\r\n1 0.5 0.5 0.1 0.1\r\n")) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 0.5 0.5 0.2", "line 1: expected a class and x, y, width, height, got 4 words"),
        ("0", "line 1"),
        ("a photo of a cat", "line 1: a class is a whole number, got 'a'"),
        ("0 0.5 0.5 0.2 0.2\n-1 0.5 0.5 0.2 0.2", "line 2: a class"),
        ("0.0 0.5 0.5 0.2 0.2", "a class is a whole number"),
        ("٣ 0.5 0.5 0.2 0.2", "a class is a whole number"),
        ("0 100 200 30 40", "shares of the picture"),
        ("0 nan 0.5 0.2 0.2", "shares of the picture"),
        ("0 inf 0.5 0.2 0.2", "shares of the picture"),
        ("0 0_1 0.5 0.2 0.2", "shares of the picture"),
        ("0 0.5 0.5 -0.009 0.2", "0 or more"),
        ("0 0.1 0.1 0.3 0.2 0.2 0.6 0.7", "got 8 words"),
        ("9 0.5 0.5 0.2 0.2", "class 9, but there are names of 2"),
        ("9999999 0.5 0.5 0.2 0.2", "a class is a whole number"),
    ],
)
def test_malformed_lines_are_named(text, words):
    with pytest.raises(MalformedValue, match=words):
        read_yolo(text, ["cat", "dog"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "cat\nbig dog\n\n"),
        ("obj.names", "cat\r\nbig dog"),
        ("data.yaml", "path: ../x\nnames: ['cat', \"big dog\"]\nnc: 2\n"),
        ("data.yaml", "nc: 2\nnames: # of classes\n  0: cat\n  1: big dog # large\n\ntrain: images\n"),
        ("data.yaml", "names:\n- cat\n- big dog\nnc: 2"),
    ],
)
def test_names_of_classes_are_read_in_the_ways_that_there_are(name, text):
    assert read_classes(Path(name), text) == ["cat", "big dog"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nc: 2\n", "no names of classes"),
        ("names: {0: cat}\n", "names: must be a list"),
        ("names: !!python/object/apply:os.system ['true']\n", "names: must be a list"),
        ("names:\n  1: dog\n  0: cat\n", "expected number 0, got 1"),
    ],
)
def test_names_in_another_way_are_refused(text, words):
    with pytest.raises(MalformedValue, match=words):
        read_classes(Path("data.yaml"), text)
