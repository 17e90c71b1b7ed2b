"""The benchmark `constraints`: crops of a given ratio that hold a given region, compared with a person's crop (IoU).

The protocol is that of "Image Cropping under Design Constraints" (Nishiyasu, Shimoda, Sato 2023). Without the folder of
the photographs no pixels are read: the heatmap is uniform, and the person, if the file has one, is a subject.

A person's crop is used for the metrics and the upper bounds alone, never to find a crop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..cropping.constraint import Constraint
from ..cropping.size_curve import CropChooser, SizeModel
from ..cropping.text_region import TextRegion
from ..models.analysis import Analysis
from ..models.base import Cropper
from ..models.baselines.saliency_edge import EDGES
from ..models.region_choice.chooser import load_bundled_choice
from ..models.selection import best_crops
from ..models.size_prior.framing import apply_framing, leave_size_open
from ..models.size_prior.prior import load_bundled_size_prior
from .design_cases import DesignCase, read_cases
from .metrics import boundary_displacement, coverage, iou
from .pixels import load_image
from .progress import Progress, ignore_progress
from .reference_crops import best_position, place_box, saliency_edge_boxes, truth_scale

# Names of the rows in the JSON output. They stay as they are: scripts read them.
OURS, PUBLISHED = "ours", "published"
WHOLE, LARGEST, SHIFTED = "whole", "largest, centred", "largest, shifted to hold the layout"
BEST_POSITION, BEST_SIZE = "largest, best position", "best size, shifted"
BASELINES = {edge: f"saliency-{edge}-edge" for edge in EDGES}

HEATMAP_SIDE = 48  # cells of the uniform heatmap
REGION_TOLERANCE = 1e-6  # share of the text region that may lie outside a crop that holds it
NO_BOX = (np.nan,) * 4


def evaluate_constraints(
    file: Path,
    images: Path | None = None,
    cropper: Cropper | None = None,
    size_model: SizeModel | None = None,
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Measures the search on all cases of a file.

    Args:
        file: see `design_cases.read_cases`.
        images: folder of the photographs. Needed for the authors' own file, and for `cropper`.
        cropper: adds the row `ours, <its name>`, whose heatmaps and subjects come from the pixels.
        size_model: how large a crop should be; the bundled size prior where None.
        progress: counts the cases.

    Returns:
        `{"benchmark": "constraints", "subsets": {"all": {"n", "rows": {"ours": {"iou", "bde", "coverage", "held",
        "ratio"}, …}}, "person": …}}`, all figures means over the cases: `bde` is the boundary displacement error,
        `coverage` the share of the text region inside, `held` the share of cases with all of it inside, `ratio` the
        share of crops whose sides have the ratio to within one pixel.

    Raises:
        OSError, PictureError, ValueError: when the file or a photograph cannot be read.
    """
    cases = read_cases(file, images)
    rows = evaluate_cases(cases, size_model, progress)
    if cropper is not None and images is not None:
        rows |= _evaluate_cropper(cases, cropper, images, size_model)
    subsets = {"all": np.ones(len(cases), bool)}
    with_person = np.array([case.person is not None for case in cases])
    if with_person.any():
        subsets["person"] = with_person
    return {
        "benchmark": "constraints",
        "subsets": {name: {"n": int(mask.sum()), "rows": _average(rows, mask)} for name, mask in subsets.items()},
    }


def evaluate_cases(
    cases: Sequence[DesignCase], size_model: SizeModel | None = None, progress: Progress = ignore_progress
) -> dict[str, dict[str, np.ndarray]]:
    """The figures of every row that needs no pixels: row → figure → `[N]`, one value a case.

    Figures are NaN where a case has no crop of that row, as `published` may have none.
    """
    analyses = [Analysis(torch.ones(HEATMAP_SIDE, HEATMAP_SIDE), case.subjects()) for case in cases]
    crops = {
        OURS: find_crops(cases, analyses, size_model, progress),
        WHOLE: np.array([(0, 0, *case.size) for case in cases], float),
        LARGEST: np.array([place_box(case, 1.0, hold_region=False) for case in cases]),
        SHIFTED: np.array([place_box(case, 1.0) for case in cases]),
        BEST_POSITION: np.array([best_position(case) for case in cases]),
        BEST_SIZE: np.array([place_box(case, truth_scale(case)) for case in cases]),
    }
    crops |= {name: saliency_edge_boxes(cases, edge) for edge, name in BASELINES.items()}
    if any(case.published for case in cases):
        crops[PUBLISHED] = np.array([case.published or NO_BOX for case in cases], float)
    return {name: measure_crops(cases, boxes) for name, boxes in crops.items()}


def _evaluate_cropper(
    cases: Sequence[DesignCase], cropper: Cropper, images: Path, size_model: SizeModel | None
) -> dict[str, dict[str, np.ndarray]]:
    """The rows that a cropper adds, as `evaluate_cases`."""
    analyses = {name: cropper.analyse(load_image(images / name))[0] for name in sorted({case.name for case in cases})}
    heatmaps = {name: analysis.heatmap for name, analysis in analyses.items()}
    seen = [analyses[case.name] for case in cases]
    crops = {f"{OURS}, {cropper.name}": find_crops(cases, seen, size_model, chooser=load_bundled_choice())}
    for edge, name in BASELINES.items():
        crops[f"{name}, {cropper.name}"] = saliency_edge_boxes(cases, edge, heatmaps)
    return {name: measure_crops(cases, boxes) for name, boxes in crops.items()}


def find_crops(
    cases: Sequence[DesignCase],
    analyses: Sequence[Analysis],
    size_model: SizeModel | None = None,
    progress: Progress = ignore_progress,
    chooser: CropChooser | None = None,
) -> np.ndarray:
    """The crops that the search finds: `[N, 4]` x1, y1, x2, y2 in pixels.

    Cases of one size, ratio and region are searched together. A chooser decides where it knows what the cropper saw,
    else the size model.
    """
    objective = apply_framing(size_model or load_bundled_size_prior(), chooser=chooser)
    boxes = np.zeros((len(cases), 4))
    batches: dict[Any, list[int]] = defaultdict(list)
    for index, case in enumerate(cases):
        batches[case.size, case.ratio, case.region].append(index)
    done = 0
    for indices in batches.values():
        first = cases[indices[0]]
        batch = [analyses[index] for index in indices]
        crops = best_crops(batch, [first.size] * len(batch), build_constraint(first), objective)
        for index, crop in zip(indices, crops, strict=True):
            boxes[index] = crop.box.x, crop.box.y, crop.box.right, crop.box.bottom
        done += len(indices)
        progress(done, len(cases))
    return boxes


def build_constraint(case: DesignCase) -> Constraint:
    """What a case asks for: the ratio, and the text region as a hard one; the size is left to the size model."""
    return leave_size_open(Constraint(ratios=(case.ratio,), text_regions=(TextRegion(case.region, hard=True),)))


def measure_crops(cases: Sequence[DesignCase], boxes: np.ndarray) -> dict[str, np.ndarray]:
    """The figures of crops `[N, 4]` in pixels, one for each case: figure → `[N]` (see `evaluate_constraints`).

    A row of NaN gives NaN.
    """
    truth = np.array([case.truth for case in cases], float)
    size = np.array([case.size for case in cases], float)
    regions = np.array([case.region for case in cases], float) * np.concatenate([size, size], 1)
    covered = coverage(boxes, regions)
    return {
        "iou": iou(boxes, truth),
        "bde": boundary_displacement(boxes, truth, size),
        "coverage": covered,
        "held": np.where(np.isnan(covered), np.nan, covered > 1 - REGION_TOLERANCE),
        "ratio": _check_ratios(cases, boxes),
    }


def _check_ratios(cases: Sequence[DesignCase], boxes: np.ndarray) -> np.ndarray:
    """`[N]`: 1 where one side of the box is within a pixel of the other side times the ratio, else 0."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    ratio = np.array([case.ratio.value for case in cases])
    error = np.minimum(np.abs(width - height * ratio), np.abs(height - width / ratio))
    return np.where(np.isnan(error), np.nan, error <= 1)


def _average(rows: Mapping[str, Mapping[str, np.ndarray]], mask: np.ndarray) -> dict[str, dict[str, float]]:
    """Means over the cases of a mask `[N]`; rows without any value there are left out."""
    return {
        name: {key: float(np.nanmean(values[mask])) for key, values in row.items()}
        for name, row in rows.items()
        if not np.isnan(row["iou"][mask]).all()
    }
