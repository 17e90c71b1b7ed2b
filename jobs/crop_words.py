"""What a crop keeps, in one line for a person; what it costs is told by `warnings`."""

from __future__ import annotations

from collections.abc import Sequence

from ..cropping.canvas import added_sides
from ..cropping.checks import Region, Size
from ..cropping.constraint import Constraint
from ..cropping.crop import Crop
from ..cropping.heads import WHOLE, protected_subjects, share_of_head
from ..cropping.subject import Subject
from ..cropping.text_names import SIZED_NAMES, TEXT_REGION_PRESETS, named_region
from ..models.analysis import Analysis
from .warnings import TEXT_OVER_SUBJECT, describe_place, percent


def describe_crop(analysis: Analysis, crop: Crop, size: Size, constraint: Constraint) -> str:
    """One line: `Keeps the head and 93 % of the interest; the left edge is free for text.`

    Args:
        analysis: of the picture.
        crop: that was chosen.
        size: width and height of the picture in pixels.
        constraint: that the crop was chosen under.
    """
    region = crop.box.relative(size)
    kept = [*_describe_heads(analysis.subjects, region), _describe_interest(analysis, crop)]
    parts = [f"keeps {' and '.join(kept)}", *_describe_text_regions(crop, constraint), *_describe_canvas(crop, size)]
    words = "; ".join(parts)
    return f"{words[0].upper()}{words[1:]}."


def _describe_heads(subjects: Sequence[Subject], region: Region) -> list[str]:
    heads = protected_subjects(subjects)
    whole = sum(share_of_head(each, region) >= WHOLE for each in heads)
    if not whole:
        return []
    if len(heads) <= 2:
        return ["the head" if len(heads) == 1 else "both heads" if whole == 2 else "1 of 2 heads"]
    return [f"all {whole} heads" if whole == len(heads) else f"{whole} of {len(heads)} heads"]


def _describe_interest(analysis: Analysis, crop: Crop) -> str:
    heat = analysis.heatmap
    even = bool(heat.min() == heat.max())  # nobody has looked at the picture
    return f"{percent(crop.kept)} of the {'picture' if even else 'interest'}"


def _describe_text_regions(crop: Crop, constraint: Constraint) -> list[str]:
    regions = constraint.text_regions
    if not regions or "layout" not in crop.terms:
        return []
    # The term is the mean of how well they are served, which is exact for the usual single one.
    missing = len(regions) * (1 - crop.terms["layout"])
    served = missing <= 1 - WHOLE and all(each.code != TEXT_OVER_SUBJECT for each in crop.warnings)
    if len(regions) > 1:
        return [f"all {len(regions)} text regions are free" if served else "not all text regions are free"]
    name = _name_text_region(regions[0].region)
    return [f"the {name} is free for text" if served else f"the {name} is only partly free for text"]


def _name_text_region(region: Region) -> str:
    for name in TEXT_REGION_PRESETS:
        if region == named_region(name):
            return name.replace("-", " ") if "-" in name else f"{name} edge"
    for name in SIZED_NAMES:
        if region == named_region(name):
            return name
    return f"region {describe_place(region)}"


def _describe_canvas(crop: Crop, size: Size) -> list[str]:
    sides = added_sides(crop.box, size)
    return [f"the canvas is extended at the {' and '.join(sides)}"] if sides else []
