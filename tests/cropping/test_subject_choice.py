import pytest

from salient_crop.cropping.box import Box
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.subject_choice import (
    ORDERS,
    choose_subjects,
    count_subjects,
    overlap_of,
    region_of,
    sort_subjects,
)

HEAD = Subject(0.4, 0.4, 0.6, 0.6, kind="face")
BODY = Subject(0.0, 0.0, 0.3, 1.0, kind="person", head=(0.1, 0.0, 0.2, 0.1))
HEADLESS = Subject(0.7, 0.0, 0.9, 1.0, kind="person")
DOG = Subject(0.5, 0.5, 1.0, 1.0, kind="animal", head=(0.5, 0.5, 0.7, 0.7))
SHOE = Subject(0.1, 0.9, 0.2, 1.0, label="shoe")
WORD = Subject(0.3, 0.3, 0.4, 0.4, kind="prompt")
UNSURE = Subject(0.4, 0.4, 0.6, 0.6, kind="face", confidence=0.3)
BESIDE = Subject(1.2, 0.4, 1.4, 0.6, kind="face")
EVERYBODY = [HEAD, BODY, HEADLESS, DOG, SHOE, WORD, UNSURE, BESIDE]


@pytest.mark.parametrize(
    ("kind", "chosen"),
    [
        ("head", [HEAD, BODY]),
        ("person", [HEAD, BODY, HEADLESS]),
        ("animal", [DOG]),
        ("object", [SHOE]),
        ("prompt", [WORD]),
    ],
)
def test_a_kind_names_the_subjects_that_are_certainly_there_and_on_the_picture(kind, chosen):
    assert choose_subjects([], kind) == []
    assert choose_subjects(EVERYBODY, kind) == chosen


def test_a_head_is_meant_alone_and_all_else_whole():
    assert region_of(BODY, "head") == BODY.head
    assert region_of(BODY, "person") == BODY.region
    assert region_of(HEAD, "person")[3] > HEAD.y2  # head, shoulders and chest
    assert region_of(SHOE, "object") == SHOE.region


@pytest.mark.parametrize(
    ("order", "kind", "expected"),
    [
        ("importance", "person", [HEADLESS, HEAD, BODY]),  # by the area of the head, or of the box without one
        ("left to right", "person", [BODY, HEAD, HEADLESS]),
        ("size", "head", [HEAD, BODY]),
    ],
)
def test_orders(order, kind, expected):
    subjects = [each for each in (HEADLESS, BODY, HEAD) if each in expected]
    assert sort_subjects(subjects, order, kind, lambda each: each) == expected
    assert sort_subjects([], order, kind, lambda each: each) == []


def test_equal_subjects_keep_their_places():
    twins = [Subject(0.1, 0.1, 0.3, 0.3, kind="face", label=name) for name in "abc"]
    for order in ORDERS:
        assert sort_subjects(twins, order, "head", lambda each: each) == twins


def test_what_is_no_kind_and_no_order_is_named():
    with pytest.raises(ValueError, match="'face' is no kind of subject; use one of head, person"):
        choose_subjects([], "face")
    with pytest.raises(ValueError, match="'top' is no order of subjects; use one of importance"):
        sort_subjects([HEAD], "top", "head", lambda each: each)


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        (Box(0, 0, 10, 10), 1.0),
        (Box(10, 0, 10, 10), 0.0),
        (Box(5, 5, 10, 10), 25 / 175),
        (Box(0, 0, 10, 5), 0.5),
        (Box(50, 50, 1, 1), 0.0),
    ],
)
def test_the_overlap_of_two_boxes(other, overlap):
    one = Box(0, 0, 10, 10)
    assert overlap_of(one, other) == pytest.approx(overlap) == overlap_of(other, one)


def test_subjects_are_counted_in_words():
    assert [count_subjects(1, "head"), count_subjects(2, "head"), count_subjects(3, "person")] == [
        "1 head",
        "2 heads",
        "3 people",
    ]
