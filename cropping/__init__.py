"""Pure geometry and search on tensors: boxes, ratios, text regions, scores, the exhaustive search.

The names below are imported when they are first used (PEP 562), as boxes and ratios need no PyTorch. This room
imports no other one.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .box import Box
    from .constraint import Constraint, UnsatisfiableError
    from .crop import Crop, CropWarning
    from .objective import Objective, ObjectiveWeights
    from .ratio import Ratio
    from .subject import Subject
    from .text_names import TEXT_REGION_PRESETS
    from .text_region import TextRegion

__all__ = [
    "Box",
    "Constraint",
    "Crop",
    "CropWarning",
    "Objective",
    "ObjectiveWeights",
    "Ratio",
    "Subject",
    "TEXT_REGION_PRESETS",
    "TextRegion",
    "UnsatisfiableError",
]

# Public name → the module it comes from.
_HOMES = {
    "TEXT_REGION_PRESETS": ".text_names",
    "Box": ".box",
    "Constraint": ".constraint",
    "Crop": ".crop",
    "CropWarning": ".crop",
    "Objective": ".objective",
    "ObjectiveWeights": ".objective",
    "Ratio": ".ratio",
    "Subject": ".subject",
    "TextRegion": ".text_region",
    "UnsatisfiableError": ".constraint",
}

# Names of version 0.1, which keep working with a warning.
_RENAMED = {"LAYOUT_PRESETS": "TEXT_REGION_PRESETS", "Layout": "TextRegion", "Weights": "ObjectiveWeights"}


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        new = _RENAMED[name]
        warnings.warn(f"{__name__}.{name} is now called {new}", DeprecationWarning, stacklevel=2)
        return getattr(import_module(_HOMES[new], __name__), new)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
