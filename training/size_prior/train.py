"""Learns how large people make a crop from the design constraints test set's crops (or any file of that shape).

    python -m salient_crop.training.size_prior.train constraints.json --out models/size_prior/size_prior.safetensors
    python -m salient_crop.training.size_prior.train constraints.json --folds 5

Each case is seen as it is and, as a crop that had no layout to hold, without its layout. With `--folds`, nothing is
written: the photographs are split, and every part is judged by a prior that was trained on the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy

from ...evaluation.constraints import DesignCase, evaluate_cases, read_cases
from ...models.size_prior.prior import SCALES, SizePrior, case_features

EPOCHS, BATCH, RATE, DECAY = 120, 128, 3e-3, 0.05
BLUR = 0.015  # of the scale: neighbouring scales are nearly as right


def train(cases: Sequence[DesignCase], seed: int = 0) -> SizePrior:
    """The prior that explains the cases' crops; the same for the same cases and seed."""
    generator = torch.Generator().manual_seed(seed)
    inputs, targets = samples(cases)
    prior = SizePrior()
    with torch.no_grad():
        for weights in prior.parameters():
            weights.uniform_(-1, 1, generator=generator).mul_(1 / sqrt(weights.shape[-1]))
    prior.mean.copy_(inputs.mean(0))
    prior.spread.copy_(inputs.std(0) + 1e-3)
    optimiser = torch.optim.AdamW(prior.parameters(), RATE, weight_decay=DECAY)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(inputs), generator=generator).split(BATCH):
            loss = cross_entropy(prior(inputs[chosen]), targets[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return prior.eval()


def samples(cases: Sequence[DesignCase]) -> tuple[Tensor, Tensor]:
    """Features `[N, F]`, and chances `[N, 26]` of the scales around the one people chose."""
    rows, scales = [], []
    for case in cases:
        width, height = case.truth[2] - case.truth[0], case.truth[3] - case.truth[1]
        largest = case.ratio.largest_in(case.size)
        for held in (case.region, None):
            rows.append(case_features(case.size, case.ratio, held))
            scales.append(sqrt(width * height / (largest[0] * largest[1])))
    apart = SCALES - torch.tensor(scales, dtype=torch.float64).clamp(0.5, 1)[:, None]
    chances = torch.exp(-(apart / BLUR).square() / 2)
    return torch.tensor(rows), (chances / chances.sum(1, keepdim=True)).float()


def cross_validate(cases: Sequence[DesignCase], folds: int, seed: int = 0) -> dict[str, dict[str, float]]:
    """The rows of each part's own evaluation, averaged over all cases; no photograph is in two parts."""
    photos = sorted({case.name for case in cases})
    order = torch.randperm(len(photos), generator=torch.Generator().manual_seed(seed)).tolist()
    part = {photos[index]: place % folds for place, index in enumerate(order)}
    outcomes: dict[str, list[dict[str, np.ndarray]]] = {}
    for fold in range(folds):
        prior = train([case for case in cases if part[case.name] != fold], seed)
        for name, row in evaluate_cases([case for case in cases if part[case.name] == fold], prior).items():
            outcomes.setdefault(name, []).append(row)
    return {
        name: {key: float(np.concatenate([row[key] for row in rows]).mean()) for key in rows[0]}
        for name, rows in outcomes.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="cases as `salient-crop evaluate constraints` reads them")
    parser.add_argument("--out", type=Path, help="safetensors file to write")
    parser.add_argument("--folds", type=int, help="cross-validate with so many parts instead")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    cases = read_cases(given.file)
    if given.folds:
        for name, row in cross_validate(cases, given.folds, given.seed).items():
            print(f"{name:36}" + "".join(f" {key} {value:.4f}" for key, value in row.items()))
    elif given.out:
        save_file(
            {name: value.contiguous() for name, value in train(cases, given.seed).state_dict().items()}, given.out
        )
    else:
        parser.error("--out FILE or --folds N")


if __name__ == "__main__":
    main()
