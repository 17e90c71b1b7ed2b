"""What OpenVINO has converted is kept for the next process, and never believed."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from salient_crop.models.runtime import kept, network_pass
from salient_crop.models.runtime.choice import Runtime
from salient_crop.models.runtime.kept import CACHE, cache_folder, name_conversion
from salient_crop.models.runtime.network_pass import NetworkPass

pytest.importorskip("openvino")

IMAGES = torch.rand(1, 3, 24, 40, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The networks that were converted anew."""
    made: list[str] = []
    convert = network_pass.convert

    def note(network: nn.Module, *more: Any) -> Any:
        made.append(type(network).__name__)
        return convert(network, *more)

    monkeypatch.setattr(network_pass, "convert", note)
    return made


def make(seed: int = 0, channels: int = 2) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, channels, 3), nn.ReLU()).eval()


def run(network: nn.Module) -> Tensor:
    computed = NetworkPass(network, network)
    computed.runtime = Runtime("openvino")
    with torch.inference_mode():
        found = computed(IMAGES)
    assert computed.runtime.name == "openvino", "PyTorch ran it"
    return found


def test_the_next_process_converts_nothing_and_computes_the_same_to_the_bit(
    folder: Path, conversions: list[str]
) -> None:
    first = run(make())
    second = run(make())
    assert conversions == ["Sequential"]
    assert torch.equal(first, second)


def test_other_weights_and_other_networks_have_other_names(folder: Path, conversions: list[str]) -> None:
    for each in (make(0), make(1), make(0, channels=4)):
        assert torch.allclose(run(each), each(IMAGES), atol=1e-5)
    assert len(conversions) == 3
    assert len(list(folder.iterdir())) == 3


def name_of(network: nn.Module) -> str:
    return name_conversion(network, network, "float32")


def of_another(file: Path) -> None:
    run(make(5))
    (file.parent / name_of(make(5))).replace(file)


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-8])


def with_a_bit_turned(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def no_network(file: Path) -> None:
    file.write_bytes(kept._digest(file.name, b"<net") + b"<net")


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [of_another, cut_short, with_a_bit_turned, no_network, empty])
def test_what_does_not_agree_with_the_network_is_converted_anew(
    folder: Path, conversions: list[str], damage: Callable[[Path], None]
) -> None:
    network = make()
    first = run(network)
    damage(folder / name_of(network))
    conversions.clear()
    assert torch.equal(run(network), first)
    assert conversions == ["Sequential"]
    assert torch.equal(run(network), first)
    assert conversions == ["Sequential"], "what was converted anew is kept"


def test_a_folder_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conversions: list[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv(CACHE, str(tmp_path / "file" / "cache"))
    assert torch.equal(run(make()), run(make()))
    assert len(conversions) == 2


def test_nothing_is_kept_where_the_folder_has_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conversions: list[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(CACHE, "")
    run(make())
    assert cache_folder() is None
    assert not list(tmp_path.iterdir())
    monkeypatch.delenv(CACHE)
    run(make())
    assert [each.name for each in tmp_path.iterdir()] == ["salient-crop"]


def test_the_longest_unused_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    names = []
    for seed in range(2):
        run(make(seed))
        names.append(name_of(make(seed)))
        os.utime(folder / names[-1], (seed, seed))
    run(make(0))  # it is used again
    run(make(2))
    assert {each.name for each in folder.iterdir()} == {names[0], name_of(make(2))}


def test_an_openvino_that_does_not_tell_its_version_runs_networks_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", unknown)
    run(make())
    assert len(list(folder.iterdir())) == 1
