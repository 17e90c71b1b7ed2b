"""Trains GAIC ("Grid Anchor based Image Cropping", Zeng et al. 2020) on rated crops.

    python -m salient_crop.training.gaic.train --data GAICD --part train --out runs/gaic --imagenet mobilenet_v2.pth

Ctrl-C stops it; the same command continues. It writes `gaic-<backbone>.safetensors` into the folder `--out`; ComfyUI
finds that file in `models/croppers`.

The loss is the published one: smooth L1 on standardised ratings of 64 random crops a picture, with the normalisation
layers frozen. Learning rate, weight decay and epochs are those of "Image Cropping under Design Constraints". GAIC's own
authors train with `--rate 1e-4 --decay 0 --epochs 80 --batch 1 --warm-up 0` and a constant learning rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...images.header import read_header
from ...models.backbones import Backbone, MobileNetV2, ShuffleNetV2, Vgg16
from ...models.gaic.network import GaicNetwork
from ...models.gaic.preprocess import round_out, standardise_values, working_size
from ...models.gaic.variant import TRAINED_HERE
from ..command import build_parser, run_training
from ..rated_crops import RatedPicture, rating_scale
from ..rated_samples import RatedSample, load_sample
from ..resumable import Report, Trainer, TrainingSettings

BACKBONES: dict[str, type[Backbone]] = {"mobilenetv2": MobileNetV2, "shufflenetv2": ShuffleNetV2, "vgg16": Vgg16}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = build_parser(__doc__)
    parser.add_argument("--backbone", choices=BACKBONES, default="mobilenetv2")
    parser.add_argument("--reduced", type=int, default=8, help="channels of the reduced map")
    given = parser.parse_args(arguments)
    network = build_network(BACKBONES[given.backbone](), given.reduced, given.seed)
    run_training(given, network, train, f"gaic-{given.backbone}.safetensors")


def build_network(backbone: Backbone, reduced: int, seed: int) -> GaicNetwork:
    """A network with random weights, the same for the same seed.

    The backbone is initialised after He et al. (2015). Its normalisation layers are frozen and, without ImageNet's
    weights, do nothing, so this keeps the scale of the features from layer to layer.

    Args:
        backbone: its weights are replaced.
        reduced: channels after the backbone.
        seed: of the weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = GaicNetwork(backbone, reduced)
        for name, layer in network.named_modules():
            if isinstance(layer, nn.Conv2d):
                if name.startswith("backbone."):
                    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                else:
                    nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
    return network


def train(
    network: GaicNetwork,
    pictures: Sequence[RatedPicture],
    settings: TrainingSettings,
    checkpoint: Path,
    report: Report = lambda _: None,
    side: int = 256,
    workers: int = 2,
) -> list[float]:
    """Trains in place and returns the mean loss of every epoch. Ratings are standardised over the data set.

    Args:
        network: to train; ends in the mode `eval`.
        pictures: to train on.
        settings: see `TrainingSettings`.
        checkpoint: file to write, and to continue from.
        report: called after every step.
        side: of the pictures' shorter side, in pixels, a multiple of 32.
        workers: threads that load pictures.

    Raises:
        PictureError: naming a picture that cannot be read.
        ValueError: when the checkpoint was made with other settings or pictures.
    """
    mean, deviation = rating_scale(pictures)
    network.eval()  # freezes the statistics of the normalisation layers; all weights still have gradients

    def load(number: int, generator: torch.Generator) -> RatedSample:
        picture = pictures[number]
        size = working_size(read_header(picture.path).size, side)
        return load_sample(picture, size, settings.crops, generator)

    def loss(samples: Sequence[RatedSample]) -> Tensor:
        losses = [_picture_loss(network, sample, mean, deviation) for sample in samples]
        return torch.stack(losses).mean()

    return Trainer(network, len(pictures), load, loss, settings, checkpoint, workers=workers).run(report)


def _picture_loss(network: GaicNetwork, sample: RatedSample, mean: float, deviation: float) -> Tensor:
    """Smooth L1 loss of one picture. Pictures keep their shapes, so they cannot be stacked into a batch."""
    image = sample.image[None].to(network.reduce.weight)
    boxes = round_out(sample.boxes[sample.chosen], (image.shape[-1], image.shape[-2]))
    ratings = (sample.ratings[sample.chosen] - mean) / deviation
    rated = network(standardise_values(image, TRAINED_HERE), boxes[None].to(image))[0]
    return F.smooth_l1_loss(rated, ratings.to(rated))


if __name__ == "__main__":
    main()
