"""Training GAIC on a tiny made-up data set."""

from __future__ import annotations

import pytest
import rated_folders
import torch
from made_up import made_up_state, uniform
from safetensors.torch import load_file
from torchvision.models import shufflenet_v2_x1_0

from salient_crop.images.errors import PictureError
from salient_crop.models.backbones import ShuffleNetV2
from salient_crop.models.gaic.cropper import GaicCropper
from salient_crop.models.gaic.variant import TRAINED_HERE
from salient_crop.models.registry import load_cropper
from salient_crop.training.gaic.train import build_network, main, train
from salient_crop.training.rated_crops import read_rated_pictures
from salient_crop.training.resumable import TrainingSettings

QUICK = TrainingSettings(epochs=1, batch=4, crops=4)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return rated_folders.gaicd(tmp_path_factory.mktemp("gaic"), count=4)


def test_command_learns_and_its_file_loads_as_a_cropper(data, tmp_path, capsys):
    arguments = ["--data", str(data), "--part", "train", "--out", str(tmp_path), "--backbone", "shufflenetv2"]
    arguments += ["--side", "64", "--epochs", "3", "--batch", "1", "--crops", "14", "--warm-up", "0"]
    main([*arguments, "--device", "cpu"])
    assert "epoch 3/3" in capsys.readouterr().err
    history = torch.load(tmp_path / "last.pt", weights_only=True)["history"]
    assert history[-1] < 0.5 * history[0], "the loss falls"
    for path in (tmp_path / "gaic-shufflenetv2.safetensors", tmp_path / "last.pt"):
        cropper = load_cropper(path)
        assert isinstance(cropper, GaicCropper) and cropper.variant == TRAINED_HERE
    scores = cropper.analyse(uniform("picture", (1, 3, 64, 64)))[0].score(torch.tensor([[0.0, 0.0, 1.0, 1.0]]))
    assert scores.isfinite().all()


def test_normalisation_stays_frozen(data, tmp_path):
    before = build_network(ShuffleNetV2(), 4, seed=3).state_dict()
    network = build_network(ShuffleNetV2(), 4, seed=3)
    train(network, read_rated_pictures(data), QUICK, tmp_path / "last.pt", side=64)
    for name, after in network.state_dict().items():
        changed = not torch.equal(before[name], after)
        assert changed != ("running" in name or "num_batches" in name), name


def test_an_unreadable_picture_is_named(tmp_path):
    folder = rated_folders.gaicd(tmp_path, count=3)
    (folder / "images" / "train" / "p1.png").write_bytes(b"no picture")
    with pytest.raises(PictureError, match="p1.png"):
        train(build_network(ShuffleNetV2(), 4, 0), read_rated_pictures(folder), QUICK, tmp_path / "last.pt", side=32)


def test_the_command_starts_from_imagenets_weights(data, tmp_path):
    imagenet = {name: tuple(value.shape) for name, value in shufflenet_v2_x1_0(weights=None).state_dict().items()}
    weights = made_up_state(imagenet)
    torch.save(weights, tmp_path / "imagenet.pth")
    arguments = ["--data", str(data), "--out", str(tmp_path), "--backbone", "shufflenetv2", "--side", "32"]
    main([*arguments, "--epochs", "1", "--rate", "0", "--device", "cpu", "--imagenet", str(tmp_path / "imagenet.pth")])
    exported = load_file(tmp_path / "gaic-shufflenetv2.safetensors")
    assert torch.equal(exported["backbone.stage3.0.0.weight"], weights["conv1.0.weight"])
