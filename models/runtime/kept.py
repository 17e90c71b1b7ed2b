"""Networks as OpenVINO has compiled them, kept for the next process: converting takes longer than a first crop.

They lie where the system keeps what programs can make anew, in files that appear whole, and the longest unused go.
Nothing is said of a folder that cannot be written. A file counts only where it is as it was written, for the same
network and the same kind of processor; and then it is only tried: `network_pass.py` compares it with PyTorch's network
before it uses it, as it does what was converted just now.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...version import VERSION
from .choice import openvino_version
from .openvino import describe_processor

CACHE = "SALIENT_CROP_CACHE"
"""The environment variable that says where they lie; where it is empty, none is kept."""
MOST = 16
_DIGEST = 16  # bytes that each file begins with


def cache_folder() -> Path | None:
    """Where they lie, a folder that need not exist; None for nowhere."""
    chosen = os.environ.get(CACHE)
    if chosen is not None:
        return Path(chosen) if chosen else None
    home = Path.home()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or home / ".cache"
    return Path(base, "salient-crop", "openvino")


def name_conversion(network: nn.Module, compute: Callable[..., Any], precision: str) -> str:
    """The name of what a computation with a network is compiled to: it follows from the code, by its version, from the
    weights, and from the processor.
    """
    code = type(network).__qualname__, getattr(compute, "__qualname__", type(compute).__qualname__)
    made_by = VERSION, torch.__version__, openvino_version(), describe_processor(), precision, *code
    digest = blake2b(repr(made_by).encode(), digest_size=16)
    for name, values in network.state_dict().items():
        digest.update(f"{name} {values.dtype} {list(values.shape)}".encode())
        digest.update(values.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def read_kept(name: str) -> bytes | None:
    """What is kept under that name; None where there is nothing, or it is not as it was written."""
    folder = cache_folder()
    if folder is None:
        return None
    try:
        written = (folder / name).read_bytes()
        os.utime(folder / name)  # it is used
    except OSError:
        return None
    digest, content = written[:_DIGEST], written[_DIGEST:]
    return content if digest == _digest(name, content) else None


def keep(name: str, content: bytes) -> None:
    """Keeps what a network was compiled to under that name, where that can be done."""
    folder = cache_folder()
    if folder is None:
        return
    with suppress(OSError):  # no space, or no rights
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".", dir=folder, delete=False) as part:
            try:
                part.write(_digest(name, content))
                part.write(content)
                part.close()
                Path(part.name).replace(folder / name)
            except BaseException:
                Path(part.name).unlink()
                raise
        _remove_unused(folder)


def _digest(name: str, content: bytes) -> bytes:
    return blake2b(name.encode() + content, digest_size=_DIGEST).digest()


def _remove_unused(folder: Path) -> None:
    """Removes all but those last used."""
    by_use = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    for each in by_use[MOST:]:
        each.unlink()
