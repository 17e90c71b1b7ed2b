"""Networks run by the real OpenVINO: the same numbers as PyTorch's, in any thread and process; nothing is reported."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import own_process
import pytest
import torch
from torch import Tensor, nn

from salient_crop.models.landmarks.loading import load_bundled_finder
from salient_crop.models.registry import load_cropper
from salient_crop.models.runtime.choice import Runtime
from salient_crop.models.runtime.network_pass import NetworkPass

pytest.importorskip("openvino", reason="OpenVINO is not installed: pip install 'salient-crop[cpu]'")
SIZES = [(352, 448), (448, 352), (160, 96), (96, 608)]


def noise(height: int, width: int, count: int = 1) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(height))


def by(runtime: str, network: nn.Module, compute: Callable[[Tensor], Tensor] | None = None) -> NetworkPass:
    run = NetworkPass(network, compute or network)
    run.runtime = Runtime(runtime)
    return run


@pytest.fixture(scope="module")
def focus() -> nn.Module:
    return load_cropper("focus").network


def test_focus_gives_the_same_numbers_at_every_size(focus: nn.Module) -> None:
    run = by("openvino", focus)
    for size in SIZES:
        with torch.inference_mode():
            for ours, theirs in zip(focus(noise(*size)), run(noise(*size)), strict=True):
                assert ours.shape == theirs.shape
                torch.testing.assert_close(theirs, ours, atol=1e-4, rtol=1e-4)
    assert run.runtime == Runtime("openvino")


@pytest.mark.parametrize("counts", [(1, 3, 1), (3, 1, 2)])
def test_pictures_of_a_batch_are_computed_as_they_are_alone(focus: nn.Module, counts: tuple[int, ...]) -> None:
    run = by("openvino", focus)
    for count, size in zip(counts, SIZES, strict=False):
        batch = noise(*size, count)
        for place, together in enumerate(run(batch).attention):
            assert torch.equal(run(batch[place : place + 1]).attention[0], together)
        with torch.inference_mode():
            torch.testing.assert_close(run(batch).centres, focus(batch).centres, atol=1e-4, rtol=1e-4)


def test_a_picture_is_the_same_in_every_thread(focus: nn.Module) -> None:
    run = by("openvino", focus)
    pictures = [noise(*size) for size in SIZES] * 4
    alone = [run(each).attention for each in pictures]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(alone, pool.map(lambda each: run(each).attention, pictures), strict=True):
            assert torch.equal(one, other)


def test_the_network_of_face_points_can_be_run_too() -> None:
    network, faces = load_bundled_finder()._network, noise(64, 64, 6)[:, :1]
    with torch.inference_mode():
        torch.testing.assert_close(by("openvino", network)(faces), network(faces), atol=1e-4, rtol=1e-4)


class Odd(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return torch.special.bessel_j0(images)


class Forgetful(nn.Module):
    """Multiplies by numbers that a trace takes for constants."""

    def forward(self, images: Tensor) -> Tensor:
        return images * float(images.sum() > 1e6) + float(images.mean())


@pytest.mark.parametrize("network", [Odd(), Forgetful()], ids=["an operation that it does not know", "another number"])
def test_what_it_cannot_run_rightly_is_run_by_pytorch(network: nn.Module) -> None:
    run = by("openvino", network)
    with pytest.warns(RuntimeWarning, match=f"OpenVINO cannot run this {type(network).__name__} "):
        found = run(noise(8, 8))
    assert torch.equal(found, network(noise(8, 8)))
    assert run.runtime == Runtime("torch")


def test_nobody_is_told_of_it(focus: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    sent = []
    import openvino_telemetry

    monkeypatch.setattr(openvino_telemetry.Telemetry, "send_event", lambda *told, **more: sent.append(told))
    by("openvino", focus)(noise(64, 64))
    assert sent == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupt_finds_a_process_that_stands_after_networks_have_come_and_gone() -> None:
    code = """
import gc, os, signal, time
import torch
from salient_crop.models.registry import load_cropper
first, second = (load_cropper("focus", runtime="openvino") for _ in range(2))
for cropper in (first, second):
    cropper.analyse(torch.rand(1, 3, 64, 64))
del first, cropper
gc.collect()
del second
gc.collect()
signal.signal(signal.SIGINT, signal.default_int_handler)
junk = [bytearray(11824) for _ in range(1000)]
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
except KeyboardInterrupt:
    print("interrupted")
"""
    assert own_process.run(code) == "interrupted\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks")
def test_a_fork_of_a_process_that_used_it_goes_on_without_it() -> None:
    """OpenVINO would abort the fork, or wait for ever."""
    code = """
import os, sys, warnings
import torch
from salient_crop.models.registry import load_cropper
torch.set_num_threads(1)  # the threads of PyTorch are not there either
cropper, images = load_cropper("focus", runtime="openvino"), torch.rand(1, 3, 64, 64)
cropper.analyse(images)
if os.fork() == 0:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        cropper.analyse(images)
        load_cropper("focus", runtime="openvino").analyse(images)
    print([str(each.message).partition("(")[2][:15] for each in told])
    sys.stdout.flush()
    os._exit(0)
print(os.waitstatus_to_exitcode(os.wait()[1]), cropper.runtime_on("cpu"))
"""
    assert own_process.run(code).splitlines() == ["['this process wa', 'this process wa']", "0 openvino"]
