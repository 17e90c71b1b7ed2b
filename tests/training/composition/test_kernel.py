"""The kernel machine learns a rule that holds for other photographs, and the network learns it from the machine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from salient_crop.evaluation.metrics import spearman
from salient_crop.evaluation.ranking import RankingCase
from salient_crop.models.composition.scene_preference import ScenePreference, cubic_monomials
from salient_crop.training.composition import kernel
from salient_crop.training.composition.kernel import KernelTeacher, distil
from salient_crop.training.composition.samples import RatedBatch, collate


@pytest.fixture(scope="module")
def data(photograph: Callable[[int], RankingCase]) -> RatedBatch:
    return collate([photograph(number) for number in range(60)])


@pytest.fixture(scope="module")
def unseen(photograph: Callable[[int], RankingCase]) -> RatedBatch:
    return collate([photograph(number) for number in range(100, 120)])


def correlate(coefficients: torch.Tensor, batch: RatedBatch) -> float:
    """Mean Spearman correlation of the polynomials' values with the targets."""
    scores = (torch.stack(cubic_monomials(batch.boxes().unbind(-1)), -1) @ coefficients[..., None])[..., 0]
    rows = zip(scores, batch.target, batch.valid, strict=True)
    return float(np.mean([spearman(one[valid].detach().numpy(), target[valid].numpy()) for one, target, valid in rows]))


def test_the_kernel_machine_finds_a_rule_that_holds_for_other_photographs(data: RatedBatch, unseen: RatedBatch) -> None:
    teacher = KernelTeacher(data)
    same_for_all = (teacher.basis @ teacher.mean).expand(len(unseen.edges), -1)
    predicted = teacher(unseen.subjects, unseen.present) @ teacher.basis.T
    assert correlate(predicted, unseen) > max(0.8, correlate(same_for_all, unseen) + 0.2)


def test_the_functions_of_the_basis_are_orthonormal_over_the_rated_crops(data: RatedBatch) -> None:
    monomials = torch.stack(cubic_monomials(data.boxes().unbind(-1)), -1)[data.valid].double()
    values = monomials @ KernelTeacher(data).basis.double()
    # The crops of the mirror images are the other half of the crops that the basis is made for.
    mirrored = data.boxes()[..., [2, 1, 0, 3]]
    mirrored = torch.stack([1 - mirrored[..., 0], mirrored[..., 1], 1 - mirrored[..., 2], mirrored[..., 3]], -1)
    others = (
        torch.stack(cubic_monomials(mirrored.unbind(-1)), -1)[data.valid].double() @ KernelTeacher(data).basis.double()
    )
    products = (values.T @ values + others.T @ others) / (2 * len(values))
    assert torch.allclose(products, torch.eye(35, dtype=torch.float64), atol=0.02)


def test_the_network_predicts_what_its_teacher_predicts(
    data: RatedBatch, unseen: RatedBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "BATCH_SIZE", 32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = ScenePreference()
    distil(network, data, seed=0, steps=200)
    assert correlate(network(unseen.subjects, unseen.present), unseen) > 0.75
