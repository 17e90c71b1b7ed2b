"""Salient Crop: crops that keep the subject whole, at exactly the ratio asked for.

This file is what ComfyUI loads. It only registers; the library is in the rooms beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comfy_api.latest import ComfyExtension

WEB_DIRECTORY = "./web"


async def comfy_entrypoint() -> ComfyExtension:
    # Imported here, so that the library can be used and tested where there is no ComfyUI.
    from .nodes.extension import SalientCropExtension

    return SalientCropExtension()
