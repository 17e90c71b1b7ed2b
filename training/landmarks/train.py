"""Trains the network of face points on the labels of `label.py`.

    python -m salient_crop.training.landmarks.train faces.jsonl --out models/landmarks/landmarks.safetensors FOLDER…

Photographs that are kept for judging are left out, see `samples.is_held_out` and `measure.py`. Some ten minutes of one
core.
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
from ...models.landmarks.network import VIEW, VIEW_CENTRE, LandmarkNetwork
from ..weights import export
from .samples import Views, cut_patches, is_held_out, read_labels

BATCH, RATE, DECAY, DROPOUT = 64, 2e-3, 1e-2, 0.1
STEPS = 8000
LEAST_SPREAD = -4.6  # logarithm, in sides of the input: what is learned cannot be surer than the teacher
OF_FACE = 0.5  # weight of the question whether there is a face


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="+", help="with the pictures")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of {BATCH} views each")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    labels = [each for each in read_labels(given.labels) if not is_held_out(each.picture)]
    patches, points = zip(*cut_patches(labels, given.folders), strict=True)
    are_faces = torch.tensor([each.is_face for each in labels])
    stacked = torch.from_numpy(np.stack(patches)), torch.from_numpy(np.stack(points)).float()
    views = Views(*stacked, are_faces, given.seed)
    known, faces = sum(each.points is not None for each in labels), int(are_faces.sum())
    photographs = len({each.picture for each in labels})
    print(f"{faces} faces, {known} with points, and {len(labels) - faces} others of {photographs} photographs")
    export(train(views, given.steps, given.seed).half(), given.out)


def train(views: Views, steps: int, seed: int = 0) -> LandmarkNetwork:
    """A network that is trained with AdamW, under a rate that rises, then falls along a cosine."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = LandmarkNetwork(DROPOUT).train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        with torch.no_grad():
            network.out.weight.mul_(0.1)
            network.out.bias.zero_()
            network.out.bias[:10] = ((torch.tensor(MEAN_FACE) - torch.tensor(VIEW_CENTRE)) / VIEW).flatten()
            network.out.bias[10] = -3.0
        optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, final_div_factor=100)
        loss = 0.0
        for _ in (bar := tqdm(range(steps), desc="steps", mininterval=10)):
            images, places, are_faces = views.draw(BATCH)
            step = loss_of(network(images), places, are_faces)
            optimiser.zero_grad()
            step.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            loss += 0.01 * (step.item() - loss)
            bar.set_postfix_str(f"{loss:.3f}", refresh=False)
    return network.eval()


def loss_of(outputs: Tensor, places: Tensor, are_faces: Tensor) -> Tensor:
    """Negative log likelihood of the points under Laplace's distribution of the predicted spread, and of a face.

    Args:
        outputs: `[B, 12]`.
        places: `[B, 5, 2]` in sides of the input; NaN where they are not known.
        are_faces: bool `[B]`.
    """
    question = F.binary_cross_entropy_with_logits(outputs[:, -1], are_faces.float())
    known = ~places.isnan().flatten(1).any(1)
    if not known.any():
        return OF_FACE * question
    shown = outputs[known]
    errors = (0.5 + shown[:, :10] - places[known].flatten(1)).abs().mean(1)
    spread = shown[:, 10].clamp(LEAST_SPREAD, 0)
    # The errors themselves count too: a face that is hard must not be given up.
    return (errors / spread.exp() + spread).mean() + 8 * errors.mean() + OF_FACE * question


if __name__ == "__main__":
    main()
