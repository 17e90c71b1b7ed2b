"""Reading checkpoint files as plain tensors, without running what they hold, and no larger than they are.

A checkpoint is somebody else's word. Its names, shapes and offsets are compared with the length of the file before
anything of these sizes is made.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from .torch_file import open_torch_file
from .unpickle import ForeignTensor, RefusedError, StoredTensor

SUFFIXES = (".safetensors", ".pth", ".pt")
MAX_FILE = 2 * 10**9  # bytes; the largest cropper with its optimiser has half of it
MAX_HEADER = 4_000_000  # bytes of a safetensors file's header; two thousand tensors take a tenth of it
MAX_TENSORS = 10_000
MAX_NAME = 200  # characters of a tensor's name
MAX_WRAPPERS = 8  # dicts around a state dict
_WRAPPERS = ("state_dict", "model")


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name; pickled code is never run.

    Every name is short and printable, and every tensor has at least one number. Memory is taken for the state dict
    alone, at most the length of the file.

    Raises:
        ValueError: when the file cannot be read as a plain state dict; says what it is and what to do, in one line.
        OSError: when it cannot be opened.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path}: a checkpoint ends in {', '.join(SUFFIXES)}")
    if path.stat().st_size > MAX_FILE:
        raise ValueError(f"{path} has more than {MAX_FILE / 1e9:g} GB; no cropper here is as large")
    try:
        return _load_safetensors(path) if path.suffix == ".safetensors" else _load_pickled(path)
    except OSError:
        raise
    except RefusedError as error:
        raise ValueError(f"{path} could not be read as plain weights: {error}") from error
    except Exception as error:  # a damaged file may raise nearly anything
        raise ValueError(f"{path} could not be read as plain weights: {_explain(path, error)}") from error


def _load_safetensors(path: Path) -> dict[str, Tensor]:
    """The library compares offsets and shapes with the length of the file; here, how many it is given."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > path.stat().st_size:
            raise EOFError
        if length > MAX_HEADER:
            raise RefusedError("it describes more than any network here has; save the network's state_dict() alone")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    _check_state({name: each["shape"] for name, each in header.items()})
    return load_file(path)


def _load_pickled(path: Path) -> dict[str, Tensor]:
    with open_torch_file(path) as file:
        state = _unwrap(file.content)
        foreign = next((name for name, each in state.items() if isinstance(each, ForeignTensor)), None)
        if foreign is not None:
            raise RefusedError(f"{foreign!r} in it is a {state[foreign].kind} tensor; save it as a plain one")
        if not all(isinstance(each, StoredTensor) for each in state.values()):
            raise RefusedError("it holds no plain state dict of tensors; save the network's state_dict() alone")
        _check_state({name: each.shape for name, each in state.items()})
        return {name: file.tensor(each) for name, each in state.items()}


def _unwrap(content: Any) -> dict[Any, Any]:
    """The state dict itself: trainers often wrap it with the epoch and the optimiser.

    Raises:
        RefusedError: when it lies in too many dicts, of which one may be in itself, or in none.
    """
    for _ in range(MAX_WRAPPERS):
        if not isinstance(content, dict):
            raise RefusedError("it holds no plain state dict of tensors; save the network's state_dict() alone")
        inner = next((content[name] for name in _WRAPPERS if name in content), None)
        if not isinstance(inner, dict):
            return content
        content = inner
    raise RefusedError("its state dict lies in too many others; save the network's state_dict() alone")


def _check_state(shapes: Mapping[Any, Any]) -> None:
    """Checks names and shapes before any tensor is read.

    Raises:
        RefusedError: when there are too many or none, one has a name that is none, or one is without numbers.
    """
    if not shapes:
        raise RefusedError("it holds no tensors at all; save the network's state_dict()")
    if len(shapes) > MAX_TENSORS:
        raise RefusedError(f"it holds more than {MAX_TENSORS} tensors; no cropper here has as many")
    for name, shape in shapes.items():
        if not isinstance(name, str) or not name.isprintable() or len(name) > MAX_NAME:
            raise RefusedError("a tensor in it has a name that is none; save the network's state_dict() alone")
        if 0 in shape:
            raise RefusedError(f"{name!r} in it has no numbers, but the shape {list(shape)}; is the file whole?")


def _explain(path: Path, error: Exception) -> str:
    """What is wrong with a file and what to do; never the words of what read it, which may hold the file's own."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    with path.open("rb") as file:
        start = file.read(64)
    if not start:
        return "it is empty; download it again"
    # A safetensors file begins with the length of its header, which may look like the one or the other.
    if start.lstrip().startswith((b"<!", b"<html", b"<HTML", b"<?xml", b"version https://git-lfs")):
        return "it is a web page or a Git LFS pointer; download the file itself"
    return "it is damaged or no checkpoint; download it again"
