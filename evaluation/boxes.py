"""The benchmark `boxes`: free crops, compared with those that people made (IoU): FCDB and FLMS, with their photographs.

Four shapes of file are read:

- `{photo: {"crop": [x1, y1, x2, y2]}}`,
- `{photo: {"crops": [[x1, y1, x2, y2], …]}}`, with the crops of several people,
- `{photo: [[x1, y1, x2, y2], …]}`, as HCIC's authors share FLMS,
- `[{"url": …, "crop": [x, y, width, height]}, …]`, FCDB's own.

Boxes are in pixels. Corners are sorted: two boxes of FLMS name the lower right corner first. Of several people's crops
the one with the highest IoU counts, as is usual for FLMS. Trivial crops reach high figures here: the whole picture .82
on half of FLMS, a centred crop of nine tenths of each side .67 on FCDB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ..cropping.checks import Size
from ..cropping.constraint import Constraint
from ..cropping.objective import Objective
from ..cropping.ratio import Ratio
from ..models.analysis import Analysis
from ..models.base import Cropper
from ..models.crop_choice.free import favourite_ratio
from ..models.selection import best_crops
from ..models.size_prior.framing import as_people_crop, leave_size_open
from .cases import parse_each, read_json, read_numbers, read_picture_path
from .metrics import boundary_displacement, iou
from .pixels import load_image
from .progress import Progress, ignore_progress

SHAPE = "{crop: [x1, y1, x2, y2]}, {crops: […]}, a list of such boxes, or {url, crop: [x, y, width, height]}"
RATIOS = tuple(Ratio.parse(each) for each in ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16"))
# Names of the rows in the JSON output. They stay as they are: scripts read them.
OURS, WHOLE = "ours", "whole"
CENTRED = {"centred, 0.95 of each side": 0.95, "centred, 0.9 of each side": 0.9, "centred, 0.85 of each side": 0.85}


@dataclass(frozen=True)
class BoxCase:
    """A photograph's file, and people's crops of it, `[N, 4]` x1, y1, x2, y2 in pixels."""

    path: Path
    crops: np.ndarray


def read_cases(file: Path, images: Path) -> list[BoxCase]:
    """The photographs of a file, found in the folder `images`.

    Raises:
        OSError: when the file cannot be opened.
        ValueError: when the file or an entry cannot be parsed; names both.
    """
    content = read_json(file)
    entries = content.items() if isinstance(content, dict) else enumerate(content)
    return parse_each(file, entries, lambda name, entry: _parse_case(name, entry, images), SHAPE)


def evaluate_boxes(file: Path, images: Path, cropper: Cropper, progress: Progress = ignore_progress) -> dict[str, Any]:
    """Measures a cropper's crops as people crop: in the ratio that the crop choice likes best, where it can judge what
    the cropper saw; else over the common ratios and the photograph's own, with people's size and composition.

    Args:
        file: see the module.
        images: folder of the photographs.
        cropper: to measure.
        progress: counts the photographs.

    Returns:
        `{"benchmark": "boxes", "subsets": {"all": {"n", "rows": {"ours": {"iou", "bde"}, "whole": …}}}}`, means over
        the photographs; `bde` is the boundary displacement error.

    Raises:
        OSError, PictureError, ValueError: when the file or a photograph cannot be read.
    """
    cases = read_cases(file, images)
    objective = as_people_crop()
    figures: list[dict[str, dict[str, float]]] = []
    for done, case in enumerate(cases, 1):
        image = load_image(case.path)
        size = image.shape[-1], image.shape[-2]
        boxes = {**trivial_crops(size), OURS: find_crop(cropper, image, objective)}
        figures.append({name: measure_crop(box, case.crops, size) for name, box in boxes.items()})
        progress(done, len(cases))
    rows = {
        name: {key: float(np.mean([each[name][key] for each in figures])) for key in ("iou", "bde")}
        for name in figures[0]
    }
    return {"benchmark": "boxes", "subsets": {"all": {"n": len(cases), "rows": rows}}}


def find_crop(cropper: Cropper, image: Tensor, objective: Objective) -> np.ndarray:
    """The cropper's best crop of a picture `[1, 3, H, W]`: x1, y1, x2, y2 in pixels."""
    return find_crop_of(cropper.analyse(image)[0], (image.shape[-1], image.shape[-2]), objective)


def find_crop_of(analysis: Analysis, size: Size, objective: Objective) -> np.ndarray:
    """The best crop of a picture of (width, height) `size`: x1, y1, x2, y2 in pixels."""
    favourite = favourite_ratio(objective.chooser, analysis, size) if objective.chooser else None
    ratios = (Ratio.of(size), *RATIOS) if favourite is None else (favourite,)
    constraint = leave_size_open(Constraint(ratios=tuple(dict.fromkeys(ratios))))
    box = best_crops([analysis], [size], constraint, objective)[0].box
    return np.array([box.x, box.y, box.right, box.bottom], float)


def trivial_crops(size: tuple[int, int]) -> dict[str, np.ndarray]:
    """The whole picture and centred crops of it by name: x1, y1, x2, y2 in pixels."""
    sides = np.array([*size, *size], float)
    boxes = {WHOLE: np.array([0.0, 0.0, 1.0, 1.0]) * sides}
    for name, share in CENTRED.items():
        margin = (1 - share) / 2
        boxes[name] = np.array([margin, margin, 1 - margin, 1 - margin]) * sides
    return boxes


def measure_crop(box: np.ndarray, crops: np.ndarray, size: tuple[int, int]) -> dict[str, float]:
    """IoU and boundary displacement error of a box `[4]` with the most similar of people's crops `[N, 4]`."""
    overlaps = iou(box, crops)
    best = int(overlaps.argmax())
    error = boundary_displacement(box, crops[best], np.array(size, float))
    return {"iou": float(overlaps[best]), "bde": float(error)}


def _parse_case(name: Any, entry: Any, images: Path) -> BoxCase:
    if isinstance(entry, Mapping) and "url" in entry:
        ((x, y, width, height),) = read_numbers([entry["crop"]], 4).tolist()
        name = str(entry["url"]).rsplit("/", 1)[-1]
        return BoxCase(read_picture_path(images, name), _parse_crops([[x, y, x + width, y + height]]))
    boxes = entry
    if isinstance(entry, Mapping):
        boxes = entry["crops"] if "crops" in entry else [entry["crop"]]
    return BoxCase(read_picture_path(images, name), _parse_crops(boxes))


def _parse_crops(boxes: Sequence[Sequence[float]]) -> np.ndarray:
    corners = np.sort(read_numbers(boxes, 4).reshape(-1, 2, 2), axis=1)
    if not len(corners) or (corners[:, 0] == corners[:, 1]).any():
        raise ValueError(f"{corners.reshape(-1, 4).tolist()} are no boxes x1, y1, x2, y2")
    return corners.reshape(-1, 4)
