"""Training the heatmap network end to end on a tiny made-up set."""

from __future__ import annotations

import rated_folders
import torch
from made_up import made_up_state, uniform
from torchvision.models.vgg import cfgs, make_layers

from salient_crop.models.backbones import Vgg16
from salient_crop.models.design_heatmap.cropper import DesignHeatmapCropper
from salient_crop.models.registry import load_cropper
from salient_crop.training.design_heatmap.train import main
from salient_crop.training.imagenet import load_imagenet


def test_command_learns_goes_on_and_its_file_loads_as_a_cropper(tmp_path, capsys):
    data, out = rated_folders.cpc(tmp_path / "data", count=4), tmp_path / "out"
    arguments = ["--data", str(data), "--out", str(out), "--side", "32", "--batch", "4", "--warm-up", "0"]
    arguments += ["--crops", "8", "--device", "cpu", "--rate", "2e-4", "--epochs", "2"]
    main(arguments)
    assert "epoch 2/2" in capsys.readouterr().err
    history = torch.load(out / "last.pt", weights_only=True, mmap=True)["history"]
    assert len(history) == 2 and history[-1] < history[0], "the loss falls"
    main(arguments)
    assert "epoch" not in capsys.readouterr().err, "all is done already"
    cropper = load_cropper(out / "design-heatmap.safetensors")
    assert isinstance(cropper, DesignHeatmapCropper)
    small = DesignHeatmapCropper(cropper.network, side=32)
    analysis = small.analyse(uniform("picture", (1, 3, 40, 60)))[0]
    assert analysis.heatmap.shape == (64, 64)


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
