"""Checkpoint files that cannot be read say why, and what to do; never with PyTorch's advice to run their code."""

import os

import pytest
import torch
from safetensors.torch import save_file

from salient_crop.models.registry import load_cropper


class Code:
    """Would make a folder if it were unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


PAGE = b"<!DOCTYPE html><html><body>404</body></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"", "is empty; download it again"),
        (PAGE, "web page or a Git LFS pointer; download the file itself"),
        (POINTER, "web page or a Git LFS pointer; download the file itself"),
        (b"\x93garbage" * 40, "damaged or no checkpoint"),
    ],
)
def test_a_file_that_is_no_checkpoint_says_what_it_is(tmp_path, suffix, content, advice):
    path = tmp_path / f"head{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=advice) as caught:
        load_cropper(path)
    assert str(path) in str(caught.value)
    assert "weights_only" not in str(caught.value)


def test_a_download_that_broke_off_is_damaged(tmp_path):
    path = tmp_path / "head.safetensors"
    save_file({"weight": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="damaged or no checkpoint; download it again"):
        load_cropper(path)


@pytest.mark.parametrize("wrapped", [False, True])
def test_code_in_a_checkpoint_is_not_run(tmp_path, wrapped):
    made = tmp_path / "made"
    path = tmp_path / "trap.pth"
    torch.save({"state_dict": Code(made)} if wrapped else Code(made), path)
    with pytest.raises(ValueError, match="would run code; save the network's state_dict"):
        load_cropper(path)
    assert not made.exists()


def test_weights_of_something_else_name_what_is_known(tmp_path):
    path = tmp_path / "lora.safetensors"
    save_file({"lora_unet.alpha": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match=r"lora_unet\.alpha.*focus, gaic, design-heatmap, transalnet.*something else"):
        load_cropper(path)
