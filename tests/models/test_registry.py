"""Croppers by name and by file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_up import made_up_state
from published_gaic import PUBLISHED
from safetensors.torch import load_file, save_file

from salient_crop.models.card import list_cards
from salient_crop.models.focus.loading import WEIGHTS
from salient_crop.models.registry import ARCHITECTURES, BUNDLED, load_cropper


def test_the_first_bundled_cropper_is_the_default_and_has_a_card() -> None:
    assert next(iter(BUNDLED)) == "focus"
    assert "focus" in list_cards()


def test_names_are_distinct_from_each_other_and_from_files() -> None:
    names = [*BUNDLED, *(each.name for each in ARCHITECTURES if each.name != "focus")]
    assert len(set(names)) == len(names)
    assert not any(Path(name).suffix for name in names)


@pytest.mark.parametrize("source", [WEIGHTS, str(WEIGHTS)])
def test_a_file_is_recognised_by_its_keys(source: str | Path) -> None:
    assert load_cropper(source).digest == load_cropper("focus").digest


def test_each_call_gives_a_cropper_of_its_own() -> None:
    assert load_cropper("focus").module is not load_cropper("focus").module


@pytest.mark.parametrize("name", ["", "Focus", "nothing.safetensors", "samples"])
def test_what_is_neither_a_name_nor_a_file_says_what_names_there_are(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="neither a file nor a bundled cropper .focus, smartcrop, centre, sal"):
        load_cropper(name)


@pytest.mark.parametrize("name", [None, 3, b"focus", ["focus"], True])
def test_what_is_no_name_is_refused(name: object) -> None:
    with pytest.raises(TypeError, match="name_or_path must be a name or a path, got "):
        load_cropper(name)


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b", "/" + "a/" * 5000])
def test_a_name_that_no_file_can_have_is_none(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="neither a file nor a bundled cropper"):
        load_cropper(name)


@pytest.mark.parametrize("device", [None, 1.5, "", "x", "cpu:x", "cuda:999", "meta", [], float("nan"), "gpu"])
@pytest.mark.parametrize("name", ["centre", "focus"])
def test_a_device_that_is_none_is_named(name: str, device: object) -> None:
    with pytest.raises(ValueError, match="^device: "):
        load_cropper(name, device)


def test_a_torn_file_is_named_before_what_it_lacks(tmp_path: Path) -> None:
    state = load_cropper("focus").module.state_dict()
    del state["prior.bias"]
    path = tmp_path / "torn.safetensors"
    save_file({name: each.contiguous() for name, each in state.items()}, path)
    with pytest.raises(ValueError, match=r"torn\.safetensors: a focus checkpoint lacks prior\.bias"):
        load_cropper(path)


def shapes_of_gaic(**shapes: tuple[int, ...]) -> dict[str, torch.Tensor]:
    state = made_up_state(PUBLISHED["bo-zhang shufflenetv2"])
    return {**state, **{name: torch.zeros(shape) for name, shape in shapes.items()}}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        # Each shape is small, but a layer of these sizes would have 64 GB, 160 GB, 10 GB, 1 TB.
        (
            shapes_of_gaic(**{"FC_layers.0.0.weight": (1000, 1, 1, 1000)}),
            "a GAIC checkpoint that reads 64000000 numbers of each box",
        ),
        (
            {
                "reduce.weight": torch.zeros(200_000, 1, 1, 1),
                "relate.weight": torch.zeros(200_000, 1),
                "relate.phi.weight": torch.zeros(1),
                "readout.1.weight": torch.zeros(1),
            },
            "a design-heatmap checkpoint lacks",
        ),
        (
            {**load_file(WEIGHTS), "up4.coarse.weight": torch.zeros(50_000, 1, 1, 1)},
            "a focus checkpoint has the wrong shape of",
        ),
        (
            {
                **shapes_of_gaic(),
                "FC_layers.0.0.weight": torch.zeros(500_000, 1, 1, 9),
                "FC_layers.1.0.weight": torch.zeros(500_000, 1, 1, 1),
            },
            "a GAIC checkpoint has the wrong shape of|its shapes make no gaic network",
        ),
    ],
)
def test_small_tensors_that_ask_for_a_large_network_are_refused_before_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: dict[str, torch.Tensor], words: str
) -> None:
    path = tmp_path / "trap.safetensors"
    save_file(state, path)
    made = []
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: made.append("a network"))
    with pytest.raises(ValueError, match=rf"trap\.safetensors: {words}"):
        load_cropper(path)
    assert not made


@pytest.mark.cuda
def test_the_weights_are_put_on_the_device_that_is_asked_for() -> None:
    assert load_cropper("focus", "cuda").device == torch.device("cuda", 0)
    assert load_cropper("smartcrop", "cuda").device is None
