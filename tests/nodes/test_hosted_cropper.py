"""A cropper whose weights the host looks after."""

import torch
from torch import nn


def test_weights_are_loaded_by_the_host_each_time(nodes, host):
    from salient_crop.models.analysis import Analysis
    from salient_crop.models.base import Cropper
    from salient_crop.nodes.hosted_cropper import HostedCropper

    class Mean(Cropper):
        name = "mean"
        sizes: list[int] = []

        def __init__(self):
            self.module = nn.Conv2d(3, 1, 1)

        def analyse(self, images):
            self.sizes.append(len(images))
            return [Analysis(image.mean(0)) for image in images]

    hosted = HostedCropper(Mean())
    assert not host.loaded
    found = hosted.analyse(torch.rand(11, 10, 12, 3))
    assert len(found) == 11
    assert Mean.sizes == [1] * 11  # on a CPU one by one
    hosted.analyse(torch.rand(1, 10, 12, 3))
    assert [each.model for each in host.loaded] == [hosted.cropper.module] * 2
