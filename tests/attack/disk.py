"""Disks that are full: the run stops or fails pictures by name, and ends as it should once there is room."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from attack.campaign import Case, SingleAttack, differences, tree
from attack.kills import relative, undisturbed
from attack.sandbox import run_command
from attack.world import RUNS, crop_words


class FullDisks(SingleAttack):
    name, count, short, batch = "full disks", 120, 2, 1

    def try_one(self, case: Case) -> str:
        kind = list(RUNS)[case.number % len(RUNS)]
        photos, expected, moments = undisturbed(kind, "")
        out = photos.parent / f"full-{case.seed}-{case.number}"
        out.mkdir()
        if case.number % 2 and can_mount():
            size = case.chance.choice((4096, 8192, 16384, 24576, 32768, 65536))
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", out], check=True)
            try:
                more_room = ["mount", "-o", "remount,size=64m", out]
                return self._fill(case, kind, photos, out, expected, f"{size} bytes", more_room)
            finally:
                subprocess.run(["umount", "-l", out], check=True)
        moment = case.chance.randrange(1, moments // 2)
        return self._fill(case, kind, photos, out, expected, f"full from {moment} on", [], Full(moment, out))

    def _fill(
        self,
        case: Case,
        kind: str,
        photos: Path,
        out: Path,
        expected: dict[str, str],
        how: str,
        more_room: Sequence[str | Path],
        full: Full | None = None,
    ) -> str:
        what, sources = f"{kind}, {how}", tree(photos)
        begin = full.watch if full else list
        for _ in range(2):
            ending = run_command(*crop_words(photos, out, kind), folder=case.scratch, before=begin)
            if complaint := ending.complain(1, 2):
                return f"{what}: {complaint}"
        if more_room:
            subprocess.run(more_room, check=True)
        ending = run_command(*crop_words(photos, out, kind), folder=case.scratch)
        self.spend(ending.seconds, ending.memory)
        if complaint := ending.complain(1):
            return f"{what}, once there is room: {complaint}"
        if changed := differences(expected, relative(out)):
            shutil.copytree(out, case.scratch / "out")
            return f"{what}, once there is room: {changed[:5]} differ from an undisturbed run"
        return f"{what}: sources changed" if tree(photos) != sources else ""


class Full:
    """A disk on which nothing new can be made from some moment on, in a copy of this process.

    Args:
        moment: how often something has been opened before.
        folder: that lies on it.
    """

    def __init__(self, moment: int, folder: Path) -> None:
        self._left, self._folder = moment, os.fspath(folder)

    def watch(self) -> None:
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "os.mkdir"):
            return
        self._left -= 1
        writes = event == "os.mkdir" or (isinstance(arguments[2], int) and arguments[2] & os.O_CREAT)
        path = arguments[0]
        # A bare name is one in a folder that is held open; that of a decoder's log or a cache has its path.
        if (
            self._left < 0
            and writes
            and isinstance(path, str)
            and (os.sep not in path or path.startswith(self._folder))
        ):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


@lru_cache(maxsize=1)
def can_mount() -> bool:
    """Whether this user may make a disk of any size."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        return False
    with tempfile.TemporaryDirectory() as place:
        words = ["mount", "-t", "tmpfs", "-o", "size=4096", "none", place]
        if subprocess.run(words, capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", place], check=True)
    return True


ATTACKS = (FullDisks,)
