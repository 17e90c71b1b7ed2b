"""SALIENT_CROPPER values."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

CropperType = io.Custom("SALIENT_CROPPER")


def cropper_input() -> Any:
    """The socket for a cropper; without a connection, the bundled default is used."""
    return CropperType.Input(
        "cropper", optional=True, tooltip="From Load Cropper. Not connected: the bundled default, focus."
    )
