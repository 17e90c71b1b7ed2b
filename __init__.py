"""Salient Crop: crops that keep the subject whole, at exactly the ratio asked for.

>>> import salient_crop
>>> found = salient_crop.crop("samples/astronaut.jpg", "2:3")
>>> found.box
Box(x=107, y=0, width=341, height=512)
>>> print(found)
341×512 at 2:3: box x=107 y=0 width=341 height=512 of 512×512, score 0.9..., keeps 9...% of the heat
>>> found.image.save("astronaut-2x3.png")  # doctest: +SKIP

This file is what ComfyUI loads, and the front door for Python. Both only point: nodes are registered when ComfyUI asks,
and a public name is imported from its room when it is first used, so that `import salient_crop` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comfy_api.latest import ComfyExtension

    from .bucketing.report import BucketReport
    from .cropping import (
        Box,
        Constraint,
        Crop,
        CropWarning,
        Objective,
        ObjectiveWeights,
        Ratio,
        Subject,
        TextRegion,
        UnsatisfiableError,
    )
    from .images.errors import PictureError
    from .jobs.api import crop_folder, plan_buckets
    from .jobs.batch import CropBatch, MeasureBatch, assign_buckets
    from .jobs.face_api import crop_faces
    from .jobs.on_cut import HeadCutError
    from .jobs.paste_back import paste_back
    from .jobs.per_subject import PerSubject
    from .jobs.picture import CroppedPicture, crop
    from .jobs.run import Outcome, RunError
    from .jobs.shard_api import crop_shards
    from .jobs.shards import ShardOutcome
    from .models.analysis import Analysis
    from .models.base import Cropper
    from .models.detectors.words.registry import load_word_detector
    from .models.registry import load_cropper
    from .version import VERSION as __version__

WEB_DIRECTORY = "./web"

# Public name → the module it comes from.
_HOMES = {
    "Analysis": ".models.analysis",
    "Box": ".cropping",
    "BucketReport": ".bucketing.report",
    "Constraint": ".cropping",
    "Crop": ".cropping",
    "CropBatch": ".jobs.batch",
    "CropWarning": ".cropping",
    "CroppedPicture": ".jobs.picture",
    "Cropper": ".models.base",
    "HeadCutError": ".jobs.on_cut",
    "MeasureBatch": ".jobs.batch",
    "Objective": ".cropping",
    "ObjectiveWeights": ".cropping",
    "Outcome": ".jobs.run",
    "PerSubject": ".jobs.per_subject",
    "PictureError": ".images.errors",
    "Ratio": ".cropping",
    "RunError": ".jobs.run",
    "ShardOutcome": ".jobs.shards",
    "Subject": ".cropping",
    "TextRegion": ".cropping",
    "UnsatisfiableError": ".cropping",
    "assign_buckets": ".jobs.batch",
    "crop": ".jobs.picture",
    "crop_faces": ".jobs.face_api",
    "crop_folder": ".jobs.api",
    "crop_shards": ".jobs.shard_api",
    "load_cropper": ".models.registry",
    "load_word_detector": ".models.detectors.words.registry",
    "paste_back": ".jobs.paste_back",
    "plan_buckets": ".jobs.api",
}

__all__ = [
    "Analysis",
    "Box",
    "BucketReport",
    "Constraint",
    "Crop",
    "CropBatch",
    "CropWarning",
    "CroppedPicture",
    "Cropper",
    "HeadCutError",
    "MeasureBatch",
    "Objective",
    "ObjectiveWeights",
    "Outcome",
    "PerSubject",
    "PictureError",
    "Ratio",
    "RunError",
    "ShardOutcome",
    "Subject",
    "TextRegion",
    "UnsatisfiableError",
    "__version__",
    "assign_buckets",
    "crop",
    "crop_faces",
    "crop_folder",
    "crop_shards",
    "load_cropper",
    "load_word_detector",
    "paste_back",
    "plan_buckets",
]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used (PEP 562)."""
    if name == "__version__":
        value = import_module(".version", __name__).VERSION
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "WEB_DIRECTORY", "comfy_entrypoint"])


async def comfy_entrypoint() -> ComfyExtension:
    # Imported here, so that the library can be used and tested where there is no ComfyUI.
    from .nodes.extension import SalientCropExtension

    return SalientCropExtension()
