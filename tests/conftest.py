"""Makes the root folder importable as `salient_crop`, installed or not, and skips what this machine cannot run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _import_root_as_package() -> None:
    """Import this checkout under its package name, never by putting the root on sys.path (see pyproject.toml)."""
    spec = importlib.util.spec_from_file_location(
        "salient_crop", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["salient_crop"] = package
    spec.loader.exec_module(package)


_import_root_as_package()


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample photographs."""
    return ROOT / "samples"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    import torch

    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason="no CUDA GPU")
    for item in items:
        if item.get_closest_marker("cuda"):
            item.add_marker(skip)
