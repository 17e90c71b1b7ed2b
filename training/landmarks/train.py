"""Trains the network of face points on the labels of `label.py`.

    python -m salient_crop.training.landmarks.train faces.jsonl --out models/landmarks/landmarks.safetensors FOLDER…

One photograph in six is kept for judging, see `samples.is_held_out` and `measure.py`. About two minutes of one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from ...cropping.face import MEAN_FACE
from ...models.landmarks.network import VIEW, VIEW_CENTRE, LandmarkNetwork, oriented_gradients
from ..weights import export
from .samples import Views, cut_patches, is_held_out, read_labels

VIEWS, BATCH, RATE, DECAY, DROPOUT = 64, 256, 1.5e-3, 1e-3, 0.15
LEAST_SPREAD = -4.6  # logarithm, in sides of the input: what is learned cannot be surer than the teacher
OF_FACE = 0.15  # weight of the question whether there is a face


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="+", help="with the pictures")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--views", type=int, default=32_000, help="to learn from")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    labels = [each for each in read_labels(given.labels) if not is_held_out(each.picture)]
    patches, points = zip(*cut_patches(labels, given.folders), strict=True)
    views = Views(torch.from_numpy(np.stack(patches)), torch.from_numpy(np.stack(points)).float(), given.seed)
    known = sum(each.points is not None for each in labels)
    print(f"{known} faces and {len(labels) - known} others of {len({each.picture for each in labels})} photographs")
    export(train(*draw_gradients(views, given.views), given.epochs, given.seed), given.out)


def draw_gradients(views: Views, count: int) -> tuple[Tensor, Tensor]:
    """What the network's fixed part makes of so many views, float16 `[N, 2048]`, and their points `[N, 5, 2]`."""
    gradients, places = [], []
    for _ in tqdm(range(0, count, VIEWS), desc="views", mininterval=10):
        images, targets = views.draw(VIEWS)
        gradients.append(oriented_gradients(images).half())
        places.append(targets)
    return torch.cat(gradients), torch.cat(places)


def train(gradients: Tensor, places: Tensor, epochs: int, seed: int = 0) -> LandmarkNetwork:
    """A network whose learned part is trained with AdamW, under a rate that falls along a cosine."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = LandmarkNetwork(DROPOUT).train()
        with torch.no_grad():
            network.out.weight.mul_(0.1)
            network.out.bias.zero_()
            network.out.bias[:10] = ((torch.tensor(MEAN_FACE) - torch.tensor(VIEW_CENTRE)) / VIEW).flatten()
            network.out.bias[10] = -3.0
        optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
        steps = epochs * -(-len(gradients) // BATCH)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, RATE / 100)
        for _ in (bar := tqdm(range(epochs), desc="epochs", mininterval=10)):
            total = 0.0
            for batch in torch.randperm(len(gradients)).split(BATCH):
                loss = loss_of(network.judge(gradients[batch].float()), places[batch])
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
                optimiser.step()
                schedule.step()
                total += loss.item() * len(batch)
            bar.set_postfix_str(f"{total / len(gradients):.3f}", refresh=False)
    return network.eval()


def loss_of(outputs: Tensor, places: Tensor) -> Tensor:
    """Negative log likelihood of the points under Laplace's distribution of the predicted spread, and of a face.

    Args:
        outputs: `[B, 12]`.
        places: `[B, 5, 2]` in sides of the input; NaN where there is no face.
    """
    is_face = ~places.isnan().flatten(1).any(1)
    question = F.binary_cross_entropy_with_logits(outputs[:, -1], is_face.float())
    if not is_face.any():
        return OF_FACE * question
    shown = outputs[is_face]
    errors = (0.5 + shown[:, :10] - places[is_face].flatten(1)).abs().mean(1)
    spread = shown[:, 10].clamp(LEAST_SPREAD, 0)
    # The errors themselves count too: a face that is hard must not be given up.
    return (errors / spread.exp() + spread).mean() + 8 * errors.mean() + OF_FACE * question


if __name__ == "__main__":
    main()
