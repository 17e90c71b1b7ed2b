"""Pictures are found by the names that others gave them."""

from pathlib import Path

import pytest

from salient_crop.datasets.annotations.boxes import AnnotatedBox, Annotation
from salient_crop.datasets.annotations.index import AnnotationIndex, Entry
from salient_crop.images.errors import PictureError


def index_of(*names):
    boxes = [Annotation((AnnotatedBox((0, 0, 1, 1), True, str(number)),)) for number in range(len(names))]
    return AnnotationIndex(Path("all.json"), [Entry(*each) for each in zip(names, boxes, strict=True)])


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.jpg", "a.jpg"),
        ("./trip/a.jpg", "trip/a.jpg"),
        ("trip\\a.jpg", "trip/a.jpg"),
        ("C:\\data\\trip\\a.jpg", "trip/a.jpg"),
        ("/home/me/trip/a.jpg", "trip/a.jpg"),
        ("train2017/a.jpg", "a.jpg"),
        ("u\u0308.jpg", "\u00fc.jpg"),  # as macOS writes it
    ],
)
def test_a_picture_is_found_by_its_path_with_any_folders_before_it(name, source):
    index = index_of(name, "b.jpg")
    assert index.names(source)
    assert index.find(source).boxes[0].label == "0"


@pytest.mark.parametrize("source", ["trip/a.jpg", "A.jpg", "a.png", "xa.jpg", "jpg"])
def test_another_picture_is_not(source):
    index = index_of("a.jpg")
    assert not index.names(source)
    assert index.find(source) is None


def test_of_an_exact_path_and_a_longer_one_the_exact_one_counts():
    assert index_of("old/a.jpg", "a.jpg").find("a.jpg").boxes[0].label == "1"


def test_two_that_may_be_the_same_picture_fail_it_and_are_named():
    index = index_of("x/a.jpg", "y/a.jpg")
    assert index.find("y/a.jpg").boxes[0].label == "1"
    with pytest.raises(PictureError, match=r"x/a.jpg and y/a.jpg"):
        index.find("a.jpg")


def test_names_that_are_none_belong_to_nobody():
    assert index_of("", "/", ".").find("a.jpg") is None


def test_a_hostile_name_is_shown_as_escapes():
    with pytest.raises(PictureError) as error:
        index_of("\x1b[31m/a.jpg", "y/a.jpg").find("a.jpg")
    assert "\x1b" not in str(error.value)
