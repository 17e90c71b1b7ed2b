"""Subjects as the composition head takes them."""

from __future__ import annotations

import pytest

from salient_crop.cropping.subject import Subject
from salient_crop.models.composition.subjects import encode_subjects, rank_importance

PERSON = Subject(0.1, 0.1, 0.4, 0.9, 1.0, "person")
FACE = Subject(0.2, 0.1, 0.3, 0.2, 1.0, "face")
PROMPT = Subject(0.3, 0.3, 0.5, 0.5, 1.0, "prompt")
HEAD, MUZZLE = (0.2, 0.1, 0.3, 0.2), (0.6, 0.5, 0.7, 0.6)
WHOLE = Subject(0.1, 0.1, 0.4, 0.9, 0.3, "person", HEAD)  # a person with the head that is known
DOG, CAT = Subject(0.6, 0.5, 0.9, 0.9, 0.5, "animal", MUZZLE), Subject(0.0, 0.5, 0.3, 0.9, 0.4, "animal")
ASKED = Subject(0.3, 0.3, 0.5, 0.5, 1.0, "prompt", HEAD)
DIM, BRIGHT = Subject(0.5, 0.5, 0.6, 0.6, 0.1), Subject(0.7, 0.7, 0.9, 0.9, 0.9)


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        ([], []),
        ([FACE], [(FACE, 1.0)]),
        ([DIM, BRIGHT], [(BRIGHT, 0.5), (DIM, 0.45)]),
        ([FACE, DIM], [(FACE, 1.0), (DIM, 0.5)]),  # without a person the head is what the picture is of
        ([FACE, PERSON], [(PERSON, 1.0), (FACE, 0.5)]),
        ([FACE, PROMPT], [(PROMPT, 1.0), (FACE, 0.5)]),
        ([PERSON, PROMPT], [(PERSON, 1.0), (PROMPT, 1.0)]),
        ([FACE, DIM, BRIGHT, PERSON], [(PERSON, 1.0), (FACE, 0.5), (BRIGHT, 0.45), (DIM, 0.4)]),
        # A person with a head is what a person and a face were.
        ([WHOLE], [(WHOLE, 1.0), (HEAD, 0.5)]),
        ([ASKED], [(ASKED, 1.0), (HEAD, 0.5)]),
        ([DIM, WHOLE, FACE, PERSON], [(WHOLE, 1.0), (PERSON, 1.0), (HEAD, 0.5), (FACE, 0.45), (DIM, 0.4)]),
        # Animals are what the picture is of where it has no person, and things beside one.
        ([DIM, DOG, CAT], [(DOG, 1.0), (CAT, 1.0), (MUZZLE, 0.5), (DIM, 0.45)]),
        ([FACE, CAT], [(CAT, 1.0), (FACE, 0.5)]),
        ([DOG, BRIGHT, CAT, WHOLE], [(WHOLE, 1.0), (HEAD, 0.5), (BRIGHT, 0.45), (DOG, 0.4), (CAT, 0.35)]),
        ([DOG, PROMPT], [(PROMPT, 1.0), (DOG, 0.5)]),
    ],
)
def test_importance_follows_the_kind_and_the_weight(subjects, expected):
    encoded = encode_subjects(subjects)
    assert encoded.shape == (len(expected), 5)
    for row, (box, importance) in zip(encoded.tolist(), expected, strict=True):
        assert row == pytest.approx((*(box.region if isinstance(box, Subject) else box), importance))


@pytest.mark.parametrize(("rank", "importance"), [(0, 0.5), (1, 0.45), (9, 0.05), (10, 0.05), (1000, 0.05)])
def test_importance_falls_with_the_rank_to_the_tenth(rank, importance):
    assert rank_importance(rank) == pytest.approx(importance)
