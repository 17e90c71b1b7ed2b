"""Backbones: three maps of the stated depth at 1/8, 1/16 and 1/32, and ImageNet's standardisation."""

from __future__ import annotations

import pytest
import torch

from salient_crop.models.backbones import Backbone, MobileNetV2, ResNet50, ShuffleNetV2, Vgg16
from salient_crop.models.backbones.imagenet import standardise


@pytest.mark.parametrize("kind", [MobileNetV2, ShuffleNetV2, Vgg16, ResNet50])
def test_a_backbone_gives_three_maps(kind: type[Backbone]) -> None:
    with torch.device("meta"):  # shapes alone
        maps = kind().eval()(torch.zeros(2, 3, 64, 96))
    assert [tuple(each.shape) for each in maps] == [
        (2, depth, 64 // part, 96 // part) for depth, part in zip(kind.channels, (8, 16, 32), strict=True)
    ]


def test_imagenets_mean_colour_becomes_zero_and_a_deviation_one() -> None:
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    images = torch.stack([mean, mean + std]).view(2, 3, 1, 1).expand(2, 3, 4, 5)
    standardised = standardise(images)
    torch.testing.assert_close(standardised[0], torch.zeros(3, 4, 5), atol=1e-6, rtol=0)
    torch.testing.assert_close(standardised[1], torch.ones(3, 4, 5))
