"""Backbones with torchvision's ImageNet weights compute what torchvision's networks compute."""

from __future__ import annotations

import pytest
import torch
from made_up import made_up_state, uniform
from torchvision import models as torchvision_models
from torchvision.models.vgg import cfgs, make_layers

from salient_crop.models.backbones import Backbone, MobileNetV2, ResNet50, ShuffleNetV2, Vgg16
from salient_crop.training.imagenet import load_imagenet


@pytest.mark.parametrize(
    ("backbone", "theirs"),
    [
        (MobileNetV2, torchvision_models.mobilenet_v2),
        (ShuffleNetV2, torchvision_models.shufflenet_v2_x1_0),
        (ResNet50, torchvision_models.resnet50),
    ],
)
def test_backbones_with_torchvisions_weights_are_torchvisions(backbone: type[Backbone], theirs):
    with torch.device("meta"):
        other = theirs(weights=None).eval()
    other.to_empty(device="cpu")
    state = made_up_state({name: tuple(value.shape) for name, value in other.state_dict().items()})
    other.load_state_dict(state)
    ours = backbone().eval()
    load_imagenet(ours, state)
    picture = uniform("picture", (1, 3, 64, 64))
    with torch.no_grad():
        stages = ours(picture)
        if backbone is MobileNetV2:
            expected = other.features[:18](picture)
        elif backbone is ShuffleNetV2:
            expected = other.stage4(other.stage3(other.stage2(other.maxpool(other.conv1(picture)))))
        else:
            expected = other.maxpool(other.relu(other.bn1(other.conv1(picture))))
            expected = other.layer4(other.layer3(other.layer2(other.layer1(expected))))
    assert [stage.shape[1] for stage in stages] == list(backbone.channels)
    assert [stage.shape[-1] for stage in stages] == [8, 4, 2]
    torch.testing.assert_close(stages[2], expected)


def test_another_networks_weights_are_refused():
    with pytest.raises(ValueError, match="ImageNet checkpoint for MobileNetV2 lacks"):
        load_imagenet(MobileNetV2(), {"features.0.0.weight": torch.zeros(32, 3, 3, 3)})


def test_vgg_with_torchvisions_weights_is_torchvisions():
    theirs = make_layers(cfgs["D"]).eval()
    state = made_up_state({f"features.{name}": tuple(value.shape) for name, value in theirs.state_dict().items()})
    theirs.load_state_dict({name.removeprefix("features."): value for name, value in state.items()})
    ours = Vgg16().eval()
    load_imagenet(ours, {**state, "classifier.0.weight": torch.zeros(1, 1)})
    picture = uniform("picture", (1, 3, 32, 32))
    with torch.no_grad():
        stages, expected = ours(picture), theirs(picture)
    torch.testing.assert_close(stages[2], expected)
