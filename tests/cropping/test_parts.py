"""Heads and bodies that were found apart."""

from dataclasses import replace

import pytest

from salient_crop.cropping.parts import join_heads
from salient_crop.cropping.subject import Subject

MAN = Subject(0.0, 0.0, 0.5, 1.0, 0.5, "person", confidence=0.75)
CHILD = Subject(0.25, 0.5, 0.5, 1.0, kind="person")  # in front of the man
DOG = Subject(0.6, 0.5, 1.0, 1.0, kind="animal")
LAMP = Subject(0.0, 0.0, 0.5, 1.0)


def face(x, y, side=0.1, **more):
    """A head around a place."""
    return Subject(x - side / 2, y - side / 2, x + side / 2, y + side / 2, kind="face", **more)


def with_head(body, head):
    return replace(body, head=head.region)


HIGH, LOW, BESIDE = face(0.2, 0.1), face(0.4, 0.55), face(0.8, 0.1)


@pytest.mark.parametrize(
    ("found", "joined"),
    [
        ([], []),
        ([MAN], [MAN]),
        ([HIGH], [HIGH]),
        ([MAN, HIGH], [with_head(MAN, HIGH)]),
        ([HIGH, MAN], [with_head(MAN, HIGH)]),
        ([BESIDE, DOG, MAN, HIGH], [BESIDE, DOG, with_head(MAN, HIGH)]),  # the order is kept
        ([LAMP, HIGH], [LAMP, HIGH]),  # objects have no head
        ([DOG, face(0.7, 0.6)], [with_head(DOG, face(0.7, 0.6))]),
        ([MAN, CHILD, LOW], [MAN, with_head(CHILD, LOW)]),  # the smallest body that holds it
        ([CHILD, MAN, LOW, HIGH], [with_head(CHILD, LOW), with_head(MAN, HIGH)]),
        ([MAN, face(0.5, 0.1)], [with_head(MAN, face(0.5, 0.1))]),  # its centre on the edge
        ([MAN, face(0.51, 0.1)], [MAN, face(0.51, 0.1)]),  # 49 % of it inside
        ([MAN, HIGH, face(0.3, 0.5, 0.2)], [with_head(MAN, face(0.3, 0.5, 0.2)), HIGH]),  # the larger is the head
        ([MAN, CHILD, LOW, face(0.4, 0.8, 0.2)], [with_head(MAN, LOW), with_head(CHILD, face(0.4, 0.8, 0.2))]),
        ([with_head(MAN, HIGH), LOW], [with_head(MAN, HIGH), LOW]),  # it has one
    ],
)
def test_a_face_becomes_the_head_of_the_smallest_body_that_holds_its_centre(found, joined):
    assert join_heads(found) == joined
