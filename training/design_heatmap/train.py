"""Trains the heatmap network of "Image Cropping under Design Constraints" (Nishiyasu, Shimoda, Sato 2023).

    python -m salient_crop.training.design_heatmap.train --data CPC --out runs/design-heatmap --imagenet vgg16.pth

Ctrl-C stops it; the same command continues. It writes `design-heatmap.safetensors` into the folder `--out`; ComfyUI
finds that file in `models/croppers`.

The defaults are the paper's: Adam with a learning rate of 3.5e-4, weight decay 1e-4, 30 epochs. Batches of 8 pictures,
resized to squares of 256 pixels, are those of the code that the paper adapts (HCIC on CPC). Targets and losses are in
`losses.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ...models.design_heatmap.cropper import SIDE, preprocess
from ...models.design_heatmap.network import HeatmapNetwork
from ..command import build_parser, run_training
from ..rated_crops import RatedPicture, rating_scale
from ..rated_samples import RatedSample, load_sample
from ..resumable import Report, Trainer, TrainingSettings
from .losses import heatmap_loss, pseudo_heatmap


def main(arguments: Sequence[str] | None = None) -> None:
    given = build_parser(__doc__, crops=24).parse_args(arguments)  # CPC has 24 crops a picture
    network = build_network(given.seed)
    run_training(given, network, train, "design-heatmap.safetensors")


def build_network(seed: int) -> HeatmapNetwork:
    """A network with random weights, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return HeatmapNetwork()


def train(
    network: HeatmapNetwork,
    pictures: Sequence[RatedPicture],
    settings: TrainingSettings,
    checkpoint: Path,
    report: Report = lambda _: None,
    side: int = SIDE,
    workers: int = 2,
) -> list[float]:
    """Trains in place and returns the mean loss of every epoch. Ratings are standardised over the data set.

    Args:
        network: to train.
        pictures: to train on.
        settings: see `TrainingSettings`.
        checkpoint: file to write, and to continue from.
        report: called after every step.
        side: of the squares that pictures are resized to, in pixels, a multiple of 32.
        workers: threads that load pictures.

    Raises:
        PictureError: naming a picture that cannot be read.
        ValueError: when the checkpoint was made with other settings or pictures.
    """
    mean, deviation = rating_scale(pictures)

    def load(number: int, generator: torch.Generator) -> tuple[RatedSample, Tensor]:
        sample = load_sample(pictures[number], (side, side), settings.crops, generator)
        return sample, pseudo_heatmap(sample.boxes, sample.ratings, mean)

    def loss(samples: Sequence[tuple[RatedSample, Tensor]]) -> Tensor:
        weight = network.reduce.weight
        images = torch.stack([sample.image for sample, _ in samples]).to(weight)
        targets = torch.stack([target for _, target in samples]).to(weight)
        boxes = torch.stack([sample.boxes[sample.chosen] for sample, _ in samples]).to(weight)
        ratings = torch.stack([sample.ratings[sample.chosen] for sample, _ in samples]).to(weight)
        heat = network(preprocess(images, side))
        return heatmap_loss(heat, targets, network.rating(heat, boxes), (ratings - mean) / deviation)

    return Trainer(network, len(pictures), load, loss, settings, checkpoint, workers=workers).run(report)


if __name__ == "__main__":
    main()
