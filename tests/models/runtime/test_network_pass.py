"""What runs a network, and what becomes of one that OpenVINO cannot run; OpenVINO itself is not needed here."""

from __future__ import annotations

import copy
import pickle
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from salient_crop.models.runtime import network_pass
from salient_crop.models.runtime.choice import Runtime
from salient_crop.models.runtime.network_pass import NetworkPass


class Two(NamedTuple):
    sum: Tensor
    product: Tensor


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 2, 3)

    def forward(self, images: Tensor) -> Two:
        one, other = self.layer(images).unbind(1)
        return Two(one + other, one * other)


@pytest.fixture
def small() -> Small:
    torch.manual_seed(0)
    return Small().eval()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(2, 3, 8, 9, generator=torch.Generator().manual_seed(1))


def use(monkeypatch: pytest.MonkeyPatch, network: nn.Module, off: float = 0.0) -> list[str]:
    """Puts a stand-in into the place of OpenVINO, off by a share of each output. Its precisions are noted."""
    made: list[str] = []

    class Compiled:
        def __init__(self, model: object, precision: str) -> None:
            made.append(precision)

        def __call__(self, given: Tensor) -> list[Tensor]:
            return [each * (1 + off) for each in network(given)]

    for name in ("convert", "compile_network", "name_conversion", "read_kept", "keep"):
        monkeypatch.setattr(network_pass, name, lambda *_: None)
    monkeypatch.setattr(network_pass, "CompiledNetwork", Compiled)
    return made


def test_pytorch_runs_it_where_nothing_else_is_said(small: Small, images: Tensor) -> None:
    found = NetworkPass(small, small)(images)
    assert isinstance(found, Two)
    assert torch.equal(found.product, small(images).product)


def test_outputs_of_the_other_runtime_have_the_form_of_those_of_pytorch(
    small: Small, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = use(monkeypatch, small, 1e-5)
    both, single = NetworkPass(small, small), NetworkPass(small.layer, small.layer)
    both.runtime = single.runtime = Runtime("openvino")
    found = both(images)
    assert isinstance(found, Two)
    assert not torch.equal(found.sum, small(images).sum)
    assert torch.allclose(found.sum, small(images).sum, rtol=1e-4)
    both(images)
    assert made == ["float32"], "it is converted once"


def test_a_conversion_is_compared_in_single_precision_whatever_is_asked_for(
    small: Small, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = use(monkeypatch, small)
    run = NetworkPass(small, small)
    run.runtime = Runtime("openvino", "bfloat16")
    run(images)
    assert made == ["float32", "bfloat16"]


@pytest.mark.parametrize("off", [0.01, float("nan")])
def test_a_conversion_that_computes_something_else_is_not_used(
    small: Small, images: Tensor, monkeypatch: pytest.MonkeyPatch, off: float
) -> None:
    use(monkeypatch, small, off)
    run = NetworkPass(small, small)
    run.runtime = Runtime("openvino")
    with pytest.warns(RuntimeWarning, match="cannot run this Small .its outputs differ from those of PyTorch by"):
        found = run(images)
    assert torch.equal(found.sum, small(images).sum)
    assert run.runtime == Runtime("torch")


def test_a_network_that_cannot_be_converted_is_run_by_pytorch_as_precisely_as_asked(
    small: Small, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no such operation\nand a long story")

    use(monkeypatch, small)
    monkeypatch.setattr(network_pass, "convert", fail)
    run = NetworkPass(small, small)
    run.runtime = Runtime("openvino", "bfloat16")
    with pytest.warns(RuntimeWarning, match=r"cannot run this Small \(no such operation\); PyTorch does"):
        run(images)
    assert run.runtime == Runtime("torch", "bfloat16")


def test_less_precise_outputs_are_still_in_single_precision(small: Small, images: Tensor) -> None:
    run = NetworkPass(small, small)
    run.runtime = Runtime("torch", "bfloat16")
    found, exact = run(images), small(images)
    assert found.sum.dtype == torch.float32
    assert not torch.equal(found.sum, exact.sum)
    assert torch.allclose(found.sum, exact.sum, atol=0.02)


@pytest.mark.parametrize("copied", [lambda run: pickle.loads(pickle.dumps(run)), copy.deepcopy])
def test_a_copy_is_run_by_the_same_runtime(small: Small, images: Tensor, copied: object) -> None:
    run = NetworkPass(small, small)
    run.runtime = Runtime("torch", "bfloat16")
    again = copied(run)
    assert again.runtime == run.runtime
    assert torch.equal(again(images).sum, run(images).sum)
