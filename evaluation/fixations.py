"""How well a cropper knows where people look, and what its largest crops keep of it.

The file is a list of `{image, width, height, fixations, faces?}` with a folder `images` beside it: `fixations` a list
per viewer of [x, y] in pixels, `faces` a list of [left, top, width, height, …] in pixels.

Heatmaps are judged by NSS (the standardised heat at the fixations), CC (its correlation with the fixations blurred by
2.4 % of the diagonal, about one degree of visual angle) and AUC (Judd's: of fixations against all pixels), each a mean
over the pictures, as in Bylinskii et al., "What do different evaluation metrics tell us about saliency models?"
(2016).

Crops are the largest of their ratio: only the position is chosen. `kept` is the share of fixations inside, `place`
where that lies between the centre's (0) and the best possible (1), `faces_cut` the share of labelled faces of which
between 5 % and 95 % is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch.nn import functional as F

from ..cropping.constraint import Constraint
from ..cropping.objective import Objective, ObjectiveWeights
from ..cropping.ratio import Ratio
from ..images.decode import decode
from ..models.base import Cropper
from ..models.selection import best_crops
from .cases import read_json
from .metrics import coverage
from .peers import PEERS, Peer

RATIOS = (Ratio(1, 1), Ratio(2, 3), Ratio(9, 16), Ratio(2, 1))
BLUR = 0.024  # of the diagonal
CUT = (0.05, 0.95)  # a face of which a share between these is kept is cut

OURS, CENTRE, POSSIBLE = "ours", "centre", "best possible"
Region = tuple[float, float, float, float]


@dataclass(frozen=True)
class Case:
    """One picture: where it is, its (width, height), fixations `[N, 2]` and faces `[M, 4]` (x1, y1, x2, y2), both in
    pixels.
    """

    path: Path
    size: tuple[int, int]
    fixations: np.ndarray
    faces: np.ndarray

    @property
    def group(self) -> str:
        """What comes before the underscore in the file's name: the sets that a file is put together from."""
        return self.path.name.split("_")[0] if "_" in self.path.name else ""


def read_cases(file: Path) -> list[Case]:
    """The cases of a file.

    Raises:
        ValueError: when an entry lacks a field; names the file and the entry.
    """
    cases = []
    for number, entry in enumerate(read_json(file)):
        try:
            points = [point for viewer in entry["fixations"] for point in viewer]
            faces = np.array([face[:4] for face in entry.get("faces", ())], float).reshape(-1, 4)
            faces[:, 2:] += faces[:, :2]
            path, size = file.parent / "images" / entry["image"], (entry["width"], entry["height"])
            cases.append(Case(path, size, np.array(points, float).reshape(-1, 2), faces))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{file}: entry {number} is not {{image, width, height, fixations}}: {error}") from error
    return cases


def evaluate_fixations(
    file: Path,
    cropper: Cropper,
    *,
    weights: ObjectiveWeights | None = None,
    chosen: Callable[[Path], bool] = lambda path: True,
    batch_size: int = 8,
    peers: Sequence[Peer] = PEERS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Judges a cropper, and what there is to compare it with.

    Args:
        file: see the module.
        cropper: to judge.
        weights: of the score; the default ones where None.
        chosen: which pictures to judge on, by path.
        batch_size: pictures analysed at once.
        peers: other croppers; those that are not installed are left out.
        progress: told the number of pictures done and their total.

    Returns:
        `{"benchmark": "fixations", "subsets": {"all": {"n": …, "rows": {"ours": {"nss", "cc", "auc", "kept", "place",
        "faces_cut"}, …}}}}`, with a subset for each set (by the file names' prefix) where there are several. Values
        that do not apply are left out.
    """
    cases = [case for case in read_cases(file) if len(case.fixations) and chosen(case.path)]
    if not cases:
        raise ValueError(f"{file}: no picture with fixations to judge on")
    scores: list[tuple[str, dict[str, Scores]]] = []
    available = [peer for peer in peers if peer.available()]
    for batch, images in _batches(cases, batch_size):
        for case, rows in zip(
            batch, _judge(batch, images, cropper, weights or ObjectiveWeights(), available), strict=True
        ):
            scores.append((case.group, rows))
        progress(len(scores), len(cases))
    subsets = {"all": _summary([rows for _, rows in scores])}
    groups = sorted({group for group, _ in scores})
    if len(groups) > 1:
        subsets |= {each: _summary([rows for group, rows in scores if group == each]) for each in groups}
    return {"benchmark": "fixations", "subsets": subsets}


@dataclass
class Scores:
    """Of one row on one picture; each list has one value a ratio, or a face and ratio."""

    kept: list[float]
    faces_cut: list[bool]
    heat: dict[str, float]


def _batches(cases: Sequence[Case], size: int) -> Iterator[tuple[list[Case], torch.Tensor]]:
    """Equally large pictures together, with their pixels `[B, 3, H, W]`."""
    groups: dict[tuple[int, int], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.size].append(case)
    for members in groups.values():
        for start in range(0, len(members), size):
            batch = members[start : start + size]
            pixels = np.stack([decode(case.path) for case in batch])
            yield batch, torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def _judge(
    cases: Sequence[Case], images: torch.Tensor, cropper: Cropper, weights: ObjectiveWeights, peers: Sequence[Peer]
) -> list[dict[str, Scores]]:
    analyses = cropper.analyse(images)
    rows: list[dict[str, Scores]] = [defaultdict(lambda: Scores([], [], {})) for _ in cases]
    for case, row, analysis in zip(cases, rows, analyses, strict=True):
        row[OURS].heat = judge_heat(analysis.heatmap, case)
    for ratio in RATIOS:
        constraint = Constraint(ratios=(ratio,), min_share=1.0)
        crops = best_crops(analyses, [case.size for case in cases], constraint, Objective(weights))
        for case, row, crop, image in zip(cases, rows, crops, images, strict=True):
            x, y, width, height = crop.box.as_list()
            offered = positions(case.size, ratio.largest_in(case.size))
            boxes = {OURS: np.array([x, y, x + width, y + height]), CENTRE: middle(offered)}
            boxes |= {peer.name: peer.crop(image, ratio) for peer in peers}
            for name, box in boxes.items():
                row[name].kept += kept_shares(case.fixations, box[None]).tolist()
                row[name].faces_cut += cut_faces(case.faces, box[None])[0].tolist()
            row[POSSIBLE].kept.append(kept_shares(case.fixations, offered).max())
            cut = cut_faces(case.faces, offered)
            row[POSSIBLE].faces_cut += cut[cut.sum(1).argmin()].tolist()
    return rows


def positions(size: tuple[int, int], box: tuple[int, int]) -> np.ndarray:
    """All boxes of the size `box` that fit, pixel by pixel: `[N, 4]` x1, y1, x2, y2; the middle one is the centre's."""
    (width, height), (across, down) = size, box
    left, top = np.arange(width - across + 1), np.arange(height - down + 1)
    left, top = (left, middle(top)[None]) if len(left) > len(top) else (middle(left)[None], top)
    left, top = np.broadcast_arrays(left, top)
    return np.stack([left, top, left + across, top + down], 1).astype(float)


def middle(values: np.ndarray) -> np.ndarray:
    """The middle one along the first axis, the earlier of two."""
    return values[(len(values) - 1) // 2]


def kept_shares(fixations: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The share of fixations `[N, 2]` inside each of the boxes `[M, 4]`: `[M]`."""
    x, y = fixations[:, 0], fixations[:, 1]
    x1, y1, x2, y2 = (boxes[:, [side]] for side in range(4))
    return ((x >= x1) & (x < x2) & (y >= y1) & (y < y2)).mean(1)


def shares_inside(regions: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """How much of each region `[N, 4]` lies in each box `[M, 4]`: `[M, N]`, 0..1."""
    return coverage(boxes[:, None], regions)


def cut_faces(faces: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which faces `[N, 4]` each box `[M, 4]` cuts: `[M, N]` booleans."""
    shares = shares_inside(faces, boxes)
    return (shares > CUT[0]) & (shares < CUT[1])


def judge_heat(heatmap: torch.Tensor, case: Case) -> dict[str, float]:
    """NSS, CC and AUC of a heatmap `[h, w]`, brought to the picture's size."""
    width, height = case.size
    fine = F.interpolate(heatmap[None, None].float().cpu(), (height, width), mode="bilinear")
    heat = fine[0, 0].numpy().astype(float)
    inside = (case.fixations >= 0).all(1) & (case.fixations < [width, height]).all(1)
    column, row = case.fixations[inside].astype(int).T
    if not len(column):
        return {}
    counts = np.zeros((height, width))
    np.add.at(counts, (row, column), 1)
    density = gaussian_filter(counts, BLUR * float(np.hypot(width, height)), mode="constant")
    deviation = heat.std()
    if deviation < 1e-12:
        return {"nss": 0.0, "cc": 0.0, "auc": 0.5}
    return {
        "nss": float(((heat - heat.mean()) / deviation)[row, column].mean()),
        "cc": float(np.corrcoef(heat.ravel(), density.ravel())[0, 1]),
        "auc": _auc(heat, heat[row, column]),
    }


def _auc(heat: np.ndarray, at_fixations: np.ndarray) -> float:
    """The chance that a fixation is hotter than a pixel drawn at random; ties count half."""
    ordered = np.sort(heat.ravel())
    below = np.searchsorted(ordered, at_fixations, "left") + np.searchsorted(ordered, at_fixations, "right")
    return float(below.mean() / (2 * len(ordered)))


def _summary(pictures: Sequence[dict[str, Scores]]) -> dict[str, Any]:
    kept = {name: float(np.mean([each[name].kept for each in pictures])) for name in pictures[0]}
    spread = max(kept[POSSIBLE] - kept[CENTRE], 1e-9)
    rows: dict[str, dict[str, float]] = {}
    for name, share in kept.items():
        heats = _heat_columns([each[name].heat for each in pictures])
        row = {key: float(np.mean(values)) for key, values in heats.items()}
        row |= {"kept": share, "place": (share - kept[CENTRE]) / spread}
        cut = [face for each in pictures for face in each[name].faces_cut]
        rows[name] = row | ({"faces_cut": float(np.mean(cut))} if cut else {})
    return {"n": len(pictures), "rows": rows}


def _heat_columns(heats: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    columns: dict[str, list[float]] = defaultdict(list)
    for heat in heats:
        for key, value in heat.items():
            columns[key].append(value)
    return columns
