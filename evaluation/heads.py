"""The benchmark `heads`: what the largest crops do to the heads of people.

The folder has `images`, `masks` and `heads.json`. A mask is a PNG with the name and size of its photograph, the people
white. The file is `{"heads": {photograph: [[x1, y1, x2, y2], …]}}`: its name in `images`, and a box for each head that
it is about, hair, hat and chin included, in hundredths of its width and height. A photograph without a mask, or with
one that is almost empty, is left out.

Crops are the largest of their ratio, so only the position is chosen. Figures, all shares in 0..1 (`head_figures.py`):

* of crops of one head that fits the box: `whole`, at most a hair of the head cut off; `lost`, less than half of it in;
  `beheaded`, less than two thirds of it in, but more than a third of the people's pixels: such pictures teach headless
  people;
* of crops of several heads: `several_whole`, whole heads among the most that one box can hold; `several_sliced`, heads
  neither whole nor outside among all heads;
* of close-ups, whose only head is too large for the box: `close_shown`, what is in of what could be in, a mean; and
  `close_chin`, crops that hold the chin.

`whole`, `several_whole`, `close_shown` and `close_chin` should be high, the others low.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..cropping.checks import Size, check_number, check_region
from ..cropping.constraint import Constraint
from ..cropping.ratio import Ratio
from ..images.errors import PictureError
from ..images.header import open_image
from ..models.analysis import Analysis
from ..models.base import Cropper
from ..models.selection import best_crops_for_constraints
from .cases import parse_each, read_json, read_picture_path
from .head_figures import FIGURES, Figure, measure_crop
from .peers import PEERS, Peer
from .pixels import load_image
from .positions import list_positions, pick_middle
from .progress import Progress, ignore_progress

IMAGES, MASKS, HEADS = "images", "masks", "heads.json"
SHAPE = "a list of heads [x1, y1, x2, y2] in hundredths of the width and height"
RATIOS = (Ratio(1, 1), Ratio(4, 5), Ratio(2, 3), Ratio(3, 2), Ratio(16, 9))
ALMOST_EMPTY = 200  # pixels of people up to which a photograph is not one of people
WORST = 20  # pictures listed for each figure
# Names of the rows in the JSON output. They stay as they are: scripts read them.
OURS, CENTRE = "ours", "centre"


@dataclass(frozen=True)
class HeadCase:
    """One photograph.

    Attributes:
        name: of the photograph in `heads.json`.
        path: of its file.
        mask: the file of its people.
        heads: `[N, 4]` relative x1, y1, x2, y2.
    """

    name: str
    path: Path
    mask: Path
    heads: np.ndarray


@dataclass(frozen=True)
class MeasuredCrop:
    """One crop of one photograph.

    Attributes:
        case: the photograph.
        row: who chose the crop.
        ratio: of the crop.
        box: `[4]` x1, y1, x2, y2 in pixels.
        figures: see `measure_crop`.
    """

    case: HeadCase
    row: str
    ratio: Ratio
    box: np.ndarray
    figures: Mapping[str, Figure]

    def badness(self, figure: str) -> float:
        """How bad the crop is by a figure (see `Figure`), rounded: equal on every machine. 0 where it has no such."""
        return round(self.figures[figure].badness, 9) if figure in self.figures else 0.0

    def describe(self) -> dict[str, Any]:
        """The crop as JSON, see `evaluate_heads`."""
        x1, y1, x2, y2 = self.box.astype(int).tolist()
        return {
            "photo": self.case.name,
            "ratio": str(self.ratio),
            "box": [x1, y1, x2 - x1, y2 - y1],
            "heads": self.case.heads.tolist(),
        }


def read_cases(folder: Path) -> tuple[list[HeadCase], list[str]]:
    """The photographs of a folder that have a mask, and the names of the others in its `heads.json`.

    Raises:
        OSError: when the file cannot be opened.
        PictureError: naming a mask that cannot be read.
        ValueError: when the file or an entry cannot be parsed, an entry is missing, or no mask shows people; names it.
    """
    file = folder / HEADS
    heads = read_heads(file)
    photos = {Path(name).stem: name for name in heads}
    masks = {path.stem: path for path in sorted((folder / MASKS).glob("*.png")) if _shows_people(path)}
    if not masks:
        raise ValueError(f"{folder / MASKS}: no mask of people; it is a .png with the people white")
    for stem, mask in masks.items():
        if stem not in photos:
            raise ValueError(f"{file}: entry {stem + '.jpg'!r} is missing, but there is its mask {mask}")
    found = [(photos[stem], mask) for stem, mask in masks.items()]
    cases = [HeadCase(name, folder / IMAGES / name, mask, heads[name]) for name, mask in found]
    return cases, sorted(heads.keys() - {case.name for case in cases})


def evaluate_heads(
    folder: Path, cropper: Cropper, *, peers: Sequence[Peer] = PEERS, progress: Progress = ignore_progress
) -> dict[str, Any]:
    """Measures a cropper beside the centred crop and other programs.

    Args:
        folder: see the module.
        cropper: to measure.
        peers: other croppers; those that are not installed are left out.
        progress: counts the photographs.

    Returns:
        `{"benchmark": "heads", "subsets": {"all": {"n", "of", "rows": {"ours": {"whole", …}, "centre": …}}, "1:1": …},
        "worst": {"whole": [{"photo", "ratio", "box", "heads"}, …], …}, "left_out": [name, …]}`.

        `n` counts the photographs. `of` is for each figure the number of crops or of heads that it is a share of; a
        figure of none is left out. `worst` lists for each figure the worst crops of `ours`, at most 20, the worst
        first: `box` is x, y, width, height in pixels, `heads` are relative x1, y1, x2, y2. `left_out` are the names in
        `heads.json` without a mask of people.

    Raises:
        OSError, PictureError, ValueError: when the folder, a photograph or a mask cannot be read, see `read_cases`.
    """
    cases, left_out = read_cases(folder)
    installed = [peer for peer in peers if peer.available()]
    crops: list[MeasuredCrop] = []
    for done, case in enumerate(cases, 1):
        crops += _measure_case(case, cropper, installed)
        progress(done, len(cases))
    subsets = {"all": crops} | {str(ratio): [each for each in crops if each.ratio == ratio] for ratio in RATIOS}
    return {
        "benchmark": "heads",
        "subsets": {name: {"n": len(cases)} | _average(each) for name, each in subsets.items()},
        "worst": {figure: _list_worst(crops, figure) for figure in FIGURES},
        "left_out": left_out,
    }


def _measure_case(case: HeadCase, cropper: Cropper, peers: Sequence[Peer]) -> Iterator[MeasuredCrop]:
    """The crops of every ratio and row."""
    image = load_image(case.path)
    size = image.shape[-1], image.shape[-2]
    people = read_people(case.mask)
    if people.shape != (size[1], size[0]):
        raise PictureError(case.mask, f"a mask of {_shape(people)} beside a photograph of {size[0]} × {size[1]}")
    heads = case.heads * np.array([*size, *size])
    chosen = _choose_crops(cropper.analyse(image), size)
    for ratio in RATIOS:
        boxes = {OURS: chosen[ratio], CENTRE: pick_middle(list_positions(size, ratio.largest_in(size)))}
        boxes |= {peer.name: peer.crop(image[0], ratio) for peer in peers}
        for row, box in boxes.items():
            yield MeasuredCrop(case, row, ratio, box, measure_crop(box, heads, people, ratio))


def _choose_crops(analyses: Sequence[Analysis], size: Size) -> dict[Ratio, np.ndarray]:
    """The largest crop of each ratio of one photograph: `[4]` x1, y1, x2, y2 in pixels."""
    constraints = [Constraint(ratios=(ratio,), min_share=1.0) for ratio in RATIOS]
    boxes = [crops[0].box for crops in best_crops_for_constraints(analyses, [size], constraints)]
    return {
        ratio: np.array([box.x, box.y, box.right, box.bottom], float) for ratio, box in zip(RATIOS, boxes, strict=True)
    }


def _average(crops: Sequence[MeasuredCrop]) -> dict[str, Any]:
    """For each row, the figures that some crop has; and what they are shares of, which is the same for all rows."""
    rows: dict[str, dict[str, float]] = {}
    of: dict[str, float] = {}
    for row in dict.fromkeys(each.row for each in crops):
        rows[row] = {}
        for name in FIGURES:
            figures = [each.figures[name] for each in crops if each.row == row and name in each.figures]
            total = sum(each.of for each in figures)
            if total:
                rows[row][name] = sum(each.value for each in figures) / total
                of[name] = total
    return {"of": of, "rows": rows}


def _list_worst(crops: Sequence[MeasuredCrop], figure: str) -> list[dict[str, Any]]:
    """The worst crops of `ours` by a figure; equally bad ones in the order of the photographs and ratios."""
    bad = [each for each in crops if each.row == OURS and each.badness(figure) > 0]
    return [each.describe() for each in sorted(bad, key=lambda each: -each.badness(figure))[:WORST]]


def read_heads(file: Path) -> dict[str, np.ndarray]:
    """The heads `[N, 4]` of each photograph by its name, relative x1, y1, x2, y2."""
    content = read_json(file)
    entries = content.get("heads") if isinstance(content, dict) else None
    if not isinstance(entries, dict):
        raise ValueError(f'{file} is not {{"heads": {{photograph: [[x1, y1, x2, y2], …]}}}}')
    return dict(parse_each(file, entries.items(), _parse_entry, SHAPE))


def _parse_entry(name: str, entry: Sequence[Sequence[float]]) -> tuple[str, np.ndarray]:
    if not isinstance(entry, list):
        raise TypeError("it is no list")
    read_picture_path(Path(), name)
    heads = [check_region("head", [check_number("an edge", edge) / 100 for edge in head]) for head in entry]
    return name, np.array(heads, float).reshape(-1, 4)


def _shows_people(mask: Path) -> bool:
    return int(read_people(mask).sum()) > ALMOST_EMPTY


def read_people(mask: Path) -> np.ndarray:
    """`[H, W]` booleans, True on the people."""
    with open_image(mask) as image:
        return np.asarray(image.convert("L")) > 127


def _shape(people: np.ndarray) -> str:
    return f"{people.shape[1]} × {people.shape[0]}"
