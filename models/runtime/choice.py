"""Which runtime runs networks on a CPU, and how precisely."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from ...cropping.checks import show

AUTO, TORCH, OPENVINO = "auto", "torch", "openvino"
RUNTIMES = (AUTO, TORCH, OPENVINO)
FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16)

SWITCH = "SALIENT_CROP_RUNTIME"
"""The environment variable that says what `auto` is, for hosts that offer no such choice."""


@dataclass(frozen=True)
class Runtime:
    """What runs networks on a CPU.

    >>> str(Runtime()), str(Runtime("openvino", "bfloat16"))
    ('torch', 'openvino bfloat16')

    Attributes:
        name: `torch` or `openvino`.
        precision: of a network's arithmetic; what it gives back is always in single precision.
    """

    name: str = TORCH
    precision: str = FLOAT32

    def __str__(self) -> str:
        return self.name if self.precision == FLOAT32 else f"{self.name} {self.precision}"


def find_runtime(name: str = AUTO, precision: str = FLOAT32, environment: Mapping[str, str] | None = None) -> Runtime:
    """A runtime that is there.

    Args:
        name: one of `RUNTIMES`; `auto` is what the environment's `SALIENT_CROP_RUNTIME` says, or else OpenVINO where it
            is installed.
        precision: one of `PRECISIONS`.
        environment: None for that of the process.

    Raises:
        ValueError: when a name is not known, or OpenVINO is asked for and not installed.
    """
    asked = f"runtime: {show(name)}"
    if name == AUTO:
        name = (os.environ if environment is None else environment).get(SWITCH) or AUTO
        asked = f"{SWITCH}={show(name)}"
    if name not in RUNTIMES:
        raise ValueError(f"{asked} is none of {', '.join(RUNTIMES)}")
    if precision not in PRECISIONS:
        raise ValueError(f"precision: {show(precision)} is none of {', '.join(PRECISIONS)}")
    if name == AUTO:
        name = OPENVINO if has_openvino() else TORCH
    elif name == OPENVINO and not has_openvino():
        raise ValueError(f"{asked} is not installed: pip install 'salient-crop[cpu]'")
    return Runtime(name, precision)


def parse_runtime(text: str) -> Runtime:
    """The runtime that is written so, should it be there.

    >>> parse_runtime("torch bfloat16")
    Runtime(name='torch', precision='bfloat16')

    Raises:
        ValueError: see `find_runtime`.
    """
    name, _, precision = text.partition(" ")
    return find_runtime(name, precision or FLOAT32)


def has_openvino() -> bool:
    """Whether OpenVINO is installed; it is not imported."""
    return find_spec("openvino") is not None


def describe_runtime() -> str:
    """What runs networks on a CPU here, where nothing else is asked for, in words.

    Raises:
        ValueError: see `find_runtime`.
    """
    if find_runtime().name == OPENVINO:
        from importlib.metadata import version

        return f"OpenVINO {version(OPENVINO)}; --runtime torch, or {SWITCH}={TORCH} in the environment, goes without it"
    if has_openvino():
        return f"PyTorch, as {SWITCH} says; --runtime {OPENVINO} takes OpenVINO"
    return "PyTorch; with OpenVINO they take about half as long: pip install 'salient-crop[cpu]'"
