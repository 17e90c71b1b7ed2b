"""From a teacher's faces to heads."""

from __future__ import annotations

import pytest

from salient_crop.training.focus.pictures import MIN_CONFIDENCE
from salient_crop.training.focus.teachers import add_doubtful_heads, head_from_face, merge_scales

FACE = [0.1, 0.1, 0.3, 0.3]


def test_a_head_is_larger_than_its_face_and_most_of_all_above() -> None:
    assert head_from_face((0.4, 0.4, 0.5, 0.6)) == pytest.approx((0.382, 0.324, 0.518, 0.624))


@pytest.mark.parametrize(
    ("faces", "kept"),
    [
        ([], []),
        ([[*FACE, 0.7]], [0]),
        ([[*FACE, 0.7], [0.11, 0.1, 0.31, 0.3, 0.9], [0.6, 0.6, 0.7, 0.7, 0.8]], [1, 2]),  # the same face twice
        ([[*FACE, 0.9], [0.19, 0.1, 0.39, 0.3, 0.8]], [0, 1]),  # IoU 0.38: two faces
        ([[*FACE, 0.9], [0.18, 0.1, 0.38, 0.3, 0.8]], [0]),  # IoU 0.43
        ([[*FACE, 0.9], [0.15, 0.15, 0.2, 0.2, 0.8]], [0]),  # a small box inside
        ([[*FACE, 0.9], [0.27, 0.1, 0.31, 0.14, 0.8]], [0]),  # three quarters of a small box inside
        ([[*FACE, 0.9], [0.28, 0.1, 0.32, 0.14, 0.8]], [0, 1]),  # half of it
    ],
)
def test_a_face_seen_at_two_scales_is_one(faces: list[list[float]], kept: list[int]) -> None:
    assert merge_scales(faces) == [faces[index] for index in kept]


KNOWN, INSIDE, BESIDE = [0.1, 0.1, 0.3, 0.3, 0.9], [0.14, 0.14, 0.2, 0.2, 0.8], [0.25, 0.1, 0.45, 0.3, 0.65]
AROUND, AWAY = [0.0, 0.0, 0.6, 0.5, 0.3], [0.6, 0.6, 0.9, 0.9, 0.95]


@pytest.mark.parametrize(
    ("heads", "others", "added"),
    [
        ([], [], []),
        ([KNOWN], [], []),
        ([KNOWN], [KNOWN], []),
        ([KNOWN], [INSIDE], []),  # the known one holds its centre
        ([KNOWN], [AROUND], []),  # and the other way round
        ([KNOWN], [BESIDE], [BESIDE]),  # they overlap, but neither holds the other's centre
        ([KNOWN], [AWAY], [[*AWAY[:4], 0.7]]),  # believed no more than doubtful ones are
        ([], [INSIDE, AROUND], [[*INSIDE[:4], 0.7], AROUND]),
    ],
)
def test_heads_that_one_teacher_missed_are_doubtful_ones(
    heads: list[list[float]], others: list[list[float]], added: list[list[float]]
) -> None:
    assert add_doubtful_heads(heads, others) == [*heads, *added]
    assert all(each[4] < MIN_CONFIDENCE for each in added)
