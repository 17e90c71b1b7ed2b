"""The version, which only pyproject.toml states.

A clone in ComfyUI's custom_nodes/ and an editable install have that file beside the package, and may have no metadata;
an installed package has metadata, and not the file.
"""

from __future__ import annotations

import re
from pathlib import Path


def read_version(package: Path) -> str:
    """The version of the package that lies in a folder.

    Raises:
        importlib.metadata.PackageNotFoundError: when it has no pyproject.toml and is not installed.
    """
    try:
        text = (package / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return _installed_version()
    found = re.search(r'^version = "(.+)"$', text, re.MULTILINE)
    return found[1] if found else _installed_version()


def _installed_version() -> str:
    from importlib.metadata import version  # slow, and mostly not needed

    return version("salient-crop")


VERSION = read_version(Path(__file__).parent)
