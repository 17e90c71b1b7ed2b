"""A layout study: what each of the eight published layouts makes of one photograph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..cropping.constraint import Constraint
from ..cropping.crop import Crop
from ..cropping.ratio import Ratio
from ..cropping.text_region import TEXT_REGION_PRESETS, Region, TextRegion
from ..images.decode import Picture
from ..models.selection import best_crops
from .analyse import ANALYSIS_SIDE
from .executors.batches import Analyser
from .text_region_sheet import LayoutCell, cell_size, draw_layouts


def layout_study(
    picture: Picture,
    ratios: Sequence[Ratio],
    frame: str,
    hard: bool,
    min_share: float,
    analyser: Analyser,
) -> np.ndarray:
    """The photograph under every preset at every ratio, with the crop and the reserved region drawn: uint8 [H, W, 3].

    Args:
        picture: to crop.
        ratios: one block of the sheet each.
        frame, hard: of the layouts, see `TextRegion`.
        min_share: see `Constraint`.
        analyser: analyses the picture, once for all crops.

    Raises:
        PictureError: when the picture cannot be read.
    """
    size = picture.info.size
    analyses = [analyser.analyse(picture.small(ANALYSIS_SIDE))]
    blocks = []
    for ratio in ratios:
        cells = []
        for name in TEXT_REGION_PRESETS:
            layout = TextRegion.preset(name, frame, hard)
            crop = best_crops(analyses, [size], Constraint((ratio,), min_share, text_regions=(layout,)))[0]
            cells.append(_cell(name, crop, layout, size))
        blocks.append((f"{ratio}", cells))
    return draw_layouts(picture.crop((0, 0, *size), cell_size(size)), blocks)


def _cell(name: str, crop: Crop, layout: TextRegion, size: tuple[int, int]) -> LayoutCell:
    box = crop.box.relative(size)
    served = crop.terms["layout"]
    if layout.frame == "source":
        reserved, note = layout.region, "held" if served > 1 - 1e-6 else f"{served:.0%} held"
    else:
        reserved, note = _within(layout.region, box), f"{1 - served:.0%} of the interest"
    return LayoutCell(box, (reserved,), f"{name}   {crop.box.width} × {crop.box.height}", note)


def _within(region: Region, box: Region) -> Region:
    """A region of the crop as a region of the picture."""
    (x1, y1, x2, y2), (left, top, right, bottom) = region, box
    width, height = right - left, bottom - top
    return left + x1 * width, top + y1 * height, left + x2 * width, top + y2 * height
