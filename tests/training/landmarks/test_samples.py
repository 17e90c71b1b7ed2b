"""Faces to learn from: which labels count, and views whose points stay on the face."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.cropping.face import MEAN_FACE
from salient_crop.models.landmarks.network import LandmarkNetwork
from salient_crop.training.landmarks.measure import measure_found
from salient_crop.training.landmarks.samples import PATCH, Views, as_face, cut_patches, read_labels
from salient_crop.training.landmarks.train import loss_of, train

FACE = np.array(MEAN_FACE) * 40 + (30, 20)
# Of the teacher's eleven points: corners of both eyes, nose, corners of the mouth, four others.
MESH = np.array([(x, y, 0.0) for x, y in FACE[[0, 0, 1, 1, 2, 3, 4, 2, 2, 2, 2]]])


def entry(**more):
    plain = {"picture": "a.png", "size": [100, 80], "box": [30, 20, 70, 60], "yunet": None, "confidence": None}
    return {**plain, "views": [], **more}


def views(*shifts):
    return [(MESH + (shift, 0, 0)).tolist() for shift in shifts]


@pytest.mark.parametrize(
    ("told", "points", "is_face"),
    [
        ({"views": views(0, 1, -1)}, True, True),
        ({"views": views(0, 1, -1), "none": True}, True, True),  # it was seen
        ({"yunet": FACE.tolist(), "confidence": 0.8}, True, True),
        ({}, False, True),  # drawn by hand, and seen by no teacher
        ({"none": True}, False, False),
    ],
)
def test_labels_that_count(tmp_path, told, points, is_face):
    (tmp_path / "labels.jsonl").write_text(json.dumps(entry(**told)) + "\n")
    (label,) = read_labels(tmp_path / "labels.jsonl")
    assert (label.points is not None, label.is_face) == (points, is_face)
    if points:
        assert np.allclose(label.points, FACE)


@pytest.mark.parametrize(
    "told",
    [
        {"views": views(0, 20, -20)},  # the teacher contradicts itself
        {"views": views(0)},
        {"yunet": FACE.tolist(), "confidence": 0.5},
        {"box": None},
    ],
)
def test_labels_that_do_not(tmp_path, told):
    (tmp_path / "labels.jsonl").write_text(json.dumps(entry(**told)) + "\n")
    assert read_labels(tmp_path / "labels.jsonl") == []


@pytest.fixture
def patches(tmp_path):
    """Of a face whose five points are dots, and of one whose points nobody knows."""
    picture = np.full((80, 100), 40, np.uint8)
    for x, y in FACE:
        picture[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] = 255
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(picture).save(folder / "a.png")
    lines = [entry(views=views(0, 0, 0)), entry(none=True)]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    labels = read_labels(tmp_path / "labels.jsonl")
    cut, points = zip(*cut_patches(labels, [folder]), strict=True)
    faces = torch.tensor([each.is_face for each in labels])
    return torch.from_numpy(np.stack(cut)), torch.from_numpy(np.stack(points)).float(), faces


def test_a_patch_has_the_face_in_its_middle_at_one_size(patches):
    pixels, points, _ = patches
    assert pixels.shape == (2, 1, PATCH, PATCH) and points[1].isnan().all()
    assert as_face(points[0]).size == pytest.approx(PATCH / 3.7, rel=1e-3)
    assert pixels[0, 0, round(points[0, 2, 1].item()), round(points[0, 2, 0].item())] > 200


def test_points_stay_on_what_they_mark_in_every_view(patches):
    shown = Views(*patches, seed=3)
    shown._worsen = lambda images: images
    images, places, are_faces = shown.draw(64)
    assert images.shape == (64, 1, 64, 64) and 10 < are_faces.sum() < 60
    assert torch.equal(are_faces, ~places.isnan().flatten(1).any(1))
    bright = [
        images[index, 0, int(y * 64), int(x * 64)].item()
        for index in are_faces.nonzero()[:, 0].tolist()
        for x, y in places[index].tolist()
        if 0.02 < x < 0.98 and 0.02 < y < 0.98
    ]
    assert len(bright) > 80 and np.mean(bright) > 0.6


def test_what_is_unknown_of_a_face_is_not_learned():
    outputs = torch.zeros(2, 12, requires_grad=True)
    places = torch.full((2, 5, 2), float("nan"))
    loss_of(outputs, places, torch.tensor([True, False])).backward()
    assert not outputs.grad[:, :11].any() and outputs.grad[0, 11] < 0 < outputs.grad[1, 11]


def test_a_few_steps_learn_something_and_are_repeatable(patches):
    first, again = (train(Views(*patches, seed=1), 8, seed=2) for _ in range(2))
    untrained = LandmarkNetwork()
    images, places, are_faces = Views(*patches, seed=5).draw(64)
    with torch.no_grad():
        assert torch.equal(first(images), again(images))
        assert loss_of(first(images), places, are_faces) < loss_of(untrained(images), places, are_faces)


def test_found_faces_are_counted_by_their_noses():
    by_hand = {"a": [[0, 0, 0.5, 0.5, 0], [0.5, 0, 0.6, 0.1, 0], [0.5, 0.5, 1, 1, 1]]}
    noses = [(20, 20), (75, 75)]  # one on a face, one on the back of a head
    faces = [as_face(FACE - FACE[2] + nose) for nose in noses]
    rows = list(measure_found({"a": faces}, by_hand, {"a": (100, 100)}))
    assert rows == [("share of faces", 1.0, 1), ("others, a picture", 1.0, 1)]
