"""The protocol of "Image Cropping under Design Constraints" (Nishiyasu, Shimoda, Sato 2023): a crop of a given ratio
that holds a given region, judged by its overlap with the crop that a person made.

Two shapes of file are read: a list of `{image, width, height, ratio_h_over_w, pattern, layout, truth, published?,
person?}`, boxes as x1, y1, x2, y2 in pixels, and the authors' own `FLMS_blank_aspect.json`, which leaves out the
pictures' sizes, so that their folder must be named. Pixels are not looked at without that folder: heat is even, or the
person's box.

The file's truth is used for the figures and for the rows that say what is possible, never for a crop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..cropping.box import Box
from ..cropping.constraint import Constraint
from ..cropping.ratio import Ratio
from ..cropping.size_curve import SizeModel
from ..cropping.subject import Subject
from ..cropping.text_region import TextRegion, bounding_region
from ..images.decode import decode
from ..images.header import read_header
from ..models.analysis import Analysis
from ..models.base import Cropper
from ..models.baselines.saliency_edge import EDGES, edge_box, salient_region
from ..models.selection import best_crops
from ..models.size_prior.framing import apply_framing, leave_size_open
from ..models.size_prior.prior import load_bundled_size_prior
from .cases import parse_each, read_json
from .metrics import boundary_displacement, coverage, iou

SHAPE = "{image, width, height, ratio_h_over_w, layout, truth}"
OFFICIAL = "{image_name, aspect_ratio, blank_space, blank_aspect_bbox}"
OURS, PUBLISHED = "ours", "published"
WHOLE, LARGEST, SHIFTED = "whole", "largest, centred", "largest, shifted to hold the layout"
BASELINES = {edge: f"saliency-{edge}-edge" for edge in EDGES}
BEST_PLACE, BEST_SIZE = "largest, best position", "best size, shifted"
GRID = 48
Edges = tuple[float, float, float, float]


@dataclass(frozen=True)
class DesignCase:
    """One case; boxes are x1, y1, x2, y2 in pixels, `region` is relative."""

    name: str
    size: tuple[int, int]
    ratio: Ratio
    region: Edges
    truth: Edges
    published: Edges | None = None
    person: Edges | None = None


def read_cases(file: Path, images: Path | None = None) -> list[DesignCase]:
    """The cases of a file of either shape.

    Raises:
        ValueError: when the file or an entry cannot be read, or the authors' shape is given without its pictures.
    """
    content = read_json(file)
    if isinstance(content, dict):
        if images is None:
            raise ValueError(f"{file} does not say how large the pictures are; name their folder with --images")
        return parse_each(file, content.items(), lambda _, entry: _official_case(entry, images), OFFICIAL)
    return parse_each(file, enumerate(content), _case, SHAPE)


def evaluate_constraints(
    file: Path,
    images: Path | None = None,
    cropper: Cropper | None = None,
    size_model: SizeModel | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Judges the engine on a file.

    Args:
        file: see the module.
        images: folder of the pictures; needed for the authors' file, and for a `cropper` to look at.
        cropper: adds the row `ours, <its name>`, which sees the pixels.
        size_model: how large a crop should be; the bundled prior where None.
        progress: told the number of cases done and their total.

    Returns:
        `{"benchmark": "constraints", "subsets": {"all": {"n", "rows": {"ours": {"iou", "bde", "coverage", "held",
        "ratio"}, …}}, "person": …}}`: `held` is the share of cases whose region lies wholly inside, `ratio` the share
        whose sides have the ratio to within one pixel.
    """
    cases = read_cases(file, images)
    rows = evaluate_cases(cases, size_model, progress)
    if cropper is not None and images is not None:
        seen = _seen(cases, cropper, images)
        crops = _crops(
            cases, [seen[case.name] for case in cases], size_model or load_bundled_size_prior(), lambda *_: None
        )
        rows[f"{OURS}, {cropper.name}"] = _figures(cases, crops)
        for edge, name in BASELINES.items():
            rows[f"{name}, {cropper.name}"] = _figures(cases, _baseline(cases, edge, seen))
    people = np.array([case.person is not None for case in cases])
    subsets = {"all": np.ones(len(cases), bool)} | ({"person": people} if people.any() else {})
    return {
        "benchmark": "constraints",
        "subsets": {name: {"n": int(chosen.sum()), "rows": _means(rows, chosen)} for name, chosen in subsets.items()},
    }


def evaluate_cases(
    cases: Sequence[DesignCase],
    size_model: SizeModel | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, dict[str, np.ndarray]]:
    """Every row's figures, one value a case; `published` is NaN where a case has none."""
    crops = {
        OURS: our_crops(cases, size_model, progress),
        WHOLE: np.array([(0, 0, *case.size) for case in cases], float),
        LARGEST: np.array([_placed(case, 1.0, shifted=False) for case in cases]),
        SHIFTED: np.array([_placed(case, 1.0) for case in cases]),
        BEST_PLACE: np.array([_best_place(case) for case in cases]),
        BEST_SIZE: np.array([_placed(case, _scale(case)) for case in cases]),
    }
    crops |= {name: _baseline(cases, edge) for edge, name in BASELINES.items()}
    if any(case.published for case in cases):
        nothing = (np.nan,) * 4
        crops[PUBLISHED] = np.array([case.published or nothing for case in cases], float)
    return {name: _figures(cases, boxes) for name, boxes in crops.items()}


def our_crops(
    cases: Sequence[DesignCase],
    size_model: SizeModel | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> np.ndarray:
    """The engine's crops without pixels, `[N, 4]` in pixels: even heat, or the person as a subject."""
    analyses = [Analysis(torch.ones(GRID, GRID), people_of(case)) for case in cases]
    return _crops(cases, analyses, size_model or load_bundled_size_prior(), progress)


def people_of(case: DesignCase) -> tuple[Subject, ...]:
    if case.person is None:
        return ()
    (width, height), (x1, y1, x2, y2) = case.size, case.person
    return (Subject(x1 / width, y1 / height, x2 / width, y2 / height, kind="person"),)


def design_constraint(case: DesignCase) -> Constraint:
    """What a case asks for: the ratio and the region held, the size left open for a size model."""
    return leave_size_open(Constraint(ratios=(case.ratio,), text_regions=(TextRegion(case.region, hard=True),)))


def _crops(
    cases: Sequence[DesignCase],
    analyses: Sequence[Analysis],
    size_model: SizeModel,
    progress: Callable[[int, int], None],
) -> np.ndarray:
    objective = apply_framing(size_model)
    boxes = np.zeros((len(cases), 4))
    alike: dict[Any, list[int]] = defaultdict(list)
    for index, case in enumerate(cases):
        alike[case.size, case.ratio, case.region].append(index)
    done = 0
    for members in alike.values():
        first = cases[members[0]]
        chosen = [analyses[index] for index in members]
        crops = best_crops(chosen, [first.size] * len(members), design_constraint(first), objective)
        for index, crop in zip(members, crops, strict=True):
            boxes[index] = crop.box.x, crop.box.y, crop.box.right, crop.box.bottom
        done += len(members)
        progress(done, len(cases))
    return boxes


def _seen(cases: Sequence[DesignCase], cropper: Cropper, images: Path) -> dict[str, Analysis]:
    seen: dict[str, Analysis] = {}
    for name in sorted({case.name for case in cases}):
        pixels = torch.from_numpy(decode(images / name)[..., :3].copy()).permute(2, 0, 1)[None].float() / 255
        seen[name] = cropper.analyse(pixels)[0]
    return seen


def _baseline(cases: Sequence[DesignCase], edge: str, seen: Mapping[str, Analysis] | None = None) -> np.ndarray:
    """The paper's baseline, `[N, 4]` in pixels: around the layout and what is salient, without pixels the person."""
    boxes = []
    for case in cases:
        people = people_of(case)
        if seen is not None:
            salient = salient_region(seen[case.name].heatmap)
        else:
            salient = people[0].region if people else (0.0, 0.0, 1.0, 1.0)
        around = bounding_region([salient, case.region]) or salient
        boxes.append(edge_box(around, case.ratio, case.size, edge))
    return np.array(boxes) * np.array([case.size * 2 for case in cases], float)


def _figures(cases: Sequence[DesignCase], boxes: np.ndarray) -> dict[str, np.ndarray]:
    truth = np.array([case.truth for case in cases], float)
    size = np.array([case.size for case in cases], float)
    regions = np.array([case.region for case in cases], float) * np.concatenate([size, size], 1)
    held = coverage(boxes, regions)
    return {
        "iou": iou(boxes, truth),
        "bde": boundary_displacement(boxes, truth, size),
        "coverage": held,
        "held": np.where(np.isnan(held), np.nan, held > 1 - 1e-6),
        "ratio": _exact(cases, boxes),
    }


def _exact(cases: Sequence[DesignCase], boxes: np.ndarray) -> np.ndarray:
    """1 where one side is within a pixel of what the ratio makes of the other."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    value = np.array([case.ratio.value for case in cases])
    off = np.minimum(np.abs(width - height * value), np.abs(height - width / value))
    return np.where(np.isnan(off), np.nan, off <= 1)


def _means(rows: Mapping[str, Mapping[str, np.ndarray]], chosen: np.ndarray) -> dict[str, dict[str, float]]:
    return {
        name: {key: float(np.nanmean(values[chosen])) for key, values in row.items()}
        for name, row in rows.items()
        if not np.isnan(row["iou"][chosen]).all()
    }


def _placed(case: DesignCase, scale: float, shifted: bool = True) -> Edges:
    """The box of the case's ratio at a scale, centred, and moved just enough to hold the layout."""
    edges = []
    largest = case.ratio.largest_in(case.size)
    for axis in (0, 1):
        taken = largest[axis] * scale
        low, high = (case.region[axis + step] * case.size[axis] for step in (0, 2))
        start = (case.size[axis] - taken) / 2
        if shifted:
            start = min(max(start, high - taken), low)
        start = min(max(start, 0.0), case.size[axis] - taken)
        edges.append((start, start + taken))
    (x1, x2), (y1, y2) = edges
    return x1, y1, x2, y2


def _scale(case: DesignCase) -> float:
    """The scale of the truth: what the best size alone could reach."""
    across, down = case.ratio.largest_in(case.size)
    x1, y1, x2, y2 = case.truth
    return min(1.0, ((x2 - x1) * (y2 - y1) / (across * down)) ** 0.5)


def _best_place(case: DesignCase) -> Edges:
    """The largest box where it overlaps the truth most: what position alone could reach."""
    x1, y1, x2, y2 = case.truth
    width, height = case.ratio.largest_in(case.size)
    left = min(max((x1 + x2 - width) / 2, 0), case.size[0] - width)
    top = min(max((y1 + y2 - height) / 2, 0), case.size[1] - height)
    return left, top, left + width, top + height


def _case(_: int, entry: Mapping[str, Any]) -> DesignCase:
    size = int(entry["width"]), int(entry["height"])
    return DesignCase(
        name=str(entry["image"]),
        size=size,
        ratio=_ratio(entry["ratio_h_over_w"]),
        region=_relative(entry["layout"], size),
        truth=_edges(entry["truth"]),
        published=_edges(entry["published"]) if entry.get("published") else None,
        person=_edges(entry["person"]) if entry.get("person") else None,
    )


def _official_case(entry: Mapping[str, Any], images: Path) -> DesignCase:
    name = str(entry["image_name"])
    size = read_header(images / name).size
    region, truth = _relative(entry["blank_space"], size), _edges(entry["blank_aspect_bbox"])
    return DesignCase(name, size, _ratio(entry["aspect_ratio"]), region, truth)


def _ratio(height_over_width: float | str) -> Ratio:
    """The file's decimal number back as the quotient of whole pixels that it was."""
    share = Fraction(str(height_over_width)).limit_denominator(10_000)
    return Ratio(share.denominator, share.numerator)


def _edges(values: Sequence[float]) -> Edges:
    x1, y1, x2, y2 = (float(value) for value in values)
    if not (x1 < x2 and y1 < y2):
        raise ValueError(f"{[x1, y1, x2, y2]} is no box x1, y1, x2, y2")
    return x1, y1, x2, y2


def _relative(values: Sequence[float], size: tuple[int, int]) -> Edges:
    x1, y1, x2, y2 = _edges(values)
    return Box(int(x1), int(y1), int(x2 - x1), int(y2 - y1)).relative(size)
