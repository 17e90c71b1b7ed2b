"""Checkpoint files that cannot be read say why, and what to do; never with PyTorch's advice to run their code.

Hostile ones are refused before anything is made that the file does not hold.
"""

import json
import os
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file

from salient_crop.cli.main import main
from salient_crop.models import checkpoint
from salient_crop.models.checkpoint import load_state
from salient_crop.models.focus.loading import WEIGHTS
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


# --- hostile files ----------------------------------------------------------------------------------------------------


def in_itself():
    state = load_file(WEIGHTS)
    state["state_dict"] = state
    return state


def in_its_wrapper():
    state = {"epoch": 3}
    state["model"] = {"state_dict": state}
    return state


def wrapped(times):
    state = {"a": torch.ones(1)}
    for _ in range(times):
        state = {"model": state}
    return state


def with_bias(bias, name="prior.bias"):
    return {**load_file(WEIGHTS), name: bias}


HOSTILE = {
    "in itself": (in_itself, "its state dict lies in too many others"),
    "in its wrapper": (in_its_wrapper, "its state dict lies in too many others"),
    "wrapped 300 times": (lambda: wrapped(300), "its state dict lies in too many others"),
    "nothing": (dict, "it holds no tensors at all"),
    "a list": (lambda: [torch.ones(1)], "no plain state dict of tensors"),
    "a number": (lambda: 3, "no plain state dict of tensors"),
    "a tensor": (lambda: torch.ones(1), "no plain state dict of tensors"),
    "dicts of tensors": (lambda: {"a": {"b": torch.ones(1)}}, "no plain state dict of tensors"),
    "no rows": (lambda: with_bias(torch.zeros(0, 8)), r"'prior\.bias' in it has no numbers, but the shape \[0, 8\]"),
    "30000 rows of none": (
        lambda: with_bias(torch.zeros(30000, 0), "up4.coarse.weight"),
        r"but the shape \[30000, 0\]",
    ),
    "2⁴⁰ rows of none": (lambda: with_bias(torch.zeros(2**40, 0), "up4.coarse.weight"), "but the shape"),
    "one number, expanded": (lambda: with_bias(torch.ones(1).expand(2**20, 2**20)), "it repeats few numbers"),
    "meta": (
        lambda: with_bias(torch.ones(1, device="meta")),
        r"'prior\.bias' in it is a meta tensor; save it as a plain",
    ),
    "sparse": (lambda: with_bias(torch.ones(1).to_sparse()), "is a sparse tensor"),
    "quantised": (
        lambda: with_bias(torch.quantize_per_tensor(torch.ones(1), 1.0, 0, torch.qint8)),
        "is a quantised tensor",
    ),
    "a number for a name": (lambda: {3: torch.ones(1)}, "a name that is none"),
    "bytes for a name": (lambda: {b"a": torch.ones(1)}, "a dict whose keys are no names|would run code"),
    "a pair for a name": (lambda: {("a", "b"): torch.ones(1)}, "a dict whose keys are no names"),
    "a line feed in a name": (lambda: with_bias(torch.ones(1), "a\nb"), "a name that is none"),
    "an escape in a name": (lambda: with_bias(torch.ones(1), "\x1b]0;a\x07"), "a name that is none"),
    "a name that is too long": (lambda: with_bias(torch.ones(1), "a" * 201), "a name that is none"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(tmp_path, name):
    make, words = HOSTILE[name]
    path = tmp_path / "trap.pth"
    torch.save(make(), path)
    with pytest.raises(ValueError, match=words) as caught:
        load_cropper(path)
    assert str(caught.value).startswith(f"{path} could not be read as plain weights: ")
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


def tensor(shape, start, end, kind="F32"):
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


LYING = {
    "a header of 2⁶³ bytes": ({}, b"", 2**63),
    "a header that is not there": ({}, b"", 90_000_000),
    "a header of 0 bytes": ({}, b"", 0),
    "no JSON": (b"{", b"", None),
    "a list": ([], b"", None),
    "deep JSON": (b"[" * 100_000, b"", None),
    "tensors that overlap": ({"a": tensor([2], 0, 8), "b": tensor([2], 4, 12)}, bytes(12), None),
    "numbers behind the end": ({"a": tensor([2**40], 0, 2**42)}, bytes(12), None),
    "fewer numbers than its shape": ({"a": tensor([2**40], 0, 8)}, bytes(8), None),
    "a negative shape": ({"a": tensor([-2], 0, 8)}, bytes(8), None),
    "a shape beyond 64 bits": ({"a": tensor([2**62, 4], 0, 0)}, b"", None),
    "a shape of texts": ({"a": tensor(["2"], 0, 8)}, bytes(8), None),
    "a shape that is none": ({"a": tensor(None, 0, 8)}, bytes(8), None),
    "no shape": ({"a": {}}, b"", None),
    "unknown numbers": ({"a": tensor([2], 0, 8, "Q7")}, bytes(8), None),
    "no tensors": ({}, b"", None),
    "no rows": ({"a": tensor([0], 0, 0)}, b"", None),
    "2⁴⁰ rows of none": ({"a": tensor([2**40, 0], 0, 0)}, b"", None),
    "a line feed in a name": ({"a\nb": tensor([1], 0, 4)}, bytes(4), None),
}


@pytest.mark.parametrize("name", LYING)
def test_a_safetensors_file_that_lies_is_refused_in_one_line(tmp_path, name):
    header, content, length = LYING[name]
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "trap.safetensors"
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + content)
    with pytest.raises(ValueError, match=r"trap\.safetensors could not be read as plain weights: ") as caught:
        load_cropper(path)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_too_many_tensors_too_long_a_header_and_too_large_a_file_are_refused(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"a{suffix}"
    state = {str(index): torch.ones(1) for index in range(4)}
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    monkeypatch.setattr(checkpoint, "MAX_TENSORS", 3)
    with pytest.raises(ValueError, match="it holds more than 3 tensors"):
        load_state(path)
    if suffix == ".safetensors":
        monkeypatch.setattr(checkpoint, "MAX_HEADER", 100)
        with pytest.raises(ValueError, match="describes more than any network"):
            load_state(path)
    monkeypatch.setattr(checkpoint, "MAX_FILE", 100)
    with pytest.raises(ValueError, match="no cropper here is as large"):
        load_state(path)


def test_a_sparse_file_takes_no_memory(tmp_path):
    path = tmp_path / "a.safetensors"
    header = json.dumps({"a": tensor([2**33], 0, 2**35)}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + 2**35)
    with pytest.raises(ValueError, match="more than 2 GB"):
        load_state(path)


@pytest.mark.parametrize("times", range(8))
def test_wrappers_of_trainers_are_taken_off(tmp_path, times):
    torch.save(wrapped(times), tmp_path / "a.pth")
    assert load_state(tmp_path / "a.pth")["a"].tolist() == [1]


def test_the_command_ends_with_one_line_and_status_2(tmp_path, capsys):
    torch.save(in_itself(), tmp_path / "trap.pth")
    (tmp_path / "in").mkdir()
    assert (
        main(["crop", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--cropper", str(tmp_path / "trap.pth")])
        == 2
    )
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("salient-crop: --cropper: ") and "too many others" in line
