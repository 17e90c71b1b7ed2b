"""Free crops beside people's: FCDB and FLMS, with their pictures.

Three shapes of file are read: `{photo: {"crop": [x1, y1, x2, y2]}}`, `{photo: [[x1, y1, x2, y2], …]}` with several
people's crops of a picture (FLMS as HCIC's authors spread it), and FCDB's own list of `{"url", "crop": [x, y, width,
height]}`. Of several crops the one that ours overlaps most counts, as is usual for FLMS. Beware that the whole picture
reaches .83 there, and a centred crop of nine tenths .67 on FCDB.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..cropping.constraint import Constraint
from ..cropping.ratio import Ratio
from ..images.decode import decode
from ..models.base import Cropper
from ..models.selection import best_crops
from ..models.size_prior.framing import as_people_crop, leave_size_open
from .cases import parse_each, read_json
from .metrics import boundary_displacement, iou

SHAPE = "{crop: [x1, y1, x2, y2]}, a list of such boxes, or {url, crop: [x, y, width, height]}"
RATIOS = tuple(Ratio.parse(each) for each in ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16"))
OURS, WHOLE = "ours", "whole"
CENTRED = {"centred, 0.95 of each side": 0.95, "centred, 0.9 of each side": 0.9, "centred, 0.85 of each side": 0.85}


@dataclass(frozen=True)
class BoxCase:
    """A picture's file and people's crops of it, `[N, 4]` x1, y1, x2, y2 in pixels."""

    path: Path
    crops: np.ndarray


def read_cases(file: Path, images: Path) -> list[BoxCase]:
    """The pictures of a file.

    Raises:
        ValueError: when the file or an entry cannot be read; names both.
    """
    content = read_json(file)
    entries = content.items() if isinstance(content, dict) else enumerate(content)
    return parse_each(file, entries, lambda name, entry: _case(name, entry, images), SHAPE)


def evaluate_boxes(
    file: Path, images: Path, cropper: Cropper, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Judges a cropper's crops, framed as people frame, over the common ratios and the picture's own.

    Returns:
        `{"benchmark": "boxes", "subsets": {"all": {"n", "rows": {"ours": {"iou", "bde"}, "whole": …}}}}`.
    """
    cases = read_cases(file, images)
    figures: list[dict[str, dict[str, float]]] = []
    for done, case in enumerate(cases, 1):
        pixels = torch.from_numpy(decode(case.path)[..., :3].copy()).permute(2, 0, 1)[None].float() / 255
        size = (pixels.shape[-1], pixels.shape[-2])
        boxes = trivial_crops(size) | {OURS: our_crop(cropper, pixels, size)}
        figures.append({name: judge(box, case.crops, size) for name, box in boxes.items()})
        progress(done, len(cases))
    rows = {
        name: {key: float(np.mean([each[name][key] for each in figures])) for key in ("iou", "bde")}
        for name in figures[0]
    }
    return {"benchmark": "boxes", "subsets": {"all": {"n": len(cases), "rows": rows}}}


def our_crop(cropper: Cropper, pixels: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    constraint = leave_size_open(Constraint(ratios=tuple(dict.fromkeys((Ratio.of(size), *RATIOS)))))
    box = best_crops(cropper.analyse(pixels), [size], constraint, as_people_crop())[0].box
    return np.array([box.x, box.y, box.right, box.bottom], float)


def trivial_crops(size: tuple[int, int]) -> dict[str, np.ndarray]:
    sides = np.array([*size, *size], float)
    boxes = {WHOLE: np.array([0.0, 0.0, 1.0, 1.0]) * sides}
    for name, share in CENTRED.items():
        margin = (1 - share) / 2
        boxes[name] = np.array([margin, margin, 1 - margin, 1 - margin]) * sides
    return boxes


def judge(box: np.ndarray, crops: np.ndarray, size: tuple[int, int]) -> dict[str, float]:
    overlaps = iou(box, crops)
    best = int(overlaps.argmax())
    displaced = boundary_displacement(box, crops[best], np.array(size, float))
    return {"iou": float(overlaps[best]), "bde": float(displaced)}


def _case(name: Any, entry: Any, images: Path) -> BoxCase:
    if isinstance(entry, Mapping) and "url" in entry:
        x, y, width, height = entry["crop"]
        return BoxCase(images / str(entry["url"]).rsplit("/", 1)[-1], _crops([[x, y, x + width, y + height]]))
    boxes = [entry["crop"]] if isinstance(entry, Mapping) else entry
    return BoxCase(images / str(name), _crops(boxes))


def _crops(boxes: Sequence[Sequence[float]]) -> np.ndarray:
    crops = np.array(boxes, float).reshape(-1, 4)
    if not len(crops) or (crops[:, :2] >= crops[:, 2:]).any():
        raise ValueError(f"{crops.tolist()} are no boxes x1, y1, x2, y2")
    return crops
