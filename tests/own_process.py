"""Python code that runs in a process of its own, with this checkout as the package, installed or not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START = f"""
import sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location(
    "salient_crop", {str(ROOT / "__init__.py")!r}, submodule_search_locations=[{str(ROOT)!r}]
)
sys.modules["salient_crop"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["salient_crop"])
"""


def start(code: str) -> subprocess.Popen[bytes]:
    """Starts it, with its output in a pipe."""
    return subprocess.Popen([sys.executable, "-c", START + code], stdout=subprocess.PIPE)


def run(code: str) -> str:
    """Runs it to its end, and returns what it has printed."""
    found = subprocess.run([sys.executable, "-c", START + code], capture_output=True, check=False)
    assert found.returncode == 0, found.stderr.decode()
    return found.stdout.decode()


def heed_interrupts() -> None:
    """For `preexec_fn`: Ctrl-C interrupts the new process even where the tests run in the background, and ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ignore_interrupts() -> None:
    """For `preexec_fn`: Ctrl-C does nothing, as in what a shell starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def processes_of(group: int) -> set[int]:
    """The processes of a group that have not ended, whether or not anybody has asked how they ended."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listed.splitlines())
    return {int(pid) for pid, of, state in rows if int(of) == group and not state.startswith("Z")}


def wait_for_end(group: int) -> None:
    """Waits until all processes of a group have ended, and fails where they do not within ten seconds."""
    deadline = time.monotonic() + 10
    while found := processes_of(group):
        assert time.monotonic() < deadline, f"still there: {found}"
        time.sleep(0.05)
