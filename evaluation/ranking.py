"""How well crops are ranked as people rated them (GAICD's protocol; Zeng et al., "Grid Anchor based Image Cropping",
2020), from where subjects lie, or from pixels.

The file maps each photograph's name to `{width, height, boxes, mos, person?, objects?}`: boxes as x1, y1, x2, y2 in
pixels, `mos` their mean opinion scores, `objects` with the most certain first. Figures are means over the photographs;
ratings are used for them alone, but for the row `mean rating of the same box elsewhere`, which is what a method that
sees nothing but the box could learn from such a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..images.decode import decode
from ..models.base import Cropper
from ..models.composition.head import CompositionHead
from ..models.composition.loading import load_bundled_composition
from ..models.composition.subjects import rank_importance
from .cases import parse_each, read_json
from .metrics import area, pearson, spearman, top_accuracy

SHAPE = "{width, height, boxes, mos}"
OURS, PERSON_ONLY = "ours", "ours, from the person's box alone"
AREA, CENTRED, ELSEWHERE, WHOLE = "area", "closest to the middle", "mean rating of the same box elsewhere", "whole"
ANCHORS = 12  # GAICD's boxes have their edges on the cells of a 12 × 12 grid


@dataclass(frozen=True)
class RankingCase:
    """One photograph; boxes `[N, 4]`, the person `[4]` and objects `[M, 4]` are relative."""

    name: str
    size: tuple[int, int]
    boxes: np.ndarray
    ratings: np.ndarray
    person: np.ndarray | None
    objects: np.ndarray

    def subjects(self, with_objects: bool = True) -> Tensor:
        """`[M, 5]` as `CompositionHead.score` takes them."""
        rows = []
        if with_objects:
            rows += [(*box, rank_importance(rank)) for rank, box in enumerate(self.objects.tolist())]
        if self.person is not None:
            rows.append((*self.person.tolist(), 1.0))
        return torch.tensor(rows, dtype=torch.float32).reshape(-1, 5)


def read_cases(file: Path) -> list[RankingCase]:
    """The photographs of a file.

    Raises:
        ValueError: when the file or an entry cannot be read; names both.
    """
    content = read_json(file)
    if not isinstance(content, dict):
        raise ValueError(f"{file} does not map photographs' names to {SHAPE}")
    return parse_each(file, content.items(), _case, SHAPE)


def evaluate_ranking(
    file: Path,
    images: Path | None = None,
    cropper: Cropper | None = None,
    head: CompositionHead | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Judges the composition head, and a cropper that sees the pixels.

    Args:
        file: see the module.
        images: folder of the photographs, for `cropper`.
        cropper: adds a row for what its analyses score.
        head: the bundled one where None.
        progress: told the number of photographs done and their total.

    Returns:
        `{"benchmark": "ranking", "subsets": {"all": {"n", "rows": {"ours": {"srcc", "pcc", "acc1/5", … "acc4/10"},
        …}}, "person": …}}`.
    """
    cases = read_cases(file)
    head = head or load_bundled_composition()
    means = _Elsewhere(cases)
    figures: list[dict[str, dict[str, float]]] = []
    for done, case in enumerate(cases, 1):
        scores = trivial_scores(case) | {ELSEWHERE: means.without(case), OURS: our_scores(head, case)}
        if case.person is not None:
            scores[PERSON_ONLY] = our_scores(head, case, with_objects=False)
        if cropper is not None and images is not None:
            scores[f"{OURS}, {cropper.name}"] = _seen_scores(cropper, case, images)
        figures.append({name: judge(each, case.ratings) for name, each in scores.items()})
        progress(done, len(cases))
    people = [each for each, case in zip(figures, cases, strict=True) if case.person is not None]
    subsets = {"all": figures} | ({"person": people} if people else {})
    return {"benchmark": "ranking", "subsets": {name: _summary(each) for name, each in subsets.items()}}


def our_scores(head: CompositionHead, case: RankingCase, with_objects: bool = True) -> np.ndarray:
    boxes = torch.from_numpy(case.boxes).float()
    return head.score(boxes, case.subjects(with_objects), case.size).double().numpy()


def trivial_scores(case: RankingCase) -> dict[str, np.ndarray]:
    """What can be said of a box without subjects, pixels or training."""
    middle = (case.boxes[:, :2] + case.boxes[:, 2:]) / 2 - 0.5
    return {
        WHOLE: np.zeros(len(case.boxes)),  # the whole picture has no preference among its crops
        AREA: area(case.boxes),
        CENTRED: -np.square(middle).sum(1),
    }


def judge(scores: np.ndarray, ratings: np.ndarray) -> dict[str, float]:
    """Every figure of one photograph."""
    row = {"srcc": spearman(scores, ratings), "pcc": pearson(scores, ratings)}
    for best in (5, 10):
        row |= {f"acc{returned}/{best}": top_accuracy(scores, ratings, returned, best) for returned in (1, 2, 3, 4)}
    return row


class _Elsewhere:
    """The mean rating of the same anchor in all other photographs; where there is none, of all boxes."""

    def __init__(self, cases: Sequence[RankingCase]) -> None:
        self._sums: dict[tuple[int, ...], float] = defaultdict(float)
        self._counts: dict[tuple[int, ...], int] = defaultdict(int)
        for case in cases:
            for key, rating in zip(_anchors(case), case.ratings.tolist(), strict=True):
                self._sums[key] += rating
                self._counts[key] += 1
        self._mean = sum(self._sums.values()) / sum(self._counts.values())

    def without(self, case: RankingCase) -> np.ndarray:
        own_sums: dict[tuple[int, ...], float] = defaultdict(float)
        own_counts: dict[tuple[int, ...], int] = defaultdict(int)
        keys = _anchors(case)
        for key, rating in zip(keys, case.ratings.tolist(), strict=True):
            own_sums[key] += rating
            own_counts[key] += 1
        rest = [(self._sums[key] - own_sums[key], self._counts[key] - own_counts[key]) for key in keys]
        return np.array([total / count if count else self._mean for total, count in rest])


def _anchors(case: RankingCase) -> list[tuple[int, ...]]:
    return [tuple(each) for each in np.floor(case.boxes * ANCHORS).astype(int).tolist()]


def _seen_scores(cropper: Cropper, case: RankingCase, images: Path) -> np.ndarray:
    pixels = torch.from_numpy(decode(images / case.name)[..., :3].copy()).permute(2, 0, 1)[None].float() / 255
    return cropper.analyse(pixels)[0].score(torch.from_numpy(case.boxes)).double().cpu().numpy()


def _summary(figures: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for each in figures for name in each))
    rows = {}
    for name in names:
        own = [each[name] for each in figures if name in each]
        if len(own) == len(figures):
            rows[name] = {key: float(np.mean([each[key] for each in own])) for key in own[0]}
    return {"n": len(figures), "rows": rows}


def _case(name: str, entry: Mapping[str, Any]) -> RankingCase:
    width, height = int(entry["width"]), int(entry["height"])
    scale = np.array([width, height, width, height], float)
    boxes, ratings = np.array(entry["boxes"], float), np.array(entry["mos"], float)
    if boxes.shape != (len(ratings), 4) or len(ratings) < 2:
        raise ValueError(f"{len(ratings)} ratings for boxes of shape {boxes.shape}; two or more of each are needed")
    person = np.array(entry["person"], float) / scale if entry.get("person") else None
    objects = np.array(entry.get("objects") or [], float).reshape(-1, 4) / scale
    return RankingCase(str(name), (width, height), boxes / scale, ratings, person, objects)
