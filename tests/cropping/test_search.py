"""The engine on cases small enough to check by hand or by brute force."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.box_sets import ListedBoxSet
from salient_crop.cropping.constraint import Constraint, UnsatisfiableError
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.feasible import FeasibleBoxes, find_feasible_boxes
from salient_crop.cropping.grid import SearchGrid, list_scales
from salient_crop.cropping.grid_box_set import GridBoxSet, GridSums
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.search import _list_steps, choose_among, search, search_ratio
from salient_crop.cropping.size_curve import SizeCurve
from salient_crop.cropping.text_region import TextRegion

SQUARE = Ratio(1, 1)


def blob(x: float, y: float, size: tuple[int, int] = (48, 32)) -> torch.Tensor:
    width, height = size
    across = torch.linspace(0, 1, width) - x
    down = torch.linspace(0, 1, height) - y
    return torch.exp(-(across.square() + down.square()[:, None]) / 0.01)


def best(heat: torch.Tensor, size: tuple[int, int], **constraint) -> Box:
    return search(SearchInputs.from_maps(heat[None]), size, Constraint(**constraint))[0].box


def test_the_square_follows_the_heat() -> None:
    left = best(blob(0.2, 0.5), (600, 400), ratios=(SQUARE,), min_share=1)
    right = best(blob(0.8, 0.5), (600, 400), ratios=(SQUARE,), min_share=1)
    assert left == Box(0, 0, 400, 400)
    assert right == Box(200, 0, 400, 400)


def test_a_uniform_picture_is_cropped_in_its_middle_as_large_as_may_be() -> None:
    assert best(torch.ones(20, 30), (301, 200), ratios=(SQUARE,)) == Box(50, 0, 200, 200)


def test_no_other_box_of_a_small_picture_is_better() -> None:
    """Brute force: every pixel box of the ratio, scored one by one by the same scorer."""
    generator = torch.Generator().manual_seed(3)
    size, ratio = (21, 16), Ratio(3, 2)
    constraint = Constraint(ratios=(ratio,), min_share=0.25)
    for _ in range(5):
        inputs = SearchInputs.from_maps(torch.rand(1, 16, 21, generator=generator))
        every = [
            Box(x, y, *ratio.size_for(long_side))
            for long_side in range(11, 22)
            for x, y in itertools.product(range(21), range(16))
            if Box(x, y, *ratio.size_for(long_side)).inside(size)
        ]
        boxes = torch.tensor([[box.relative(size) for box in every]])
        scorer = Scorer.of(inputs, size, ratio, constraint)
        found = search(inputs, size, constraint)[0]
        assert found.score == pytest.approx(
            scorer.score(ListedBoxSet(inputs.heat, SearchGrid.over(size), boxes)).max().item()
        )


def test_the_largest_box_of_a_large_picture_lies_best_to_the_pixel() -> None:
    """Where only the place is open, no place is better, not even one between the nodes of the grid."""
    generator = torch.Generator().manual_seed(9)
    size, ratio = (3001, 1999), Ratio(4, 5)
    heat, subjects = torch.rand(1, 40, 60, generator=generator), torch.tensor([[[0.31, 0.2, 0.42, 0.7, 0.5]]])
    inputs, constraint = SearchInputs.from_maps(heat, subjects), Constraint(ratios=(ratio,), min_share=1)
    width, height = ratio.largest_in(size)
    places = [Box(x, 0, width, height) for x in range(size[0] - width + 1)]
    boxes = torch.tensor([[box.relative(size) for box in places]], dtype=torch.float64)
    scorer = Scorer.of(inputs, size, ratio, constraint)
    every = scorer.score(ListedBoxSet(inputs.heat, SearchGrid.over(size), boxes))
    found = search(inputs, size, constraint)[0]
    assert found.box.size == (width, height)
    assert found.score == pytest.approx(every.max().item(), abs=1e-9)


@pytest.mark.parametrize("keep", [(0.0, 0.0, 0.1, 0.2), (0.93, 0.4, 1.0, 0.99), (0.3, 0.0, 0.7, 1.0)])
def test_a_keep_region_is_held_against_the_heat(keep: tuple[float, float, float, float]) -> None:
    size = (997, 613)
    box = best(blob(0.5, 0.5), size, ratios=(SQUARE,), min_share=0.3, keep=(keep,))
    assert box.inside(size)
    assert box.holds(Box.from_relative(keep, size))


def test_a_keep_region_too_wide_for_the_ratio() -> None:
    wide = (0.0, 0.4, 1.0, 0.6)
    size = (600, 400)
    with pytest.raises(UnsatisfiableError, match="keep needs 600×80"):
        best(blob(0.5, 0.5), size, ratios=(SQUARE,), keep=(wide,), policy="error")
    assert best(blob(0.1, 0.5), size, ratios=(SQUARE,), keep=(wide,), policy="shrink") == Box(0, 0, 400, 400)
    assert best(blob(0.1, 0.5), size, ratios=(SQUARE,), keep=(wide,), policy="pad") == Box(0, -100, 600, 600)


def test_a_smallest_size_beyond_the_picture() -> None:
    small, wish = (300, 200), (512, 512)
    assert best(torch.ones(8, 8), small, ratios=(SQUARE,), min_size=wish) == Box(50, 0, 200, 200)
    assert best(torch.ones(8, 8), small, ratios=(SQUARE,), min_size=wish, policy="pad") == Box(-106, -156, 512, 512)
    with pytest.raises(UnsatisfiableError, match="min_size needs 512×512"):
        best(torch.ones(8, 8), small, ratios=(SQUARE,), min_size=wish, policy="error")


def test_a_subject_is_in_or_out_but_not_sliced() -> None:
    """The heat alone would centre the square on the right-hand blob and cut the head beside it."""
    heat = blob(0.7, 0.5) + 0.02
    head = torch.tensor([[[0.22, 0.3, 0.40, 0.7, 0.6]]])
    bare = search(SearchInputs.from_maps(heat[None]), (600, 400), Constraint(ratios=(SQUARE,), min_share=1))[0].box
    assert bare.x / 600 > 0.25
    minded = search(SearchInputs.from_maps(heat[None], head), (600, 400), Constraint(ratios=(SQUARE,), min_share=1))[
        0
    ].box
    assert minded.x / 600 <= 0.22


def test_a_subject_too_large_for_the_ratio_fills_the_crop() -> None:
    heat = torch.full((1, 30, 20), 1.0)
    heat[:, 24:] = 4
    head = torch.tensor([[[0.1, 0.05, 0.9, 0.75, 0.6]]])
    crop = search(SearchInputs.from_maps(heat, head), (200, 300), Constraint((Ratio(3, 2),), min_share=1.0))[0]
    assert crop.box.y >= 300 * 0.05 - 3
    assert crop.box.bottom <= 300 * 0.75 + 3
    assert crop.terms["cut"] < 0.05


def test_a_layout_of_the_source_is_held_and_one_of_the_crop_kept_calm() -> None:
    corner = best(
        blob(0.9, 0.5), (600, 400), ratios=(SQUARE,), text_regions=(TextRegion((0, 0, 0.3, 0.3), "source", hard=True),)
    )
    assert corner.holds(Box(0, 0, 180, 120))
    banner = TextRegion((0.0, 0.0, 1.0, 0.4), "crop")
    subject_high = blob(0.5, 0.4)
    without = best(subject_high, (600, 600), ratios=(Ratio(2, 1),), min_share=0.8)
    reserved = best(subject_high, (600, 600), ratios=(Ratio(2, 1),), min_share=0.8, text_regions=(banner,))
    assert reserved.y < without.y  # the subject moves out of the top of the crop


def test_a_hard_layout_that_nothing_keeps_follows_the_policy() -> None:
    banner = TextRegion((0.0, 0.0, 1.0, 0.4), "crop", hard=True)
    even = torch.ones(20, 20)
    with pytest.raises(UnsatisfiableError, match="calm under its hard layout"):
        best(even, (600, 600), ratios=(SQUARE,), text_regions=(banner,), policy="error")
    low = torch.cat([torch.full((12, 20), 0.2), torch.ones(8, 20)])  # never calm enough, but calmest further up
    found = best(low, (600, 600), ratios=(SQUARE,), min_share=0.3, text_regions=(banner,), policy="shrink")
    assert found.bottom == 600


def test_the_grid_scores_its_boxes_as_they_would_be_scored_one_by_one() -> None:
    generator = torch.Generator().manual_seed(5)
    size, ratio = (300, 200), Ratio(4, 3)
    subjects = torch.tensor([[[0.1, 0.2, 0.4, 0.9, 0.7]], [[0.6, 0.0, 1.0, 0.3, 0.3]]])
    inputs = SearchInputs.from_maps(torch.rand(2, 17, 23, generator=generator), subjects)
    text_regions = (TextRegion((0.1, 0.6, 0.5, 1.0), "crop"), TextRegion((0.0, 0.0, 0.3, 0.3), "source"))
    constraint = Constraint(ratios=(ratio,), min_share=0.2, text_regions=text_regions, avoid=((0.0, 0.5, 0.2, 0.8),))
    scorer, grid = Scorer.of(inputs, size, ratio, constraint), SearchGrid.over(size)
    scales = list(list_scales(find_feasible_boxes(constraint, ratio, size), grid))
    sums = GridSums(inputs.heat, grid, scales)
    for scale in scales:
        positions = GridBoxSet(sums, scale)
        boxes = torch.stack(
            torch.broadcast_tensors(positions.x1, positions.y1[:, None], positions.x2, positions.y2[:, None]), dim=-1
        )
        points = ListedBoxSet(inputs.heat, grid, boxes.flatten(0, 1).expand(2, -1, -1))
        torch.testing.assert_close(scorer.score(positions).flatten(1), scorer.score(points), rtol=0, atol=1e-10)


def test_batched_and_alone_agree() -> None:
    generator = torch.Generator().manual_seed(8)
    heat, subjects = torch.rand(6, 24, 36, generator=generator), torch.rand(6, 3, 5, generator=generator)
    subjects[..., 2:4] = subjects[..., :2] + 0.2
    subjects[2:, 1:, 4] = 0
    constraint = Constraint(ratios=(Ratio(4, 5), Ratio(16, 9)), min_share=0.4)
    together = search(SearchInputs.from_maps(heat, subjects), (720, 480), constraint)
    alone = [
        search(SearchInputs.from_maps(h[None], s[None]), (720, 480), constraint)[0]
        for h, s in zip(heat, subjects, strict=True)
    ]
    assert [crop.box for crop in together] == [crop.box for crop in alone]


@pytest.mark.parametrize("ratio", ["1:1", "2:3", "832x1216", "21:9", "1.91"])
@pytest.mark.parametrize("size", [(640, 427), (427, 640), (33, 700), (5, 5)])
def test_the_ratio_is_exact_to_a_pixel(ratio: str, size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(1)
    wanted = Ratio.parse(ratio)
    box = best(torch.rand(12, 12, generator=generator), size, ratios=(wanted,), min_share=0.5)
    assert box.inside(size)
    assert abs(box.width - box.height * wanted.value) <= 1 or abs(box.height - box.width / wanted.value) <= 1


# Ties, and a cropper's own proposals

ONLY_AESTHETIC = Objective(ObjectiveWeights(layout=0, size=0, cut=0, avoid=0, subjects=0, composition=0))
SIZE = (400, 200)


def choose(boxes: list[Box], aesthetic: list[float], size: tuple[int, int] = SIZE, **constraint) -> Crop:
    """The best of pixel boxes by scores of their own, and by nothing else."""
    inputs = SearchInputs.from_maps(torch.ones(1, 1, 1))
    relative = torch.tensor([[box.relative(size) for box in boxes]], dtype=torch.float64)
    scores = torch.tensor([aesthetic], dtype=torch.float64)
    asked = Constraint(**{"ratios": (SQUARE,), "min_share": 0.01, **constraint})
    (crop,) = choose_among(inputs, size, asked.ratios[0], asked, relative, scores, ONLY_AESTHETIC)
    return crop


LARGE, SMALL = Box(40, 30, 150, 150), Box(150, 50, 100, 100)
CENTRED, ASIDE = Box(150, 50, 100, 100), Box(151, 50, 100, 100)


@pytest.mark.parametrize(
    ("boxes", "scores", "winner"),
    [
        ([LARGE, SMALL], [0.5, 0.7], SMALL),  # the better
        ([SMALL, LARGE], [0.5, 0.5], LARGE),  # of equals the larger, although it lies aside
        ([LARGE, SMALL], [0.5, 0.5], LARGE),
        ([ASIDE, CENTRED], [0.5, 0.5], CENTRED),  # of equals of one size the more central
        ([CENTRED, ASIDE], [0.5, 0.5], CENTRED),
        ([Box(150, 49, 100, 100), CENTRED], [0.5, 0.5], CENTRED),
        ([Box(149, 50, 100, 100), ASIDE], [0.5, 0.5], Box(149, 50, 100, 100)),  # of the same in all, the first
        ([ASIDE, Box(149, 50, 100, 100)], [0.5, 0.5], ASIDE),
        ([LARGE, SMALL], [0.5, 0.5 + 0.9e-9], LARGE),  # a difference of rounding is none
        ([LARGE, SMALL], [0.5, 0.5 + 1.1e-9], SMALL),
        ([CENTRED, ASIDE], [0.5, 0.5 + 0.9e-9], CENTRED),
        ([CENTRED, ASIDE], [0.5, 0.5 + 1.1e-9], ASIDE),
        ([LARGE, SMALL, CENTRED], [0.5 - 2e-9, 0.5, 0.1], SMALL),
    ],
)
def test_ties_go_to_the_larger_then_to_the_more_central(boxes: list[Box], scores: list[float], winner: Box) -> None:
    assert choose(boxes, scores).box == winner


@pytest.mark.parametrize(
    ("proposed", "constraint", "box"),
    [
        (Box(120, 30, 100, 100), {}, Box(120, 30, 100, 100)),  # as it is
        (Box(100, 50, 200, 100), {}, Box(130, 30, 141, 141)),  # of another shape: the area and the middle stay
        (Box(100, 50, 200, 100), {"ratios": (Ratio(1, 2),)}, Box(150, 0, 100, 200)),
        (Box(150, 25, 100, 150), {"ratios": (Ratio(2, 1),)}, Box(114, 56, 173, 87)),
        (Box(190, 90, 20, 20), {"min_share": 0.25}, Box(150, 50, 100, 100)),  # too small
        (Box(0, 0, 400, 200), {}, Box(100, 0, 200, 200)),  # too large
        (Box(0, 0, 200, 50), {}, Box(50, 0, 100, 100)),  # moved inside
        (Box(300, 150, 98, 50), {}, Box(314, 130, 70, 70)),
        (Box(300, 50, 100, 100), {"keep": ((0.5, 0.25, 0.6, 0.5),)}, Box(200, 50, 100, 100)),  # moved to hold it
        (Box(0, 0, 10, 10), {"keep": ((0.5, 0.0, 0.75, 1.0),)}, Box(100, 0, 200, 200)),
    ],
)
def test_a_proposal_becomes_the_nearest_feasible_box(proposed: Box, constraint: dict, box: Box) -> None:
    crop = choose([proposed], [0.25], **constraint)
    assert crop.box == box
    assert crop.ratio == constraint.get("ratios", (SQUARE,))[0]
    assert crop.score == 0.25
    assert crop.terms["aesthetic"] == 0.25
    assert crop.kept == pytest.approx(box.area / (400 * 200))  # of the heat, which is even


def test_proposals_obey_the_policy_too() -> None:
    wide = ((0.0, 0.0, 1.0, 0.5),)
    assert choose([LARGE], [0.5], keep=wide, policy="pad").box == Box(0, -150, 400, 400)
    assert choose([LARGE], [0.5], keep=wide, policy="shrink").box == Box(15, 0, 200, 200)
    with pytest.raises(UnsatisfiableError, match="keep needs 400×100"):
        choose([LARGE], [0.5], keep=wide, policy="error")


def test_without_scores_of_their_own_proposals_are_judged_by_the_heat() -> None:
    inputs = SearchInputs.from_maps(torch.tensor([[[0.0, 1.0]]]))
    boxes = torch.tensor([[[0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0]]], dtype=torch.float64)
    (crop,) = choose_among(inputs, SIZE, SQUARE, Constraint((SQUARE,)), boxes)
    assert (crop.box, crop.kept) == (Box(200, 0, 200, 200), 1.0)
    assert crop.score == pytest.approx(1 + 0.02)


def test_each_picture_gets_its_own_of_the_proposals() -> None:
    inputs = SearchInputs.from_maps(torch.ones(2, 1, 1))
    boxes = torch.tensor([[LARGE.relative(SIZE), SMALL.relative(SIZE)]] * 2, dtype=torch.float64)
    scores = torch.tensor([[0.5, 0.1], [0.25, 0.75]], dtype=torch.float64)
    constraint = Constraint((SQUARE,), 0.01)
    crops = choose_among(inputs, SIZE, SQUARE, constraint, boxes, scores, ONLY_AESTHETIC)
    assert [(crop.box, crop.score) for crop in crops] == [(LARGE, 0.5), (SMALL, 0.75)]


# From all positions of a grid to the pixel


def cell(x: int, y: int, size: tuple[int, int]) -> torch.Tensor:
    """`[1, H, W]` with all heat in one pixel."""
    heat = torch.zeros(1, size[1], size[0])
    heat[0, y, x] = 1
    return heat


@pytest.mark.parametrize(
    ("size", "spot", "box"),
    [
        ((100, 60), (99, 30), Box(40, 0, 60, 60)),
        ((100, 60), (5, 59), Box(5, 0, 60, 60)),
        ((100, 60), (50, 0), Box(20, 0, 60, 60)),
        ((60, 100), (30, 96), Box(0, 37, 60, 60)),
        ((1000, 700), (990, 350), Box(291, 0, 700, 700)),  # cells are larger than pixels here
        ((700, 1000), (350, 3), Box(0, 3, 700, 700)),
    ],
)
def test_of_many_boxes_that_hold_all_heat_the_largest_and_most_central(size, spot, box, monkeypatch) -> None:
    monkeypatch.setattr("salient_crop.cropping.search.EXHAUSTIVE_LIMIT", 0)
    inputs = SearchInputs.from_maps(cell(*spot, size))
    crop = search(inputs, size, Constraint((SQUARE,), min_share=0.5), ONLY_AESTHETIC)[0]
    assert crop.box == box
    assert crop.kept == crop.score == 1


@pytest.mark.parametrize("size", [(40, 30), (30, 47), (64, 33)])
def test_a_grid_of_pixels_finds_what_trying_all_finds(size, monkeypatch) -> None:
    """Three pictures at once, 24 sizes at most, so that all sizes are scales of the grid."""
    generator = torch.Generator().manual_seed(size[0])
    subjects = torch.rand(3, 2, 5, generator=generator)
    subjects[..., 2:4] = subjects[..., :2] + 0.2
    inputs = SearchInputs.from_maps(torch.rand(3, 12, 16, generator=generator) ** 4, subjects)
    for ratio in (SQUARE, Ratio(3, 2), Ratio(2, 3)):
        longest = max(ratio.largest_in(size))
        constraint = Constraint((ratio,), min_share=((longest - 20) / longest) ** 2, avoid=((0.0, 0.0, 0.5, 0.3),))
        every = search(inputs, size, constraint)
        with monkeypatch.context() as patch:
            patch.setattr("salient_crop.cropping.search.EXHAUSTIVE_LIMIT", 0)
            coarse = search(inputs, size, constraint)
        assert [crop.box for crop in coarse] == [crop.box for crop in every]
        assert [crop.score for crop in coarse] == pytest.approx([crop.score for crop in every], abs=1e-12)


@pytest.mark.parametrize(("length", "exhaustive"), [(8192, True), (8193, False)])
def test_up_to_8192_boxes_are_all_scored(length: int, exhaustive: bool, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise InterruptedError

    monkeypatch.setattr("salient_crop.cropping.search._scan_grid", refuse)
    inputs = SearchInputs.from_maps(torch.ones(1, 1, 1))
    if exhaustive:
        assert search(inputs, (length, 1), Constraint((SQUARE,)))[0].box == Box(length // 2 - 1, 0, 1, 1)
        return
    with pytest.raises(InterruptedError):
        search(inputs, (length, 1), Constraint((SQUARE,)))


# The best boxes that are known, from the second, the third or the fourth best scale.
RIVALS = {
    6: Box(0, 0, 865, 649),
    29: Box(0, 1, 885, 664),
    45: Box(0, 0, 894, 671),
    51: Box(0, 0, 892, 669),
}


@pytest.mark.parametrize("seed", RIVALS)
def test_the_best_box_may_grow_out_of_the_fourth_best_scale(seed: int) -> None:
    """Rough heat, on which the best position of the grid's best scale is not where the best box is."""
    generator = torch.Generator().manual_seed(seed)
    heat = torch.rand(1, 30, 40, generator=generator, dtype=torch.float64) ** 8
    subjects = torch.rand(1, 3, 5, generator=generator, dtype=torch.float64)
    subjects[..., 2:4] = subjects[..., :2] + 0.15
    inputs = SearchInputs.from_maps(heat, subjects)
    size, ratio = (900, 700), Ratio(4, 3)
    constraint = Constraint((ratio,), min_share=0.2)
    crop = search(inputs, size, constraint)[0]
    rival = RIVALS[seed]
    scorer = Scorer.of(inputs, size, ratio, constraint)
    boxes = [rival] + [
        Box(crop.box.x + dx, crop.box.y + dy, *ratio.size_for(crop.box.width + longer))
        for dx, dy, longer in itertools.product((-1, 0, 1), repeat=3)
    ]
    relative = torch.tensor([[box.relative(size) for box in boxes if box.inside(size)]], dtype=torch.float64)
    scores = scorer.score(ListedBoxSet(inputs.heat, SearchGrid.over(size), relative))
    assert crop.score >= scores.max().item() - 1e-9
    assert crop.box.inside(size)


@pytest.mark.parametrize(
    ("size", "shortest", "longest", "steps"),
    [
        ((100, 80), 80, 80, [(1, 1)] * 3),
        ((512, 512), 300, 346, [(1, 1)] * 3),  # half a cell is a pixel, a forty-sixth of the sizes too
        ((512, 512), 300, 347, [(1, 2), *[(1, 1)] * 3]),
        ((514, 1024), 300, 300, [(2, 1), *[(1, 1)] * 3]),  # cells of a little more than two pixels
        ((1023, 767), 400, 1000, [(2, 14), (1, 7), (1, 3), *[(1, 1)] * 3]),
        ((4096, 4096), 4000, 4092, [(8, 2), (4, 1), (2, 1), *[(1, 1)] * 3]),
    ],
)
def test_steps_cover_half_a_cell_and_half_the_way_to_the_next_scale(size, shortest, longest, steps) -> None:
    feasible = FeasibleBoxes(size, SQUARE, shortest, longest)
    assert _list_steps(feasible, SearchGrid.over(size)) == steps


# Ratios, policies, and what is asked of a size


class Smaller:
    """People take boxes of a share of the largest one's side."""

    digest = "0" * 64

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def curve(self, size, ratio, requested) -> SizeCurve:
        return SizeCurve(tuple(1 - abs(index / 50 - self.scale) for index in range(25, 51)))


@pytest.mark.parametrize("scale", [0.6, 0.8, 1.0])
@pytest.mark.parametrize("size", [(50, 40), (1000, 800)])
def test_a_size_model_decides_on_the_size(scale: float, size: tuple[int, int]) -> None:
    inputs = SearchInputs.from_maps(torch.ones(1, 5, 5))
    objective = Objective(ObjectiveWeights(size=8.0), Smaller(scale))
    crop = search(inputs, size, Constraint((SQUARE,), 0.25), objective)[0]
    assert crop.box.size == (scale * size[1], scale * size[1])
    assert search_ratio(inputs, size, SQUARE, Constraint((SQUARE,), 0.25), objective) == [crop]
    assert search(inputs, size, Constraint((SQUARE,), 0.25))[0].box.size == (size[1], size[1])


def test_without_ratios_a_crop_has_the_pictures_own() -> None:
    crop = search(SearchInputs.from_maps(torch.ones(1, 5, 5)), (600, 401), Constraint())[0]
    assert (crop.ratio, crop.box) == (Ratio(600, 401), Box(0, 0, 600, 401))


def test_of_several_ratios_the_best_scored_wins_and_the_first_of_equals() -> None:
    even = SearchInputs.from_maps(torch.ones(1, 1, 1))
    wide, high = Ratio(2, 1), Ratio(1, 2)
    assert search(even, SIZE, Constraint((high, wide)))[0].ratio == wide
    assert search(even, SIZE, Constraint((high, SQUARE)))[0].ratio == SQUARE
    for ratios in ((wide, high), (high, wide)):
        assert search(even, (300, 300), Constraint(ratios))[0].ratio == ratios[0]


def test_each_picture_of_a_batch_has_the_best_of_its_own_ratios() -> None:
    heat = torch.zeros(2, 8, 8)
    heat[0, 4], heat[1, :, 4] = 1, 1
    crops = search(SearchInputs.from_maps(heat), (300, 300), Constraint((Ratio(3, 1), Ratio(1, 3)), 0.9))
    assert [crop.ratio for crop in crops] == [Ratio(3, 1), Ratio(1, 3)]


@pytest.mark.parametrize("policy", ["shrink", "pad"])
def test_one_picture_without_a_calm_crop_stops_a_batch_under_the_policy_error_only(policy: str) -> None:
    banner = TextRegion((0.0, 0.0, 1.0, 0.5), "crop", hard=True)
    heat = torch.ones(2, 4, 4)
    heat[0, :2] = 0
    inputs = SearchInputs.from_maps(heat)
    for count in (1, 2):
        some = SearchInputs.from_maps(heat[:count])
        assert len(search(some, (300, 300), Constraint((SQUARE,), 1.0, text_regions=(banner,), policy=policy))) == count
    constraint = Constraint((SQUARE,), 1.0, text_regions=(banner,), policy="error")
    (calm,) = search(SearchInputs.from_maps(heat[:1]), (300, 300), constraint)
    assert calm.terms["layout"] == 1
    with pytest.raises(UnsatisfiableError, match="no 1:1 crop of a 300×300 picture is calm under its hard layout"):
        search(inputs, (300, 300), constraint)


def test_a_crop_tells_its_terms_and_the_heat_it_keeps() -> None:
    reserved = TextRegion((0.5, 0.0, 1.0, 1.0))
    constraint = Constraint((SQUARE,), 1.0, avoid=((0.0, 0.0, 0.5, 1.0),), text_regions=(reserved,))
    heat, subjects = torch.tensor([[[1.0, 3.0]]]), torch.tensor([[[0.5, 0.0, 1.0, 1.0, 1.0]]])
    (crop,) = search(SearchInputs.from_maps(heat, subjects), SIZE, constraint)
    assert crop.box == Box(200, 0, 200, 200)
    assert crop.terms == pytest.approx({"aesthetic": 0.9 * 0.75 + 0.1, "size": 1, "cut": 0, "layout": 1, "avoid": 0})
    assert crop.kept == pytest.approx(0.75)
    assert crop.score == pytest.approx(0.775 + 0.02 + 1)
    assert crop.warnings == ()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"inputs": torch.ones(1, 4, 4)}, TypeError, "inputs must be of the type SearchInputs"),
        ({"size": 640}, TypeError, "size must be a sequence, got 640"),
        ({"size": (0, 0)}, ValueError, "size must be at least 1×1 pixel"),
        ({"size": (math.nan, 5)}, TypeError, "size must be a whole number"),
        ({"size": (2**40, 2**40)}, ValueError, "size must have sides of at most"),
        ({"ratio": "2:3"}, TypeError, "ratio must be of the type Ratio, got '2:3'"),
        ({"constraint": None}, TypeError, "constraint must be of the type Constraint, got None"),
        ({"objective": 3}, TypeError, "objective must be of the type Objective, got 3"),
        ({"boxes": [[0, 0, 1, 1]]}, TypeError, "boxes must be a tensor"),
        ({"boxes": torch.zeros(1, 0, 4)}, ValueError, "boxes must be .* with at least one cell"),
        ({"boxes": torch.full((1, 1, 4), math.nan)}, ValueError, "boxes must be finite"),
    ],
)
def test_what_cannot_be_searched_is_named(change: dict[str, object], error: type[Exception], words: str) -> None:
    given = {
        "inputs": SearchInputs.from_maps(torch.ones(1, 4, 4)),
        "size": (64, 48),
        "ratio": Ratio(2, 3),
        "constraint": Constraint(),
        "objective": Objective(),
    }
    given |= change
    boxes = given.pop("boxes", torch.tensor([[[0.0, 0.0, 1.0, 1.0]]]))
    with pytest.raises(error, match=words):
        choose_among(boxes=boxes, **given)
    if "boxes" not in change:
        with pytest.raises(error, match=words):
            search_ratio(**given)
        if given.pop("ratio") == Ratio(2, 3):
            with pytest.raises(error, match=words):
                search(**given)


@pytest.mark.parametrize("size", [(1_000_000, 150), (150, 1_000_000)])
@pytest.mark.parametrize("place", [0.001, 0.4321, 0.999])
def test_the_best_box_of_a_very_long_picture_is_found_to_the_pixel_in_bounded_memory(
    size: tuple[int, int], place: float
) -> None:
    """Its grid had a million columns, and its search took 5 GB."""
    long, spot = 1_000_000, round(place * 10_000)
    heat = torch.zeros(1, 10_000)
    heat[0, spot] = 1
    heat = heat if size[0] == long else heat.T
    inputs = SearchInputs.from_maps(heat[None])
    crop = search(inputs, size, Constraint((SQUARE,), min_share=1))[0]
    start = max(crop.box.x, crop.box.y)
    assert crop.box.size == (150, 150)
    assert crop.kept == pytest.approx(1, abs=1e-6)
    assert start <= spot * 100 and (spot + 1) * 100 <= start + 150
