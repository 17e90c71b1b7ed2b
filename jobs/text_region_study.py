"""A study of text regions: the crop of one photograph under each of several layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from ..cropping.checks import Region, Size
from ..cropping.constraint import Constraint
from ..cropping.crop import Crop
from ..cropping.model_sizes import Shape
from ..cropping.regions import region_in_picture
from ..cropping.text_names import SIZED_NAMES, TEXT_REGION_PRESETS, named_region
from ..cropping.text_region import TextRegion
from ..images.decode import Picture
from .analyse import ANALYSIS_SIDE
from .executors.batches import Analyser
from .stages import choose_crops
from .text_region_sheet import StudyCell, cell_size, draw_study
from .warnings import TEXT_OVER_SUBJECT

LAYOUTS: Mapping[str, Sequence[Region]] = MappingProxyType(
    {name: (named_region(name),) for name in (*TEXT_REGION_PRESETS, *SIZED_NAMES)}
)
"""Name → regions of all layouts that lists of choices offer."""

_WHOLE = 1 - 1e-6  # share of a region from which on it is held


def study_text_regions(
    picture: Picture,
    ratios: Sequence[Shape],
    frame: str,
    hard: bool,
    min_share: float,
    analyser: Analyser,
    layouts: Mapping[str, Sequence[Region]] = LAYOUTS,
    policy: str = "shrink",
) -> np.ndarray:
    """The photograph under every layout at every ratio, with crop and text regions drawn: uint8 `[H, W, 3]`.

    Args:
        picture: to crop.
        ratios: one block of the sheet each.
        frame, hard: of the text regions, see `TextRegion`.
        min_share, policy: see `Constraint`.
        analyser: analyses the picture, once for all crops.
        layouts: one cell of each block each, by name.

    Raises:
        PictureError: when the picture cannot be read.
    """
    size = picture.info.size
    analysis = analyser.analyse(picture.small(ANALYSIS_SIDE))
    asked = {name: tuple(TextRegion(each, frame, hard) for each in regions) for name, regions in layouts.items()}
    blocks = []
    for ratio in Constraint(tuple(ratios)).ratios_for(size):
        constraints = [Constraint((ratio,), min_share, text_regions=each, policy=policy) for each in asked.values()]
        crops = choose_crops(analysis, size, constraints)
        cells = [_cell(name, crop, asked[name], size) for name, crop in zip(asked, crops, strict=True)]
        blocks.append((f"{ratio}", cells))
    return draw_study(picture.crop((0, 0, *size), cell_size(size)), blocks)


def _cell(name: str, crop: Crop, text_regions: Sequence[TextRegion], size: Size) -> StudyCell:
    box = crop.box.relative(size)
    in_crop = any(each.frame == "crop" for each in text_regions)
    regions = [region_in_picture(each.region, box) if in_crop else each.region for each in text_regions]
    title = f"{name}   {crop.box.width} × {crop.box.height}"
    return StudyCell(box, regions, title, _describe_calm(crop) if in_crop else _describe_held(crop))


def _describe_held(crop: Crop) -> str:
    served = crop.terms["layout"]
    return "held" if served > _WHOLE else f"{served:.0%} held"


def _describe_calm(crop: Crop) -> str:
    if any(each.code == TEXT_OVER_SUBJECT for each in crop.warnings):
        return "over a subject"
    served = crop.terms["layout"]
    return "free" if served > _WHOLE else f"{served:.0%} calm"
