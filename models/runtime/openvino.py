"""A network compiled by OpenVINO for the CPU, from the PyTorch network itself: there is no second definition of it.

It is traced by PyTorch and read by OpenVINO's front end for PyTorch. `openvino.convert_model` does the same, takes
three times as long, and reports each use to its makers over the internet; the front end reports nothing.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .choice import BFLOAT16

_HINTS = {BFLOAT16: "bf16"}


class CompiledNetwork:
    """Images → the tensors that a network makes of them, in its order; may be called from many threads.

    As PyTorch in a folder run, it computes on one core, and pictures one by one. Each thread that computes at the same
    time has a network of its own, made when it is first needed, for images of any size: about 0.1 s and 60 MB.

    Args:
        content: see `compile_network`.
        precision: that it was compiled for.
    """

    def __init__(self, content: bytes, precision: str) -> None:
        self._content, self._precision = content, precision
        self._idle: list[Any] = []

    def __call__(self, images: Tensor) -> list[Tensor]:
        try:
            request = self._idle.pop()
        except IndexError:
            network = find_core().import_model(self._content, "CPU", _settings(self._precision))
            request = network.create_infer_request()
        each = [request.infer([image[None]], share_inputs=True).to_tuple() for image in images.contiguous().numpy()]
        self._idle.append(request)  # one that fails, or is interrupted, is not used again
        return [torch.from_numpy(np.concatenate(outputs)) for outputs in zip(*each, strict=True)]


def compile_network(model: Any, precision: str) -> bytes:
    """A model for this kind of processor, in the form that OpenVINO reads back in a third of the time.

    Args:
        model: see `convert`.
        precision: one of `PRECISIONS`.
    """
    return bytes(find_core().compile_model(model, "CPU", _settings(precision)).export_model().getbuffer())


def describe_processor() -> str:
    """What OpenVINO finds of the processor, for which it compiles networks."""
    asked = "FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES"
    return " ".join(str(find_core().get_property("CPU", each)) for each in asked)


def _settings(precision: str) -> dict[str, Any]:
    return {
        "INFERENCE_PRECISION_HINT": _HINTS.get(precision, "f32"),  # else it takes what is fastest here
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,  # all of them would be bound to the same core
    }


_CORE_LOCK = Lock()


def find_core() -> Any:
    """OpenVINO itself, once for the whole life of the process; from many threads."""
    with _CORE_LOCK:
        return _core()


@cache
def _core() -> Any:
    """See `find_core`.

    Each one gives its thread a stack for signals, and takes it away when it ends. Where two do that in another order
    than they began, the next Ctrl-C finds no stack.
    """
    import openvino

    return openvino.Core()


@cache
def _home() -> int:
    """The process that first used OpenVINO; forks inherit the answer, too."""
    return os.getpid()


def refuse_fork() -> None:
    """Refuses to use OpenVINO in a fork of a process that has used it: it would wait for threads that are not there.

    Raises:
        RuntimeError: in such a process.
    """
    if _home() != os.getpid():
        raise RuntimeError("this process was forked from one that uses it; processes that are spawned can")


class _Traced(nn.Module):
    """A computation with the network whose weights it reads."""

    def __init__(self, network: nn.Module, compute: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.network, self.compute = network, compute

    def forward(self, images: Tensor) -> Any:
        return self.compute(images)


def convert(network: nn.Module, compute: Callable[[Tensor], Any], example: Tensor) -> Any:
    """A computation of PyTorch as a model of OpenVINO, for one image of any size at once.

    Args:
        network: that `compute` uses.
        compute: `[B, 3, H, W]` → a tensor, or a tuple of some.
        example: `[1, C, H, W]`, to trace it with.

    Raises:
        Exception: of any kind, as PyTorch or OpenVINO put it, when it cannot be converted.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing: `network_pass.py` compares what comes out
        traced = torch.jit.trace(_Traced(network, compute).eval(), (example,), check_trace=False, strict=False)
        decoder = TorchScriptPythonDecoder(traced, example_input=(example,), skip_freeze=True)
    front_end = FrontEndManager().load_by_framework("pytorch")
    model = front_end.convert(front_end.load(decoder))
    # A trace of one image may be wrong for several, and OpenVINO would then give back outputs of another image.
    model.reshape([1, example.shape[1], -1, -1])
    return model
