from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.subject import KINDS, Subject, stack_subjects

ONE, OTHER = Subject(0.1, 0.2, 0.3, 0.4, 0.5, "face"), Subject(0.0, 0.0, 1.0, 1.0)


def test_a_subject_is_an_object_of_full_weight_unless_told():
    assert (OTHER.weight, OTHER.kind, OTHER.region) == (1.0, "object", (0.0, 0.0, 1.0, 1.0))
    assert [Subject(0, 0, 1, 1, kind=kind).kind for kind in KINDS] == ["face", "person", "animal", "object", "prompt"]


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        ([], torch.zeros(0, 0, 5)),
        ([[]], torch.zeros(1, 0, 5)),
        ([[], []], torch.zeros(2, 0, 5)),
        ([[ONE]], [[[0.1, 0.2, 0.3, 0.4, 0.5]]]),
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
