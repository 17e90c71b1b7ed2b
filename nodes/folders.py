"""Folders that a workflow may name: below ComfyUI's own, and nowhere else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from ..datasets.sidecars import Sidecars
from ..jobs.journal import state_of


def inside(root: str | Path, name: str, socket: str) -> Path:
    """The folder `name` below `root`, links followed; `socket` names the input in errors.

    Raises:
        ValueError: when the name leads out of `root`, by `..`, an absolute path or a link.
    """
    base = os.path.realpath(root)
    target = os.path.realpath(os.path.join(base, name))
    if not _holds(base, target):
        raise ValueError(f"{socket}: {name!r} lies outside {base}; choose a folder below it")
    return Path(target)


def subfolders(root: str | Path) -> list[str]:
    """`.` and every folder below `root` as relative POSIX paths, sorted; hidden ones are left out."""
    found = ["."]
    for folder, names, _ in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".")]
        found += [Path(folder, name).relative_to(root).as_posix() for name in names]
    return sorted(found)


def fingerprint(pictures: Iterable[Path], sidecars: Sidecars) -> str:
    """Changes when one of the pictures, or a caption or mask beside it, is changed, added or removed."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(f"{picture}|{state_of(picture, sidecars)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _holds(base: str, target: str) -> bool:
    try:
        return os.path.commonpath([base, target]) == base
    except ValueError:  # another drive
        return False
