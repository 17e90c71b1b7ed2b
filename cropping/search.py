"""The best box of a ratio: all positions of all scales on a grid, then the best of them refined to the pixel.

The published search ("Image Cropping under Design Constraints", Nishiyasu, Shimoda and Sato 2023) samples some hundred
boxes. With a summed-area table all boxes of the grid are scored, so the result is the optimum over the grid, and the
same on every run and device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil, log

import torch
from torch import Tensor

from .box import Box
from .box_sets import ListedBoxSet
from .box_sums import check_maps
from .boxes import relative_xyxy
from .checks import check_kind, check_size
from .constraint import Constraint, UnsatisfiableError
from .crop import Crop
from .feasible import FeasibleBoxes, find_feasible_boxes, find_range, pad_box, required_box
from .grid import GridScale, SearchGrid, list_scales
from .grid_box_set import GridBoxSet, GridSums
from .inputs import SearchInputs
from .objective import DEFAULT_OBJECTIVE, Objective
from .padded import PaddedBoxes, pad_beside_text, reach_text_sides
from .ratio import Ratio
from .scale_scores import score_scales
from .scorer import Scorer
from .text_rule import largest_free

# Where at most so many boxes are feasible, each is scored to the pixel, without a grid.
EXHAUSTIVE_LIMIT = 8192
# Scores closer than this are ties, so that rounding errors of a device decide nothing.
TIE_TOLERANCE = 1e-9
# How many of the best scales are refined. Neighbouring scales often differ by less than a refinement gains.
REFINED_SCALES = 4
# Of the boxes with canvas for text that are scored first: how many sizes, and places along each axis.
PADDED_SIZES, PADDED_PLACES = 16, 13


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
    ratios = check_kind("constraint", constraint, Constraint).ratios_for(check_size("size", size))
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
    grid = SearchGrid.over(size)
    feasible = _find_feasible_or_pad(constraint, ratio, size)
    if isinstance(feasible, Box):
        crops = _crop_padded(scorer, grid, size, ratio, feasible)
    else:
        crops = _search_inside(scorer, grid, ratio, feasible)
    return _make_room_for_text(scorer, grid, size, ratio, crops)


def _search_inside(scorer: Scorer, grid: SearchGrid, ratio: Ratio, feasible: FeasibleBoxes) -> list[Crop]:
    if scorer.inputs.protected.shape[1] and not scorer.constraint.crop_text_regions:
        # The best box of all hardly ever cuts off a head. Where it does not, it is the best of those that do not, too.
        # But it often has one under text.
        freely = _search_feasible(scorer.without_head_rule(), grid, ratio, feasible)
        if not _breaks_head_rule(scorer, grid, feasible.size, freely):
            return freely
    return _search_feasible(scorer, grid, ratio, feasible)


def _search_feasible(scorer: Scorer, grid: SearchGrid, ratio: Ratio, feasible: FeasibleBoxes) -> list[Crop]:
    """The best of the feasible boxes of each picture."""
    if feasible.count <= EXHAUSTIVE_LIMIT:
        boxes = feasible.list_boxes().to(scorer.inputs.device).expand(len(scorer.inputs), -1, -1)
    else:
        boxes = _refine(scorer, grid, feasible, *_scan_grid(scorer, grid, feasible), _list_steps(feasible, grid))
    return choose_best(scorer, grid, feasible.size, ratio, boxes)


def _breaks_head_rule(scorer: Scorer, grid: SearchGrid, size: tuple[int, int], crops: Sequence[Crop]) -> bool:
    """Whether the crop of any of the pictures cuts off a protected head, or has one under a text region."""
    return bool(scorer.broken_heads(_list_crops(scorer, grid, size, crops)).any())


def _list_crops(scorer: Scorer, grid: SearchGrid, size: tuple[int, int], crops: Sequence[Crop]) -> ListedBoxSet:
    boxes = torch.tensor([[crop.box.as_list()] for crop in crops], device=scorer.inputs.device)
    return ListedBoxSet(scorer.inputs.heat, grid, relative_xyxy(boxes, size))


def _make_room_for_text(
    scorer: Scorer, grid: SearchGrid, size: tuple[int, int], ratio: Ratio, crops: Sequence[Crop]
) -> list[Crop]:
    """The crops; under the policy `pad`, with canvas on the text's side where their text regions are not free."""
    constraint = scorer.constraint
    free = largest_free(each.region for each in constraint.crop_text_regions)
    if constraint.policy != "pad" or not constraint.crop_text_regions or free is None:
        return list(crops)
    found = []
    for index, inside in enumerate(crops):
        own = scorer.for_picture(index)
        boxes = _list_padded(own, size, ratio, free)
        # A head that no box inside the picture can hold may fit where canvas lets boxes be larger.
        roomy = replace(own, head_room=boxes.most_shown)
        is_free = bool(roomy.text_is_free(_list_crops(own, grid, size, [inside])))
        best = inside.box if is_free else _search_padded(roomy, grid, boxes, inside.box)
        found.append(inside if best == inside.box else _crop_padded(own, grid, size, ratio, best)[0])
    return found


def _list_padded(
    scorer: Scorer, size: tuple[int, int], ratio: Ratio, free: tuple[float, float, float, float]
) -> PaddedBoxes:
    """The boxes of one picture that may have canvas where their text regions are; `free` is the rest of a box."""
    multiple = scorer.constraint.multiple_of
    shortest, _ = find_range(scorer.constraint, ratio, size)
    boxes = pad_beside_text(ratio, size, free, shortest, required_box(scorer.constraint, size), multiple)
    # With all subjects in it, and the picture's edge on the text's side, so that nothing but canvas is under the text.
    everybody = reach_text_sides(scorer.claims_box(size), free, size)
    enough = pad_beside_text(ratio, size, free, multiple, everybody, multiple).longest
    return replace(boxes, longest=max(enough, boxes.longest))


def _search_padded(scorer: Scorer, grid: SearchGrid, boxes: PaddedBoxes, inside: Box) -> Box:
    """The best of the boxes of one picture that may have canvas, or the box inside it where that is as good."""
    text_regions = tuple(replace(each, hard=True) for each in scorer.constraint.crop_text_regions)
    strict = replace(scorer, constraint=replace(scorer.constraint, text_regions=text_regions))
    long_side, corner = _scan_padded(strict, grid, boxes)
    spacing = int((boxes.ranges[:, 2] - boxes.ranges[:, 1]).max()) / (PADDED_PLACES - 1)
    steps = _halve(ceil(spacing / 2), ceil((boxes.longest - boxes.shortest) / (2 * (PADDED_SIZES - 1))), boxes.multiple)
    found = _refine(strict, grid, boxes, long_side, corner, steps)
    own = torch.tensor([[inside.as_list()]], device=found.device)
    (best,) = choose_best(strict, grid, boxes.size, boxes.ratio, torch.cat([found, own], 1))
    return best.box


def _scan_padded(scorer: Scorer, grid: SearchGrid, boxes: PaddedBoxes) -> tuple[Tensor, Tensor]:
    """Starts for a refinement, as `_scan_grid`, for one picture."""
    long_sides = torch.linspace(log(boxes.longest), log(boxes.shortest), PADDED_SIZES).exp().round().long()
    long_sides = long_sides.clamp(boxes.shortest, boxes.longest).unique().flip(0)
    pixels = boxes.spread_boxes(long_sides, PADDED_PLACES)
    listed = ListedBoxSet(scorer.inputs.heat, grid, relative_xyxy(pixels.flatten(0, 1)[None], boxes.size))
    scores = scorer.score(listed).view(len(long_sides), -1)
    best = scores.amax(1).argsort(descending=True, stable=True)[:REFINED_SCALES]
    # Where it is all the same how the canvas is spread, evenly.
    off_centre, _ = _tie_breakers(pixels[best], boxes.size)
    return long_sides[best][None], pixels[best, _argbest(scores[best], off_centre), :2][None]


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
        ratio: each proposal is changed to it about its own centre, then moved and resized to the nearest feasible box.
        constraint: as in `search`.
        boxes: `[B, N, 4]` relative x1, y1, x2, y2.
        aesthetic: `[B, N]`, the cropper's own scores, 0..1; None: the share of the heat, as in `search`.
        objective: as in `search`.

    Returns:
        B crops.

    Raises:
        ValueError: when there are no boxes, or one is not finite.
    """
    scorer = Scorer.of(inputs, size, ratio, constraint, objective)
    if not bool(check_maps("boxes", boxes, "[B, N, 4]").isfinite().all()):
        raise ValueError("boxes must be finite numbers")
    grid = SearchGrid.over(size)
    feasible = _find_feasible_or_pad(constraint, ratio, size)
    if isinstance(feasible, Box):
        crops = _crop_padded(scorer, grid, size, ratio, feasible)
    else:
        crops = choose_best(scorer, grid, size, ratio, _snap_to_feasible(feasible, boxes), aesthetic)
    return _make_room_for_text(scorer, grid, size, ratio, crops)


def score_boxes(
    inputs: SearchInputs,
    size: tuple[int, int],
    ratio: Ratio,
    constraint: Constraint,
    boxes: Tensor,
    objective: Objective = DEFAULT_OBJECTIVE,
    aesthetic: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """The scores `[N]` of pixel boxes `[N, 4]` (x, y, width, height) of one picture, as the search compares them.

    Args:
        inputs: of the picture.
        size, ratio, constraint, objective: as in `search_ratio`.
        aesthetic: the cropper's own scores `[N]` of relative boxes `[N, 4]`; None: the share of heat.
    """
    scorer = Scorer.of(inputs, size, ratio, constraint, objective)
    relative = relative_xyxy(check_maps("boxes", boxes, "[N, 4]").to(inputs.device), size)
    listed = ListedBoxSet(inputs.heat, SearchGrid.over(size), relative[None])
    own = None if aesthetic is None else aesthetic(relative)[None].to(inputs.heat)
    return scorer.score(listed, own)[0]


def assess_box(
    inputs: SearchInputs,
    size: tuple[int, int],
    ratio: Ratio,
    constraint: Constraint,
    box: Box,
    objective: Objective = DEFAULT_OBJECTIVE,
    aesthetic: Callable[[Tensor], Tensor] | None = None,
) -> Crop:
    """The crop of one picture that is this box, with its score and terms, whether the constraint allows it or not.

    Args:
        inputs: of the picture.
        size, ratio, constraint, objective: as in `search_ratio`.
        box: in pixels.
        aesthetic: the cropper's own scores `[N]` of relative boxes `[N, 4]`; None: the share of heat.
    """
    scorer = Scorer.of(inputs, size, ratio, replace(constraint, policy="shrink"), objective)
    pixels = torch.tensor([[box.as_list()]], device=inputs.device)
    own = None if aesthetic is None else aesthetic(relative_xyxy(pixels, size)[0])[None].to(inputs.heat)
    return choose_best(scorer, SearchGrid.over(size), size, ratio, pixels, own)[0]


def _find_feasible_or_pad(constraint: Constraint, ratio: Ratio, size: tuple[int, int]) -> FeasibleBoxes | Box:
    """The feasible boxes; where there are none and the policy is `pad`, the one box that reaches outside."""
    try:
        return find_feasible_boxes(constraint, ratio, size)
    except UnsatisfiableError:
        if constraint.policy != "pad":
            raise
        return pad_box(constraint, ratio, size)


def _crop_padded(scorer: Scorer, grid: SearchGrid, size: tuple[int, int], ratio: Ratio, box: Box) -> list[Crop]:
    pixels = torch.tensor([[box.as_list()]], device=scorer.inputs.device).expand(len(scorer.inputs), 1, 4)
    return choose_best(scorer, grid, size, ratio, pixels)


def _snap_to_feasible(feasible: FeasibleBoxes, boxes: Tensor) -> Tensor:
    """Relative boxes `[*, 4]` (x1, y1, x2, y2) as the nearest feasible pixel boxes (x, y, width, height)."""
    edges = boxes * boxes.new_tensor(feasible.size * 2)
    start, stop = edges[..., :2], edges[..., 2:]
    area = (stop - start).prod(-1)
    long_side = torch.sqrt(area * max(feasible.ratio.value, 1 / feasible.ratio.value)).round().long()
    long_side = long_side.clamp(feasible.shortest, feasible.longest)
    corner = ((start + stop - feasible.ranges_of(long_side)[..., 0, :]) / 2).round().long()
    return feasible.nearest_boxes(long_side, corner)[0]


def _scan_grid(scorer: Scorer, grid: SearchGrid, feasible: FeasibleBoxes) -> tuple[Tensor, Tensor]:
    """The best position of each of the K best scales: long side `[B, K]`, and left and top in pixels `[B, K, 2]`."""
    scales = list(list_scales(feasible, grid))
    sums = GridSums(scorer.inputs.heat, grid, scales)
    scores, best = score_scales(scorer, [GridBoxSet(sums, scale) for scale in scales], REFINED_SCALES, TIE_TOLERANCE)
    # Scales run from the largest to the smallest and the sort is stable, so ties go to the larger box.
    order = (-(best / TIE_TOLERANCE).round()).argsort(dim=1, stable=True)[:, :REFINED_SCALES]
    long_side = torch.tensor([scale.long_side for scale in scales], device=order.device)[order]
    corner = order.new_zeros(*order.shape, 2)
    for index in order.unique().tolist():
        picture, rank = (order == index).nonzero(as_tuple=True)
        corner[picture, rank] = _find_best_position(scores[index][picture], scales[index], grid, feasible)
    return long_side, corner


def _find_best_position(scores: Tensor, scale: GridScale, grid: SearchGrid, feasible: FeasibleBoxes) -> Tensor:
    """Left and top in pixels `[B, 2]` of the best of scores `[B, tops, lefts]`; ties go to the more central."""
    left = torch.arange(scale.lefts.start, scale.lefts.stop, device=scores.device) * feasible.size[0] / grid.columns
    top = torch.arange(scale.tops.start, scale.tops.stop, device=scores.device) * feasible.size[1] / grid.rows
    width, height = feasible.box_size(scale.long_side)
    across, down = 2 * left + width - feasible.size[0], 2 * top + height - feasible.size[1]
    off_centre = (across.square() + down.square()[:, None]).flatten()
    best = _argbest(scores.flatten(1), off_centre)
    return torch.stack([left[best % len(left)], top[best // len(left)]], 1).round().long()


def _refine(
    scorer: Scorer,
    grid: SearchGrid,
    feasible: FeasibleBoxes,
    long_side: Tensor,
    corner: Tensor,
    steps: Sequence[tuple[int, int]],
) -> Tensor:
    """Climbs from each start to the best box nearby, in steps that shrink to one pixel.

    Args:
        long_side: `[B, K]` of the starts, in pixels.
        corner: `[B, K, 2]`, left and top of the starts.
        steps: of position and of long side, in pixels.

    Returns:
        Pixel boxes `[B, K, 4]` (x, y, width, height).
    """
    # A step tries all 27 combinations of smaller, equal or larger with left, stay or right, and up, stay or down.
    moves = torch.cartesian_prod(*[torch.tensor([0, -1, 1], device=corner.device)] * 3)
    boxes, _ = feasible.nearest_boxes(long_side, corner)
    settled: tuple[int, int] | None = None  # the step that has moved nothing, and would again
    for shift, growth in steps:
        if (shift, growth) == settled:
            continue
        # A box that grows keeps its centre, so that growth and shift are independent.
        sides = (long_side[..., None] + growth * moves[:, 0]).clamp(feasible.shortest, feasible.longest)
        centred = (boxes[..., None, 2:] - feasible.ranges_of(sides)[..., 0, :]) // 2
        options, sides = feasible.nearest_boxes(sides, boxes[..., None, :2] + centred + shift * moves[:, 1:])
        listed = ListedBoxSet(scorer.inputs.heat, grid, relative_xyxy(options.flatten(1, 2), feasible.size))
        tie_breakers = (each.flatten(0, 1) for each in _tie_breakers(options, feasible.size))
        best = _argbest(scorer.score(listed).view(-1, len(moves)), *tie_breakers)
        best = best.view(*long_side.shape, 1)
        settled = None if best.any() else (shift, growth)
        boxes = options.gather(2, best[..., None].expand(-1, -1, -1, 4))[:, :, 0]
        long_side = sides.gather(2, best)[..., 0]
    return boxes


def _list_steps(feasible: FeasibleBoxes, grid: SearchGrid) -> list[tuple[int, int]]:
    """Steps of position and of long side in pixels, from half the distance of the grid's and of 24 scales."""
    shift = max(1, ceil(max(feasible.size[0] / grid.columns, feasible.size[1] / grid.rows) / 2))
    return _halve(shift, ceil((feasible.longest - feasible.shortest) / 46), feasible.multiple)


def _halve(shift: int, growth: int, smallest: int) -> list[tuple[int, int]]:
    """Steps of position and of long side in pixels, halved down to one, then three single ones to settle.

    One is a pixel, and of the long side the `smallest`, the multiple that it has.
    """
    shift, growth = max(1, shift), max(smallest, growth)
    steps = []
    while shift > 1 or growth > smallest:
        steps.append((shift, growth))
        shift, growth = max(1, shift // 2), max(smallest, growth // 2)
    return [*steps, *[(1, smallest)] * 3]


def _argbest(scores: Tensor, off_centre: Tensor, area: Tensor | None = None) -> Tensor:
    """Index of the best of scores `[B, N]`: `[B]`. Ties go to the larger, then the more central, then the first box."""
    tied = scores >= scores.amax(1, keepdim=True) - TIE_TOLERANCE
    if area is not None:
        area = torch.where(tied, area, -torch.inf)
        tied &= area == area.amax(1, keepdim=True)
    return torch.where(tied, off_centre, torch.inf).argmin(1)


def _tie_breakers(boxes: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Of pixel boxes `[*, 4]`: squared distance of their centre from the picture's (times 4), and area."""
    x, y, width, height = boxes.to(torch.float64).unbind(-1)
    return (2 * x + width - size[0]).square() + (2 * y + height - size[1]).square(), width * height


def choose_best(
    scorer: Scorer,
    grid: SearchGrid,
    size: tuple[int, int],
    ratio: Ratio,
    boxes: Tensor,
    aesthetic: Tensor | None = None,
) -> list[Crop]:
    """The best of pixel boxes `[B, N, 4]` (x, y, width, height) of each picture, with its terms.

    Args:
        scorer: of the pictures.
        grid: of their size.
        size: (width, height) of the pictures in pixels.
        ratio: of the boxes.
        boxes: on the device of the scorer's inputs.
        aesthetic: `[B, N]`, the cropper's own scores, 0..1; None: the share of the heat.

    Raises:
        UnsatisfiableError: when the policy is `error` and a hard text region is not calm in the best.
    """
    listed = ListedBoxSet(scorer.inputs.heat, grid, relative_xyxy(boxes, size))
    scores, terms = scorer.score_with_terms(listed, aesthetic)
    best = _argbest(scores, *_tie_breakers(boxes, size))[:, None]
    columns = {"score": scores, "kept": listed.heat_sum().clamp(0, 1), **terms}
    chosen = {name: values.gather(1, best)[:, 0].tolist() for name, values in columns.items()}
    score, kept = chosen.pop("score"), chosen.pop("kept")
    if scorer.constraint.policy == "error" and bool((scorer.violation(listed).gather(1, best) > 0).any()):
        shown = "×".join(map(str, size))
        raise UnsatisfiableError(f"no {ratio} crop of a {shown} picture is calm under its hard layout")
    found = boxes.gather(1, best[..., None].expand(-1, 1, 4))[:, 0].tolist()
    return [
        Crop(Box(*box), ratio, score[index], {name: values[index] for name, values in chosen.items()}, kept[index])
        for index, box in enumerate(found)
    ]
