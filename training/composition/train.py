"""Learns how people rate crops from where their edges lie among the subjects.

    python -m salient_crop.training.composition.train gaicd.json --out models/weights/composition.safetensors
    python -m salient_crop.training.composition.train gaicd.json --folds 5

One head is trained on people's ratings; with `--teachers` above 1, so many are, and then one more on what they say
together, for as many times the work. With `--folds`, nothing is written: the photographs are split, and every part is
judged by a head that was trained on the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import cos, pi
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from ...evaluation.ranking import RankingCase, judge, our_scores, read_cases
from ...models.composition import CompositionHead
from .samples import RatedBatch, gather, mirror, seen_anew

Target = Callable[[RatedBatch], Tensor]


@dataclass(frozen=True)
class Recipe:
    """How a head is trained.

    Attributes:
        epochs, photographs, rate, decay: passes, photographs a step, AdamW's learning rate (falling as a cosine) and
            weight decay.
        dropout: of hidden units.
        order, top: weights of the pairwise and of the listwise loss beside the squared error.
        noise, missed, reframed: see `seen_anew`.
        average: of the weights over the steps, exponential.
    """

    epochs: int = 60
    photographs: int = 16
    rate: float = 3e-3
    decay: float = 0.05
    dropout: float = 0.2
    order: float = 0.5
    top: float = 0.2
    noise: float = 0.01
    missed: float = 0.1
    reframed: float = 0.3
    average: float = 0.995


def train(
    cases: Sequence[RankingCase], recipe: Recipe, teachers: int, seed: int, report: Callable[[str], None]
) -> CompositionHead:
    """The head, the same for the same photographs, recipe and seed."""
    data = gather(cases)
    heads = []
    for number in range(teachers):
        report(f"teacher {number + 1} of {teachers}")
        heads.append(fit(data, recipe, seed + 1 + number, lambda batch: batch.target))
    if len(heads) == 1:
        return heads[0].eval()
    report("head")
    taught = replace(recipe, dropout=0.0, decay=0.005, missed=0.15, top=0.1)
    return fit(data, taught, seed, lambda batch: 0.25 * batch.target + 0.75 * together(heads, batch)).eval()


def fit(data: RatedBatch, recipe: Recipe, seed: int, target: Target) -> CompositionHead:
    """One head that says what `target` says of photographs seen anew."""
    generator = torch.Generator().manual_seed(seed)
    head = CompositionHead(dropout=recipe.dropout)
    start_over(head, generator)
    weights = list(head.parameters())
    averages = [each.detach().clone() for each in weights]
    optimiser = torch.optim.AdamW(weights, recipe.rate, weight_decay=recipe.decay)
    steps, step = recipe.epochs * -(-len(data.edges) // recipe.photographs), 0
    # Dropout has no generator of its own: the global one is put back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(recipe.epochs):
            for index in torch.randperm(len(data.edges), generator=generator).split(recipe.photographs):
                step += 1
                for group in optimiser.param_groups:
                    group["lr"] = recipe.rate * min(1, step / 100) * (1 + cos(pi * step / steps)) / 2
                batch = seen_anew(data.chosen(index), generator, recipe.noise, recipe.missed, recipe.reframed)
                loss = ranking_loss(scores(head, batch), target(batch), batch.rated, recipe)
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                optimiser.step()
                with torch.no_grad():
                    keep = min(recipe.average, step / (step + 10))
                    torch._foreach_lerp_(averages, [each.detach() for each in weights], 1 - keep)
    with torch.no_grad():
        for own, average in zip(weights, averages, strict=True):
            own.copy_(average)
    return head


def scores(head: CompositionHead, batch: RatedBatch) -> Tensor:
    return head(batch.edges, batch.which, batch.subjects, batch.present, batch.shape)


@torch.no_grad()
def together(heads: Sequence[CompositionHead], batch: RatedBatch) -> Tensor:
    """What heads say on average of photographs and their mirror images, brought to the targets' scale."""
    said = []
    for head in heads:
        head.eval()
        said += [scores(head, batch), scores(head, mirror(batch))]
    mean = torch.stack(said).mean(0)
    count = batch.rated.sum(1, keepdim=True)
    mean = (mean - (mean * batch.rated).sum(1, keepdim=True) / count) * batch.rated
    return mean


def ranking_loss(said: Tensor, target: Tensor, rated: Tensor, recipe: Recipe) -> Tensor:
    """Squared error of centred scores `[P, N]`, plus what wrong orders of pairs and a wrong top of the list cost."""
    count = rated.sum(1, keepdim=True)
    centre = (said * rated).sum(1, keepdim=True) / count
    loss = ((said - centre - target).square() * rated).sum() / count.sum()
    apart = target[:, :, None] - target[:, None]
    pairs = (apart > 0) & rated[:, :, None] & rated[:, None]
    wrong = F.softplus(-2 * (said[:, :, None] - said[:, None])) * apart.clamp(0, 2) * pairs
    loss = loss + recipe.order * wrong.sum() / pairs.sum().clamp_min(1)
    wished = (2 * target).masked_fill(~rated, -1e4).softmax(1)
    return loss - recipe.top * (wished * (2 * said).masked_fill(~rated, -1e4).log_softmax(1)).sum(1).mean()


def start_over(head: CompositionHead, generator: torch.Generator) -> None:
    """Weights drawn from the generator: normal, scaled by the number of inputs; biases 0."""
    with torch.no_grad():
        for name, weight in head.named_parameters():
            if name.endswith("bias"):
                weight.zero_()
                continue
            inputs = weight.shape[-1] if name.endswith(".weight") else weight[..., 0].numel() // _groups(name, weight)
            weight.normal_(0, inputs**-0.5, generator=generator)


def _groups(name: str, weight: Tensor) -> int:
    """In how many of its slices a tensor is used side by side rather than summed."""
    return 1 if name.startswith("judge") else len(weight)


def cross_validate(
    cases: Sequence[RankingCase],
    folds: int,
    fit_head: Callable[[Sequence[RankingCase]], CompositionHead],
    report: Callable[[str], None],
    seed: int = 0,
) -> None:
    """Reports each part's figures and their mean over all photographs."""
    order = torch.randperm(len(cases), generator=torch.Generator().manual_seed(seed)).tolist()
    everything: list[tuple[bool, dict[str, float]]] = []
    for fold in range(folds):
        held_out = set(order[fold::folds])
        head = fit_head([case for index, case in enumerate(cases) if index not in held_out])
        rows = [
            (cases[i].person is not None, judge(our_scores(head, cases[i]), cases[i].ratings)) for i in sorted(held_out)
        ]
        everything += rows
        report(f"part {fold + 1}: {_words(rows)}")
    report(f"all {folds}: {_words(everything)}")


def _words(rows: Sequence[tuple[bool, dict[str, float]]]) -> str:
    parts = []
    for name, chosen in (("all", [row for _, row in rows]), ("person", [row for person, row in rows if person])):
        if chosen:
            means = (
                f"{key} {np.mean([row[key] for row in chosen]):.4f}"
                for key in ("srcc", "pcc", "acc1/5", "acc4/5", "acc1/10", "acc4/10")
            )
            parts.append(f"{name} ({len(chosen)}) {', '.join(means)}")
    return "; ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="rated crops as `salient-crop evaluate ranking` reads them")
    parser.add_argument("--out", type=Path, help="safetensors file to write")
    parser.add_argument("--folds", type=int, help="cross-validate with so many parts instead")
    parser.add_argument("--teachers", type=int, default=1, help="above 1, a last head is taught by so many")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    cases = read_cases(given.file)

    def fit_head(chosen: Sequence[RankingCase]) -> CompositionHead:
        return train(chosen, Recipe(epochs=given.epochs), given.teachers, given.seed, tqdm.write)

    if given.folds:
        cross_validate(cases, given.folds, fit_head, tqdm.write, given.seed)
    elif given.out:
        head = fit_head(cases)
        save_file({name: value.contiguous() for name, value in head.state_dict().items()}, given.out)
    else:
        parser.error("--out FILE or --folds N")


if __name__ == "__main__":
    main()
