"""Trains the size prior on the crops of the design constraints test set, or of any file of that shape.

    python -m salient_crop.training.size_prior.train constraints.json --out models/size_prior/size_prior.safetensors
    python -m salient_crop.training.size_prior.train constraints.json --folds 5

The target is the scale of the crop that a person made. Each case is used twice: with the text region that the crop had
to hold, and without it. With `--folds`, no weights are written: the photographs are split into parts, and every part is
evaluated with a prior that was trained on the other parts.

The weights depend on the cases and the seed alone. They are trained in double precision and stored in single precision,
so that processors whose sums round differently give the same file.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ...evaluation.constraints import evaluate_cases
from ...evaluation.design_cases import DesignCase, read_cases
from ...models.size_prior.prior import SCALES, SizePrior, case_features
from ..weights import export

EPOCHS, BATCH_SIZE, LEARNING_RATE, WEIGHT_DECAY = 120, 128, 3e-3, 0.05
TARGET_BLUR = 0.015  # standard deviation of the target distribution, in units of the scale

Figures = dict[str, dict[str, np.ndarray]]


def train(cases: Sequence[DesignCase], seed: int = 0) -> SizePrior:
    """A prior trained with AdamW on the cross entropy between predicted and target distribution of the scale."""
    generator = torch.Generator().manual_seed(seed)
    inputs, targets = build_samples(cases)
    prior = SizePrior().double()
    with torch.no_grad():
        for weights in prior.parameters():
            weights.uniform_(-1, 1, generator=generator).mul_(1 / sqrt(weights.shape[-1]))
    prior.mean.copy_(inputs.mean(0))
    prior.spread.copy_(inputs.std(0) + 1e-3)
    optimiser = torch.optim.AdamW(prior.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(inputs), generator=generator).split(BATCH_SIZE):
            loss = cross_entropy(prior(inputs[batch]), targets[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return prior.float().eval()


def build_samples(cases: Sequence[DesignCase]) -> tuple[Tensor, Tensor]:
    """Inputs and targets of the prior, two rows a case: with its text region and without.

    The scale of a crop is the square root of its area as a share of the largest box of its ratio, at least 0.5.

    Returns:
        Features `[2 · N, 19]`, and probabilities `[2 · N, 26]` of `SCALES`: a Gaussian around the scale of the crop.
        Both are float64; each row of probabilities sums to 1.
    """
    rows, scales = [], []
    for case in cases:
        width, height = case.truth[2] - case.truth[0], case.truth[3] - case.truth[1]
        largest = case.ratio.largest_in(case.size)
        for region in (case.region, None):
            rows.append(case_features(case.size, case.ratio, region))
            scales.append(sqrt(width * height / (largest[0] * largest[1])))
    deviation = SCALES - torch.tensor(scales, dtype=torch.float64).clamp(0.5, 1)[:, None]
    density = torch.exp(-(deviation / TARGET_BLUR).square() / 2)
    return torch.tensor(rows, dtype=torch.float64), density / density.sum(1, keepdim=True)


def cross_validate(cases: Sequence[DesignCase], folds: int, seed: int = 0) -> Iterator[Figures]:
    """For each part of the photographs, its figures by row and name (see `evaluate_cases`), one value a case.

    No photograph is in two parts.
    """
    photographs = sorted({case.name for case in cases})
    order = torch.randperm(len(photographs), generator=torch.Generator().manual_seed(seed)).tolist()
    part = {photographs[index]: position % folds for position, index in enumerate(order)}
    for fold in range(folds):
        prior = train([case for case in cases if part[case.name] != fold], seed)
        yield evaluate_cases([case for case in cases if part[case.name] == fold], prior)


def pool(parts: Sequence[Figures]) -> Figures:
    """The figures of all cases of all parts."""
    return {
        row: {name: np.concatenate([part[row][name] for part in parts]) for name in figures}
        for row, figures in parts[0].items()
    }


def format_row(row: str, figures: Mapping[str, np.ndarray]) -> str:
    """The means over the cases that have a value."""
    return f"{row:36}" + "".join(f" {name} {np.nanmean(values):.4f}" for name, values in figures.items())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="cases as `salient-crop evaluate constraints` reads them")
    parser.add_argument("--out", type=Path, help="safetensors file to write")
    parser.add_argument("--folds", type=int, help="cross-validate with so many parts instead")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    cases = read_cases(given.file)
    if given.folds:
        parts = []
        for number, part in enumerate(cross_validate(cases, given.folds, given.seed), start=1):
            print(format_row(f"part {number} of {given.folds}, ours", part["ours"]), flush=True)
            parts.append(part)
        for row, figures in pool(parts).items():
            print(format_row(row, figures))
    elif given.out:
        export(train(cases, given.seed), given.out)
    else:
        parser.error("--out FILE or --folds N")


if __name__ == "__main__":
    main()
