"""Subjects from BOUNDING_BOX values."""

from importlib import import_module

import pytest
import torch
from wires import as_box

from salient_crop.cropping.subject import Subject

BATCHES = [torch.zeros(2, 100, 200, 3), torch.zeros(1, 50, 50, 3)]


@pytest.fixture
def read(host):
    read_subjects = import_module("salient_crop.nodes.sockets.subjects").read_subjects
    return lambda values, batches=BATCHES: read_subjects(values, batches, "subjects")


@pytest.mark.parametrize("nothing", [None, []])
def test_where_nothing_is_connected_the_croppers_own_stay(read, nothing):
    assert read(nothing) == [None, None, None]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        *[(each, "face") for each in ("head", "face", "Face", " HEAD ")],
        *[(each, "person") for each in ("person", "Man", "woman", "child", "body")],
        *[(each, "animal") for each in ("animal", "dog", "CAT", "giraffe")],
        *[(each, "object") for each in ("", "car", "headlight", "2:3", None, 7)],
    ],
)
def test_a_label_says_what_a_box_is(read, label, kind):
    ((subject,),) = read([as_box(20, 10, 40, 20, label=label)], BATCHES[1:])
    assert subject.region == (0.4, 0.2, 1.0, 0.6) and subject.kind == kind
    assert subject.label == (label if isinstance(label, str) else "")


PERSON, CHILD = as_box(0, 0, 100, 100, label="person"), as_box(60, 40, 40, 60, label="child")
HEAD, LOW = as_box(20, 10, 20, 20, label="head"), as_box(70, 40, 10, 20, label="face")


@pytest.mark.parametrize(
    ("boxes", "subjects"),
    [
        ([], []),
        ([as_box(20, 10, 40, 20)], [Subject(0.1, 0.1, 0.3, 0.3)]),  # no label at all
        ([PERSON, HEAD], [Subject(0.0, 0.0, 0.5, 1.0, kind="person", head=(0.1, 0.1, 0.2, 0.3), label="person")]),
        (
            [LOW, PERSON, HEAD, CHILD],  # each head belongs to the smallest body around it
            [
                Subject(0.0, 0.0, 0.5, 1.0, kind="person", head=(0.1, 0.1, 0.2, 0.3), label="person"),
                Subject(0.3, 0.4, 0.5, 1.0, kind="person", head=(0.35, 0.4, 0.4, 0.6), label="child"),
            ],
        ),
        (
            [HEAD, LOW, PERSON],  # two in one body: the larger is its head
            [
                Subject(0.35, 0.4, 0.4, 0.6, kind="face", label="face"),
                Subject(0.0, 0.0, 0.5, 1.0, kind="person", head=(0.1, 0.1, 0.2, 0.3), label="person"),
            ],
        ),
        (
            [as_box(-20, 50, 40, 80, label="head")],
            [Subject(0.0, 0.5, 0.1, 1.0, kind="face", label="head")],
        ),  # clipped to the picture
        ([as_box(200, 0, 10, 10), as_box(0, 0, 0, 10)], []),  # beyond the picture, and without area
    ],
)
def test_heads_belong_to_the_bodies_that_hold_them(read, boxes, subjects):
    assert read([boxes], [BATCHES[0][:1]]) == [subjects]


def test_each_picture_has_the_boxes_of_its_own(read):
    one, all_three = as_box(0, 0, 25, 25, label="dog"), [[HEAD], []]
    found = read([all_three, one])
    assert found[0] == [Subject(0.1, 0.1, 0.2, 0.3, kind="face", label="head")]
    assert found[1] == []  # the cropper's own are replaced by none
    assert found[2] == [Subject(0.0, 0.0, 0.5, 0.5, kind="animal", label="dog")]
    assert read([one]) == [[Subject(0.0, 0.0, 0.125, 0.25, kind="animal", label="dog")]] * 2 + [found[2]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([HEAD] * 3, "^subjects: 3 values for 2 pictures"),
        ([[[HEAD]] * 3, HEAD], "^subjects: 3 values for 2 pictures"),
        (["head"], "^subjects: expected a bounding box"),
        ([{"label": "head", "x": 1}], "^subjects: a bounding box needs the numbers"),
    ],
)
def test_lists_that_do_not_fit_and_what_is_no_box_are_refused_by_the_name_of_the_socket(read, values, message):
    with pytest.raises(ValueError, match=message):
        read(values)
