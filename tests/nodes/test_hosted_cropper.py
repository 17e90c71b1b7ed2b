"""A cropper whose weights the host looks after."""

from importlib import import_module

import numpy as np
import pytest
import torch
from torch import nn

from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper


class Brightness(Cropper):
    """The heat of a picture is its brightness; `batches` holds the shapes that came."""

    name = "brightness"

    def __init__(self, module=None):
        self.module = module
        self.batches = []

    def analyse(self, images):
        self.batches.append(tuple(images.shape))
        return [Analysis(image.mean(0)) for image in images]


@pytest.fixture
def hosted_cropper(host):
    return import_module("salient_crop.nodes.hosted_cropper")


THUMBNAILS = [np.full((10, 12, 3), level, np.uint8) for level in (1, 2, 3)]


def test_weights_are_loaded_by_the_host_each_time_since_it_may_have_evicted_them(hosted_cropper, host):
    network = nn.Conv2d(3, 1, 1)
    hosted = hosted_cropper.HostedCropper(Brightness(network))
    assert not host.loaded
    for count in (1, 2):
        hosted.analyse([each + 10 * count for each in THUMBNAILS])
        assert [each.model for each in host.loaded] == [network] * count
    assert hosted.load() is hosted.cropper
    assert len(host.loaded) == 3


def test_a_cropper_without_weights_asks_nothing_of_the_host(hosted_cropper, host):
    hosted = hosted_cropper.HostedCropper(Brightness())
    assert len(hosted.analyse(THUMBNAILS)) == 3
    assert not host.loaded


def test_what_was_analysed_before_is_remembered(hosted_cropper, host, monkeypatch):
    hosted = hosted_cropper.HostedCropper(Brightness())
    first = hosted.analyse([*THUMBNAILS, THUMBNAILS[0]])
    again = hosted.analyse([THUMBNAILS[2], THUMBNAILS[0].copy(), np.full((12, 10, 3), 1, np.uint8)])
    assert len(hosted.cropper.batches) == 4  # another shape of the same bytes is another picture
    assert (again[0], again[1], first[3]) == (first[2], first[0], first[0])
    monkeypatch.setattr(hosted_cropper, "REMEMBERED", 1)
    hosted.analyse(THUMBNAILS[:1])
    hosted.analyse(THUMBNAILS[:2])
    assert len(hosted.cropper.batches) == 5


def test_thumbnails_are_analysed_one_by_one_on_a_cpu(hosted_cropper, host):
    hosted = hosted_cropper.HostedCropper(Brightness())
    assert hosted.device == torch.device("cpu")
    hosted.analyse(THUMBNAILS)
    assert hosted.cropper.batches == [(1, 3, 10, 12)] * 3


def test_without_a_connection_the_first_bundled_cropper_is_used(hosted_cropper):
    assert hosted_cropper.or_default(None).cropper.name == "focus"
    connected = hosted_cropper.HostedCropper(Brightness())
    assert hosted_cropper.or_default(connected) is connected
