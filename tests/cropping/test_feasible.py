"""Which boxes a constraint allows, beside all boxes of small pictures tried one by one."""

from __future__ import annotations

import itertools
from math import sqrt

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint, UnsatisfiableError
from salient_crop.cropping.feasible import (
    FeasibleBoxes,
    UselessRatioError,
    find_feasible_boxes,
    pad_box,
    required_box,
    smallest_long_side,
)
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.text_region import TextRegion

SQUARE = Ratio(1, 1)
RATIOS = [SQUARE, Ratio(2, 1), Ratio(1, 2), Ratio(3, 2), Ratio(2, 3), Ratio(7, 1), Ratio(1, 7), Ratio(5, 4)]
SIZES = [(1, 1), (1, 6), (6, 1), (5, 5), (7, 4), (4, 7), (9, 8)]


def try_all(size: tuple[int, int], ratio: Ratio, shortest: int, longest: int, required: Box | None = None) -> set[Box]:
    """All boxes inside the picture that hold what is required; a side that is too short lies within it instead."""
    found = set()
    for long_side in range(shortest, longest + 1):
        width, height = (min(side, limit) for side, limit in zip(ratio.size_for(long_side), size, strict=True))
        for x, y in itertools.product(range(size[0] - width + 1), range(size[1] - height + 1)):
            box = Box(x, y, width, height)
            if required is None or (
                holds(x, width, required.x, required.width) and holds(y, height, required.y, required.height)
            ):
                found.add(box)
    return found


def holds(start: int, length: int, first: int, needed: int) -> bool:
    if length >= needed:
        return start <= first and start + length >= first + needed
    return start >= first and start + length <= first + needed


def listed(feasible: FeasibleBoxes) -> list[Box]:
    return [Box(*box) for box in feasible.list_boxes().tolist()]


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("size", SIZES)
def test_all_boxes_of_a_ratio(size: tuple[int, int], ratio: Ratio) -> None:
    longest = max(ratio.largest_in(size))
    for shortest in {1, (longest + 1) // 2, longest}:
        feasible = FeasibleBoxes(size, ratio, shortest, longest)
        found = listed(feasible)
        assert len(found) == len(set(found)) == feasible.count
        assert set(found) == try_all(size, ratio, shortest, longest)


REQUIRED = [Box(0, 0, 1, 1), Box(3, 2, 2, 1), Box(6, 3, 1, 1), Box(1, 0, 6, 4), Box(0, 1, 7, 2)]


@pytest.mark.parametrize("required", REQUIRED)
@pytest.mark.parametrize("ratio", RATIOS)
def test_all_boxes_that_hold_what_is_required(ratio: Ratio, required: Box) -> None:
    size = (7, 4)
    longest = max(ratio.largest_in(size))
    feasible = FeasibleBoxes(size, ratio, 1, longest, required)
    assert set(listed(feasible)) == try_all(size, ratio, 1, longest, required)
    assert feasible.count == len(listed(feasible))


@pytest.mark.parametrize("required", [None, Box(3, 2, 2, 1)])
def test_the_nearest_box_of_a_size_and_a_place(required: Box | None) -> None:
    feasible = FeasibleBoxes((7, 4), Ratio(3, 2), 2, 5, required)
    wishes = list(itertools.product(range(0, 8), range(-2, 9), range(-2, 7)))
    long_side, corner = torch.tensor([each[0] for each in wishes]), torch.tensor([each[1:] for each in wishes])
    boxes, sides = feasible.nearest_boxes(long_side, corner)
    assert sides.tolist() == [min(max(each[0], 2), 5) for each in wishes]
    allowed = listed(feasible)
    for (_, x, y), side, box in zip(wishes, sides.tolist(), boxes.tolist(), strict=True):
        of_size = [each for each in allowed if each.size == feasible.box_size(side)]
        nearest = min(of_size, key=lambda each: abs(each.x - x) + abs(each.y - y))
        assert box == nearest.as_list()


@pytest.mark.parametrize(
    ("ratio", "size", "min_share", "shortest", "longest"),
    [
        (SQUARE, (16, 20), 1.0, 16, 16),
        (SQUARE, (16, 20), 0.25, 8, 16),
        (SQUARE, (16, 20), 0.251, 9, 16),  # rounded up: no box is smaller than asked
        (SQUARE, (16, 20), 0.2499, 8, 16),
        (SQUARE, (16, 20), 1e-9, 1, 16),
        (SQUARE, (10, 10), 0.49, 7, 10),  # √0.49 × 10 is 7.000000000000001 as floats
        (SQUARE, (1000, 1000), (0.7 + 1e-15) ** 2, 700, 1000),
        (Ratio(3, 2), (300, 300), 0.5, 213, 300),
        (Ratio(2, 3), (300, 300), 0.5, 213, 300),
    ],
)
def test_the_smallest_share_bounds_the_long_side(ratio, size, min_share, shortest, longest) -> None:
    feasible = find_feasible_boxes(Constraint((ratio,), min_share), ratio, size)
    assert (feasible.shortest, feasible.longest, feasible.required) == (shortest, longest, None)
    assert (feasible.size, feasible.ratio) == (size, ratio)


@pytest.mark.parametrize("ratio", [*RATIOS, Ratio(13, 19), Ratio(16, 9)])
@pytest.mark.parametrize("size", [(8, 8), (33, 20), (19, 41), (64, 17)])
def test_boxes_of_multiples_by_trying_all(size: tuple[int, int], ratio: Ratio) -> None:
    for multiple in (2, 8):
        feasible = find_feasible_boxes(Constraint((ratio,), 0.3, multiple_of=multiple), ratio, size)
        found = listed(feasible)
        assert len(found) == len(set(found)) == feasible.count
        sides = {box.size for box in found}
        assert sides == {feasible.box_size(long_side) for long_side in range(feasible.shortest, feasible.longest + 1)}
        for width, height in sides:
            assert width % multiple == height % multiple == 0
            exact = width * ratio.height / ratio.width if ratio.width >= ratio.height else width
            other = height if ratio.width >= ratio.height else height * ratio.width / ratio.height
            assert abs(exact - other) <= multiple / 2 or min(width, height) == multiple
            assert {box for box in found if box.size == (width, height)} == {
                Box(x, y, width, height)
                for x, y in itertools.product(range(size[0] - width + 1), range(size[1] - height + 1))
            }
        longer = feasible.longest + multiple
        largest = FeasibleBoxes((999, 999), ratio, longer, longer, None, multiple).box_size(longer)
        assert largest[0] > size[0] or largest[1] > size[1]


def test_a_picture_smaller_than_the_multiple_has_no_crop_unless_it_is_padded() -> None:
    constraint = Constraint((SQUARE,), multiple_of=64)
    with pytest.raises(UnsatisfiableError, match="no crop of a 50×90 picture has sides that are multiples of 64"):
        find_feasible_boxes(constraint, SQUARE, (50, 90))
    assert pad_box(constraint, SQUARE, (50, 90)) == Box(-7, 13, 64, 64)


@pytest.mark.parametrize(
    ("ratio", "size"), [(Ratio(1, 1000), (512, 512)), (Ratio(33, 1), (640, 640)), (Ratio(1, 50), (300, 200))]
)
@pytest.mark.parametrize("policy", ["shrink", "pad", "error"])
def test_a_ratio_beyond_what_a_picture_can_give_is_refused(ratio, size, policy) -> None:
    for function in (find_feasible_boxes, pad_box):
        with pytest.raises(UselessRatioError, match=rf"no {ratio} crop of a {size[0]}×{size[1]} picture"):
            function(Constraint(policy=policy), ratio, size)


def test_what_a_picture_can_give_is_told_and_true() -> None:
    with pytest.raises(UselessRatioError, match="the largest has 1×400 pixels; .* ratios from 1:64 to 32:1"):
        find_feasible_boxes(Constraint(), Ratio(1, 1000), (200, 400))
    for ratio in (Ratio(1, 64), Ratio(32, 1)):
        assert find_feasible_boxes(Constraint(), ratio, (200, 400)).longest
    for ratio in (Ratio(1, 65), Ratio(33, 1)):
        with pytest.raises(UselessRatioError):
            find_feasible_boxes(Constraint(), ratio, (200, 400))


@pytest.mark.parametrize(("width", "height"), [(100, 100), (301, 200), (77, 200)])
@pytest.mark.parametrize("ratio", RATIOS)
def test_a_share_that_is_a_whole_side_is_that_side(ratio: Ratio, width: int, height: int) -> None:
    longest = max(ratio.largest_in((width, height)))
    for side in range(1, longest + 1):
        constraint = Constraint((ratio,), min_share=(side / longest) ** 2)
        assert find_feasible_boxes(constraint, ratio, (width, height)).shortest == side
        assert sqrt(constraint.min_share) * longest == pytest.approx(side)


@pytest.mark.parametrize(
    ("asked", "policy", "shortest", "required"),
    [
        ({"min_size": (8, 6)}, "error", 8, None),
        ({"min_size": (6, 8)}, "error", 8, None),
        ({"min_size": (12, 1)}, "error", 12, None),  # exactly the largest
        ({"min_size": (3, 3), "min_share": 0.25}, "error", 6, None),  # the share asks for more
        ({"keep": ((0.25, 0.25, 0.75, 0.5),)}, "error", 10, Box(5, 3, 10, 3)),
        ({"keep": ((0.25, 0.25, 0.5, 0.5), (0.5, 0.5, 0.75, 0.75))}, "error", 10, Box(5, 3, 10, 6)),
        ({"text_regions": (TextRegion((0.25, 0.25, 0.75, 0.5), hard=True),)}, "error", 10, Box(5, 3, 10, 3)),
        ({"text_regions": (TextRegion((0.25, 0.25, 0.75, 0.5)),)}, "error", 2, None),
        ({"min_size": (13, 1)}, "shrink", 12, None),  # beyond the largest
        ({"keep": ((0.0, 0.0, 1.0, 0.5),)}, "shrink", 12, Box(0, 0, 20, 6)),
    ],
)
def test_sizes_and_regions_bound_the_long_side_from_below(asked, policy, shortest, required) -> None:
    constraint = Constraint((SQUARE,), **{"min_share": 0.02, "policy": policy, **asked})
    feasible = find_feasible_boxes(constraint, SQUARE, (20, 12))
    assert (feasible.shortest, feasible.longest, feasible.required) == (shortest, 12, required)
    assert required_box(constraint, (20, 12)) == required


@pytest.mark.parametrize("policy", ["error", "pad"])
def test_a_conflict_is_told_in_full(policy: str) -> None:
    constraint = Constraint((SQUARE,), keep=((0.0, 0.0, 1.0, 0.5),), min_size=(13, 12), policy=policy)
    message = (
        "no 1:1 crop of a 20×12 picture obeys: min_size needs 13×12 pixels, but the largest box is 12×12; "
        "keep needs 20×6 pixels, but the largest box is 12×12"
    )
    with pytest.raises(UnsatisfiableError) as raised:
        find_feasible_boxes(constraint, SQUARE, (20, 12))
    assert str(raised.value) == message


@pytest.mark.parametrize("ratio", [*RATIOS, Ratio(13, 19), Ratio(19, 13)])
def test_the_smallest_long_side_by_trying_all(ratio: Ratio) -> None:
    for needed in itertools.product(range(1, 14), repeat=2):
        sides = (side for side in itertools.count(1) if all(map(int.__ge__, ratio.size_for(side), needed)))
        assert smallest_long_side(ratio, needed) == next(sides)


@pytest.mark.parametrize(
    ("asked", "ratio", "size", "expected"),
    [
        ({}, SQUARE, (20, 12), Box(9, 5, 1, 1)),  # nothing is asked for
        ({"min_size": (30, 12)}, SQUARE, (20, 12), Box(-5, -9, 30, 30)),  # around the picture's middle
        ({"min_size": (10, 30)}, SQUARE, (20, 12), Box(-5, -9, 30, 30)),
        ({"keep": ((0, 0, 1, 0.5),)}, SQUARE, (20, 12), Box(0, -7, 20, 20)),
        ({"keep": ((0, 0.5, 1, 1),)}, SQUARE, (20, 12), Box(0, -1, 20, 20)),
        ({"keep": ((0, 0, 0.25, 1),)}, Ratio(2, 1), (20, 12), Box(-3, 0, 23, 12)),
        ({"keep": ((0.75, 0, 1, 1),)}, Ratio(2, 1), (20, 12), Box(0, 0, 23, 12)),
        ({"keep": ((0, 0, 0.25, 1),)}, Ratio(3, 2), (20, 12), Box(0, 0, 18, 12)),  # moved to need no canvas
        ({"keep": ((0.75, 0, 1, 1),)}, Ratio(3, 2), (20, 12), Box(2, 0, 18, 12)),
        ({"keep": ((0, 0, 0.25, 1),), "min_size": (1, 40)}, Ratio(1, 4), (20, 12), Box(0, -14, 10, 40)),
        ({"keep": ((0.5, 0, 0.75, 1),), "min_size": (1, 40)}, Ratio(1, 4), (20, 12), Box(7, -14, 10, 40)),
    ],
)
def test_the_box_that_reaches_outside(asked, ratio, size, expected) -> None:
    assert pad_box(Constraint((ratio,), policy="pad", **asked), ratio, size) == expected


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"constraint": None}, "constraint must be of the type Constraint, got None"),
        ({"ratio": "2:3"}, "ratio must be of the type Ratio, got '2:3'"),
        ({"size": 5}, "size must be a sequence, got 5"),
        ({"size": (5,)}, "size needs width and height"),
        ({"size": (0, 5)}, "size must be at least 1×1 pixel"),
        ({"size": (float("nan"), 5)}, "size must be a whole number"),
        ({"size": (2**40, 5)}, "size must have sides of at most"),
    ],
)
@pytest.mark.parametrize("function", [find_feasible_boxes, pad_box])
def test_what_cannot_be_is_named(function, change, words) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        function(**{"constraint": Constraint(), "ratio": SQUARE, "size": (5, 5), **change})
