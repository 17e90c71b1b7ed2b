"""One pass of a network over images: the one place where croppers leave it to a runtime."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import Any, Generic, TypeVar, cast

import torch
from torch import Tensor, nn

from ...printable import first_line
from .choice import FLOAT32, OPENVINO, TORCH, Runtime
from .kept import keep, name_conversion, read_kept
from .openvino import CompiledNetwork, compile_network, convert, refuse_fork

T = TypeVar("T")
TOLERANCE = 1e-3
"""How far a conversion may be off, as a share of the largest output; one that is right is off by 1e-5."""


class NetworkPass(Generic[T]):
    """Images `[B, 3, H, W]` → what a network makes of them, in single precision.

    On a GPU, PyTorch runs it; on a CPU, what `runtime` says. A network that OpenVINO cannot convert, or not rightly, is
    run by PyTorch, after a warning that says why. It may be called from many threads, and is pickled without what was
    converted.

    Args:
        network: that `compute` uses.
        compute: of PyTorch: images → a tensor, or a named tuple of some.
    """

    def __init__(self, network: nn.Module, compute: Callable[[Tensor], T]) -> None:
        self._network, self._compute = network, compute
        self._runtime = Runtime()
        self._forget()

    @property
    def runtime(self) -> Runtime:
        """What runs it on a CPU."""
        return self._runtime

    @runtime.setter
    def runtime(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._forget()

    def __call__(self, images: Tensor) -> T:
        if images.device.type != "cpu":
            return self._compute(images)
        compiled = self._find_compiled(images.shape) if self.runtime.name == OPENVINO else None
        return self._run_torch(images) if compiled is None else compiled(images)

    def __getstate__(self) -> dict[str, Any]:
        return {"_network": self._network, "_compute": self._compute, "_runtime": self._runtime}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def _forget(self) -> None:
        self._compiled: Callable[[Tensor], T] | None = None
        self._lock = Lock()

    def _run_torch(self, images: Tensor) -> T:
        if self.runtime.precision == FLOAT32:
            return self._compute(images)
        with torch.autocast("cpu", torch.bfloat16):
            outputs = self._compute(images)
        return _like(outputs, [each.float() for each in _tensors(outputs)])

    def _find_compiled(self, shape: Sequence[int]) -> Callable[[Tensor], T] | None:
        """The network as OpenVINO runs it; None where it cannot."""
        try:
            refuse_fork()
            with self._lock:
                if self._compiled is None and self.runtime.name == OPENVINO:
                    self._compiled = self._convert(shape)
                return self._compiled
        except Exception as error:  # whatever PyTorch or OpenVINO have against it
            self._give_up(error)
            return None

    def _give_up(self, error: Exception) -> None:
        """Lets PyTorch run it from now on, and says why."""
        # What is compiled is kept: in a fork, not even its end can be waited for.
        self._runtime = replace(self.runtime, name=TORCH)
        warnings.warn(
            f"OpenVINO cannot run this {type(self._network).__name__} ({first_line(error)}); PyTorch does, more slowly",
            RuntimeWarning,
            stacklevel=2,
        )

    def _convert(self, shape: Sequence[int]) -> Callable[[Tensor], T]:
        """As OpenVINO runs it, once it agrees with PyTorch on an image that it was not traced with.

        Raises:
            ValueError: when it does not.
            Exception: of PyTorch or OpenVINO, when it cannot be converted.
        """
        example, noise = (torch.rand((1, *shape[1:]), generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
        expected = self._compute(noise)

        @cache
        def model() -> Any:
            return convert(self._network, self._compute, example)

        def load(content: bytes, precision: str) -> CompiledNetwork:
            compiled = CompiledNetwork(content, precision)
            if precision == FLOAT32:  # in others the outputs differ
                _compare(expected, compiled(noise))
            return compiled

        def find(precision: str) -> CompiledNetwork:
            """As an earlier process has compiled it, or as it is compiled now."""
            name = name_conversion(self._network, self._compute, precision)
            if (kept := read_kept(name)) is not None:
                with suppress(Exception):  # other code has made it
                    return load(kept, precision)
            content = compile_network(model(), precision)
            compiled = load(content, precision)
            keep(name, content)
            return compiled

        compiled = find(FLOAT32)
        if self.runtime.precision != FLOAT32:
            compiled = find(self.runtime.precision)
        return lambda images: _like(expected, compiled(images))


def _compare(expected: Any, found: Sequence[Tensor]) -> None:
    """Refuses outputs that are not those of PyTorch.

    Raises:
        ValueError: saying how far they differ.
    """
    for ours, theirs in zip(_tensors(expected), found, strict=True):
        apart = (ours - theirs).abs().max().item() / max(1.0, ours.abs().max().item())
        if not apart <= TOLERANCE:
            raise ValueError(f"its outputs differ from those of PyTorch by {apart:.2g}")


def _tensors(outputs: Any) -> Sequence[Tensor]:
    return [outputs] if isinstance(outputs, Tensor) else list(outputs)


def _like(outputs: T, tensors: Sequence[Tensor]) -> T:
    """Tensors in the form of such outputs."""
    return cast(T, tensors[0]) if isinstance(outputs, Tensor) else type(outputs)(*tensors)
