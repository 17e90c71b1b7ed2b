"""Learns how people rate crops from where their edges lie among the subjects.

    python -m salient_crop.training.composition.train gaicd.json --out models/composition/composition.safetensors
    python -m salient_crop.training.composition.train gaicd.json --folds 5

The head's two opinions are learned apart: of subjects and edges from people's ratings, of the scene as a whole from a
kernel machine (`kernel.py`). With `--folds`, nothing is written: the photographs are split, and every part is judged by
a head that was trained on the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from ...evaluation.ranking import RankingCase, measure_ranking, read_cases, score_crops
from ...models.composition.head import CompositionHead
from .kernel import learn
from .samples import RatedBatch, gather, seen_anew

SCENE = 0.4  # share of the opinion of the scene as a whole: between .3 and .5 it does not matter


@dataclass(frozen=True)
class Recipe:
    """How a head is trained.

    Attributes:
        epochs, photographs, rate, decay: passes, photographs a step, AdamW's learning rate (falling as a cosine) and
            weight decay.
        dropout: of hidden units.
        order, top: weights of the pairwise and of the listwise loss beside the squared error.
        noise, missed, alone, reframed: see `seen_anew`.
        average: of the weights over the steps, exponential.
    """

    epochs: int = 100
    photographs: int = 16
    rate: float = 3e-3
    decay: float = 0.05
    dropout: float = 0.2
    order: float = 0.5
    top: float = 0.2
    noise: float = 0.01
    missed: float = 0.1
    alone: float = 0.15
    reframed: float = 0.3
    average: float = 0.995


def train(cases: Sequence[RankingCase], recipe: Recipe, seed: int) -> CompositionHead:
    """The head, the same for the same photographs, recipe and seed."""
    data = gather(cases)
    head = fit(data, recipe, seed)
    learn(head.taste, data, seed)
    with torch.no_grad():
        for last, share in ((head.final, 1 - SCENE), (head.taste.out, SCENE)):
            last.weight.mul_(share)
            last.bias.mul_(share)
    return head.eval()


def fit(data: RatedBatch, recipe: Recipe, seed: int) -> CompositionHead:
    """A head that knows nothing yet of scenes as a whole."""
    generator = torch.Generator().manual_seed(seed)
    head = CompositionHead(dropout=recipe.dropout)
    start_over(head, generator)
    weights = [each for name, each in head.named_parameters() if not name.startswith("taste.")]
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
                batch = seen_anew(
                    data.chosen(index), generator, recipe.noise, recipe.missed, recipe.alone, recipe.reframed
                )
                loss = ranking_loss(scores(head, batch), batch.target, batch.rated, recipe)
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
            (cases[index].person is not None, measure_ranking(score_crops(head, cases[index]), cases[index].ratings))
            for index in sorted(held_out)
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
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    cases = read_cases(given.file)

    def fit_head(chosen: Sequence[RankingCase]) -> CompositionHead:
        return train(chosen, Recipe(epochs=given.epochs), given.seed)

    if given.folds:
        cross_validate(cases, given.folds, fit_head, tqdm.write, given.seed)
    elif given.out:
        head = fit_head(cases)
        save_file({name: value.contiguous() for name, value in head.state_dict().items()}, given.out)
    else:
        parser.error("--out FILE or --folds N")


if __name__ == "__main__":
    main()
