"""torchvision's MobileNetV2 as the backbone of focus."""

from __future__ import annotations

import torch
import torchvision

from salient_crop.models.focus.network import FocusNetwork
from salient_crop.training.focus.imagenet import fold_mobilenet


def test_the_folded_backbone_computes_what_torchvisions_computes() -> None:
    generator = torch.Generator().manual_seed(1)
    theirs = torchvision.models.mobilenet_v2().eval()
    for module in theirs.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            module.weight.data.uniform_(0.5, 1.5, generator=generator)
            module.bias.data.normal_(0, 0.2, generator=generator)
    ours = FocusNetwork().backbone
    ours.load_state_dict(fold_mobilenet(theirs.state_dict()))
    images = torch.rand(2, 3, 64, 96, generator=generator)
    with torch.inference_mode():
        expected, computed = theirs.features[:18](images), ours(images)[3]
    assert (expected - computed).abs().max() <= 1e-4 * expected.abs().max()
