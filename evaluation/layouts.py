"""The benchmark `layouts`: how free crops leave their text regions, and whether heads and subjects stay in them.

The folder is one of the benchmark `heads`: `images`, `heads.json` and, for some photographs, `masks`, the subject
white. A photograph without heads and without a mask is left out.

Every photograph is cropped for six text regions in the frame of the crop, at two ratios. Figures are shares of crops:

* `free`: all of the following but `canvas`;
* `heads_free`: no head is under the text, up to a twentieth of it;
* `subject_free`: of the subject under the mask no more than a twentieth is under the text, or of the text no more than
  a twentieth over the subject;
* `heads_in`: every head is in, nine tenths of it, as long as the largest crop of the ratio holds it;
* `calm`: what the text region holds of heat, as the cropper sees it, is no more than half of what its area would hold
  on average in the crop; and so is its detail, or that is below half of `BUSY_GRADIENT`;
* `canvas`: the share of a crop that is canvas, a mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..cropping.box import Box
from ..cropping.calm import CALM_LOAD, measure_load_in
from ..cropping.checks import Region, Size
from ..cropping.constraint import Constraint
from ..cropping.inputs import SearchInputs
from ..cropping.ratio import Ratio
from ..cropping.regions import region_in_picture, share_inside
from ..cropping.text_region import TextRegion
from ..models.base import Cropper
from ..models.selection import SearchBatch
from .heads import HEADS, IMAGES, MASKS, read_heads, read_people
from .pixels import load_image
from .progress import Progress, ignore_progress

LAYOUTS = ("left third", "right 40%", "left half", "top quarter", "bottom third", "bottom right half")
RATIOS = (Ratio(16, 9), Ratio(4, 5))
# Names of the rows in the JSON output. They stay as they are: scripts read them.
OURS, PADDED, CENTRE = "ours", "ours, padded", "centre"
FIGURES = ("free", "heads_free", "subject_free", "heads_in", "calm", "canvas")
UNDER, IN = 0.05, 0.9  # shares, see the module


@dataclass(frozen=True)
class LayoutCase:
    """One photograph.

    Attributes:
        name: of the photograph in `heads.json`.
        path: of its file.
        heads: relative x1, y1, x2, y2.
        mask: the file of its subject, or None.
    """

    name: str
    path: Path
    heads: Sequence[Region]
    mask: Path | None


@dataclass(frozen=True)
class MeasuredLayout:
    """One crop: who chose it, under which layout, at which ratio, where it is, and its figures."""

    row: str
    layout: str
    ratio: Ratio
    photo: str
    box: Box
    figures: Mapping[str, float]


def read_cases(folder: Path) -> tuple[list[LayoutCase], list[str]]:
    """The photographs of a folder, and the names of those that are left out.

    Raises:
        OSError: when `heads.json` cannot be opened.
        ValueError: when it, or an entry, cannot be parsed, or no photograph is left.
    """
    masks = {path.stem: path for path in sorted((folder / MASKS).glob("*.png"))}
    cases = [
        LayoutCase(name, folder / IMAGES / name, [tuple(each) for each in heads.tolist()], masks.get(Path(name).stem))
        for name, heads in read_heads(folder / HEADS).items()
    ]
    known = [each for each in cases if each.heads or each.mask]
    if not known:
        raise ValueError(f"{folder / HEADS}: no photograph has heads, or a mask in {MASKS}")
    return known, sorted({each.name for each in cases} - {each.name for each in known})


def evaluate_layouts(folder: Path, cropper: Cropper, *, progress: Progress = ignore_progress) -> dict[str, Any]:
    """Measures a cropper with the policies `shrink` (row `ours`) and `pad`, beside the largest centred crop.

    Args:
        folder: see the module.
        cropper: to measure.
        progress: counts the photographs.

    Returns:
        `{"benchmark": "layouts", "subsets": {"all": {"n", "rows": {"ours": {"free", …}, …}}, "left third": …,
        "16:9": …}, "worst": {"free": [{"photo", "ratio", "layout", "box"}, …]}, "left_out": [name, …]}`. `n` counts
        the photographs; `worst` are the padded crops that are not free.

    Raises:
        OSError, PictureError, ValueError: when the folder, a photograph or a mask cannot be read, see `read_cases`.
    """
    cases, left_out = read_cases(folder)
    crops: list[MeasuredLayout] = []
    for done, case in enumerate(cases, 1):
        crops += _measure_case(case, cropper)
        progress(done, len(cases))
    subsets = {"all": crops}
    subsets |= {name: [each for each in crops if each.layout == name] for name in LAYOUTS}
    subsets |= {str(ratio): [each for each in crops if each.ratio == ratio] for ratio in RATIOS}
    worst = [each for each in crops if each.row == PADDED and not each.figures["free"]]
    return {
        "benchmark": "layouts",
        "subsets": {name: {"n": len(cases), "rows": _average(each)} for name, each in subsets.items()},
        "worst": {
            "free": [
                {
                    "photo": each.photo,
                    "ratio": f"{each.layout} {each.ratio}",
                    "layout": each.layout,
                    "box": each.box.as_list(),
                }
                for each in worst
            ]
        },
        "left_out": left_out,
    }


def _measure_case(case: LayoutCase, cropper: Cropper) -> Iterator[MeasuredLayout]:
    image = load_image(case.path)
    size = image.shape[-1], image.shape[-2]
    batch = SearchBatch.of(cropper.analyse(image), size)
    subject = None if case.mask is None else read_people(case.mask)
    for layout in LAYOUTS:
        text = TextRegion.preset(layout, "crop")
        for ratio in RATIOS:
            boxes = {CENTRE: _centre(ratio, size)}
            for row, policy in ((OURS, "shrink"), (PADDED, "pad")):
                (crop,) = batch.best_crops(Constraint((ratio,), text_regions=(text,), policy=policy))
                boxes[row] = crop.box
            for row, box in boxes.items():
                figures = measure_layout(box, size, text.region, ratio, case.heads, subject, batch.inputs)
                yield MeasuredLayout(row, layout, ratio, case.name, box, figures)


def measure_layout(
    box: Box,
    size: Size,
    text_region: Region,
    ratio: Ratio,
    heads: Sequence[Region],
    subject: np.ndarray | None,
    inputs: SearchInputs,
) -> dict[str, float]:
    """The figures of one crop, see the module; of the shares, 1 where it holds and 0 where it does not.

    Args:
        box: the crop in pixels.
        size: (width, height) of the picture in pixels.
        text_region: relative to the crop.
        ratio: of the crop.
        heads: relative to the picture.
        subject: `[h, w]` booleans of any size, or None.
        inputs: heat and detail of the picture.
    """
    crop = box.relative(size)
    text = region_in_picture(text_region, crop)
    width, height = (largest / side for largest, side in zip(ratio.largest_in(size), size, strict=True))
    fitting = [each for each in heads if each[2] - each[0] <= width and each[3] - each[1] <= height]
    figures = {
        "heads_free": all(share_inside(each, text) <= UNDER for each in heads),
        "subject_free": subject is None or _subject_under(subject, crop, text) <= UNDER,
        "heads_in": all(share_inside(each, crop) >= IN for each in fitting),
        "calm": measure_load_in(inputs, crop, text_region) <= CALM_LOAD + 1e-9,
    }
    figures["free"] = all(figures.values())
    return {name: float(value) for name, value in figures.items()} | {
        "canvas": 1 - share_inside(crop, (0.0, 0.0, 1.0, 1.0))
    }


def _subject_under(subject: np.ndarray, crop: Region, text: Region) -> float:
    """The share of the visible subject under the text, or of the text over the subject where that is less."""
    total = _count(subject, crop)
    under = _count(subject, text)
    area = (text[2] - text[0]) * (text[3] - text[1]) * subject.size
    return 0.0 if not total else float(min(under / total, under / area))


def _count(subject: np.ndarray, region: Region) -> int:
    """Pixels of the subject inside a region."""
    height, width = subject.shape
    columns = slice(*(min(width, max(0, round(edge * width))) for edge in region[0::2]))
    rows = slice(*(min(height, max(0, round(edge * height))) for edge in region[1::2]))
    return int(subject[rows, columns].sum())


def _centre(ratio: Ratio, size: Size) -> Box:
    width, height = ratio.largest_in(size)
    return Box((size[0] - width) // 2, (size[1] - height) // 2, width, height)


def _average(crops: Sequence[MeasuredLayout]) -> dict[str, dict[str, float]]:
    """The mean of every figure, for each row."""
    rows: dict[str, dict[str, float]] = {}
    for row in (OURS, PADDED, CENTRE):
        own = [each.figures for each in crops if each.row == row]
        rows[row] = {name: float(np.mean([each[name] for each in own])) for name in FIGURES}
    return rows
