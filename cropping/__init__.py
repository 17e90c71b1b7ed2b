"""Pure geometry and search on tensors: boxes, ratios, layouts, scores, the exhaustive search. Imports no other room."""

from .box import Box
from .constraint import Constraint, UnsatisfiableError
from .crop import Crop
from .objective import Weights
from .ratio import Ratio
from .subject import Subject
from .text_region import LAYOUT_PRESETS, Layout

__all__ = [
    "LAYOUT_PRESETS",
    "Box",
    "Constraint",
    "Crop",
    "Layout",
    "Ratio",
    "Subject",
    "UnsatisfiableError",
    "Weights",
]
