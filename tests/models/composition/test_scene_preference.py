"""The preference for a scene as a whole."""

from __future__ import annotations

import pytest
import torch

from salient_crop.models.composition.features import mirror_boxes
from salient_crop.models.composition.scene_preference import (
    DESCRIPTION,
    MIRROR_ORDER,
    MONOMIALS,
    cubic_monomials,
    describe_scene,
    main_subjects,
)

MAIN, OBJECT, SMALL, UNSURE = (
    [0.0, 0.0, 0.5, 0.5, 1.0],
    [0.5, 0.5, 1.0, 1.0, 0.5],
    [0.5, 0.5, 0.51, 0.51, 0.5],
    [0.5, 0.5, 1.0, 1.0, 0.05],
)


def describe(*subjects: list[float]) -> torch.Tensor:
    given = torch.tensor(subjects).view(1, -1, 5)
    return describe_scene(given, torch.ones(1, len(subjects), dtype=torch.bool))[0]


def maps(*subjects: list[float]) -> torch.Tensor:
    return describe(*subjects)[:128].view(2, 8, 8)


def test_a_scene_without_subjects_is_all_zero():
    assert torch.equal(describe(), torch.zeros(DESCRIPTION))


def test_main_subjects_and_objects_cover_maps_of_their_own():
    objects, main = maps(MAIN, OBJECT)
    assert main[:4, :4].unique().tolist() == pytest.approx([2.4])
    assert main[4:].sum() == main[:, 4:].sum() == 0
    assert objects[4:, 4:].unique().tolist() == pytest.approx([0.46])
    assert objects[:4].sum() == objects[:, :4].sum() == 0


def test_small_objects_count_more_and_unsure_ones_less():
    assert maps(SMALL)[0, 4, 4] / (0.01 * 8) ** 2 == pytest.approx(0.23 * 0.002**-0.5, rel=1e-3)
    sure, unsure = maps(OBJECT)[0, 7, 7], maps(UNSURE)[0, 7, 7]
    assert (unsure / sure).item() == pytest.approx(torch.tensor(-1.3 * 0.9).exp().item(), rel=1e-4)


def test_edges_of_objects_fill_the_bins_near_them_and_those_of_main_subjects_none():
    left, top, right, bottom = describe(MAIN, OBJECT)[128:].view(4, 16)
    assert left.argmax() in (7, 8)
    assert right.argmax() == 15
    assert torch.equal(left, top) and torch.equal(right, bottom)
    assert describe(MAIN)[128:].abs().sum() == 0


def test_only_present_subjects_of_full_importance_are_main():
    given = torch.tensor([[MAIN, OBJECT, MAIN]])
    assert main_subjects(given, torch.tensor([[True, True, False]])).tolist() == [[True, False, False]]


def test_monomials_are_those_of_the_margins_up_to_the_third_degree():
    values = torch.stack(cubic_monomials([torch.tensor(edge) for edge in (0.25, 0.125, 1.0, 0.9)]))
    assert len(values) == len(MONOMIALS) == 35
    factors = [1, 1.0, 0.5, 0.0, 0.4]
    expected = [factors[i] * factors[j] * factors[k] for i, j, k in MONOMIALS]
    torch.testing.assert_close(values, torch.tensor(expected))


def test_margins_beyond_a_third_count_as_a_third():
    near, far = (torch.stack(cubic_monomials([torch.tensor(e) for e in (x, 0.1, 0.9, 0.9)])) for x in (1 / 3, 0.5))
    assert torch.equal(near, far)


def test_mirrored_crops_have_the_same_monomials_in_mirror_order():
    crop = torch.tensor([[0.1, 0.2, 0.75, 0.9]])
    own, mirrored = (torch.stack(cubic_monomials(each.unbind(-1)), -1) for each in (crop, mirror_boxes(crop)))
    torch.testing.assert_close(mirrored, own[:, MIRROR_ORDER])
