"""Makes the root folder importable as `salient_crop`, installed or not, and skips what this machine cannot run."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from checkout import ROOT, import_checkout
from comfy_stub import Stub

import_checkout()

# No test reads, or leaves behind, what another process has converted.
os.environ["SALIENT_CROP_CACHE"] = ""

# The same cases in every run, however busy the machine is.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample photographs."""
    return ROOT / "samples"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Stub:
    """The one stand-in host of a run: nodes keep the modules that they imported first."""
    stub = Stub(tmp_path_factory.mktemp("host"))
    stub.install()
    return stub


@pytest.fixture
def host(installed: Stub) -> Stub:
    """The stand-in host with empty folders."""
    installed.reset()
    for name in ("input", "output", "models"):
        shutil.rmtree(installed.base / name)
        (installed.base / name).mkdir()
    return installed


@pytest.fixture
def nodes(host: Stub) -> dict[str, Any]:
    """All nodes by id, from the pack's own entry point."""
    pack = importlib.import_module("salient_crop")

    async def registered() -> list[Any]:
        extension = await pack.comfy_entrypoint()
        await extension.on_load()
        return await extension.get_node_list()

    return {node.define_schema().node_id: node for node in asyncio.run(registered())}


def pytest_configure() -> None:
    # Beside other workers, threads of PyTorch would only wait for each other.
    if "PYTEST_XDIST_WORKER" in os.environ:
        import torch

        torch.set_num_threads(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    import torch

    if "attack" not in config.option.markexpr:
        long = [item for item in items if item.get_closest_marker("attack")]
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)

    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason="no CUDA GPU")
    for item in items:
        if item.get_closest_marker("cuda"):
            item.add_marker(skip)
