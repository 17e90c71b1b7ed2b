"""Trains the composition head on rated crops.

    python -m salient_crop.training.composition.train gaicd.json --out models/composition/composition.safetensors
    python -m salient_crop.training.composition.train gaicd.json --folds 5

The two parts of the head are trained apart, and their scores are added: the part on single subjects and edges on
people's ratings, the part on the scene as a whole on a kernel machine (`kernel.py`). With `--folds`, no weights are
written: the photographs are split into parts, and every part is evaluated with a head that was trained on the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, cos, pi
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from ...evaluation.ranking import PictureFigures, RankingCase, measure_ranking, read_cases, score_crops
from ...models.composition.head import CompositionHead
from ..weights import export
from .kernel import distil
from .samples import RatedBatch, augment, collate

SCENE_WEIGHT = 0.4  # of the part on the scene as a whole; the other part has 1 − 0.4. From .3 to .5 makes no difference
WARM_UP = 100  # steps of linear growth of the learning rate
MAX_GRADIENT_NORM = 1.0
TEMPERATURE = 2.0  # factor of the scores in the pairwise and in the listwise loss
MASKED = -1e4  # a logit that a softmax turns into 0
FIGURES = ("srcc", "pcc", "acc1/5", "acc4/5", "acc1/10", "acc4/10")

Rows = list[tuple[bool, PictureFigures]]  # of each photograph: whether it has a person, and its figures


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters.

    Attributes:
        epochs: passes over the photographs.
        batch_size: photographs a step.
        learning_rate: AdamW's, the largest; it falls to 0 along a cosine.
        weight_decay: AdamW's.
        dropout: of hidden units.
        pairwise, listwise: weights of these losses beside the squared error, see `ranking_loss`.
        noise, dropped, person_only, trimmed: see `augment`.
        average: decay of the exponential moving average of the weights over the steps.
    """

    epochs: int = 100
    batch_size: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    dropout: float = 0.2
    pairwise: float = 0.5
    listwise: float = 0.2
    noise: float = 0.01
    dropped: float = 0.1
    person_only: float = 0.15
    trimmed: float = 0.3
    average: float = 0.995


def train(cases: Sequence[RankingCase], recipe: Recipe, seed: int) -> CompositionHead:
    """A trained head. The same photographs, recipe and seed give the same weights."""
    data = collate(cases)
    head = fit(data, recipe, seed)
    distil(head.taste, data, seed)
    with torch.no_grad():
        for last, weight in ((head.final, 1 - SCENE_WEIGHT), (head.taste.out, SCENE_WEIGHT)):
            last.weight.mul_(weight)
            last.bias.mul_(weight)
    return head.eval()


def fit(data: RatedBatch, recipe: Recipe, seed: int) -> CompositionHead:
    """A head of which the part on single subjects and edges is trained, the part on the scene is not."""
    generator = torch.Generator().manual_seed(seed)
    # The constructor and dropout use PyTorch's global generator: its state is restored afterwards.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = CompositionHead(dropout=recipe.dropout)
        initialise(head, generator)
        torch.manual_seed(seed)
        _optimise(head, data, recipe, generator)
    return head


def _optimise(head: CompositionHead, data: RatedBatch, recipe: Recipe, generator: torch.Generator) -> None:
    """Trains a head in place, and leaves it with the average of its weights over the steps."""
    weights = [each for name, each in head.named_parameters() if not name.startswith("taste.")]
    averages = [each.detach().clone() for each in weights]
    optimiser = torch.optim.AdamW(weights, recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = recipe.epochs * ceil(len(data.edges) / recipe.batch_size)
    for step, index in enumerate(_draw_batches(len(data.edges), recipe, generator), start=1):
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * min(1, step / WARM_UP) * (1 + cos(pi * step / steps)) / 2
        batch = augment(data.select(index), generator, recipe.noise, recipe.dropped, recipe.person_only, recipe.trimmed)
        loss = ranking_loss(predict(head, batch), batch.target, batch.valid, recipe)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, MAX_GRADIENT_NORM)
        optimiser.step()
        with torch.no_grad():
            decay = min(recipe.average, step / (step + 10))
            torch._foreach_lerp_(averages, [each.detach() for each in weights], 1 - decay)
    with torch.no_grad():
        for weight, average in zip(weights, averages, strict=True):
            weight.copy_(average)


def _draw_batches(count: int, recipe: Recipe, generator: torch.Generator) -> Iterator[Tensor]:
    """Indices of the photographs of every step."""
    for _ in range(recipe.epochs):
        yield from torch.randperm(count, generator=generator).split(recipe.batch_size)


def predict(head: CompositionHead, batch: RatedBatch) -> Tensor:
    """Scores `[P, N]` of the crops, without the part on the scene as a whole."""
    return head(batch.edges, batch.edge_index, batch.subjects, batch.present, batch.aspect)


def ranking_loss(scores: Tensor, target: Tensor, valid: Tensor, recipe: Recipe) -> Tensor:
    """The sum of three losses over the crops of each photograph.

    - The squared error of the scores less their mean.
    - Pairwise (RankNet; Burges et al., 2005): the logistic loss of score differences, weighted by the difference of the
      targets, up to 2.
    - Listwise (ListNet; Cao et al., 2007): the cross entropy between the softmax of the targets and that of the scores,
      which counts the top of the list most.

    Args:
        scores, target: `[P, N]`.
        valid: `[P, N]` which crops exist.
        recipe: the weights of the losses.

    Returns:
        A scalar.
    """
    count = valid.sum(1, keepdim=True)
    mean = (scores * valid).sum(1, keepdim=True) / count
    squared = ((scores - mean - target).square() * valid).sum() / count.sum()
    difference = target[:, :, None] - target[:, None]
    pairs = (difference > 0) & valid[:, :, None] & valid[:, None]
    logistic = F.softplus(-TEMPERATURE * (scores[:, :, None] - scores[:, None])) * difference.clamp(0, 2) * pairs
    pairwise = logistic.sum() / pairs.sum().clamp_min(1)
    wanted = (TEMPERATURE * target).masked_fill(~valid, MASKED).softmax(1)
    predicted = (TEMPERATURE * scores).masked_fill(~valid, MASKED).log_softmax(1)
    listwise = -(wanted * predicted).sum(1).mean()
    return squared + recipe.pairwise * pairwise + recipe.listwise * listwise


def initialise(head: CompositionHead, generator: torch.Generator) -> None:
    """Draws the weights in place: normal, with the variance 1 / number of inputs; biases are 0."""
    with torch.no_grad():
        for name, weight in head.named_parameters():
            if name.endswith("bias"):
                weight.zero_()
            else:
                weight.normal_(0, _count_inputs(name, weight) ** -0.5, generator=generator)


def _count_inputs(name: str, weight: Tensor) -> int:
    """How many inputs are summed by a weight: a matrix of a linear layer, or a stack `[S, inputs, outputs]`.

    Stacks whose name begins with `judge` sum over S as well.
    """
    if name.endswith(".weight"):
        return weight.shape[-1]
    return weight[..., 0].numel() // (1 if name.startswith("judge") else len(weight))


def cross_validate(
    cases: Sequence[RankingCase],
    folds: int,
    fit_head: Callable[[Sequence[RankingCase]], CompositionHead],
    report: Callable[[str], None],
    seed: int = 0,
) -> None:
    """Reports the figures of each part of the photographs, and their means over all photographs.

    Args:
        cases: to split at random.
        folds: number of parts.
        fit_head: trains a head on the photographs of the other parts.
        report: called with each line of text.
        seed: of the split.
    """
    order = torch.randperm(len(cases), generator=torch.Generator().manual_seed(seed)).tolist()
    rows: Rows = []
    for fold in range(folds):
        held_out = set(order[fold::folds])
        head = fit_head([case for index, case in enumerate(cases) if index not in held_out])
        part = [_measure(head, cases[index]) for index in sorted(held_out)]
        rows += part
        report(f"part {fold + 1}: {_format(part)}")
    report(f"all {folds}: {_format(rows)}")


def _measure(head: CompositionHead, case: RankingCase) -> tuple[bool, PictureFigures]:
    return case.person is not None, measure_ranking(score_crops(head, case), case.ratings)


def _format(rows: Rows) -> str:
    """Mean figures of all photographs, and of those with a person."""
    subsets = {"all": [figures for _, figures in rows], "person": [figures for person, figures in rows if person]}
    return "; ".join(
        f"{name} ({len(figures)}) "
        + ", ".join(f"{each} {np.mean([figure[each] for figure in figures]):.4f}" for each in FIGURES)
        for name, figures in subsets.items()
        if figures
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="rated crops as `salient-crop evaluate ranking` reads them")
    parser.add_argument("--out", type=Path, help="safetensors file to write")
    parser.add_argument("--folds", type=int, help="cross-validate with so many parts instead")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    cases = read_cases(given.file)

    def fit_head(chosen: Sequence[RankingCase]) -> CompositionHead:
        return train(chosen, Recipe(epochs=given.epochs), given.seed)

    if given.folds:
        cross_validate(cases, given.folds, fit_head, tqdm.write, given.seed)
    elif given.out:
        export(fit_head(cases), given.out)
    else:
        parser.error("--out FILE or --folds N")


if __name__ == "__main__":
    main()
