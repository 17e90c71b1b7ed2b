"""JSON lines of our own."""

import json
from pathlib import Path

import pytest

from salient_crop.datasets.annotations.lines import read_lines
from salient_crop.images.errors import PictureError

FILE = Path("boxes.jsonl")


def read(*lines):
    return read_lines(FILE, "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines))


def line(box, source="a.jpg", **more):
    return {"source": source, "boxes": [box], **more}


def test_regions_and_boxes_with_what_belongs_to_them():
    index = read(
        {"source": "trip/a.jpg", "boxes": [{"region": [0.1, 0.2, 0.4, 0.8], "label": " necklace ", "weight": 2}]},
        "",
        {"source": "b.jpg", "size": [400, 300], "boxes": [{"box": [40, 60, 12, 18], "confidence": 0.5}]},
        {"source": "c.jpg", "boxes": []},
    )
    (box,) = index.find("trip/a.jpg").boxes
    assert (box.edges, box.is_relative, box.label, box.weight) == ((0.1, 0.2, 0.4, 0.8), True, "necklace", 2)
    found = index.find("b.jpg")
    assert (found.size, found.boxes[0].edges, found.boxes[0].confidence) == ((400, 300), (40, 60, 52, 78), 0.5)
    assert index.find("c.jpg").boxes == ()
    assert index.faults == ()


def test_several_lines_of_one_picture_are_united():
    index = read(line({"region": [0, 0, 0.5, 0.5]}), line({"region": [0.5, 0.5, 1, 1]}))
    assert len(index.find("a.jpg").boxes) == 2


def test_several_lines_measured_on_several_sizes_fail_their_picture():
    index = read(line({"box": [0, 0, 5, 5]}, size=[100, 100]), line({"box": [0, 0, 5, 5]}, size=[50, 50]))
    with pytest.raises(PictureError, match="on several sizes"):
        index.find("a.jpg")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (line({}), "needs a region .* or a box"),
        (line({"region": [0, 0, 1, 1], "box": [0, 0, 1, 1]}), "needs a region .* or a box"),
        (line({"region": [0, 0, 1, 1.2]}), r"boxes\[0\].region\[3\]: must lie in 0 to 1"),
        (line({"region": [10, 10, 50, 50]}), "must lie in 0 to 1"),
        (line({"region": [0.5, 0, 0.4, 1]}), "must be left, top, right, bottom"),
        (line({"region": [0, 0, 1]}), "must be a list of 4"),
        (line({"box": [0, 0, -5, 5]}), "0 or more"),
        (line({"box": [0, 0, 5, 5], "weight": "2"}), "weight: must be a finite number"),
        (line({"box": [0, 0, 5, 5], "weight": True}), "weight"),
        (line({"box": [0, 0, 5, 5], "confidence": -0.1}), "confidence"),
        (line({"box": [0, 0, 5, 5]}, size=[0, 5]), "size"),
        (line({"box": [0, 0, 5, 5]}, size=5), "size"),
        (line([0, 0, 1, 1]), "must be an object"),
        ({"source": "a.jpg"}, "boxes: is missing"),
        ({"source": "a.jpg", "boxes": {}}, "boxes: must be a list"),
        ({"source": "a.jpg", "boxes": [{"region": [0, 0, 1, 1]}] * 1001}, "over the limit of 1000"),
    ],
)
def test_a_malformed_line_fails_its_picture_alone(value, words):
    index = read(line({"region": [0, 0, 1, 1]}, "b.jpg"), value)
    assert len(index.find("b.jpg").boxes) == 1
    with pytest.raises(PictureError, match=f"boxes.jsonl: line 2: .*{words}"):
        index.find("a.jpg")


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"boxes": []}', '{"source": 3, "boxes": []}', "\0", "[" * 100_000])
def test_a_line_of_which_nobody_can_say_whose_it_is_is_told(text):
    index = read(text, line({"region": [0, 0, 1, 1]}))
    assert len(index.find("a.jpg").boxes) == 1
    (fault,) = index.faults
    assert fault.startswith("line 1: ")


def test_a_line_separator_within_a_label_ends_no_line():
    text = '{"source": "a.jpg", "boxes": [{"region": [0, 0, 1, 1], "label": "a\u2028b"}]}'
    assert read(text).find("a.jpg").boxes[0].label == "a\u2028b"
