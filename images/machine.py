"""How much of the machine this process may use, or of the container that it runs in: memory and cores."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from math import ceil
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


def available_cores() -> int:
    """How many cores this process may use, at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *map(ceil, _cgroup_cores())]))


def _cgroup_limits(own: Path = _OWN_CGROUP, root: Path = _CGROUPS) -> Iterator[int]:
    """The limits of memory of this process's control groups, and of those around them, of either version."""
    for group, version in _groups("memory", own, root):
        if (limit := _read_number(group / ("memory.max" if version == 2 else "memory.limit_in_bytes"))) is not None:
            yield limit


def _cgroup_cores(own: Path = _OWN_CGROUP, root: Path = _CGROUPS) -> Iterator[float]:
    """How many cores' time this process's control groups, and those around them, have, of either version."""
    for group, version in _groups("cpu", own, root):
        if version == 2:
            quota, period = _read_numbers(group / "cpu.max")
        else:
            quota, period = (_read_number(group / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        if quota is not None and quota > 0 and period:
            yield quota / period


def _groups(controller: str, own: Path, root: Path) -> Iterator[tuple[Path, int]]:
    """The folders of this process's control groups, and of those around them, with their version."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, version = root, 2
        elif controller in controllers.split(","):
            top, version = root / controller, 1
        else:
            continue
        # Inside a container the path may be that of the host, which is not there; its own limit lies at the top.
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            yield folder, version
            if folder == top:
                break


def _read_number(file: Path) -> int | None:
    """The number in a file; None where it is another word, as `max`, or cannot be read."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _read_numbers(file: Path) -> tuple[int | None, int | None]:
    """The two numbers in a file, each None where it is another word; both None where there are not two."""
    try:
        words = file.read_text().split()
    except (OSError, ValueError):
        return None, None
    one, other = (int(word) if word.isdecimal() else None for word in words) if len(words) == 2 else (None, None)
    return one, other


def _resource_limits() -> Iterator[int]:
    if sys.platform == "win32":
        return
    import resource

    for name in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft, _ = resource.getrlimit(name)
        if soft != resource.RLIM_INFINITY:
            yield soft
