"""Networks as OpenVINO has converted them, kept for the next process: converting takes longer than a first crop.

They lie where the system keeps what programs can make anew, in folders that appear whole, and the longest unused go.
Nothing is said of a folder that cannot be written. What is read back is only tried: `network_pass.py` compares it
with PyTorch's network before it uses it, as it does what was converted just now.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...version import VERSION
from .choice import openvino_version
from .openvino import find_core

CACHE = "SALIENT_CROP_CACHE"
"""The environment variable that says where they lie; where it is empty, none is kept."""
MOST = 16
_FILE = "network.xml"


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


def name_conversion(network: nn.Module, compute: Callable[..., Any]) -> str:
    """The name of what a computation with a network is converted to: it follows from the code, by its version, and from
    the weights.
    """
    code = type(network).__qualname__, getattr(compute, "__qualname__", type(compute).__qualname__)
    made_by = VERSION, torch.__version__, openvino_version(), *code
    digest = blake2b(repr(made_by).encode(), digest_size=16)
    for name, values in network.state_dict().items():
        digest.update(f"{name} {values.dtype} {list(values.shape)}".encode())
        digest.update(values.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def read_kept(name: str) -> Any | None:
    """The model of that name; None where there is none that can be read."""
    folder = cache_folder()
    if folder is None or not (file := folder / name / _FILE).is_file():
        return None
    try:
        model = find_core().read_model(file)
        os.utime(folder / name)  # it is used
    except (OSError, RuntimeError):
        return None
    return model


def keep(name: str, model: Any) -> None:
    """Keeps a model under that name, where that can be done."""
    folder = cache_folder()
    if folder is None:
        return
    import openvino

    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".", dir=folder))
        try:
            openvino.save_model(model, part / _FILE, compress_to_fp16=False)
            shutil.rmtree(folder / name, ignore_errors=True)  # one that could not be used
            part.rename(folder / name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        _remove_unused(folder)
    except (OSError, RuntimeError):  # no space, no rights, or another process was quicker
        return


def _remove_unused(folder: Path) -> None:
    """Removes all but those last used."""
    by_use = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    for each in by_use[MOST:]:
        shutil.rmtree(each, ignore_errors=True)
