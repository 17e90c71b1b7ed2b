"""The real ComfyUI that every test in this folder talks to, and the canvas in a browser, for those marked so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from comfy_canvas import RENDERERS, Canvas, find_chromium, open_canvas
from comfy_server import ComfyServer, comfy_python

HOW = "set COMFYUI_PATH to a ComfyUI folder (and COMFYUI_PYTHON to its interpreter) to run the tests in a real ComfyUI"
HOW_ON_CANVAS = "to run the tests on the real canvas, "


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


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason=HOW_ON_CANVAS + "pip install playwright")
    if not find_chromium():
        pytest.skip(HOW_ON_CANVAS + "install Chromium, or name it in CHROMIUM")
    with api.sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def pictures(comfy: ComfyServer, samples: Path) -> None:
    """Sample photographs in the host's input, some of them in a folder, with captions."""
    folder = comfy.input / "photographs"
    folder.mkdir(exist_ok=True)
    for name in ("astronaut", "engineer", "sheep", "two-dogs"):
        shutil.copy(samples / f"{name}.jpg", comfy.input)
        shutil.copy(samples / f"{name}.jpg", folder)
        (folder / f"{name}.txt").write_text(f"a photograph, {name}", encoding="utf-8")
    shutil.copy(samples / "astronaut.jpg", comfy.input / "example.png")


@pytest.fixture(scope="module", params=RENDERERS)
def canvas(playwright: Any, comfy: ComfyServer, pictures: None, request: pytest.FixtureRequest) -> Iterator[Canvas]:
    with open_canvas(playwright, comfy.port, request.param) as found:
        yield found
