"""Pure geometry and search on tensors: boxes, ratios, layouts, scores, the exhaustive search. Imports no other room."""

from .box import Box
from .constraint import Constraint, UnsatisfiableError
from .crop import Crop, CropWarning
from .objective import Objective, ObjectiveWeights
from .ratio import Ratio
from .subject import Subject
from .text_region import TEXT_REGION_PRESETS, TextRegion

__all__ = [
    "TEXT_REGION_PRESETS",
    "Box",
    "Constraint",
    "Crop",
    "CropWarning",
    "Objective",
    "ObjectiveWeights",
    "Ratio",
    "Subject",
    "TextRegion",
    "UnsatisfiableError",
]
