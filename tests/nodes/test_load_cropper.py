"""Load Cropper in a stand-in host."""

import shutil

import pytest
import torch

from salient_crop.models.registry import BUNDLED


def test_bundled_croppers_come_first_and_files_in_the_models_folder_follow(nodes, host):
    folder = host.base / "models" / "croppers"
    folder.mkdir()
    for name in ("b.safetensors", "a.pth", "notes.txt"):
        (folder / name).write_bytes(b"")
    (choice,) = nodes["SalientCrop_LoadCropper"].define_schema().inputs
    assert choice.options == [*BUNDLED, "a.pth", "b.safetensors"]
    assert choice.default == "focus"


def test_a_loaded_cropper_knows_where_it_came_from(run, host, root):
    (bundled,) = run("LoadCropper", cropper="smartcrop")
    assert (bundled.cropper.name, bundled.source) == ("smartcrop", "smartcrop")
    file = host.base / "models" / "croppers" / "mine.safetensors"
    file.parent.mkdir()
    shutil.copy(root / "models" / "focus" / "focus.safetensors", file)
    (loaded,) = run("LoadCropper", cropper="mine.safetensors")
    assert (loaded.cropper.name, loaded.source) == ("focus", str(file))
    assert not host.loaded  # only when it is used


def test_a_file_that_is_no_checkpoint_is_named(run, host):
    file = host.base / "models" / "croppers" / "mine.safetensors"
    file.parent.mkdir()
    file.write_bytes(b"no checkpoint")
    with pytest.raises(ValueError, match="mine.safetensors"):
        run("LoadCropper", cropper="mine.safetensors")


def test_the_panel_says_what_every_bundled_cropper_does(panel, nodes):
    (choice,) = nodes["SalientCrop_LoadCropper"].define_schema().inputs
    for name in choice.options:
        assert panel("LoadCropper", cropper=name)["words"].startswith(f"{name}: ")


def test_a_checkpoint_that_is_not_there_is_refused_with_what_to_do(nodes, host):
    check = nodes["SalientCrop_LoadCropper"].validate_inputs
    assert check(cropper="focus") is True
    assert check(cropper="gone.safetensors").endswith(
        "choose another one: focus, smartcrop, centre, saliency-short-edge, saliency-long-edge"
    )


@pytest.mark.parametrize(
    ("version", "environment", "told"), [("2026.1", "", True), ("2026.1", "torch", False), (None, "", False)]
)
def test_the_panel_says_where_openvino_runs_the_network(panel, monkeypatch, version, environment, told):
    monkeypatch.setattr("salient_crop.models.runtime.choice.openvino_version", lambda: version)
    monkeypatch.setenv("SALIENT_CROP_RUNTIME", environment)
    assert panel("LoadCropper", cropper="focus")["words"].endswith(" OpenVINO runs it.") is told
    assert "OpenVINO" not in panel("LoadCropper", cropper="smartcrop")["words"]  # it has no network


def test_an_environment_that_asks_for_what_is_not_known_is_named(run, monkeypatch):
    monkeypatch.setenv("SALIENT_CROP_RUNTIME", "onnx")
    for node, given in (("LoadCropper", {"cropper": "focus"}), ("Heatmap", {"image": torch.rand(1, 32, 32, 3)})):
        with pytest.raises(ValueError, match="^SALIENT_CROP_RUNTIME='onnx' is none of auto, torch, openvino$"):
            run(node, **given)
