"""What the composition head is given of subjects, edges and crops."""

from __future__ import annotations

import torch
from torch import Tensor

from salient_crop.models.composition import features
from salient_crop.models.composition.features import (
    context_features,
    crop_features,
    edge_features,
    joint_features,
    mirror_boxes,
)

SUBJECTS = torch.tensor([[[0.2, 0.3, 0.6, 0.8, 1.0], [0.5, 0.5, 0.9, 0.7, 0.25]]])
CROP, SUBJECT = torch.tensor([0.1, 0.2, 0.7, 0.9]), torch.tensor([0.4, 0.1, 0.8, 0.6])
SHAPE = torch.tensor(1.5)


def close(values: Tensor, expected: list[float]) -> None:
    torch.testing.assert_close(values, torch.tensor(expected), atol=1e-5, rtol=1e-5)


def test_mirrored_boxes_swap_their_sides_and_keep_what_follows() -> None:
    close(mirror_boxes(SUBJECTS)[0, 0], [0.4, 0.3, 0.8, 0.8, 1.0])
    torch.testing.assert_close(mirror_boxes(mirror_boxes(SUBJECTS)), SUBJECTS)


def test_a_subject_is_described_by_itself_and_among_the_others() -> None:
    first, second = context_features(SUBJECTS, torch.ones(1, 2, dtype=torch.bool), SHAPE[None])[0]
    assert len(first) == features.CONTEXT
    close(first[:7], [0.2, 0.3, 0.6, 0.8, 0.4, 0.5, 0.2])
    close(first[9:11], [0.1, 0.05])  # from the middle
    shared = 0.1 * 0.2
    close(first[11:14], [0.0, shared / 0.2 / 5, shared / 0.08 / 5])
    close(second[11:14], [0.1, shared / 0.08 / 5, shared / 0.2 / 5])
    close(first[14:], [1.0, 1.0, 1.0, SHAPE.log().item()])
    close(second[14:], [0.0, 0.25, 0.25**4, SHAPE.log().item()])


def test_absent_subjects_are_not_among_the_others() -> None:
    alone = context_features(SUBJECTS[:, :1], torch.ones(1, 1, dtype=torch.bool), SHAPE[None])[0, 0]
    beside_an_absent_one = context_features(SUBJECTS, torch.tensor([[True, False]]), SHAPE[None])[0, 0]
    torch.testing.assert_close(beside_an_absent_one, alone)


def test_an_edge_is_outside_through_or_beyond_a_subject() -> None:
    edges = torch.tensor([0.1, 0.4, 0.7]).expand(1, 4, 3)  # left edges against a subject from 0.2 to 0.6
    left = edge_features(edges, SUBJECTS[:, :1])[0, 0, :, 0]
    assert left.shape == (3, features.EDGE)
    close(left[:, 5], [0.0, 1.0, 2.0])  # cut: nothing, half, all
    close(left[:, 6], [0.0, 1.0, 0.0])
    close(left[:, 0], [0.3, -0.6, -1.5])
    close(left[:, 3], [1.5, 0.6, -0.3])
    close(left[:, 2], [0.9, -0.9, -0.9])
    right = edge_features(edges, SUBJECTS[:, :1])[0, 2, :, 0]
    close(right[:, 5], [2.0, 1.0, 0.0])


def test_a_subject_in_a_crop() -> None:
    visible, half, share, across, down, across2, down2 = joint_features(CROP.unbind(), SUBJECT.unbind())
    close(visible, 0.3 * 0.4 / 0.2)
    close(half, 4 * 0.6 * 0.4)
    close(share, 0.12 / 0.42)
    close(across, 0.5 / 0.6 - 0.5)
    close(down, 0.15 / 0.7 - 0.5)
    close(across2, 4 * (0.5 / 0.6 - 0.5) ** 2)
    close(down2, 4 * (0.15 / 0.7 - 0.5) ** 2)


def test_features_of_the_mirror_image_are_the_declared_order_and_signs() -> None:
    own, mirrored = (torch.stack(crop_features(each.unbind(), SHAPE)) for each in (CROP, mirror_boxes(CROP)))
    assert len(own) == features.CROP
    signs = torch.tensor(features.CROP_MIRROR_SIGNS)
    torch.testing.assert_close(mirrored, own[list(features.CROP_MIRROR_ORDER)] * signs, atol=1e-6, rtol=1e-6)
    pair, mirror_pair = (
        torch.stack(joint_features(crop.unbind(), subject.unbind()))
        for crop, subject in ((CROP, SUBJECT), (mirror_boxes(CROP), mirror_boxes(SUBJECT)))
    )
    assert len(pair) == features.JOINT
    torch.testing.assert_close(mirror_pair, pair * torch.tensor(features.JOINT_MIRROR_SIGNS), atol=1e-6, rtol=1e-5)
