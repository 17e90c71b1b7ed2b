"""Training the heatmap network end to end on a tiny made-up set."""

from __future__ import annotations

import rated_folders
import torch
from made_up import uniform

from salient_crop.models.design_heatmap.cropper import DesignHeatmapCropper
from salient_crop.models.registry import load_cropper
from salient_crop.training.design_heatmap.train import main


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
