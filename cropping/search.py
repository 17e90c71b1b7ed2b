"""The best box of a ratio: every position of every scale on a lattice, then the winner refined to the pixel.

The published search ("Image Cropping under Design Constraints", Nishiyasu, Shimoda and Sato 2023) samples some hundred
boxes; with a summed-area table all of them are scored, so the answer is the optimum, and always the same.
"""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor

from .box import Box
from .constraint import Constraint, UnsatisfiableError
from .crop import Crop
from .evidence import Evidence
from .lattice import Lattice, Level, levels
from .ratio import Ratio
from .room import Room, padded_box, room_for
from .score import BROKEN, Judge
from .windows import GridTables, GridWindows, PointWindows

QUANTUM = 1e-9  # scores closer than this are ties
REFINED = 4  # how many of the best scales are refined: neighbours often differ by less than refining gains


def search(evidence: Evidence, size: tuple[int, int], constraint: Constraint) -> list[Crop]:
    """The best crop of every picture under the constraint, over all of its ratios.

    Args:
        evidence: of B pictures of one size.
        size: (width, height) of the pictures in pixels.
        constraint: ratio, keep regions, layout, sizes, policy.

    Returns:
        B crops. Ties go to the larger, then the more central box.

    Raises:
        UnsatisfiableError: when the policy is `error` and no box obeys.
    """
    ratios = constraint.ratios or (Ratio.of(size),)
    found = [search_ratio(evidence, size, ratio, constraint) for ratio in ratios]
    return [max(crops, key=lambda crop: crop.score) for crops in zip(*found, strict=True)]


def search_ratio(evidence: Evidence, size: tuple[int, int], ratio: Ratio, constraint: Constraint) -> list[Crop]:
    """As `search`, for one ratio."""
    judge = _judge(evidence, size, ratio, constraint)
    lattice = Lattice.over(size)
    room = _room_or_pad(constraint, ratio, size)
    if isinstance(room, Box):
        return _padded(judge, lattice, size, ratio, room)
    starts = _scan(judge, lattice, room)
    return _crops(judge, lattice, size, ratio, _refine(judge, lattice, room, starts))


def pick(
    evidence: Evidence, size: tuple[int, int], ratio: Ratio, constraint: Constraint, boxes: Tensor, aesthetic: Tensor
) -> list[Crop]:
    """The best of a cropper's own proposals.

    Args:
        evidence: of B pictures of one size.
        size: (width, height) in pixels.
        ratio: every proposal is brought to it, about its own centre, and into the room that the constraint leaves.
        constraint: as in `search`.
        boxes: `[B, N, 4]` relative x1, y1, x2, y2.
        aesthetic: `[B, N]`, the cropper's own scores, 0..1.

    Returns:
        B crops.
    """
    judge = _judge(evidence, size, ratio, constraint)
    lattice = Lattice.over(size)
    room = _room_or_pad(constraint, ratio, size)
    if isinstance(room, Box):
        return _padded(judge, lattice, size, ratio, room)
    pixels, _ = snap(room, boxes)
    scores = judge.score(PointWindows(evidence.heat, lattice, _relative(pixels, size)), aesthetic)
    best = _first(scores, *_tie_breakers(pixels, size))
    chosen = pixels.gather(1, best[:, None, None].expand(-1, 1, 4))
    return _crops(judge, lattice, size, ratio, chosen, aesthetic.gather(1, best[:, None]))


def _room_or_pad(constraint: Constraint, ratio: Ratio, size: tuple[int, int]) -> Room | Box:
    """The room that the constraint leaves; under the policy `pad`, where it leaves none, the one box that pads."""
    try:
        return room_for(constraint, ratio, size)
    except UnsatisfiableError:
        if constraint.policy != "pad":
            raise
        return padded_box(constraint, ratio, size)


def _padded(judge: Judge, lattice: Lattice, size: tuple[int, int], ratio: Ratio, box: Box) -> list[Crop]:
    pixels = torch.tensor([[box.as_list()]], device=judge.evidence.device).expand(len(judge.evidence), 1, 4)
    return _crops(judge, lattice, room_size=size, ratio=ratio, boxes=pixels)


def _judge(evidence: Evidence, size: tuple[int, int], ratio: Ratio, constraint: Constraint) -> Judge:
    framing = constraint.framing
    curve = framing.curve(size, ratio, constraint.wished) if framing else None
    return Judge(evidence, constraint, _area_share(ratio.largest_in(size), size), curve)


def snap(room: Room, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Relative boxes `[*, 4]` as the nearest allowed pixel boxes (x, y, width, height), and their long sides."""
    width, height = room.size
    x1, y1, x2, y2 = (boxes * boxes.new_tensor([width, height, width, height])).unbind(-1)
    long_side = torch.sqrt((x2 - x1) * (y2 - y1) * max(room.ratio.value, 1 / room.ratio.value)).round().long()
    sizes, long_side = room.boxes(long_side, torch.zeros_like(long_side), torch.zeros_like(long_side))
    left = ((x1 + x2 - sizes[..., 2]) / 2).round().long()
    top = ((y1 + y2 - sizes[..., 3]) / 2).round().long()
    return room.boxes(long_side, left, top)


def _scan(judge: Judge, lattice: Lattice, room: Room) -> tuple[Tensor, Tensor, Tensor]:
    """The best position of each of the best scales: long side, left and top in pixels, each `[B, K]`."""
    tables = GridTables(judge.evidence.heat, lattice)
    scales = list(levels(room, lattice))
    scores = [judge.score(GridWindows(tables, level)) for level in scales]
    best = torch.stack([each.amax((1, 2)) for each in scores], 1)
    # Levels come from the largest to the smallest and the sort is stable, so ties go to the larger box.
    order = (-(best / QUANTUM).round()).argsort(dim=1, stable=True)[:, :REFINED]
    places = torch.zeros(*order.shape, 3, dtype=torch.long, device=order.device)
    for index, (level, of_level) in enumerate(zip(scales, scores, strict=True)):
        picture, rank = (order == index).nonzero(as_tuple=True)
        if len(picture):
            places[picture, rank] = _most_central_best(of_level[picture], level, lattice, room)
    return places[..., 0], places[..., 1], places[..., 2]


def _most_central_best(scores: Tensor, level: Level, lattice: Lattice, room: Room) -> Tensor:
    """Long side, left and top in pixels `[B, 3]` of the best-scored position `[B, tops, lefts]`."""
    left = torch.arange(level.lefts.start, level.lefts.stop, device=scores.device) * room.size[0] / lattice.columns
    top = torch.arange(level.tops.start, level.tops.stop, device=scores.device) * room.size[1] / lattice.rows
    width, height = room.box_size(level.long_side)
    across, down = 2 * left + width - room.size[0], 2 * top + height - room.size[1]
    off_centre = (across.square() + down.square()[:, None]).flatten()
    best = _first(scores.flatten(1), torch.zeros_like(off_centre), off_centre)
    row, column = best // len(left), best % len(left)
    long_side = torch.full_like(best, level.long_side)
    return torch.stack([long_side, left[column].round().long(), top[row].round().long()], 1)


def _refine(judge: Judge, lattice: Lattice, room: Room, starts: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Walks each start to the best box nearby, in steps down to one pixel; the best of each picture, `[B, 1, 4]`."""
    long_side, x, y = starts
    moves = torch.cartesian_prod(*[torch.tensor([0, -1, 1], device=x.device)] * 3)
    boxes, _ = room.boxes(long_side, x, y)
    for reach, stride in _steps(room, lattice):
        change = moves * torch.tensor([stride, reach, reach], device=x.device)
        grown = long_side[..., None] + change[:, 0]
        # A box that grows keeps its centre, so that growing and moving are separate questions.
        drift_x, drift_y = _drift(room, long_side, grown)
        options, grown = room.boxes(grown, x[..., None] + drift_x + change[:, 1], y[..., None] + drift_y + change[:, 2])
        flat = options.flatten(1, 2)
        scores = judge.score(PointWindows(judge.evidence.heat, lattice, _relative(flat, room.size)))
        area, off_centre = _tie_breakers(options, room.size)
        best = _first(scores.view_as(area).flatten(0, 1), area.flatten(0, 1), off_centre.flatten(0, 1))
        best = best.view(len(x), -1, 1)
        boxes = options.gather(2, best[..., None].expand(-1, -1, -1, 4))[:, :, 0]
        long_side, x, y = grown.gather(2, best)[..., 0], boxes[..., 0], boxes[..., 1]
    scores = judge.score(PointWindows(judge.evidence.heat, lattice, _relative(boxes, room.size)))
    best = _first(scores, *_tie_breakers(boxes, room.size))
    return boxes.gather(1, best[:, None, None].expand(-1, 1, 4))


def _drift(room: Room, before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    nowhere = torch.zeros_like(after)
    new, _ = room.boxes(after, nowhere, nowhere)
    old, _ = room.boxes(before[..., None], nowhere[..., :1], nowhere[..., :1])
    half = (old - new) // 2
    return half[..., 2], half[..., 3]


def _steps(room: Room, lattice: Lattice) -> list[tuple[int, int]]:
    """Steps of position and of length in pixels, halved down to single pixels, taken until it should settle."""
    reach = max(1, ceil(max(room.size[0] / lattice.columns, room.size[1] / lattice.rows) / 2))
    stride = max(1, ceil((room.longest - room.shortest) / 46))
    steps = []
    while reach > 1 or stride > 1:
        steps.append((reach, stride))
        reach, stride = max(1, reach // 2), max(1, stride // 2)
    return [*steps, *[(1, 1)] * 3]


def _first(scores: Tensor, area: Tensor, off_centre: Tensor) -> Tensor:
    """Index of the best score `[B, N]` → `[B]`; ties go to the larger, then the more central, then the first box."""
    tied = scores >= scores.amax(1, keepdim=True) - QUANTUM
    area = torch.where(tied, area, -torch.inf)
    tied &= area == area.amax(1, keepdim=True)
    return torch.where(tied, off_centre, torch.inf).argmin(1)


def _tie_breakers(boxes: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Area, and squared distance of the centre from the picture's, of pixel boxes `[*, 4]`."""
    x, y, width, height = boxes.to(torch.float64).unbind(-1)
    return width * height, (2 * x + width - size[0]).square() + (2 * y + height - size[1]).square()


def _relative(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    x, y, width, height = boxes.to(torch.float64).unbind(-1)
    return torch.stack([x / size[0], y / size[1], (x + width) / size[0], (y + height) / size[1]], dim=-1)


def _area_share(inner: tuple[int, int], outer: tuple[int, int]) -> float:
    return inner[0] * inner[1] / (outer[0] * outer[1])


def _crops(
    judge: Judge,
    lattice: Lattice,
    room_size: tuple[int, int],
    ratio: Ratio,
    boxes: Tensor,
    aesthetic: Tensor | None = None,
) -> list[Crop]:
    """One chosen pixel box a picture, `[B, 1, 4]`, with its terms."""
    windows = PointWindows(judge.evidence.heat, lattice, _relative(boxes, room_size))
    terms = judge.terms(windows, aesthetic)
    scores, kept = judge.score(windows, aesthetic)[:, 0].tolist(), windows.heat_sum()[:, 0].clamp(0, 1).tolist()
    if judge.constraint.policy == "error" and min(scores) < -BROKEN / 2:
        size = "×".join(map(str, room_size))
        raise UnsatisfiableError(f"no {ratio} crop of a {size} picture is calm under its hard layout")
    named = {name: values[:, 0].tolist() for name, values in terms.items()}
    return [
        Crop(Box(*box), ratio, score, {name: values[index] for name, values in named.items()}, share)
        for index, (box, score, share) in enumerate(zip(boxes[:, 0].tolist(), scores, kept, strict=True))
    ]
