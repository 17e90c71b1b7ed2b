"""The engine on cases small enough to check by hand or by brute force."""

from __future__ import annotations

import itertools

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.box_sets import ListedBoxSet
from salient_crop.cropping.constraint import Constraint, UnsatisfiableError
from salient_crop.cropping.feasible import find_feasible_boxes
from salient_crop.cropping.grid import SearchGrid, list_scales
from salient_crop.cropping.grid_box_set import GridBoxSet, GridSums
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.search import search
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
    """Brute force: every pixel box of the ratio, scored one and all by the same judge."""
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
    """Where only the place is open, no place is better, not even one between the nodes of the lattice."""
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


def test_the_lattice_scores_its_boxes_as_they_would_be_scored_one_by_one() -> None:
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
        windows = GridBoxSet(sums, scale)
        boxes = torch.stack(
            torch.broadcast_tensors(windows.x1, windows.y1[:, None], windows.x2, windows.y2[:, None]), dim=-1
        )
        points = ListedBoxSet(inputs.heat, grid, boxes.flatten(0, 1).expand(2, -1, -1))
        torch.testing.assert_close(scorer.score(windows).flatten(1), scorer.score(points), rtol=0, atol=1e-10)


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
