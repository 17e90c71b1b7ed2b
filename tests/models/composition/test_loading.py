"""Composition heads from files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from salient_crop.models.composition.head import CompositionHead
from salient_crop.models.composition.loading import load_composition


def test_widths_are_read_from_the_shapes(tmp_path: Path) -> None:
    own = CompositionHead(width=3, summary=5, context=7, pools=2, joint_pools=4, hidden=11, last=6)
    save_file(own.state_dict(), tmp_path / "head.safetensors")
    loaded = load_composition(tmp_path / "head.safetensors")
    assert loaded.digest == own.digest
    assert not loaded.training


@pytest.mark.parametrize("name", ["edge", "judge_joint", "tell", "scene.bias", "middle.bias", "taste.out.weight"])
def test_a_torn_file_is_named_with_what_it_lacks(tmp_path: Path, name: str) -> None:
    state = CompositionHead().state_dict()
    del state[name]
    path = tmp_path / "torn.safetensors"
    save_file(state, path)
    with pytest.raises(ValueError, match=rf"torn\.safetensors: lacks {name}"):
        load_composition(path)


def test_a_tensor_with_too_few_dimensions_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file(CompositionHead().state_dict() | {"edge": torch.zeros(4)}, path)
    with pytest.raises(ValueError, match="wrong shape of edge"):
        load_composition(path)
