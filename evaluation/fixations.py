"""The benchmark `fixations`: how well a heatmap predicts where people look, and what the largest crops keep of it.

The file is a list of `{image, width, height, fixations, faces?}` with a folder `images` beside it: `fixations` holds
for each viewer a list of [x, y] in pixels, `faces` a list of [left, top, width, height, …] in pixels.

Heatmaps are measured by NSS, CC and AUC (`heatmap_metrics.py`). Crops are the largest of their ratio, so only the
position is chosen. Figures of crops: `kept`, the share of fixations inside; `place`, that share on a scale from the
centred crop (0) to the best position (1); `faces_cut`, the share of labelled faces of which between 5 % and 95 % are
kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..cropping.constraint import Constraint
from ..cropping.objective import Objective, ObjectiveWeights
from ..cropping.ratio import Ratio
from ..images.errors import PictureError
from ..models.base import Cropper
from ..models.selection import best_crops
from .cases import parse_each, read_json, read_numbers, read_picture_path, read_size
from .heatmap_metrics import measure_heatmap
from .peers import PEERS, Peer
from .pixels import load_image
from .positions import faces_cut, fixations_kept, list_positions, pick_middle
from .progress import Progress, ignore_progress

SHAPE = "{image, width, height, fixations}"
RATIOS = (Ratio(1, 1), Ratio(2, 3), Ratio(9, 16), Ratio(2, 1))
# Names of the rows in the JSON output. They stay as they are: scripts read them.
OURS, CENTRE, BEST = "ours", "centre", "best possible"


@dataclass(frozen=True)
class FixationCase:
    """One photograph.

    Attributes:
        path: of its file.
        size: (width, height) in pixels.
        fixations: `[N, 2]` x and y in pixels, of all viewers.
        faces: `[M, 4]` x1, y1, x2, y2 in pixels.
    """

    path: Path
    size: tuple[int, int]
    fixations: np.ndarray
    faces: np.ndarray

    @property
    def data_set(self) -> str:
        """The file name up to its first underscore: the data set that the photograph comes from. Empty without one."""
        return self.path.name.split("_")[0] if "_" in self.path.name else ""


@dataclass
class RowFigures:
    """The figures of one row on one photograph.

    Attributes:
        kept: for each ratio, the share of fixations inside the crop.
        faces_cut: for each ratio and face, whether the crop cuts it.
        heatmap: see `measure_heatmap`; empty for rows without a heatmap.
    """

    kept: list[float] = field(default_factory=list)
    faces_cut: list[bool] = field(default_factory=list)
    heatmap: dict[str, float] = field(default_factory=dict)


def read_cases(file: Path) -> list[FixationCase]:
    """The photographs of a file.

    Raises:
        OSError: when the file cannot be opened.
        ValueError: when the file or an entry cannot be parsed; names both.
    """
    content = read_json(file)
    entries = enumerate(content) if isinstance(content, list) else content.items()
    return parse_each(file, entries, lambda _, entry: _parse_case(entry, file.parent / "images"), SHAPE)


def evaluate_fixations(
    file: Path,
    cropper: Cropper,
    *,
    weights: ObjectiveWeights | None = None,
    select: Callable[[Path], bool] = lambda path: True,
    batch_size: int = 8,
    peers: Sequence[Peer] = PEERS,
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Measures a cropper beside the centred crop, the best position and other programs.

    Args:
        file: see the module.
        cropper: to measure.
        weights: of the objective; the default ones where None.
        select: whether to use a photograph, by its path.
        batch_size: photographs analysed at once.
        peers: other croppers; those that are not installed are left out.
        progress: counts the photographs.

    Returns:
        `{"benchmark": "fixations", "subsets": {"all": {"n", "rows": {"ours": {"nss", "cc", "auc", "kept", "place",
        "faces_cut"}, …}}}}`, and a subset for each data set where there are several. Figures that a row does not have
        are left out.

    Raises:
        OSError, PictureError: when the file or a photograph cannot be read.
        ValueError: when an entry cannot be parsed, or no selected photograph has fixations.
    """
    cases = [case for case in read_cases(file) if len(case.fixations) and select(case.path)]
    if not cases:
        raise ValueError(f"{file}: no picture with fixations to measure on")
    installed = [peer for peer in peers if peer.available()]
    objective = Objective(weights or ObjectiveWeights())
    measured: list[tuple[str, dict[str, RowFigures]]] = []
    for batch, images in _load_batches(cases, batch_size):
        rows = _measure_batch(batch, images, cropper, objective, installed)
        measured += [(case.data_set, row) for case, row in zip(batch, rows, strict=True)]
        progress(len(measured), len(cases))
    subsets = {"all": _average([rows for _, rows in measured])}
    data_sets = sorted({name for name, _ in measured})
    if len(data_sets) > 1:
        subsets |= {each: _average([rows for name, rows in measured if name == each]) for each in data_sets}
    return {"benchmark": "fixations", "subsets": subsets}


def _load_batches(cases: Sequence[FixationCase], batch_size: int) -> Iterator[tuple[list[FixationCase], Tensor]]:
    """Photographs of the same size together, with their pixels `[B, 3, H, W]` in 0..1."""
    by_size: dict[tuple[int, int], list[FixationCase]] = defaultdict(list)
    for case in cases:
        by_size[case.size].append(case)
    for members in by_size.values():
        for start in range(0, len(members), batch_size):
            batch = members[start : start + batch_size]
            yield batch, torch.cat([_load_image(case) for case in batch])


def _load_image(case: FixationCase) -> Tensor:
    image = load_image(case.path)
    size = image.shape[-1], image.shape[-2]
    if size != case.size:
        raise PictureError(case.path, "{}×{} pixels, but its entry says {}×{}".format(*size, *case.size))
    return image


def _measure_batch(
    cases: Sequence[FixationCase], images: Tensor, cropper: Cropper, objective: Objective, peers: Sequence[Peer]
) -> list[dict[str, RowFigures]]:
    """For each case, its figures by row."""
    analyses = cropper.analyse(images)
    figures: list[dict[str, RowFigures]] = [defaultdict(RowFigures) for _ in cases]
    for case, rows, analysis in zip(cases, figures, analyses, strict=True):
        rows[OURS].heatmap = measure_heatmap(analysis.heatmap, case.fixations, case.size)
    for ratio in RATIOS:
        constraint = Constraint(ratios=(ratio,), min_share=1.0)
        crops = best_crops(analyses, [case.size for case in cases], constraint, objective)
        for case, rows, crop, image in zip(cases, figures, crops, images, strict=True):
            box = crop.box
            positions = list_positions(case.size, ratio.largest_in(case.size))
            boxes = {OURS: np.array([box.x, box.y, box.right, box.bottom]), CENTRE: pick_middle(positions)}
            boxes |= {peer.name: peer.crop(image, ratio) for peer in peers}
            for name, edges in boxes.items():
                rows[name].kept += fixations_kept(case.fixations, edges[None]).tolist()
                rows[name].faces_cut += faces_cut(case.faces, edges[None])[0].tolist()
            rows[BEST].kept.append(fixations_kept(case.fixations, positions).max())
            cut = faces_cut(case.faces, positions)
            rows[BEST].faces_cut += cut[cut.sum(1).argmin()].tolist()
    return figures


def _average(pictures: Sequence[Mapping[str, RowFigures]]) -> dict[str, Any]:
    """Means over the photographs, for `faces_cut` over all faces and ratios."""
    kept = {name: float(np.mean([rows[name].kept for rows in pictures])) for name in pictures[0]}
    gain = max(kept[BEST] - kept[CENTRE], 1e-9)
    averages: dict[str, dict[str, float]] = {}
    for name, share in kept.items():
        average = _average_heatmaps([rows[name].heatmap for rows in pictures])
        average |= {"kept": share, "place": (share - kept[CENTRE]) / gain}
        cut = [face for rows in pictures for face in rows[name].faces_cut]
        averages[name] = average | ({"faces_cut": float(np.mean(cut))} if cut else {})
    return {"n": len(pictures), "rows": averages}


def _average_heatmaps(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each metric over the photographs that have it."""
    columns: dict[str, list[float]] = defaultdict(list)
    for each in figures:
        for key, value in each.items():
            columns[key].append(value)
    return {key: float(np.mean(values)) for key, values in columns.items()}


def _parse_case(entry: Mapping[str, Any], images: Path) -> FixationCase:
    points = [point for viewer in entry["fixations"] for point in viewer]
    faces = read_numbers([face[:4] for face in entry.get("faces", ())], 4)
    faces[:, 2:] += faces[:, :2]
    return FixationCase(read_picture_path(images, entry["image"]), read_size(entry), read_numbers(points, 2), faces)
