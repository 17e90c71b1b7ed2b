"""Folders that a workflow may name: below ComfyUI's own, and nowhere else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path

from ..cropping.checks import show
from ..datasets.sidecars import Sidecars
from ..jobs.journal import state_of


def inside(root: str | Path, name: str, socket: str) -> Path:
    """The folder `name` below `root`, links followed, which need not exist; `socket` names the input in errors.

    Raises:
        ValueError: when the name leads out of `root`, by `..`, an absolute path or a link, or no folder can have it.
    """
    base = os.path.realpath(root)
    try:
        target = os.path.realpath(os.path.join(base, name))
        os.stat(target)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, TypeError, ValueError) as error:  # too long, not allowed to look, or with a zero in it
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{socket}: {show(name)} cannot be the name of a folder: {reason}") from None
    if not _holds(base, target):
        raise ValueError(f"{socket}: {show(name)} lies outside {base}; choose a folder below it")
    return Path(target)


def existing_folder(root: str | Path, name: str, socket: str = "folder") -> Path:
    """The folder `name` below `root`, which is there; `socket` names the input in errors.

    Raises:
        ValueError: saying what to do where it is not, or leads out.
    """
    found = inside(root, name, socket)
    if found.is_dir():
        return found
    if found.exists():
        raise ValueError(f"{socket}: {name!r} is a file; choose the folder that it is in")
    known = [each for each in subfolders(root) if each != "."]
    near = get_close_matches(name, known, 3, 0.4) or known[:3]
    there = f" There are: {', '.join(near)}." if near else ""
    raise ValueError(
        f"{socket}: there is no folder {name!r} in {root}: it was moved, renamed or deleted, or is on another machine."
        f" Put it there and refresh the nodes (R), or choose another one.{there}"
    )


def existing_path(root: str | Path, name: str, socket: str) -> Path:
    """The folder or file `name` below `root`, which is there; see `existing_folder`."""
    found = inside(root, name, socket)
    return found if found.is_file() else existing_folder(root, name, socket)


def check_folder(root: str | Path, name: str | None) -> bool | str:
    """Whether there is such a folder below `root`, else what to do, as a node's `validate_inputs` tells it.

    Without it, the host would only list the choices. None stands for a folder that another node names later.
    """
    if name is None:
        return True
    try:
        existing_folder(root, name)
    except ValueError as error:
        return str(error)
    return True


def subfolders(root: str | Path) -> list[str]:
    """`.` and every folder below `root` as relative POSIX paths, sorted; hidden ones are left out."""
    found = ["."]
    for folder, names, _ in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".")]
        found += [Path(folder, name).relative_to(root).as_posix() for name in names]
    return sorted(found)


def fingerprint(pictures: Iterable[Path], sidecars: Sidecars, more: Callable[[Path], str] = lambda picture: "") -> str:
    """Changes when one of the pictures, or a caption or mask beside it, is changed, added or removed.

    Args:
        more: further text that changes with what belongs to a picture.
    """
    digest = hashlib.sha256()
    for picture in pictures:
        line = f"{picture}|{state_of(picture, sidecars)}{more(picture)}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _holds(base: str, target: str) -> bool:
    try:
        return os.path.commonpath([base, target]) == base
    except ValueError:  # another drive
        return False
