"""Groups of subjects: which there are, and the boxes around them."""

from __future__ import annotations

import pytest
import torch

from salient_crop.models.composition.groups import group_features, group_subjects, placement_features

WHOLE = [0.0, 0.0, 1.0, 1.0]
MAIN, OTHER = [0.1, 0.1, 0.3, 0.5, 1.0], [0.2, 0.4, 0.6, 0.7, 1.0]
IMPORTANT, LARGE = [0.7, 0.7, 0.8, 0.8, 0.5], [0.4, 0.1, 0.9, 0.6, 0.2]


@pytest.mark.parametrize(
    ("subjects", "boxes", "members"),
    [
        ([], [WHOLE] * 4, [0, 0, 0, 0]),
        ([MAIN], [MAIN[:4], WHOLE, WHOLE, MAIN[:4]], [1, 0, 0, 1]),
        ([MAIN, OTHER], [[0.1, 0.1, 0.6, 0.7], WHOLE, WHOLE, [0.1, 0.1, 0.6, 0.7]], [1, 0, 0, 1]),
        ([IMPORTANT], [WHOLE, IMPORTANT[:4], IMPORTANT[:4], IMPORTANT[:4]], [0, 1, 1, 1]),
        ([LARGE, IMPORTANT], [WHOLE, IMPORTANT[:4], LARGE[:4], [0.4, 0.1, 0.9, 0.8]], [0, 1, 1, 1]),
        ([LARGE, MAIN, IMPORTANT], [MAIN[:4], IMPORTANT[:4], LARGE[:4], [0.1, 0.1, 0.9, 0.8]], [1, 1, 1, 1]),
    ],
)
def test_groups_are_main_most_important_largest_and_all(subjects, boxes, members):
    given = torch.tensor(subjects).view(1, -1, 5)
    found, present = group_subjects(given, torch.ones(1, len(subjects), dtype=torch.bool))
    torch.testing.assert_close(found[0], torch.tensor(boxes))
    assert present[0].tolist() == members


def test_absent_subjects_are_in_no_group_and_absent_groups_have_no_features():
    given = torch.tensor([[LARGE, MAIN]])
    found, members = group_subjects(given, torch.tensor([[False, True]]))
    alone, _ = group_subjects(given[:, 1:], torch.ones(1, 1, dtype=torch.bool))
    assert torch.equal(found, alone)
    features = group_features(found, members).view(4, 6)
    assert features[[1, 2]].abs().sum() == 0
    torch.testing.assert_close(features[0], torch.tensor([0.2, 0.4, 0.08, -0.6, -0.4, 1.0]))


def test_a_group_that_fills_the_crop_is_placed_in_its_middle():
    crop = [torch.tensor(edge) for edge in (0.2, 0.2, 0.6, 0.6)]
    features = torch.stack(placement_features(crop, crop))
    expected = [0, 0, 0, 0, 1, 1, 2, 2, 0, 0, 0, 0, 1, 1, 1, 1]
    torch.testing.assert_close(features, torch.tensor(expected).float())
