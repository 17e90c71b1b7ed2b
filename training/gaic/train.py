"""Trains GAIC on rated crops.

    python -m salient_crop.training.gaic.train --data GAICD --part train --out runs/gaic --imagenet mobilenet_v2.pth

Ctrl-C stops it; the same command goes on. The result, `gaic-<backbone>.safetensors` in the folder of `--out`, goes
into `models/croppers`. The loss is the published one (smooth L1 on standardised ratings of 64 random crops a picture,
with the normalisation layers frozen). The rate, decay and epochs are those of "Image Cropping under Design
Constraints"; GAIC's own authors train with `--rate 1e-4 --decay 0 --epochs 80 --batch 1 --warm-up 0` and no fall of
the rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...images.header import read_header
from ...models.backbones import Backbone, MobileNetV2, ShuffleNetV2, Vgg16
from ...models.checkpoint import load_state
from ...models.gaic.network import GaicNetwork
from ...models.gaic.preprocess import round_out, standardise_values, working_size
from ...models.gaic.variant import TRAINED_HERE
from ..command import LAST, export, options, progress_bar, settings_from
from ..imagenet import load_imagenet
from ..rated_crops import RatedPicture, rating_scale, read_rated_pictures
from ..rated_samples import RatedSample, rated_sample
from ..resumable import BucketReport, Settings, Trainer

BACKBONES: dict[str, type[Backbone]] = {"mobilenetv2": MobileNetV2, "shufflenetv2": ShuffleNetV2, "vgg16": Vgg16}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__)
    parser.add_argument("--backbone", choices=BACKBONES, default="mobilenetv2")
    parser.add_argument("--reduced", type=int, default=8, help="channels of the reduced map")
    given = parser.parse_args(arguments)
    network = new_network(BACKBONES[given.backbone](), given.reduced, given.seed)
    if given.imagenet:
        load_imagenet(network.backbone, load_state(given.imagenet))
    pictures = read_rated_pictures(given.data, given.part)
    bar, report = progress_bar()
    with bar:
        train(
            network.to(given.device),
            pictures,
            settings_from(given),
            given.out / LAST,
            report=report,
            side=given.side,
            workers=given.workers,
        )
    export(network, given.out / f"gaic-{given.backbone}.safetensors")


def new_network(backbone: Backbone, reduced: int, seed: int) -> GaicNetwork:
    """A network with random weights, the same for the same seed.

    The backbone's are scaled so that what it sees survives its frozen normalisation layers, which change nothing until
    ImageNet's weights are put in.
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
    settings: Settings,
    checkpoint: Path,
    report: BucketReport = lambda _: None,
    side: int = 256,
    workers: int = 2,
) -> list[float]:
    """Trains in place and returns every epoch's mean loss. Ratings are standardised over the data set.

    side: of the pictures' shorter side, in pixels, divisible by 32.
    """
    mean, deviation = rating_scale(pictures)
    network.eval()  # freezes the normalisation layers; gradients flow all the same

    def load(number: int, generator: torch.Generator) -> RatedSample:
        picture = pictures[number]
        size = working_size(read_header(picture.path).size, side)
        return rated_sample(picture, size, settings.crops, generator)

    def loss(samples: Sequence[RatedSample]) -> Tensor:
        losses = [_loss(network, sample, mean, deviation) for sample in samples]
        return torch.stack(losses).mean()

    return Trainer(network, len(pictures), load, loss, settings, checkpoint, workers=workers).run(report)


def _loss(network: GaicNetwork, sample: RatedSample, mean: float, deviation: float) -> Tensor:
    """Of one picture: pictures keep their shapes, so they cannot be stacked."""
    image = sample.image[None].to(network.reduce.weight)
    boxes = round_out(sample.boxes[sample.drawn], (image.shape[-1], image.shape[-2]))
    ratings = (sample.ratings[sample.drawn] - mean) / deviation
    rated = network(standardise_values(image, TRAINED_HERE), boxes[None].to(image))[0]
    return F.smooth_l1_loss(rated, ratings.to(rated))


if __name__ == "__main__":
    main()
