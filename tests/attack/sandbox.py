"""Runs a piece of work in a copy of this process, and tells how it ended, what it said, and what it cost."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from made_pictures import save_picture

from salient_crop.cli.main import main
from salient_crop.images.process import DecoderProcess

NO_EXCEPTION = 70  # the exit status of work that ended with an exception
_PAUSE = 0.004  # seconds between two looks at the memory
# Whatever a name holds, none of these reaches a terminal: control characters, and what turns or breaks a line.
NEVER_PRINTED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Ending:
    """How a piece of work ended.

    Attributes:
        status: its exit status; below 0 the signal that ended it, None where it took too long.
        out, err: what it printed; bytes that are no UTF-8 are half characters.
        seconds: that it took.
        memory: bytes by which it grew, with the processes that it started; 0 where the system does not tell.
    """

    status: int | None
    out: str
    err: str
    seconds: float
    memory: int

    def complain(self, *expected: int) -> str:
        """What is wrong with how it ended, should any of these exit statuses be right; empty where nothing is."""
        if self.status is None:
            return f"still at work after {self.seconds:.0f} s"
        if "Traceback" in self.err or self.status == NO_EXCEPTION:
            return f"a traceback: {self.err.strip().splitlines()[-1][:300]}"
        if self.status not in expected:
            return f"exit status {self.status}: {self.err[-300:]!r}"
        printed = NEVER_PRINTED.search(self.out + self.err)
        return f"printed {printed[0]!r}" if printed else ""


def run_command(
    *words: str | Path,
    folder: Path,
    seconds: float = 120,
    before: Callable[[], object] = lambda: None,
    after: Callable[[], object] = lambda: None,
) -> Ending:
    """Runs `salient-crop` with these words; see `run_alone`.

    Args:
        before, after: done in the copy of this process.
    """
    return start_command(*words, folder=folder, before=before, after=after).finish(seconds)


def start_command(
    *words: str | Path,
    folder: Path,
    before: Callable[[], object] = lambda: None,
    after: Callable[[], object] = lambda: None,
) -> Copy:
    """Begins what `run_command` does."""

    def work() -> int:
        before()
        try:
            return main([os.fspath(each) for each in words])
        except SystemExit as error:  # argparse
            return int(error.code or 0)
        finally:
            after()

    return Copy(work, folder)


@lru_cache(maxsize=1)
def warm_up() -> None:
    """Imports what runs import when they need it, once, so that no copy of this process has to do it again."""
    torch.set_num_threads(1)  # threads would be missing in a copy of this process
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(io.StringIO()):
        folder, out = Path(scratch, "photos"), Path(scratch, "out")
        for seed in range(3):
            save_picture(folder / f"{seed}.png", (48, 32 + seed), seed)
        base = ["crop", str(folder), "--out", str(out), "--cropper", "centre", "--workers", "1"]
        with contextlib.redirect_stderr(io.StringIO()):
            for more in (["--format", "webp"], ["--buckets", "auto:2:square:256", "--resolution", "256"]):
                main([*base, *more])
                main(["preview", str(out / "manifest.jsonl"), "--out", str(out / "sheet.png"), "--workers", "1"])
    decoder_size()


def run_alone(work: Callable[[], int], folder: Path, seconds: float = 120) -> Ending:
    """Runs the work in a copy of this process, with the processes that it starts.

    Args:
        work: returns the exit status.
        folder: where what it prints is kept meanwhile.
        seconds: that it may take; then it is killed.
    """
    return Copy(work, folder).finish(seconds)


class Copy:
    """A copy of this process at work; see `run_alone`."""

    def __init__(self, work: Callable[[], int], folder: Path) -> None:
        warm_up()
        self._printed = [folder / ".printed.out", folder / ".printed.err"]
        sys.stdout.flush()
        sys.stderr.flush()
        self._begun = time.monotonic()
        self._process = os.fork()
        if self._process == 0:
            _work_in_copy(work, self._printed)
        self._meter = _Meter(self._process)

    def finish(self, seconds: float) -> Ending:
        """Waits for its end."""
        status: int | None = None
        while True:
            self._meter.look()
            found, code = os.waitpid(self._process, os.WNOHANG)
            if found:
                status = os.waitstatus_to_exitcode(code)
                break
            if time.monotonic() - self._begun > seconds:
                _kill_group(self._process)
                os.waitpid(self._process, 0)
                break
            time.sleep(_PAUSE)
        _kill_group(self._process)  # the processes that it has left behind
        out, err = (path.read_bytes().decode("utf-8", "surrogateescape") for path in self._printed)
        for path in self._printed:
            path.unlink()
        return Ending(status, out, err, time.monotonic() - self._begun, self._meter.growth)


def _work_in_copy(work: Callable[[], int], printed: Sequence[Path]) -> None:
    """Never returns."""
    status = NO_EXCEPTION
    try:
        os.setpgid(0, 0)
        for number, path in enumerate(printed, 1):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(descriptor, number)
            os.close(descriptor)
        # As Python opens them; those of a test's runner are not written to a file.
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", write_through=True)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", "backslashreplace", write_through=True)
        status = work()
    except BaseException:
        traceback.print_exc()
    with suppress(OSError):
        sys.stdout.flush()
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def _kill_group(process: int) -> None:
    with suppress(OSError):
        os.killpg(process, signal.SIGKILL)


class _Meter:
    """The most memory that a process and its own processes have had, above what it began with."""

    def __init__(self, process: int) -> None:
        self._process = process
        # A copy maps the files of libraries again only when it needs them; this process has all of them.
        self._base = max(_memory(process, "VmRSS"), _memory(os.getpid(), "VmRSS"))
        self._own = self._base
        self._words = _words(process)
        self._others: dict[int, tuple[int, int]] = {}  # of each process: what it began with, and the most

    @property
    def growth(self) -> int:
        return max(0, self._own - self._base) + max((most - base for base, most in self._others.values()), default=0)

    def look(self) -> None:
        self._own = max(self._own, _memory(self._process, "VmHWM"))
        for child in _children(self._process):
            if _words(child) == self._words:  # it has only begun, and shows the memory of the process that starts it
                continue
            most = _memory(child, "VmHWM")
            self._others[child] = (decoder_size(), max(most, self._others.get(child, (0, 0))[1]))


@lru_cache(maxsize=1)
def decoder_size() -> int:
    """Bytes of memory of a process that decodes before it has decoded anything."""
    process = DecoderProcess()
    try:
        return _memory(process.id, "VmHWM")
    finally:
        process.end()


def _memory(process: int, name: str) -> int:
    try:
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _words(process: int) -> bytes:
    """The command that a process runs."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def _children(process: int) -> list[int]:
    found = []
    with suppress(OSError):
        for task in os.listdir(f"/proc/{process}/task"):
            with suppress(OSError):
                found += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
    return found
