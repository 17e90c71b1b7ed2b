"""This checkout as the package `salient_crop`, installed or not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def import_checkout() -> None:
    """Imports it under its package name, never by putting the root on sys.path (see pyproject.toml)."""
    spec = importlib.util.spec_from_file_location(
        "salient_crop", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["salient_crop"] = package
    spec.loader.exec_module(package)
