"""Checkpoints of `focus`: recognised by their keys, and named where they are torn."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from salient_crop.models.focus.cropper import FocusCropper
from salient_crop.models.focus.loading import WEIGHTS, load, load_bundled
from salient_crop.models.focus.network import FocusNetwork
from salient_crop.models.registry import load_cropper


def test_bundled_weights_are_small_and_known_by_their_keys(tmp_path: Path) -> None:
    assert WEIGHTS.stat().st_size <= 8_000_000
    assert load_cropper(WEIGHTS).name == "focus"
    torch.save({"state_dict": load_bundled().network.state_dict()}, tmp_path / "mine.pth")
    loaded = load_cropper(tmp_path / "mine.pth")
    assert (loaded.name, loaded.digest) == ("focus", load_bundled().digest)


def test_the_widths_of_the_decoder_are_read_from_the_shapes() -> None:
    own = FocusCropper(FocusNetwork((8, 16, 24, 32)))
    assert load(own.network.state_dict()).digest == own.digest


@pytest.mark.parametrize("animals", [False, True])
def test_whether_a_checkpoint_knows_animals_is_read_from_the_shapes(animals: bool) -> None:
    own = FocusCropper(FocusNetwork((8, 16, 24, 32), animals))
    with torch.no_grad():
        own.network.heads.out.bias[5:] = 30.0
        own.network.heads.out.bias[0] = 9.0  # heads everywhere
    loaded = load(own.network.state_dict())
    assert loaded.digest == own.digest
    kinds = {each.kind for each in loaded.analyse(torch.rand(1, 3, 64, 64))[0].subjects if each.head}
    assert kinds == {"animal" if animals else "person"}


@pytest.mark.parametrize("name", ["up8.fine.weight", "up4.coarse.weight", "heads.out.weight"])
def test_a_torn_checkpoint_is_named(name: str) -> None:
    state = load_bundled().network.state_dict()
    del state[name]
    with pytest.raises(ValueError, match=f"a focus checkpoint .*{name.replace('.', chr(92) + '.')}"):
        load(state)
