"""Which device croppers run on."""

import pytest
import torch

from salient_crop.jobs.device import find_device


@pytest.mark.parametrize(
    ("name", "available", "found"),
    [("auto", False, "cpu"), ("auto", True, "cuda"), ("cpu", True, "cpu"), ("cuda", True, "cuda")],
)
def test_a_device_that_is_there(monkeypatch, name, available, found):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert find_device(name) == found


@pytest.mark.parametrize(
    ("name", "words"), [("cuda", "device: PyTorch finds no CUDA GPU"), ("gpu", "'gpu' is none of auto, cpu, cuda")]
)
def test_a_device_that_is_not_there_is_named(monkeypatch, name, words):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=words):
        find_device(name)


def test_the_default_is_whatever_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert find_device() == "cuda"
