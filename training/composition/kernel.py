"""The kernel machine that teaches `models/composition/scene_preference.py`, and the training of that network.

The ratings of each photograph are fitted by a cubic polynomial of the margins around a crop. Kernel ridge regression
with a Gaussian kernel between descriptions of scenes then predicts the coefficients for a new scene. On a thousand
photographs it generalises better than a network trained on the ratings. But it needs all of them to predict, so a
small network is trained to give the same coefficients (knowledge distillation, Hinton et al., 2015).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ...models.composition.scene_preference import ScenePreference, cubic_monomials, describe_scene
from .samples import RatedBatch, append_person_only, augment, mirror

RATING_NOISE = 4.0  # variance of a rating, relative to that of the coefficients of a photograph
RIDGE = 0.3  # of the regression over scenes
KERNEL_WIDTH = 0.39  # the Gaussian's exponent at the median squared distance between scenes
STEPS, BATCH_SIZE, LEARNING_RATE = 2500, 128, 3e-3


class KernelTeacher:
    """Kernel ridge regression from scenes to coefficients, fitted on rated photographs and their mirror images.

    Attributes:
        basis: `[35, 35]`, turns the coefficients of the teacher into those of `cubic_monomials`. On the teacher's basis
            the functions are orthonormal over all rated crops, so that one ridge suits all coefficients.
        mean: `[35]` the coefficients of all photographs together.
        scenes: `[2 · P, D]` descriptions of the scenes.
        width: factor of the squared distances in the Gaussian.
        weights: `[2 · P, 35]` of the kernel's values, for the difference from `mean`.
    """

    def __init__(self, data: RatedBatch) -> None:
        both = (data, mirror(data))
        monomials = [torch.stack(cubic_monomials(each.boxes().unbind(-1)), -1) for each in both]
        all_crops = torch.cat([values[each.valid] for values, each in zip(monomials, both, strict=True)])
        self.basis = torch.linalg.inv(torch.linalg.qr(all_crops.double()).R).float() * len(all_crops) ** 0.5
        targets = torch.cat([each.target[each.valid] for each in both])
        self.mean = (all_crops @ self.basis).T @ targets / len(targets)
        self.scenes = torch.cat([describe_scene(each.subjects, each.present) for each in both])
        differences = torch.cat(
            [self._fit_differences(values @ self.basis, each) for values, each in zip(monomials, both, strict=True)]
        )
        distances = torch.cdist(self.scenes, self.scenes).square()
        self.width = KERNEL_WIDTH / distances.median()
        ridge = RIDGE * torch.eye(len(distances))
        self.weights = torch.linalg.solve(torch.exp(-self.width * distances) + ridge, differences)

    def _fit_differences(self, features: Tensor, data: RatedBatch) -> Tensor:
        """The coefficients of each photograph less `mean`, `[P, 35]`, by ridge regression on its own crops.

        Args:
            features: `[P, N, 35]` the functions of the basis at the crops.
            data: P photographs with N crops.
        """
        features = features * data.valid[..., None]
        residuals = (data.target - features @ self.mean) * data.valid
        ridge = RATING_NOISE * torch.eye(features.shape[-1])
        return torch.linalg.solve(features.mT @ features + ridge, features.mT @ residuals[..., None])[..., 0]

    def __call__(self, subjects: Tensor, present: Tensor) -> Tensor:
        """The coefficients `[P, 35]` on `basis` for subjects `[P, M, 5]`, of which those `present` `[P, M]` count."""
        distances = torch.cdist(describe_scene(subjects, present), self.scenes).square()
        return torch.exp(-self.width * distances) @ self.weights + self.mean


def distil(network: ScenePreference, data: RatedBatch, seed: int, steps: int = STEPS) -> None:
    """Trains a network in place on the squared error to the teacher's coefficients, on augmented scenes of `data`."""
    teacher = KernelTeacher(append_person_only(data))
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps, pct_start=0.07)
    for _ in range(steps):
        index = torch.randint(len(data.edges), (BATCH_SIZE,), generator=generator)
        batch = augment(data.select(index), generator, noise=0.02, dropped=0.2, person_only=0.2, trimmed=0.0)
        loss = F.mse_loss(network(batch.subjects, batch.present), teacher(batch.subjects, batch.present))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    # From the teacher's basis to that of the monomials, which the network gives from now on.
    with torch.no_grad():
        for each in (network.out.weight, network.out.bias):
            each.copy_(teacher.basis @ each)
