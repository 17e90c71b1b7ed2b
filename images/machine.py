"""How much memory this process may use: that of the machine, or of the container that it runs in."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_UNKNOWN = 4 << 30  # assumed where no system call tells
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


def memory_limit() -> int:
    """Bytes of memory of the machine, or what its cgroup or its resource limits leave of it, where that is less."""
    return min((_installed(), *_cgroup_limits(), *_resource_limits()))


def _installed() -> int:
    if sys.platform == "win32":
        return _windows_memory()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return _UNKNOWN


def _windows_memory() -> int:
    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong)
            for name in ("total", "free", "page", "free_page", "virtual", "free_virtual", "x")
        ]

    status = Status(length=ctypes.sizeof(Status))
    known = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return status.total if known else _UNKNOWN


def _cgroup_limits(own: Path = _OWN_CGROUP, root: Path = _CGROUPS) -> Iterator[int]:
    """The limits of this process's control groups, and of those around them, of either version."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, name = root, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        # Inside a container the path may be that of the host, which is not there; its own limit lies at the top.
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            if (limit := _read_number(folder / name)) is not None:
                yield limit
            if folder == top:
                break


def _read_number(file: Path) -> int | None:
    """The number in a file; None where it is another word, as `max`, or cannot be read."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _resource_limits() -> Iterator[int]:
    if sys.platform == "win32":
        return
    import resource

    for name in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft, _ = resource.getrlimit(name)
        if soft != resource.RLIM_INFINITY:
            yield soft
