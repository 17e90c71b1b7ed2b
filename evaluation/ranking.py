"""The benchmark `ranking`: crops ranked as people rated them, with the metrics of GAICD.

They are Spearman's and Pearson's correlation and Acc k/n (Zeng et al., "Grid Anchor based Image Cropping", 2020), all
means over the photographs.

The file maps each photograph's name to `{width, height, boxes, mos, person?, objects?}`: boxes as x1, y1, x2, y2 in
pixels, `mos` their mean opinion scores, `objects` sorted by falling confidence. Crops are scored from the boxes of the
subjects alone, or, with a cropper, from pixels. Ratings are used for the metrics, and for the row `mean rating of the
same box elsewhere`: it is what a method that knows nothing but the box could learn from such a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..models.base import Cropper
from ..models.composition.head import CompositionHead
from ..models.composition.loading import load_bundled_composition
from ..models.composition.subjects import rank_importance
from .cases import parse_each, read_json, read_numbers, read_picture_path, read_size
from .metrics import area, pearson, spearman, top_accuracy
from .pixels import load_image
from .progress import Progress, ignore_progress

SHAPE = "{width, height, boxes, mos}"
# Names of the rows in the JSON output. They stay as they are: scripts read them.
OURS, PERSON_ONLY = "ours", "ours, from the person's box alone"
AREA, CENTRED, SAME_BOX, WHOLE = "area", "closest to the middle", "mean rating of the same box elsewhere", "whole"
ANCHOR_CELLS = 12  # the edges of GAICD's boxes lie on a grid of 12 × 12 cells

PictureFigures = dict[str, float]


@dataclass(frozen=True)
class RankingCase:
    """One photograph.

    Attributes:
        name: of its file.
        size: (width, height) in pixels.
        boxes: `[N, 4]` the rated crops, relative x1, y1, x2, y2.
        ratings: `[N]`.
        person: `[4]` the box of the only person, relative, if there is one.
        objects: `[M, 4]` boxes of objects, relative, by falling confidence.
    """

    name: str
    size: tuple[int, int]
    boxes: np.ndarray
    ratings: np.ndarray
    person: np.ndarray | None
    objects: np.ndarray

    def subjects(self, with_objects: bool = True) -> Tensor:
        """Boxes and importance `[M, 5]`, as `CompositionHead.score` takes them."""
        rows = []
        if with_objects:
            rows += [(*box, rank_importance(rank)) for rank, box in enumerate(self.objects.tolist())]
        if self.person is not None:
            rows.append((*self.person.tolist(), 1.0))
        return torch.tensor(rows, dtype=torch.float32).reshape(-1, 5)


def read_cases(file: Path) -> list[RankingCase]:
    """The photographs of a file.

    Raises:
        OSError: when the file cannot be opened.
        ValueError: when the file or an entry cannot be parsed; names both.
    """
    content = read_json(file)
    if not isinstance(content, dict):
        raise ValueError(f"{file} does not map photographs' names to {SHAPE}")
    return parse_each(file, content.items(), _parse_case, SHAPE)


def evaluate_ranking(
    file: Path,
    images: Path | None = None,
    cropper: Cropper | None = None,
    head: CompositionHead | None = None,
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Measures the composition head, and a cropper on pixels.

    Args:
        file: see the module.
        images: folder of the photographs, for `cropper`.
        cropper: adds the row `ours, <its name>`: how its analyses score the crops.
        head: the bundled one where None.
        progress: counts the photographs.

    Returns:
        `{"benchmark": "ranking", "subsets": {"all": {"n", "rows": {"ours": {"srcc", "pcc", "acc1/5", … "acc4/10"},
        …}}, "person": …}}`.

    Raises:
        OSError, PictureError, ValueError: when the file or a photograph cannot be read.
    """
    cases = read_cases(file)
    head = head or load_bundled_composition()
    anchor_means = AnchorMeans(cases)
    figures: list[dict[str, PictureFigures]] = []
    for done, case in enumerate(cases, 1):
        scores = trivial_scores(case)
        scores |= {SAME_BOX: anchor_means.leave_out(case), OURS: score_crops(head, case)}
        if case.person is not None:
            scores[PERSON_ONLY] = score_crops(head, case, with_objects=False)
        if cropper is not None and images is not None:
            scores[f"{OURS}, {cropper.name}"] = _score_with_pixels(cropper, case, images)
        figures.append({name: measure_ranking(each, case.ratings) for name, each in scores.items()})
        progress(done, len(cases))
    with_person = [each for each, case in zip(figures, cases, strict=True) if case.person is not None]
    subsets = {"all": figures} | ({"person": with_person} if with_person else {})
    return {"benchmark": "ranking", "subsets": {name: _average(each) for name, each in subsets.items()}}


def score_crops(head: CompositionHead, case: RankingCase, with_objects: bool = True) -> np.ndarray:
    """The head's scores `[N]` of a photograph's crops."""
    boxes = torch.from_numpy(case.boxes).float()
    return head.score(boxes, case.subjects(with_objects), case.size).double().numpy()


def trivial_scores(case: RankingCase) -> dict[str, np.ndarray]:
    """Scores `[N]` that need neither subjects nor pixels nor training, by the row's name."""
    offset = (case.boxes[:, :2] + case.boxes[:, 2:]) / 2 - 0.5
    return {
        WHOLE: np.zeros(len(case.boxes)),  # keeping the whole picture prefers none of its crops
        AREA: area(case.boxes),
        CENTRED: -np.square(offset).sum(1),
    }


def measure_ranking(scores: np.ndarray, ratings: np.ndarray) -> PictureFigures:
    """All metrics of one photograph from scores and ratings `[N]`."""
    figures = {"srcc": spearman(scores, ratings), "pcc": pearson(scores, ratings)}
    for best in (5, 10):
        figures |= {f"acc{returned}/{best}": top_accuracy(scores, ratings, returned, best) for returned in (1, 2, 3, 4)}
    return figures


class AnchorMeans:
    """Mean ratings of the boxes of the same anchor (the cells of the grid that the four edges lie in)."""

    def __init__(self, cases: Sequence[RankingCase]) -> None:
        self._sums, self._counts = _sum_by_anchor(cases)
        self._mean = sum(self._sums.values()) / sum(self._counts.values())

    def leave_out(self, case: RankingCase) -> np.ndarray:
        """For each box `[N]` of a case, the mean over all other cases; the mean of all ratings where there is none."""
        sums, counts = _sum_by_anchor([case])
        anchors = _anchors(case)
        rest = [(self._sums[each] - sums[each], self._counts[each] - counts[each]) for each in anchors]
        return np.array([total / count if count else self._mean for total, count in rest])


def _sum_by_anchor(cases: Sequence[RankingCase]) -> tuple[dict[tuple[int, ...], float], dict[tuple[int, ...], int]]:
    """Sum and number of the ratings of each anchor."""
    sums: dict[tuple[int, ...], float] = defaultdict(float)
    counts: dict[tuple[int, ...], int] = defaultdict(int)
    for case in cases:
        for anchor, rating in zip(_anchors(case), case.ratings.tolist(), strict=True):
            sums[anchor] += rating
            counts[anchor] += 1
    return sums, counts


def _anchors(case: RankingCase) -> list[tuple[int, ...]]:
    return [tuple(each) for each in np.floor(case.boxes * ANCHOR_CELLS).astype(int).tolist()]


def _score_with_pixels(cropper: Cropper, case: RankingCase, images: Path) -> np.ndarray:
    analysis = cropper.analyse(load_image(read_picture_path(images, case.name)))[0]
    return analysis.score(torch.from_numpy(case.boxes)).double().cpu().numpy()


def _average(figures: Sequence[Mapping[str, PictureFigures]]) -> dict[str, Any]:
    """Means over the photographs; rows that not all of them have are left out."""
    names = list(dict.fromkeys(name for each in figures for name in each))
    rows = {}
    for name in names:
        present = [each[name] for each in figures if name in each]
        if len(present) == len(figures):
            rows[name] = {key: float(np.mean([each[key] for each in present])) for key in present[0]}
    return {"n": len(figures), "rows": rows}


def _parse_case(name: str, entry: Mapping[str, Any]) -> RankingCase:
    size = read_size(entry)
    scale = np.array([*size, *size], float)
    boxes, ratings = read_numbers(entry["boxes"], 4), read_numbers(entry["mos"])
    if boxes.shape != (len(ratings), 4) or len(ratings) < 2:
        raise ValueError(f"{len(ratings)} ratings for boxes of shape {boxes.shape}; two or more of each are needed")
    person = read_numbers([entry["person"]], 4)[0] / scale if entry.get("person") else None
    objects = read_numbers(entry.get("objects") or [], 4) / scale
    return RankingCase(name, size, boxes / scale, ratings, person, objects)
