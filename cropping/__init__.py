"""Pure geometry and search on tensors: boxes, ratios, layouts, scores, the exhaustive search. Imports no other room."""

from .box import Box
from .constraint import Constraint, UnsatisfiableError
from .crop import Crop
from .layout import LAYOUT_PRESETS, Layout
from .ratio import Ratio
from .subject import Subject
from .weights import Weights

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
