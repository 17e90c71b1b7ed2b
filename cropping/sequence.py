"""One crop for each frame of a clip: the same box for all frames, or a box of one size that follows what matters.

Every frame is scored as a picture is, at the same boxes of a coarse lattice. What is best for the sum of the frames is
then chosen at once, over the whole clip, and refined to the pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import ceil

import torch
from torch import Tensor

from .box import Box
from .box_sets import ListedBoxSet
from .boxes import relative_xyxy, xywh_to_xyxy
from .checks import Size
from .constraint import Constraint, UnsatisfiableError
from .crop import Crop
from .feasible import FeasibleBoxes, find_feasible_boxes, pad_box, required_box
from .grid import SearchGrid
from .heads import WHOLE, HeadRule
from .inputs import SearchInputs
from .model_sizes import ModelSizes
from .objective import DEFAULT_OBJECTIVE, Objective
from .path import DEFAULT_MOTION, KnotLimits, Motion, evaluate_path, find_knots, refine_knots
from .ratio import Ratio
from .scorer import Scorer
from .search import choose_best

EACH, STILL, FOLLOW = "each", "still", "follow"
FRAMES = (EACH, STILL, FOLLOW)
"""How the frames of a clip are cropped: as pictures on their own, all by one box, or by a box that follows."""

CELLS = 40  # of the lattice of positions, along the long side of a frame
SCALES = 8  # sizes between the largest and the smallest box
TRIED_SCALES = 4  # of them, those of the best sums, for which a path is searched
# Taken where a box leaves out all that it must hold in one frame: more than the frames of a clip can gain together.
KEEP_PENALTY = 1e6
HEAD_WEIGHT = 3.0  # of what is missing of the protected heads, against the score's terms
REACH = 3  # steps to either side that a path is refined by at once


EVEN = 2  # what the sides of frames are multiples of, as video encoders want it


def with_even_sides(constraint: Constraint) -> Constraint:
    """The constraint on the boxes of frames. The sizes of models are even as they are."""
    if constraint.multiple_of >= EVEN or any(isinstance(each, ModelSizes) for each in constraint.ratios):
        return constraint
    return replace(constraint, multiple_of=EVEN)


@dataclass(frozen=True)
class FrameGroup:
    """Consecutive frames of a clip under one constraint.

    Attributes:
        inputs: of the frames.
        constraint: on each of them. Those of the groups of a clip differ in their regions only.
    """

    inputs: SearchInputs
    constraint: Constraint


def search_still(groups: Sequence[FrameGroup], size: Size, objective: Objective = DEFAULT_OBJECTIVE) -> list[Crop]:
    """The one box that is the best for the sum of the frames, as a crop of each frame.

    Args:
        groups: all frames in order; what one of them must hold is held in all.
        size: (width, height) of the frames in pixels.
        objective: how boxes are compared.

    Raises:
        UnsatisfiableError: when the policy is `error` and no box obeys.
        ValueError: when the constraints differ in more than their regions.
    """
    required = tuple(region for each in groups for region in each.constraint.required_regions)
    merged = replace(_shared_constraint(groups), keep=required)
    found = []
    for scores in _score_ratios(groups, size, objective):
        try:
            box = _find_still_box(scores, find_feasible_boxes(merged, scores.ratio, size))
        except UnsatisfiableError:
            if merged.policy != "pad":
                raise
            box = torch.tensor(pad_box(merged, scores.ratio, size).as_list())
        found.append((float(scores.loss(box.view(1, 1, 4)).sum()), scores, box))
    _, scores, box = min(found, key=lambda each: each[0])
    return scores.crops(box.expand(scores.count, 4))


def search_following(
    groups: Sequence[FrameGroup],
    size: Size,
    scenes: Sequence[int] = (0,),
    objective: Objective = DEFAULT_OBJECTIVE,
    motion: Motion = DEFAULT_MOTION,
) -> list[Crop]:
    """A crop of each frame, all of one size, that moves on the best path through the frames' scores.

    Args:
        groups: all frames in order.
        size: (width, height) of the frames in pixels.
        scenes: the first frame of each scene, beginning with 0; the path starts anew there.
        objective: how boxes are compared.
        motion: limits and costs of moving.

    Raises:
        UnsatisfiableError: when the policy is `error` and no box obeys, or `pad` and none within the frame does.
        ValueError: when the constraints differ in more than their regions.
    """
    _shared_constraint(groups)
    found = []
    for scores in _score_ratios(groups, size, objective):
        feasible = [find_feasible_boxes(each.constraint, scores.ratio, size) for each in groups]
        smallest = max(feasible, key=lambda each: each.shortest)
        found.append(_find_paths(scores, _list_lattices(replace(smallest, required=None)), scenes, motion))
    plan = max(found, key=lambda each: each.value)
    return plan.scores.crops(plan.lattice.boxes_at(_refine_paths(plan, scenes, motion).round().long()))


@dataclass(frozen=True)
class PathPlan:
    """Paths of a box of one size through the scenes of a clip.

    Attributes:
        scores: of the boxes of its ratio.
        lattice: of the positions of boxes of its size.
        paths: the knots of each scene, `[K + 1, 2]` (left, top) in pixels.
        value: the sum of the scores less the costs of moving.
    """

    scores: ClipScores
    lattice: Lattice
    paths: list[Tensor]
    value: float


class ClipScores:
    """What boxes of one ratio are worth in each frame of a clip.

    Args:
        groups: all frames in order.
        size: (width, height) of the frames in pixels.
        ratio: of the boxes.
        objective: how they are compared.

    Attributes:
        count: frames.
        best: `[T]`, the score of each frame that losses are counted from; set before `loss` is asked.
    """

    def __init__(self, groups: Sequence[FrameGroup], size: Size, ratio: Ratio, objective: Objective) -> None:
        self.size, self.ratio = size, ratio
        self.count = sum(len(each.inputs) for each in groups)
        self.best = torch.zeros(self.count, dtype=torch.float64)
        self._groups = groups
        self._grid = SearchGrid.over(size)
        self._objective = objective
        scorers = [Scorer.of(each.inputs, size, ratio, each.constraint, objective) for each in groups]
        self._heads = [HeadRule.of(each.inputs.protected, each.largest) for each in scorers]
        self._scorers = [each.without_head_rule() for each in scorers]
        self._required = [required_box(each.constraint, size) for each in groups]
        self._span = objective.weights.span

    def raw(self, boxes: Tensor) -> Tensor:
        """What pixel boxes `[T or 1, N, 4]` (x, y, width, height) are worth in each frame, `[T, N]`.

        It is the score of a picture's search, but for the rule about heads. A box that holds for a whole clip cannot
        obey that to the pixel in every frame, and would rather show no subject than one whose head it grazes. So what
        is missing of the heads is weighed instead, and a head that is not there at all is missing too.
        """
        parts = zip(self._scorers, self._heads, self._split(boxes), strict=True)
        return torch.cat([_weigh(scorer, heads, self._list(scorer, part)) for scorer, heads, part in parts]).cpu()

    def loss(self, boxes: Tensor) -> Tensor:
        """How much less than `best` each box `[T or 1, N, 4]` is worth in each frame: `[T, N]`, about 0 or more.

        Beyond all that the terms of a score can give, a loss counts by its logarithm only: a frame whose hard layout is
        not calm counts as several, and not as more than all others together. Leaving out what a frame must hold does
        count as more.
        """
        loss = self.best[:, None] - self.raw(boxes)
        loss = torch.where(loss <= self._span, loss, self._span * (1 + torch.log(loss.clamp_min(1e-9) / self._span)))
        parts = zip(self._split(boxes), self._required, strict=True)
        return loss + KEEP_PENALTY * torch.cat([_share_left_out(part, required) for part, required in parts])

    def crops(self, boxes: Tensor) -> list[Crop]:
        """The crops of pixel boxes `[T, 4]`, one for each frame.

        Raises:
            UnsatisfiableError: when the policy is `error` and a hard text region is not calm; names the frame.
        """
        found: list[Crop] = []
        for group, part in zip(self._groups, self._split(boxes[:, None]), strict=True):
            scorer = Scorer.of(group.inputs, self.size, self.ratio, group.constraint, self._objective)
            if scorer.constraint.policy == "error":
                violated = (scorer.violation(self._list(scorer, part))[:, 0] > 0).nonzero()
                if len(violated):
                    frame = len(found) + int(violated[0])
                    raise UnsatisfiableError(f"frame {frame} of {self.count} is not calm under its hard layout")
            found += choose_best(scorer, self._grid, self.size, self.ratio, part.to(scorer.inputs.device))
        return found

    def spans(self, scenes: Sequence[int]) -> list[slice]:
        """The frames of each scene, which begin at `scenes`."""
        return [slice(*each) for each in zip(scenes, [*scenes[1:], self.count], strict=True)]

    def _split(self, boxes: Tensor) -> tuple[Tensor, ...]:
        """Boxes `[T or 1, N, 4]` of the frames of each group."""
        return boxes.expand(self.count, -1, -1).split([len(each.inputs) for each in self._groups])

    def _list(self, scorer: Scorer, boxes: Tensor) -> ListedBoxSet:
        heat = scorer.inputs.heat
        return ListedBoxSet(heat, self._grid, relative_xyxy(boxes, self.size).to(heat.device))


@dataclass(frozen=True)
class Lattice:
    """Evenly spaced positions of boxes of one size.

    Attributes:
        box_size: width and height in pixels.
        lefts, tops: `[columns]` and `[rows]` float64, in pixels.
    """

    box_size: Size
    lefts: Tensor
    tops: Tensor

    @property
    def corners(self) -> tuple[Tensor, Tensor]:
        """The positions along each axis, across and down."""
        return self.lefts, self.tops

    @property
    def steps(self) -> tuple[float, float]:
        """Pixels between positions, across and down; 1 where there is one position only."""
        across, down = (float(each[1] - each[0]) if len(each) > 1 else 1.0 for each in self.corners)
        return across, down

    def boxes(self) -> Tensor:
        """All boxes, row by row: `[N, 4]` float64 pixels (x, y, width, height)."""
        return self.boxes_at(torch.cartesian_prod(self.tops, self.lefts).view(-1, 2).flip(1))

    def boxes_at(self, corners: Tensor) -> Tensor:
        """The boxes at corners `[*, 2]` (left, top): `[*, 4]`."""
        return torch.cat([corners, torch.tensor(self.box_size).to(corners).expand_as(corners)], -1)

    def find_path(self, scores: Tensor, motion: Motion, long_side: int) -> tuple[Tensor, float]:
        """The knots `[K + 1, 2]` (left, top) of the best path through scores `[T, N]` of `boxes`, and its worth."""
        across, down = (KnotLimits.of(motion, step / long_side) for step in self.steps)
        grid = scores.view(len(scores), len(self.tops), len(self.lefts))
        knots, value = find_knots(grid, motion.interval, down, across)
        return torch.stack([self.lefts[knots[:, 1]], self.tops[knots[:, 0]]], 1), value


def _weigh(scorer: Scorer, heads: HeadRule, boxes: ListedBoxSet) -> Tensor:
    """The scores `[B, N]` of boxes, less what is missing of the protected heads, by the importance of each."""
    score = scorer.score(boxes)
    importance = heads.importance[..., None]
    if not importance.shape[1]:
        return score
    visible = boxes.coverage(heads.regions[:, : importance.shape[1]])
    missing = ((WHOLE - visible) / WHOLE).clamp_min(0) * importance / importance.sum(1, keepdim=True).clamp_min(1e-9)
    return score - HEAD_WEIGHT * missing.sum(1)


def _share_left_out(boxes: Tensor, required: Box | None) -> Tensor:
    """The share of each side of the required box that lies outside each of boxes `[*, 4]`, summed: `[*]`."""
    edges = xywh_to_xyxy(boxes.to(torch.float64))
    if required is None:
        return edges.new_zeros(edges.shape[:-1])
    first, last = edges.new_tensor(required.as_list()[:2]), edges.new_tensor([required.right, required.bottom])
    inside = (torch.minimum(edges[..., 2:], last) - torch.maximum(edges[..., :2], first)).clamp_min(0)
    return (1 - inside / (last - first)).sum(-1)


def _shared_constraint(groups: Sequence[FrameGroup]) -> Constraint:
    """The constraint on all frames, without the regions in which they may differ.

    Raises:
        ValueError: when they differ in more than that.
    """
    without = {replace(each.constraint, keep=(), avoid=(), text_regions=()) for each in groups}
    if len(without) != 1:
        raise ValueError("constraint: frames of one clip need one ratio, size and policy; only regions may differ")
    return without.pop()


def _score_ratios(groups: Sequence[FrameGroup], size: Size, objective: Objective) -> list[ClipScores]:
    """The scores of the boxes of each ratio, with losses counted from the best of all boxes in each frame."""
    shared = _shared_constraint(groups)
    found = [ClipScores(groups, size, ratio, objective) for ratio in shared.ratios_for(size)]
    highest = []
    for scores in found:
        feasible = find_feasible_boxes(replace(shared, policy="shrink"), scores.ratio, size)
        highest += [scores.raw(lattice.boxes()[None]).amax(1) for lattice in _list_lattices(feasible)]
    for scores in found:
        scores.best = torch.stack(highest).amax(0)
    return found


def _list_lattices(feasible: FeasibleBoxes) -> list[Lattice]:
    """The positions of boxes of some sizes, from the largest to the smallest, evenly spaced in the log of the size."""
    ratio = feasible.shortest / feasible.longest
    sides = torch.tensor([round(feasible.longest * ratio ** (index / (SCALES - 1))) for index in range(SCALES)])
    cell = max(feasible.size) / CELLS
    lattices: dict[Size, Lattice] = {}
    for sides_of, first, last in feasible.ranges_of(sides.clamp(feasible.shortest, feasible.longest)).tolist():
        lefts, tops = (
            torch.linspace(start, stop, 1 + ceil((stop - start) / cell), dtype=torch.float64)
            for start, stop in zip(first, last, strict=True)
        )
        lattices.setdefault((sides_of[0], sides_of[1]), Lattice((sides_of[0], sides_of[1]), lefts, tops))
    return list(lattices.values())


def _find_still_box(scores: ClipScores, feasible: FeasibleBoxes) -> Tensor:
    """The box (x, y, width, height) of the least summed loss: the best of the lattices, and from there to the pixel."""
    boxes = torch.cat([lattice.boxes() for lattice in _list_lattices(feasible)])
    best = boxes[scores.loss(boxes[None]).sum(0).argmin()].round().long()
    shift = ceil(max(feasible.size) / CELLS / 2)
    least = feasible.multiple
    growth = max(least, ceil((feasible.longest - feasible.shortest) / SCALES / 2))
    moves = torch.tensor(sorted(product((0, -1, 1), repeat=3), key=lambda each: sum(map(abs, each))))
    while True:
        # A box that grows keeps its centre. The first option is the box itself, so that ties stay.
        long_side = best[2:].max() + growth * moves[:, 0]
        sides = feasible.ranges_of(long_side.clamp(feasible.shortest, feasible.longest))[:, 0]
        options, _ = feasible.nearest_boxes(long_side, best[:2] + (best[2:] - sides) // 2 + shift * moves[:, 1:])
        options[0] = best
        chosen = options[scores.loss(options[None]).sum(0).argmin()]
        if torch.equal(chosen, best):
            if shift <= 1 and growth <= least:
                return best
            shift, growth = max(1, shift // 2), max(least, growth // 2)
        best = chosen


def _find_paths(scores: ClipScores, lattices: Sequence[Lattice], scenes: Sequence[int], motion: Motion) -> PathPlan:
    """The best paths over the lattice of the size for which they are worth most.

    The sum of the best scores of all frames bounds what any path of a size is worth, so most sizes need no search.
    """
    best: PathPlan | None = None
    losses = [scores.loss(lattice.boxes()[None]) for lattice in lattices]
    bounds = -torch.stack([each.amin(1).sum() for each in losses])
    for index in bounds.argsort(descending=True, stable=True)[:TRIED_SCALES].tolist():
        if best is not None and best.value >= float(bounds[index]):
            break
        parts = [-losses[index][span] for span in scores.spans(scenes)]
        found = [lattices[index].find_path(part, motion, max(scores.size)) for part in parts]
        value = sum(each for _, each in found)
        if best is None or value > best.value:
            best = PathPlan(scores, lattices[index], [knots for knots, _ in found], value)
    assert best is not None
    return best


def _refine_paths(plan: PathPlan, scenes: Sequence[int], motion: Motion) -> Tensor:
    """The corners `[T, 2]` (left, top) of the boxes in all frames, in pixels, refined from the lattice to the pixel.

    One axis after the other, in steps that shrink from a third of a cell to less than a pixel.
    """
    scores, lattice, paths = plan.scores, plan.lattice, list(plan.paths)
    spans, offsets = scores.spans(scenes), torch.arange(-REACH, REACH + 1, dtype=torch.float64)
    limits = KnotLimits.of(motion, 1 / max(scores.size))
    step = max(lattice.steps) / REACH
    while True:
        for axis, places in enumerate(lattice.corners):
            if len(places) == 1:
                continue
            span = float(places[0]), float(places[-1])
            corners = _evaluate_paths(paths, spans, motion)[:, None].repeat(1, len(offsets), 1)
            corners[..., axis] = (corners[..., axis] + offsets * step).clamp(*span)
            table = -scores.loss(lattice.boxes_at(corners))
            for index, frames in enumerate(spans):
                knots = paths[index].clone()
                knots[:, axis] = refine_knots(knots[:, axis], table[frames], motion.interval, step, limits, span)
                paths[index] = knots
        if step <= 1:
            return _evaluate_paths(paths, spans, motion)
        step /= REACH


def _evaluate_paths(paths: Sequence[Tensor], spans: Sequence[slice], motion: Motion) -> Tensor:
    """The corners `[T, 2]` of the boxes in all frames of all scenes."""
    each = zip(paths, spans, strict=True)
    return torch.cat([evaluate_path(knots, span.stop - span.start, motion.interval) for knots, span in each])
