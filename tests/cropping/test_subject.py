from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.subject import KINDS, Subject, stack_subjects

ONE, OTHER = Subject(0.1, 0.2, 0.3, 0.4, 0.5, "face"), Subject(0.0, 0.0, 1.0, 1.0)


def test_a_subject_is_an_object_of_full_weight_unless_told():
    assert (OTHER.weight, OTHER.kind, OTHER.region) == (1.0, "object", (0.0, 0.0, 1.0, 1.0))
    assert (OTHER.head, OTHER.confidence) == (None, 1.0)
    assert [Subject(0, 0, 1, 1, kind=kind).kind for kind in KINDS] == ["face", "person", "animal", "object", "prompt"]


HEAD = (0.2, 0.1, 0.4, 0.3)


@pytest.mark.parametrize(
    ("subject", "head", "body", "essence"),
    [
        (OTHER, None, OTHER.region, OTHER.region),
        (Subject(0, 0, 1, 1, kind="person"), None, (0, 0, 1, 1), (0, 0, 1, 1)),
        (Subject(0, 0, 1, 1, kind="person", head=HEAD), HEAD, (0, 0, 1, 1), HEAD),
        (Subject(0, 0, 1, 1, kind="animal", head=HEAD), HEAD, (0, 0, 1, 1), HEAD),
        (Subject(0, 0, 1, 1, kind="prompt", head=HEAD), HEAD, (0, 0, 1, 1), HEAD),
        # Of a face, shoulders and chest: 2.5 heads wide about its middle, 4 heads high from its top.
        (Subject(*HEAD, kind="face"), HEAD, (0.05, 0.1, 0.55, 0.9), HEAD),
        (Subject(-0.1, 0.5, 0.1, 0.7, kind="face"), (-0.1, 0.5, 0.1, 0.7), (-0.25, 0.5, 0.25, 1.3), None),
    ],
)
def test_a_subject_has_parts_and_its_weight_is_about_the_head_where_there_is_one(subject, head, body, essence):
    assert subject.head_region == head
    assert subject.body_region == pytest.approx(body)
    assert subject.essence == (head if essence is None else essence)


def test_a_head_of_any_sequence_is_a_tuple_of_floats():
    given = Subject(0, 0, 1, 1, kind="person", head=[0, torch.tensor(0.25).item(), 0.5, 1])
    assert given.head == (0, 0.25, 0.5, 1)
    assert hash(given) == hash(Subject(0, 0, 1, 1, kind="person", head=(0, 0.25, 0.5, 1)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "face", "head": HEAD}, "a subject of the kind face has no head of its own"),
        ({"head": HEAD}, "a subject of the kind object has no head of its own"),
        ({"kind": "head"}, "'head' is no kind of subject; use one of face, person, animal, object, prompt"),
        ({"kind": "person", "head": (0.4, 0.1, 0.4, 0.3)}, r"a subject's head needs x1 < x2 and y1 < y2, got \(0.4, "),
        ({"kind": "person", "head": (0.2, 0.3, 0.4, 0.1)}, "a subject's head needs x1 < x2 and y1 < y2"),
        ({"kind": "person", "head": (0.2, 0.1, float("nan"), 0.3)}, "a subject's head"),
        ({"kind": "person", "head": (0.2, 0.1, 0.4)}, "a subject's head needs x1, y1, x2, y2, got 3 numbers"),
        ({"confidence": 1.01}, "a subject's confidence is a share in 0..1, got 1.01"),
        ({"confidence": -0.01}, "a subject's confidence is a share"),
        ({"confidence": float("nan")}, "a subject's confidence"),
        ({"weight": -0.1}, "a subject's weight must be 0 or more, got -0.1"),
    ],
)
def test_what_is_no_subject_is_refused_in_words(fields, message):
    with pytest.raises(ValueError, match=message):
        Subject(0.0, 0.0, 1.0, 1.0, **fields)


@pytest.mark.parametrize("head", [("a", 0.1, 0.4, 0.3), 0.5])
def test_a_head_that_is_no_numbers_is_of_the_wrong_type(head):
    with pytest.raises(TypeError, match="a subject's head"):
        Subject(0.0, 0.0, 1.0, 1.0, kind="person", head=head)


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        ([], torch.zeros(0, 0, 5)),
        ([[]], torch.zeros(1, 0, 5)),
        ([[], []], torch.zeros(2, 0, 5)),
        ([[ONE]], [[[0.1, 0.2, 0.3, 0.4, 0.5]]]),
        ([[Subject(0, 0, 1, 1, 0.5, "person", HEAD)]], [[[*HEAD, 0.5]]]),  # the head, which the weight is about
        ([[OTHER], []], [[[0, 0, 1, 1, 1]], [[0, 0, 1, 1, 0]]]),  # a slot of weight 0, whose box is not empty
        (
            [[ONE, OTHER], [ONE]],
            [[[0.1, 0.2, 0.3, 0.4, 0.5], [0, 0, 1, 1, 1]], [[0.1, 0.2, 0.3, 0.4, 0.5], [0, 0, 1, 1, 0]]],
        ),
    ],
)
def test_pictures_with_few_and_many_subjects_are_stacked(subjects, expected):
    expected = torch.as_tensor(expected, dtype=torch.float64)
    assert torch.equal(stack_subjects(subjects), expected)
    assert stack_subjects(subjects).dtype == torch.float64
