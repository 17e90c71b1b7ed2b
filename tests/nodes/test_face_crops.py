"""Face Crops in a stand-in host, and its squares back in their pictures."""

import copy
import json

import numpy as np
import pytest
import torch
from PIL import Image

WIDGETS = {
    "framing": ["face"],
    "size": [128],
    "padding": [0.0],
    "shift": [0.0],
    "upright": [False],
    "fill": ["edge"],
    "least_size": [0.0],
    "most_enlarged": [0.0],
    "most_blurred": [1.0],
    "least_certain": [0.3],
    "order": ["left to right"],
    "at_most": [0],
}


@pytest.fixture(scope="module")
def astronaut(root):
    pixels = np.array(Image.open(root / "samples" / "astronaut.jpg").convert("RGB"))
    return (torch.from_numpy(pixels).float() / 255)[None]


def look(run, picture, **more):
    return run("FaceCrops", **{"image": [picture], **WIDGETS, **more})


def test_a_face_gives_a_square_its_padding_its_box_and_its_source(run, astronaut):
    squares, paddings, boxes, sources = look(run, astronaut)
    assert [each.shape for each in squares] == [(1, 128, 128, 3)] and paddings[0].shape == (1, 128, 128)
    assert sources == [0] and not paddings[0].any()
    (box,) = boxes
    x, y = box["metadata"]["face"]["points"][2]
    assert box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]
    assert abs(x - 226) < 8 and abs(y - 126) < 8  # the tip of her nose


def test_several_pictures_keep_their_numbers(run, astronaut):
    empty = torch.full((1, 64, 96, 3), 0.4)
    squares, _, boxes, sources = look(run, astronaut, image=[empty, astronaut.repeat(2, 1, 1, 1)])
    assert len(squares) == len(boxes) == 2 and sources == [1, 2]


def test_boxes_of_a_detector_are_looked_into(run, astronaut):
    head = {"x": 148, "y": 0, "width": 150, "height": 200, "label": "head"}
    _, _, (box,), _ = look(run, astronaut, subjects=[[head]])
    assert abs(box["metadata"]["face"]["points"][2][0] - 226) < 8


def test_where_no_face_passes_the_run_says_so(run, astronaut):
    with pytest.raises(ValueError, match="image: no face in 1 picture passes"):
        look(run, astronaut, least_size=[4000.0])


@pytest.mark.parametrize("order", ["left to right", "largest", "sharpest", "most certain", "spread of poses"])
def test_so_many_are_kept_in_every_order(run, astronaut, order):
    two = torch.cat([astronaut, astronaut], 2)
    squares, _, boxes, _ = look(run, two, order=[order])
    assert len(squares) == 2
    squares, _, (box,), _ = look(run, two, order=[order], at_most=[1])
    assert len(squares) == 1 and box in boxes


def test_an_unchanged_square_goes_back_without_a_trace(run, astronaut):
    squares, _, boxes, _ = look(run, astronaut, framing=["dfl:head"])
    (pasted,) = run("PasteBack", image=[astronaut], crop=squares, box=boxes, feather=[0])[0]
    assert torch.equal(pasted, astronaut)


def test_an_edit_lands_in_the_face_and_nowhere_else(run, astronaut):
    squares, _, boxes, _ = look(run, astronaut)
    boxes = json.loads(json.dumps(boxes))  # as a saved workflow has them
    edited = squares[0].clone()
    edited[:, 40:88, 40:88] = torch.tensor([1.0, 0.0, 0.0])
    (pasted,) = run("PasteBack", image=[astronaut], crop=[edited], box=boxes, feather=[0])[0]
    box = boxes[0]
    x, y = box["x"] + box["width"] // 2, box["y"] + box["height"] // 2
    assert pasted[0, y, x].tolist() == pytest.approx([1, 0, 0], abs=0.01)
    assert torch.equal(pasted[0, 300:], astronaut[0, 300:])


def test_squares_go_back_into_the_pictures_that_they_are_of(run, astronaut):
    without = torch.full((1, 90, 120, 3), 0.5)
    squares, _, boxes, source = look(run, astronaut, image=[without, astronaut])
    assert source == [1]
    (restored,) = run("PasteBack", image=[without, astronaut], crop=[1 - each for each in squares], box=boxes)
    assert torch.equal(restored[0], without) and not torch.equal(restored[1], astronaut)
    wide = astronaut.repeat_interleave(2, 2)
    with pytest.raises(ValueError, match=r"the square was cut out of a picture of 512×512, which 1024×512 has not"):
        run("PasteBack", image=[wide], crop=squares, box=boxes)


def test_a_square_goes_into_a_larger_version_of_its_picture(run, astronaut):
    squares, _, boxes, _ = look(run, astronaut)
    larger = astronaut.repeat_interleave(2, 1).repeat_interleave(2, 2)
    (pasted,) = run("PasteBack", image=[larger], crop=[torch.zeros_like(squares[0])], box=boxes, feather=[0])[0]
    x, y = boxes[0]["x"] + boxes[0]["width"] // 2, boxes[0]["y"] + boxes[0]["height"] // 2
    assert pasted[0, 2 * y, 2 * x].max() < 0.01


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("face",), "nonsense"),
        (("face", "matrix"), [[1, 0, 1e300], [0, 1, 0]]),
        (("face", "points"), []),
        (("crop_size",), [128, 64]),
        (("crop_size",), [10**9, 10**9]),
        (("picture_size",), "large"),
        (("fill",), "lava"),
    ],
)
def test_a_box_that_somebody_made_up_is_refused(run, astronaut, path, value):
    squares, _, boxes, _ = look(run, astronaut)
    box = copy.deepcopy(boxes[0])
    place = box["metadata"]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(ValueError, match="box: not the box of a face square"):
        run("PasteBack", image=[astronaut], crop=squares, box=[box], feather=[0])


@pytest.mark.parametrize("wrong", [{"order": ["prettiest"]}, {"fill": ["keep"]}, {"framing": ["nose"]}])
def test_a_widget_that_cannot_be_is_named(run, astronaut, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        look(run, astronaut, **wrong)
