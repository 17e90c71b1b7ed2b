"""LabelMe's files, one for each picture."""

import pytest

from salient_crop.datasets.annotations.labelme import is_labelme, read_labelme
from salient_crop.datasets.json_values import MalformedValue


def shape(points, kind="rectangle", label="dog"):
    return {"label": label, "points": points, "shape_type": kind, "group_id": None, "flags": {}}


def labelme(*shapes, **more):
    return {
        "version": "5.4.1",
        "shapes": list(shapes),
        "imageWidth": 200,
        "imageHeight": 100,
        "imageData": None,
        **more,
    }


def test_every_shape_becomes_the_box_around_it():
    value = labelme(
        shape([[30, 20], [10, 40]]),  # drawn from the right to the left
        shape([[0, 0], [8, 1], [4, 9]], "polygon", "cat"),
        shape([[50, 50], [53, 54]], "circle", "ball"),
        shape([[3, 3]], "point", "eye"),
        shape([[1, 1], [9, 1]], "line", "edge"),
    )
    found = read_labelme(value)
    assert found.size == (200, 100)
    assert [(each.edges, each.label) for each in found.boxes] == [
        ((10, 20, 30, 40), "dog"),
        ((0, 0, 8, 9), "cat"),
        ((45, 45, 55, 55), "ball"),
    ]


def test_a_picture_without_shapes_or_size_is_fine():
    assert is_labelme({"shapes": []})
    found = read_labelme({"shapes": []})
    assert (found.boxes, found.size) == ((), None)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"shapes": None}, "shapes: must be a list"),
        ({"shapes": [3]}, r"shapes\[0\]: must be an object"),
        (labelme(shape([])), r"shapes\[0\].points: must hold at least one point"),
        (labelme(shape([[1, 2, 3]])), r"shapes\[0\].points\[0\]: must be a list of 2"),
        (labelme(shape([["1", 2], [3, 4]])), r"shapes\[0\].points\[0\]\[0\]: must be a finite number"),
        (labelme(shape([[float("inf"), 2], [3, 4]])), "finite number"),
        (labelme(shape([[1, 2], [3, 4], [5, 6]], "circle")), "a circle has a centre"),
        (labelme(shape([[1, 2], [3, 4]], label=["dog"])), r"shapes\[0\].label"),
        (labelme(shape([[1, 2], [3, 4]], label="x" * 1000)), "at most 200 characters"),
        (labelme(imageWidth=-3), "imageWidth: must be a whole number of at least 1"),
        (labelme(imageHeight=1.5), "imageHeight"),
        (labelme(*[shape([[1, 2], [3, 4]])] * 1001), "over the limit of 1000"),
    ],
)
def test_malformed_files_name_the_place(value, words):
    with pytest.raises(MalformedValue, match=words):
        read_labelme(value)
