"""The real ComfyUI that every test in this folder talks to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from comfy_server import ComfyServer, comfy_python

HOW = "set COMFYUI_PATH to a ComfyUI folder (and COMFYUI_PYTHON to its interpreter) to run the tests in a real ComfyUI"


@pytest.fixture(scope="session")
def comfy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComfyServer]:
    source = os.environ.get("COMFYUI_PATH")
    if not source:
        pytest.skip(HOW)
    if not Path(source, "main.py").is_file():
        pytest.fail(f"COMFYUI_PATH is {source!r}, but there is no main.py in it")
    base, probe = tmp_path_factory.mktemp("comfyui"), root / "tests" / "host" / "training_probe.py"
    server = ComfyServer(Path(source).resolve(), comfy_python(), root, base, [probe])
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()
