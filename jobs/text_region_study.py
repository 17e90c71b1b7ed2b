"""A study of text regions: the crop of one photograph under each of the eight published presets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..cropping.constraint import Constraint
from ..cropping.crop import Crop
from ..cropping.model_sizes import Shape
from ..cropping.regions import region_in_picture
from ..cropping.text_names import TEXT_REGION_PRESETS
from ..cropping.text_region import TextRegion
from ..images.decode import Picture
from .analyse import ANALYSIS_SIDE
from .executors.batches import Analyser
from .stages import choose_crops
from .text_region_sheet import StudyCell, cell_size, draw_study

_WHOLE = 1 - 1e-6  # share of a region from which on it is held


def study_text_regions(
    picture: Picture,
    ratios: Sequence[Shape],
    frame: str,
    hard: bool,
    min_share: float,
    analyser: Analyser,
) -> np.ndarray:
    """The photograph under every preset at every ratio, with the crop and the text region drawn: uint8 `[H, W, 3]`.

    Args:
        picture: to crop.
        ratios: one block of the sheet each.
        frame, hard: of the text regions, see `TextRegion`.
        min_share: see `Constraint`.
        analyser: analyses the picture, once for all crops.

    Raises:
        PictureError: when the picture cannot be read.
    """
    size = picture.info.size
    analysis = analyser.analyse(picture.small(ANALYSIS_SIDE))
    blocks = []
    for ratio in Constraint(tuple(ratios)).ratios_for(size):
        regions = {name: TextRegion.preset(name, frame, hard) for name in TEXT_REGION_PRESETS}
        constraints = [Constraint((ratio,), min_share, text_regions=(each,)) for each in regions.values()]
        crops = choose_crops(analysis, size, constraints)
        cells = [_cell(name, crop, regions[name], size) for name, crop in zip(regions, crops, strict=True)]
        blocks.append((f"{ratio}", cells))
    return draw_study(picture.crop((0, 0, *size), cell_size(size)), blocks)


def _cell(name: str, crop: Crop, text_region: TextRegion, size: tuple[int, int]) -> StudyCell:
    box = crop.box.relative(size)
    served = crop.terms["layout"]
    if text_region.frame == "source":
        region, note = text_region.region, "held" if served > _WHOLE else f"{served:.0%} held"
    else:
        region, note = region_in_picture(text_region.region, box), f"{1 - served:.0%} of the interest"
    return StudyCell(box, region, f"{name}   {crop.box.width} × {crop.box.height}", note)
