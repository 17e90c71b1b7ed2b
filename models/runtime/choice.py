"""Which runtime runs networks on a CPU, and how precisely."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from ...cropping.checks import show
from ...printable import first_line

AUTO, TORCH, OPENVINO = "auto", "torch", "openvino"
RUNTIMES = (AUTO, TORCH, OPENVINO)
FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16)

LEAST = (2025, 1)
"""The oldest OpenVINO that is used, as `pyproject.toml` has it."""

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
        ValueError: when a name is not known, or OpenVINO is asked for and not installed, or too old.
    """
    check_runtime(name, precision)
    asked = f"runtime: {show(name)}"
    if name == AUTO:
        name = (os.environ if environment is None else environment).get(SWITCH) or AUTO
        asked = f"{SWITCH}={show(name)}"
        _check_name(name, asked)
    if name == AUTO:
        name = OPENVINO if has_openvino() else TORCH
    elif name == OPENVINO and not has_openvino():
        raise ValueError(f"{asked} {_describe_missing()}")
    return Runtime(name, precision)


def check_runtime(name: str, precision: str) -> None:
    """Refuses names that are not known, wherever they are to be found.

    Raises:
        ValueError: naming `runtime` or `precision`, and what there is.
    """
    _check_name(name, f"runtime: {show(name)}")
    if precision not in PRECISIONS:
        raise ValueError(f"precision: {show(precision)} is none of {', '.join(PRECISIONS)}")


def _check_name(name: str, asked: str) -> None:
    if name not in RUNTIMES:
        raise ValueError(f"{asked} is none of {', '.join(RUNTIMES)}")


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
    """Whether there is an OpenVINO that can be used; it is not imported."""
    version = openvino_version()
    return version is not None and not _is_old(version)


def openvino_version() -> str | None:
    """Of the OpenVINO that is installed, empty where it has none; None where there is none. It is not imported."""
    from importlib.metadata import PackageNotFoundError, version

    spec = find_spec(OPENVINO)
    if spec is None or spec.origin is None:  # a folder that happens to have the name
        return None
    try:
        return version(OPENVINO)
    except PackageNotFoundError:
        return ""


def import_problem() -> str:
    """Why the OpenVINO that is installed cannot be loaded, in one line; empty where it can."""
    try:
        import_module(OPENVINO)
    except Exception as error:  # whatever is broken in it
        return first_line(error)
    return ""


def _is_old(version: str) -> bool:
    release = tuple(int(each) for each in re.findall(r"\d+", version)[:2])
    return bool(release) and release < LEAST


def _describe_missing() -> str:
    """What is wrong with the OpenVINO here, where it cannot be used, in words."""
    version = openvino_version()
    if version is not None and _is_old(version):
        return f"{version} is too old: pip install -U 'salient-crop[cpu]'"
    return "is not installed: pip install 'salient-crop[cpu]'"


def describe_runtime() -> str:
    """What runs networks on a CPU here, where nothing else is asked for, in words.

    Raises:
        ValueError: see `find_runtime`.
    """
    version = openvino_version()
    if find_runtime().name == OPENVINO:
        words = f"OpenVINO {version}" if version else "OpenVINO"
        if problem := import_problem():
            return f"PyTorch; {words} is installed, but cannot be loaded ({problem})"
        return f"{words}; --runtime torch, or {SWITCH}={TORCH} in the environment, goes without it"
    if has_openvino():
        return f"PyTorch, as {SWITCH} says; --runtime {OPENVINO} takes OpenVINO"
    if version is not None:
        return f"PyTorch; OpenVINO {_describe_missing()}"
    return "PyTorch; with OpenVINO they take half to four fifths of the time: pip install 'salient-crop[cpu]'"
