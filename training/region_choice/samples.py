"""Cases of the design constraints as sets of places: the numbers of each, and which the person's crop is like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad

from ...cropping.boxes import iou_xyxy
from ...cropping.checks import Size
from ...evaluation.design_cases import DesignCase
from ...evaluation.pixels import load_image
from ...models.analysis import Analysis
from ...models.base import Cropper
from ...models.crop_choice.picture import PictureTables
from ...models.region_choice.choice import logits_without_pixels
from ...models.region_choice.features import stack_features
from ...models.region_choice.places import Places
from ...models.size_prior.prior import SizePrior
from ..crop_choice.samples import principal_components

TARGET_SPREAD = 0.02  # of overlap: a place that has so much less than the best one is e times less the person's


@dataclass(frozen=True)
class Samples:
    """N cases with up to K places each.

    Attributes:
        cases: the cases.
        gist_mean, components: see `principal_components`.
        features: `[N, K, F]`; 0 where a case has fewer places.
        target: `[N, K]`, the probability that a place stands for the person's crop; each row sums to 1.
        known: `[N, K]`, where there is a place.
    """

    cases: Sequence[DesignCase]
    gist_mean: Tensor
    components: Tensor
    features: Tensor
    target: Tensor
    known: Tensor

    def part(self, indices: Sequence[int]) -> Samples:
        """Some of the cases; the principal components stay."""
        cases = [self.cases[index] for index in indices]
        rows = (each[list(indices)] for each in (self.features, self.target, self.known))
        return Samples(cases, self.gist_mean, self.components, *rows)


def analyse_photographs(cases: Sequence[DesignCase], images: Path, cropper: Cropper) -> dict[str, Analysis]:
    """The analysis of every photograph of the cases, by its name."""
    return {name: cropper.analyse(load_image(images / name))[0] for name in sorted({case.name for case in cases})}


def build_samples(cases: Sequence[DesignCase], analyses: Mapping[str, Analysis]) -> Samples:
    """The samples of cases, with the principal components of their photographs."""
    seen = {name: analyses[name] for name in sorted({case.name for case in cases})}
    mean, components = principal_components([each.impression for each in seen.values() if each.impression])

    @cache
    def tables(name: str, size: Size) -> PictureTables:
        impression = seen[name].impression
        assert impression is not None
        return PictureTables.of(impression, seen[name].subjects, size, components, mean)

    rows, targets = [], []
    for case in cases:
        places = Places.around(case.size, case.ratio, case.region)
        rows.append(stack_features(tables(case.name, case.size), places, case.size, case.ratio, case.region))
        truth = torch.tensor(case.truth, dtype=torch.float64) / torch.tensor([*case.size, *case.size])
        targets.append((iou_xyxy(places.boxes, truth) / TARGET_SPREAD).softmax(0).float())
    most = max(map(len, targets))
    features = torch.stack([pad(each, (0, 0, 0, most - len(each))) for each in rows])
    counts = torch.tensor([len(each) for each in targets])
    return Samples(cases, mean, components, features, _stack(targets, most), torch.arange(most) < counts[:, None])


@torch.no_grad()
def list_base_logits(samples: Samples, size_prior: SizePrior) -> Tensor:
    """The logits `[N, K]` that places have without pixels, see `logits_without_pixels`; 0 where there is no place."""
    rows = []
    for case in samples.cases:
        asked = case.size, case.ratio, case.region
        rows.append(logits_without_pixels(size_prior, Places.around(*asked), *asked).float())
    return _stack(rows, samples.known.shape[1])


def _stack(rows: Sequence[Tensor], length: int) -> Tensor:
    return torch.stack([pad(each, (0, length - len(each))) for each in rows])
