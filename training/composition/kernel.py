"""A kernel machine that says which crops suit a scene, as the teacher of `models/scene_taste.py`.

Every photograph's ratings become the coefficients of a cubic polynomial, and kernel ridge regression (with a Gaussian
kernel between descriptions of scenes) tells those of a new scene. With a thousand photographs it generalises better
than a network trained on them; but it needs all of them to answer, so a network learns to say the same.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ...models.composition.scene_preference import ScenePreference, cubic_monomials, describe_scene
from .samples import RatedBatch, also_alone, mirror, seen_anew

NOISE = 4.0  # of single ratings against what a photograph's polynomial deviates from the mean one, as a variance
STIFFNESS = 0.3  # ridge of the regression
WIDTH = 0.39  # of the kernel: its exponent at the median distance between scenes
STEPS, SCENES, RATE = 2500, 128, 3e-3


class KernelTeacher:
    """Rated photographs, and their mirror images → the coefficients of any scene, on a basis of its own.

    Attributes:
        basis: `[35, 35]`, from the teacher's coefficients to those of the monomials; on this basis, the functions vary
            independently and equally over the rated crops.
    """

    def __init__(self, data: RatedBatch) -> None:
        both = (data, mirror(data))
        monomials = [torch.stack(cubic_monomials(each.boxes().unbind(-1)), -1) for each in both]
        everything = torch.cat([own[each.rated] for own, each in zip(monomials, both, strict=True)])
        self.basis = torch.linalg.inv(torch.linalg.qr(everything.double()).R).float() * len(everything) ** 0.5
        targets = torch.cat([each.target[each.rated] for each in both])
        self.mean = (everything @ self.basis).T @ targets / len(targets)
        self.scenes = torch.cat([describe_scene(each.subjects, each.present) for each in both])
        deviations = torch.cat(
            [self._deviations(own @ self.basis, each) for own, each in zip(monomials, both, strict=True)]
        )
        distances = torch.cdist(self.scenes, self.scenes).square()
        self.width = WIDTH / distances.median()
        ridge = STIFFNESS * torch.eye(len(distances))
        self.shares = torch.linalg.solve(torch.exp(-self.width * distances) + ridge, deviations)

    def _deviations(self, features: Tensor, data: RatedBatch) -> Tensor:
        """Of each photograph's own polynomial from the mean one, `[P, 35]`, the less the fewer crops were rated."""
        features = features * data.rated[..., None]
        left = (data.target - features @ self.mean) * data.rated
        ridge = NOISE * torch.eye(features.shape[-1])
        return torch.linalg.solve(features.mT @ features + ridge, features.mT @ left[..., None])[..., 0]

    def __call__(self, subjects: Tensor, present: Tensor) -> Tensor:
        """The coefficients `[P, 35]` on `basis` for subjects `[P, M, 5]`."""
        distances = torch.cdist(describe_scene(subjects, present), self.scenes).square()
        return torch.exp(-self.width * distances) @ self.shares + self.mean


def learn(taste: ScenePreference, data: RatedBatch, seed: int, steps: int = STEPS) -> None:
    """Teaches the network what the kernel machine says of scenes like those of `data`."""
    teacher = KernelTeacher(also_alone(data))
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(taste.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.07)
    for _ in range(steps):
        index = torch.randint(len(data.edges), (SCENES,), generator=generator)
        batch = seen_anew(data.chosen(index), generator, noise=0.02, missed=0.2, alone=0.2, reframed=0.0)
        loss = F.mse_loss(taste(batch.subjects, batch.present), teacher(batch.subjects, batch.present))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        for each in (taste.out.weight, taste.out.bias):
            each.copy_(teacher.basis @ each)
