"""Trains the region choice on people's crops that hold a region, as `salient-crop evaluate constraints` reads them.

    python -m salient_crop.training.region_choice.train constraints.json --images FOLDER --out region_choice.safetensors
    python -m salient_crop.training.region_choice.train constraints.json --images FOLDER --folds 5 --seed 1

The target is the place that overlaps the person's crop most, and a little its neighbours. Each case is used as it is or
mirrored, by chance. With `--folds`, no weights are written: the photographs are split into parts, and the whole search
runs on each part with a choice and a size prior that were trained on the other parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, sqrt

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, silu

from ...evaluation.constraints import OURS, evaluate_cases, find_crops, measure_crops
from ...evaluation.design_cases import DesignCase, read_cases
from ...models.analysis import Analysis
from ...models.crop_choice.choice import load_bundled_crop_choice
from ...models.focus.loading import load_bundled
from ...models.region_choice.choice import RegionChoice
from ...models.region_choice.chooser import PeoplesChoice
from ...models.size_prior.prior import SizePrior
from ..choice_command import parse_choice_arguments
from ..size_prior.train import Figures, format_row, pool
from ..size_prior.train import train as train_size_prior
from ..weights import export
from .samples import Samples, analyse_photographs, build_samples, list_base_logits

NETWORKS, HIDDEN = 4, 32
EPOCHS, BATCH_SIZE, LEARNING_RATE, WEIGHT_DECAY = 8, 32, 3e-3, 0.1
INPUT_DROPOUT, HIDDEN_DROPOUT = 0.3, 0.5
IMPOSSIBLE = -1e4  # the logit of what is no place
WITH_PIXELS = f"{OURS}, focus"


def train(samples: Samples, size_prior: SizePrior, network: str, seed: int = 0) -> RegionChoice:
    """A choice for pictures that the network with this digest saw: AdamW on the cross entropy of places."""
    generator = torch.Generator().manual_seed(seed)
    channels, components = samples.components.shape
    choice = RegionChoice(channels, components, NETWORKS, HIDDEN)
    choice.network.copy_(torch.tensor(list(bytes.fromhex(network)), dtype=torch.uint8))
    choice.gist_mean.copy_(samples.gist_mean)
    choice.components.copy_(samples.components)
    choice.size_prior.load_state_dict(size_prior.state_dict())
    choice.size_prior.requires_grad_(False)
    with torch.no_grad():
        for weights in (choice.inner, choice.inner_bias):
            weights.uniform_(-1, 1, generator=generator).mul_(1 / sqrt(samples.features.shape[-1]))
    _measure_features(choice, samples)
    base = list_base_logits(samples, size_prior)
    steps = EPOCHS * ceil(len(samples.features) / BATCH_SIZE)
    learned = [choice.inner, choice.inner_bias, choice.outer, choice.direct]
    optimiser = torch.optim.AdamW(learned, LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(samples.features), generator=generator).split(BATCH_SIZE):
            features = _mirror_some(choice, samples.features[batch], generator)
            logits = base[batch] + _logits(choice, features, generator)
            logits = logits.masked_fill(~samples.known[batch], IMPOSSIBLE)
            loss = cross_entropy(logits.flatten(0, 1), samples.target[batch].repeat(NETWORKS, 1))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return choice.eval()


def _measure_features(choice: RegionChoice, samples: Samples) -> None:
    """Sets the mean and spread of the features over the places of all cases and their mirror images."""
    rows = samples.features[samples.known].double()
    mean, spread = rows.mean(0), rows.std(0)
    twin, sign = choice.twin, choice.sign.double()
    choice.mean.copy_((mean + mean[twin] * sign) / 2)
    choice.spread.copy_((spread + spread[twin]) / 2 + 1e-3)


def _mirror_some(choice: RegionChoice, features: Tensor, generator: torch.Generator) -> Tensor:
    """Features `[N, K, F]`, half of the cases mirrored."""
    mirrored = torch.rand(len(features), 1, 1, generator=generator) < 0.5
    return torch.where(mirrored, features[..., choice.twin] * choice.sign, features)


def _logits(choice: RegionChoice, features: Tensor, generator: torch.Generator) -> Tensor:
    """Of places `[N, K, F]` by each network, with dropout: `[E, N, K]`."""
    cases = features.shape[:2]
    given = choice.normalise(features).expand(NETWORKS, -1, -1, -1)
    given = _drop(given, INPUT_DROPOUT, generator).flatten(1, 2)
    hidden = silu(given @ choice.inner + choice.inner_bias).unflatten(1, cases)
    hidden = _drop(hidden, HIDDEN_DROPOUT, generator).flatten(1, 2)
    return (hidden @ choice.outer + given @ choice.direct).view(NETWORKS, *cases)


def _drop(values: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Dropout of values `[E, N, K, F]`, the same for all places of a case, which are compared with each other."""
    networks, cases, _, features = values.shape
    kept = torch.rand(networks, cases, 1, features, generator=generator) >= share
    return values * kept / (1 - share)


def cross_validate(
    cases: Sequence[DesignCase], analyses: Mapping[str, Analysis], network: str, folds: int, seed: int = 0
) -> Iterator[Figures]:
    """For each part of the photographs, the figures of the whole search, with the pixels and without: row → figure →
    one value a case. No photograph is in two parts; but the principal components, which know no crops, are of all.
    """
    samples = build_samples(cases, analyses)
    photographs = sorted(analyses)
    order = torch.randperm(len(photographs), generator=torch.Generator().manual_seed(seed)).tolist()
    part = {photographs[index]: position % folds for position, index in enumerate(order)}
    for fold in range(folds):
        others = samples.part([index for index, case in enumerate(cases) if part[case.name] != fold])
        own = [case for case in cases if part[case.name] == fold]
        size_prior = train_size_prior(others.cases, seed)
        holding = train(others, size_prior, network, seed)
        chooser = PeoplesChoice(load_bundled_crop_choice(), holding)
        boxes = find_crops(own, [analyses[case.name] for case in own], size_prior, chooser=chooser)
        yield evaluate_cases(own, size_prior) | {WITH_PIXELS: measure_crops(own, boxes)}


def main(arguments: Sequence[str] | None = None) -> None:
    given = parse_choice_arguments(arguments, __doc__, "cases as `salient-crop evaluate constraints` reads them")
    cropper = load_bundled()
    cases = read_cases(given.file, given.images)
    analyses = analyse_photographs(cases, given.images, cropper)
    if not given.folds:
        size_prior = train_size_prior(cases, given.seed)
        export(train(build_samples(cases, analyses), size_prior, cropper.digest, given.seed), given.out)
        return
    parts = []
    for number, part in enumerate(cross_validate(cases, analyses, cropper.digest, given.folds, given.seed), start=1):
        for row in (OURS, WITH_PIXELS):
            print(format_row(f"part {number} of {given.folds}, {row}", part[row]), flush=True)
        parts.append(part)
    for row, figures in pool(parts).items():
        print(format_row(row, figures))


if __name__ == "__main__":
    main()
