"""A real ComfyUI, started for the tests in a folder of its own, with this checkout as custom node."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PACK = "salient-crop"
BOOT_SECONDS = 600


class WorkflowError(Exception):
    """The host refused a workflow, or a node of it failed."""


class ComfyServer:
    """One ComfyUI process on the CPU.

    Args:
        source: the folder with ComfyUI's main.py.
        python: the interpreter that has its requirements.
        pack: the folder to install as custom node.
        base: an empty folder for its models, input, output and temp.
        custom_nodes: further ones, each a single file.
    """

    def __init__(self, source: Path, python: str, pack: Path, base: Path, custom_nodes: Sequence[Path] = ()) -> None:
        self.base = base
        self.input, self.output, self.models = (base / name for name in ("input", "output", "models"))
        for folder in (self.input, self.output, self.models, base / "temp", base / "custom_nodes"):
            folder.mkdir(parents=True, exist_ok=True)
        _link(pack, base / "custom_nodes" / PACK)
        for each in custom_nodes:
            shutil.copy(each, base / "custom_nodes")
        self.port = _free_port()
        self._log = base / "comfyui.log"
        options = ["--cpu", "--disable-api-nodes", "--disable-auto-launch", "--port", str(self.port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [python, str(source / "main.py"), *options, "--base-directory", str(base)],
                cwd=base,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            )

    @property
    def log(self) -> str:
        """All it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self) -> None:
        end = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"ComfyUI ended with {self._process.returncode} while starting:\n{self.log[-4000:]}")
            try:
                self.get("/system_stats")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.3)
        raise RuntimeError(f"ComfyUI did not answer within {BOOT_SECONDS} s:\n{self.log[-4000:]}")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def get(self, path: str) -> Any:
        return self._request(path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._request(path, json.dumps(body).encode())

    def queue(self, workflow: Mapping[str, Any]) -> str:
        """Queue a workflow in API format; returns its prompt id.

        Raises:
            WorkflowError: with the host's own words when it does not validate.
        """
        answer = self.post("/prompt", {"prompt": workflow})
        if answer.get("node_errors"):
            raise WorkflowError(json.dumps(answer["node_errors"]))
        return answer["prompt_id"]

    def run(self, workflow: Mapping[str, Any], seconds: float = 120) -> dict[str, Any]:
        """Run a workflow to its end; returns what its output nodes showed, by node id.

        Raises:
            WorkflowError: when it is refused, fails, or takes too long.
        """
        entry = self.wait_for(self.queue(workflow), seconds)
        if entry["status"]["status_str"] != "success":
            raise WorkflowError(_failure(entry))
        return entry["outputs"]

    def wait_for(self, prompt: str, seconds: float = 120) -> dict[str, Any]:
        """The history entry of a prompt once it has ended, whichever way."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            entry = self.get(f"/history/{prompt}").get(prompt)
            if entry is not None:
                return entry
            time.sleep(0.05)
        raise WorkflowError(f"not done within {seconds} s")

    def interrupt(self) -> None:
        self.post("/interrupt", {})

    def _request(self, path: str, data: bytes | None) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                body = response.read()
        except urllib.error.HTTPError as error:
            raise WorkflowError(error.read().decode(errors="replace")) from error
        return json.loads(body) if body else None


def comfy_python() -> str:
    """The interpreter named by COMFYUI_PYTHON, else the running one."""
    return os.environ.get("COMFYUI_PYTHON") or sys.executable


def _failure(entry: Mapping[str, Any]) -> str:
    for kind, details in entry["status"]["messages"]:
        if kind == "execution_error":
            return f"{details['node_type']}: {details['exception_type']}: {details['exception_message']}"
        if kind == "execution_interrupted":
            return f"interrupted in {details['node_type']}"
    return json.dumps(entry["status"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source, target_is_directory=True)
    except OSError:  # Windows without the privilege
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests"))
