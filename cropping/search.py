"""The best box of a ratio: every position of every scale on a lattice, then the winner refined to the pixel.

The published search ("Image Cropping under Design Constraints", Nishiyasu, Shimoda and Sato 2023) samples some hundred
boxes; with a summed-area table all of them are scored, so the answer is the optimum, and always the same.
"""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor

from .box import Box
from .box_sets import GridBoxSet, GridSums, ListedBoxSet
from .boxes import xywh_to_xyxy
from .constraint import Constraint, UnsatisfiableError
from .crop import Crop
from .feasible import FeasibleBoxes, find_feasible_boxes, padded_box
from .grid import GridScale, SearchGrid, levels
from .inputs import SearchInputs
from .objective import DEFAULT_OBJECTIVE, Objective
from .ratio import Ratio
from .scorer import BROKEN, Scorer

FEW = 8192  # boxes that are all scored as they are, pixel by pixel, rather than on the lattice first
QUANTUM = 1e-9  # scores closer than this are ties
REFINED = 4  # how many of the best scales are refined: neighbours often differ by less than refining gains


def search(
    inputs: SearchInputs, size: tuple[int, int], constraint: Constraint, objective: Objective = DEFAULT_OBJECTIVE
) -> list[Crop]:
    """The best crop of every picture under the constraint, over all of its ratios.

    Args:
        inputs: of B pictures of one size.
        size: (width, height) of the pictures in pixels.
        constraint: which boxes are feasible, and what is asked of them.
        objective: how boxes are compared.

    Returns:
        B crops. Ties go to the larger, then the more central box.

    Raises:
        UnsatisfiableError: when the policy is `error` and no box obeys.
    """
    ratios = constraint.ratios or (Ratio.of(size),)
    found = [search_ratio(inputs, size, ratio, constraint, objective) for ratio in ratios]
    return [max(crops, key=lambda crop: crop.score) for crops in zip(*found, strict=True)]


def search_ratio(
    inputs: SearchInputs,
    size: tuple[int, int],
    ratio: Ratio,
    constraint: Constraint,
    objective: Objective = DEFAULT_OBJECTIVE,
) -> list[Crop]:
    """As `search`, for one ratio."""
    scorer = Scorer.of(inputs, size, ratio, constraint, objective)
    lattice = SearchGrid.over(size)
    room = _room_or_pad(constraint, ratio, size)
    if isinstance(room, Box):
        return _padded(scorer, lattice, size, ratio, room)
    if room.count <= FEW:
        boxes = room.every().to(inputs.device).expand(len(inputs), -1, -1)
    else:
        boxes = _refine(scorer, lattice, room, *_scan(scorer, lattice, room))
    return _best(scorer, lattice, size, ratio, boxes)


def choose_among(
    inputs: SearchInputs,
    size: tuple[int, int],
    ratio: Ratio,
    constraint: Constraint,
    boxes: Tensor,
    aesthetic: Tensor | None = None,
    objective: Objective = DEFAULT_OBJECTIVE,
) -> list[Crop]:
    """The best of a cropper's own proposals.

    Args:
        inputs: of B pictures of one size.
        size: (width, height) in pixels.
        ratio: every proposal is brought to it, about its own centre, and into the room that the constraint leaves.
        constraint: as in `search`.
        boxes: `[B, N, 4]` relative x1, y1, x2, y2.
        aesthetic: `[B, N]`, the cropper's own scores, 0..1; None: the share of the heat, as in `search`.
        objective: as in `search`.

    Returns:
        B crops.
    """
    scorer = Scorer.of(inputs, size, ratio, constraint, objective)
    lattice = SearchGrid.over(size)
    room = _room_or_pad(constraint, ratio, size)
    if isinstance(room, Box):
        return _padded(scorer, lattice, size, ratio, room)
    return _best(scorer, lattice, size, ratio, snap(room, boxes), aesthetic)


def _room_or_pad(constraint: Constraint, ratio: Ratio, size: tuple[int, int]) -> FeasibleBoxes | Box:
    """The room that the constraint leaves; under the policy `pad`, where it leaves none, the one box that pads."""
    try:
        return find_feasible_boxes(constraint, ratio, size)
    except UnsatisfiableError:
        if constraint.policy != "pad":
            raise
        return padded_box(constraint, ratio, size)


def _padded(scorer: Scorer, lattice: SearchGrid, size: tuple[int, int], ratio: Ratio, box: Box) -> list[Crop]:
    pixels = torch.tensor([[box.as_list()]], device=scorer.inputs.device).expand(len(scorer.inputs), 1, 4)
    return _best(scorer, lattice, size, ratio, pixels)


def snap(room: FeasibleBoxes, boxes: Tensor) -> Tensor:
    """Relative boxes `[*, 4]` as the nearest allowed pixel boxes (x, y, width, height)."""
    edges = boxes * boxes.new_tensor(room.size * 2)
    start, stop = edges[..., :2], edges[..., 2:]
    area = (stop - start).prod(-1)
    long_side = torch.sqrt(area * max(room.ratio.value, 1 / room.ratio.value)).round().long()
    long_side = long_side.clamp(room.shortest, room.longest)
    corner = ((start + stop - room.spans_of(long_side)[..., 0, :]) / 2).round().long()
    return room.boxes(long_side, corner)[0]


def _scan(scorer: Scorer, lattice: SearchGrid, room: FeasibleBoxes) -> tuple[Tensor, Tensor]:
    """The best position of each of the best scales: long side `[B, K]`, and left and top in pixels `[B, K, 2]`."""
    scales = list(levels(room, lattice))
    tables = GridSums(scorer.inputs.heat, lattice, scales)
    scores = [scorer.score(GridBoxSet(tables, level)) for level in scales]
    best = torch.stack([each.amax((1, 2)) for each in scores], 1)
    # Levels come from the largest to the smallest and the sort is stable, so ties go to the larger box.
    order = (-(best / QUANTUM).round()).argsort(dim=1, stable=True)[:, :REFINED]
    long_side = torch.tensor([level.long_side for level in scales], device=order.device)[order]
    corner = order.new_zeros(*order.shape, 2)
    for index in order.unique().tolist():
        picture, rank = (order == index).nonzero(as_tuple=True)
        corner[picture, rank] = _most_central_best(scores[index][picture], scales[index], lattice, room)
    return long_side, corner


def _most_central_best(scores: Tensor, level: GridScale, lattice: SearchGrid, room: FeasibleBoxes) -> Tensor:
    """Left and top in pixels `[B, 2]` of the best-scored position `[B, tops, lefts]`."""
    left = torch.arange(level.lefts.start, level.lefts.stop, device=scores.device) * room.size[0] / lattice.columns
    top = torch.arange(level.tops.start, level.tops.stop, device=scores.device) * room.size[1] / lattice.rows
    width, height = room.box_size(level.long_side)
    across, down = 2 * left + width - room.size[0], 2 * top + height - room.size[1]
    off_centre = (across.square() + down.square()[:, None]).flatten()
    best = _first(scores.flatten(1), off_centre)
    return torch.stack([left[best % len(left)], top[best // len(left)]], 1).round().long()


def _refine(scorer: Scorer, lattice: SearchGrid, room: FeasibleBoxes, long_side: Tensor, corner: Tensor) -> Tensor:
    """Walks each start to the best box nearby, in steps down to one pixel: `[B, K, 4]`."""
    moves = torch.cartesian_prod(*[torch.tensor([0, -1, 1], device=corner.device)] * 3)
    boxes, _ = room.boxes(long_side, corner)
    for reach, stride in _steps(room, lattice):
        # A box that grows keeps its centre, so that growing and moving are separate questions.
        grown = (long_side[..., None] + stride * moves[:, 0]).clamp(room.shortest, room.longest)
        drift = (boxes[..., None, 2:] - room.spans_of(grown)[..., 0, :]) // 2
        options, grown = room.boxes(grown, boxes[..., None, :2] + drift + reach * moves[:, 1:])
        scores = scorer.score(ListedBoxSet(scorer.inputs.heat, lattice, _relative(options.flatten(1, 2), room.size)))
        tie_breakers = (each.flatten(0, 1) for each in _tie_breakers(options, room.size))
        best = _first(scores.view(-1, len(moves)), *tie_breakers)
        best = best.view(*long_side.shape, 1)
        boxes = options.gather(2, best[..., None].expand(-1, -1, -1, 4))[:, :, 0]
        long_side = grown.gather(2, best)[..., 0]
    return boxes


def _steps(room: FeasibleBoxes, lattice: SearchGrid) -> list[tuple[int, int]]:
    """Steps of position and of length in pixels, halved down to single pixels, taken until it should settle."""
    reach = max(1, ceil(max(room.size[0] / lattice.columns, room.size[1] / lattice.rows) / 2))
    stride = max(1, ceil((room.longest - room.shortest) / 46))
    steps = []
    while reach > 1 or stride > 1:
        steps.append((reach, stride))
        reach, stride = max(1, reach // 2), max(1, stride // 2)
    return [*steps, *[(1, 1)] * 3]


def _first(scores: Tensor, off_centre: Tensor, area: Tensor | None = None) -> Tensor:
    """Index of the best score `[B, N]` → `[B]`; ties go to the larger, then the more central, then the first box."""
    tied = scores >= scores.amax(1, keepdim=True) - QUANTUM
    if area is not None:
        area = torch.where(tied, area, -torch.inf)
        tied &= area == area.amax(1, keepdim=True)
    return torch.where(tied, off_centre, torch.inf).argmin(1)


def _tie_breakers(boxes: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Squared distance of the centre from the picture's, and area, of pixel boxes `[*, 4]`."""
    x, y, width, height = boxes.to(torch.float64).unbind(-1)
    return (2 * x + width - size[0]).square() + (2 * y + height - size[1]).square(), width * height


def _relative(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixel boxes `[*, 4]` (x, y, width, height) as relative x1, y1, x2, y2, float64."""
    return xywh_to_xyxy(boxes.to(torch.float64)) / torch.tensor(size * 2, device=boxes.device)


def _best(
    scorer: Scorer,
    lattice: SearchGrid,
    size: tuple[int, int],
    ratio: Ratio,
    boxes: Tensor,
    aesthetic: Tensor | None = None,
) -> list[Crop]:
    """The best of pixel boxes `[B, N, 4]` of each picture, with its terms."""
    windows = ListedBoxSet(scorer.inputs.heat, lattice, _relative(boxes, size))
    scores, terms = scorer.score_with_terms(windows, aesthetic)
    best = _first(scores, *_tie_breakers(boxes, size))[:, None]
    judged = {"score": scores, "kept": windows.heat_sum().clamp(0, 1), **terms}
    found = {name: values.gather(1, best)[:, 0].tolist() for name, values in judged.items()}
    score, kept = found.pop("score"), found.pop("kept")
    if scorer.constraint.policy == "error" and min(score) < -BROKEN / 2:
        shown = "×".join(map(str, size))
        raise UnsatisfiableError(f"no {ratio} crop of a {shown} picture is calm under its hard layout")
    chosen = boxes.gather(1, best[..., None].expand(-1, 1, 4))[:, 0].tolist()
    return [
        Crop(Box(*box), ratio, score[index], {name: values[index] for name, values in found.items()}, kept[index])
        for index, box in enumerate(chosen)
    ]
