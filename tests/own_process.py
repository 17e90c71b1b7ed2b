"""Python code that runs in a process of its own, with this checkout as the package, installed or not."""

from __future__ import annotations

import subprocess
import sys
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
