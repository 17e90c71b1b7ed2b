"""What the search promises for any picture, ratio and constraint."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from salient_crop.cropping.box import Box
from salient_crop.cropping.box_sets import ListedBoxSet
from salient_crop.cropping.constraint import Constraint, UnsatisfiableError
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.grid import SearchGrid
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.search import search
from salient_crop.cropping.text_region import TextRegion

settings.register_profile(
    "search", max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
search_settings = settings.get_profile("search")

EXACT = 1e-8  # a tie is 1e-9 wide and is broken a few times on the way
# Up to 256 pixels the grid is the pixel grid; beyond, a box between two nodes may be a little better than the one
# that the refinement walks to.
LOST = 0.005

ratios = st.builds(Ratio, st.integers(1, 24), st.integers(1, 24))
shares = st.floats(0.05, 1.0)
tiny_sizes = st.tuples(st.integers(1, 14), st.integers(1, 14))
small_sizes = st.tuples(st.integers(1, 90), st.integers(1, 90))
large_sizes = st.tuples(st.integers(257, 900), st.integers(257, 900))
smooth_and_rough = st.sampled_from(["noise", "blobs", "one cell", "flat", "stripes"])


@st.composite
def heats(draw, count: int = 1) -> torch.Tensor:
    """`[count, h, w]` heatmaps of one kind."""
    kind, seed = draw(smooth_and_rough), draw(st.integers(0, 2**31))
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    generator = torch.Generator().manual_seed(seed)
    random = torch.rand(count, height, width, generator=generator, dtype=torch.float64)
    if kind == "flat":
        return torch.ones_like(random)
    if kind == "one cell":
        return (random == random.amax((1, 2), keepdim=True)).double()
    if kind == "stripes":
        return random * (torch.arange(width) % 3 == 0)
    if kind == "blobs":
        x, y = torch.linspace(0, 1, width), torch.linspace(0, 1, height)[:, None]
        centre = torch.rand(2, count, 1, 1, generator=generator, dtype=torch.float64)
        return torch.exp(-((x - centre[0]).square() + (y - centre[1]).square()) / 0.03) + 0.01 * random
    return random


@st.composite
def regions(draw) -> tuple[float, float, float, float]:
    (x1, x2), (y1, y2) = (sorted(draw(st.tuples(st.integers(0, 20), st.integers(0, 20)))) for _ in range(2))
    assume(x1 < x2 and y1 < y2)
    return x1 / 20, y1 / 20, x2 / 20, y2 / 20


@st.composite
def people(draw, count: int = 1) -> torch.Tensor | None:
    """`[count, M, 5]` subjects, or none."""
    boxes = draw(st.lists(st.tuples(regions(), st.sampled_from([0.2, 0.6, 1.0])), max_size=2))
    if not boxes:
        return None
    return torch.tensor([[*region, weight] for region, weight in boxes], dtype=torch.float64).expand(count, -1, -1)


def one(heat: torch.Tensor, size: tuple[int, int], subjects: torch.Tensor | None = None, **constraint) -> Crop:
    (crop,) = search(SearchInputs.from_maps(heat, subjects), size, Constraint(**constraint))
    return crop


def scores(
    heat: torch.Tensor,
    size: tuple[int, int],
    boxes: list[Box],
    ratio: Ratio,
    subjects: torch.Tensor | None = None,
    **constraint,
) -> torch.Tensor:
    """What the engine's own scorer gives each box on its own."""
    inputs = SearchInputs.from_maps(heat, subjects)
    scorer = Scorer.of(inputs, size, ratio, Constraint((ratio,), **constraint))
    relative = torch.tensor([[box.relative(size) for box in boxes]], dtype=torch.float64)
    return scorer.score(ListedBoxSet(inputs.heat, SearchGrid.over(size), relative))[0]


def allowed_boxes(size: tuple[int, int], ratio: Ratio, share: float, keep: tuple = ()) -> list[Box]:
    """Every pixel box of the ratio inside the picture, by trying them all."""
    longest = max(ratio.largest_in(size))
    held = [Box.from_relative(region, size) for region in keep]
    found = []
    for long_side in range(1, longest + 1):
        if long_side < longest * share**0.5 - 1e-9:
            continue
        width, height = (min(side, limit) for side, limit in zip(ratio.size_for(long_side), size, strict=True))
        places = (Box(x, y, width, height) for y in range(size[1] - height + 1) for x in range(size[0] - width + 1))
        found += [box for box in places if all(box.holds(each) for each in held)]
    return found


def mirrored(box: Box, size: tuple[int, int]) -> Box:
    return Box(size[0] - box.right, box.y, box.width, box.height)


def off_by(box: Box, ratio: Ratio) -> float:
    """How many pixels one side is from what the other asks for."""
    return min(abs(box.width - box.height * ratio.value), abs(box.height - box.width / ratio.value))


@search_settings
@given(heats(), people(), st.one_of(small_sizes, large_sizes), ratios, shares)
def test_a_box_lies_inside_has_the_ratio_and_the_smallest_share(heat, subjects, size, ratio, share) -> None:
    crop = one(heat, size, subjects, ratios=(ratio,), min_share=share)
    largest = ratio.largest_in(size)
    assert crop.box.inside(size)
    assert off_by(crop.box, ratio) <= 1
    assert max(crop.box.size) >= max(largest) * share**0.5 - 1e-6
    assert crop.box.width <= largest[0]
    assert crop.box.height <= largest[1]
    assert all(0 <= value <= 1 + 1e-9 for value in crop.terms.values())
    assert 0 <= crop.kept <= 1


@search_settings
@given(heats(), people(), tiny_sizes, ratios, shares, st.lists(regions(), max_size=1))
def test_on_a_small_grid_it_equals_brute_force(heat, subjects, size, ratio, share, avoid) -> None:
    constraint = {"min_share": share, "avoid": tuple(avoid)}
    crop = one(heat, size, subjects, ratios=(ratio,), **constraint)
    every = allowed_boxes(size, ratio, share)
    of_every = scores(heat, size, every, ratio, subjects, **constraint)
    assert crop.box in every
    assert crop.score == pytest.approx(of_every.max().item(), abs=EXACT)
    # Ties go to the larger, then to the more central.
    tied = [box for box, score in zip(every, of_every.tolist(), strict=True) if score >= crop.score - 1e-12]
    assert crop.box.area >= max(box.area for box in tied)


@search_settings
@given(heats(), people(), large_sizes, ratios, shares, st.randoms(use_true_random=False))
def test_no_sampled_box_is_better(heat, subjects, size, ratio, share, random) -> None:
    crop = one(heat, size, subjects, ratios=(ratio,), min_share=share)
    longest = max(ratio.largest_in(size))
    boxes = []
    for _ in range(200):
        width, height = ratio.size_for(random.randint(-int(-(longest * share**0.5) // 1), longest))
        if width <= size[0] and height <= size[1]:
            boxes.append(Box(random.randint(0, size[0] - width), random.randint(0, size[1] - height), width, height))
    # Around the winner as well, where a better one would most likely be.
    box = crop.box
    boxes += [box.shifted(dx, dy) for dx in (-2, -1, 0, 1, 2) for dy in (-2, -1, 0, 1, 2)]
    boxes = [each for each in boxes if each.inside(size)]
    assert crop.score >= scores(heat, size, boxes, ratio, subjects, min_share=share).max().item() - LOST


@search_settings
@given(heats(), people(), st.one_of(small_sizes, large_sizes), ratios, shares, st.integers(-30, 30))
def test_scaling_the_heat_changes_nothing(heat, subjects, size, ratio, share, power) -> None:
    crops = [one(each, size, subjects, ratios=(ratio,), min_share=share) for each in (heat, heat * 2.0**power)]
    assert crops[0].box == crops[1].box
    crop = one(heat * 0.37, size, subjects, ratios=(ratio,), min_share=share)  # rounds, so ties may fall otherwise
    assert crop.score == pytest.approx(crops[0].score, abs=EXACT)


@search_settings
@given(heats(), people(), small_sizes, ratios, shares)
def test_a_mirrored_picture_has_the_mirrored_crop(heat, subjects, size, ratio, share) -> None:
    flipped = None if subjects is None else subjects[..., [2, 1, 0, 3, 4]] * subjects.new_tensor([-1, 1, -1, 1, 1])
    if flipped is not None:
        flipped = flipped + flipped.new_tensor([1, 0, 1, 0, 0])
    crop = one(heat, size, subjects, ratios=(ratio,), min_share=share)
    mirror = one(heat.flip(-1), size, flipped, ratios=(ratio,), min_share=share)
    assert mirror.score == pytest.approx(crop.score, abs=EXACT)
    assert mirror.box.area == crop.box.area
    if mirror.box != mirrored(crop.box, size):  # then the two are tied, in the score and in how central they are
        both = scores(heat, size, [crop.box, mirrored(mirror.box, size)], ratio, subjects, min_share=share)
        assert both[0].item() == pytest.approx(both[1].item(), abs=EXACT)


@search_settings
@given(heats(count=3), people(count=3), st.one_of(small_sizes, large_sizes), st.lists(ratios, max_size=2), shares)
def test_batched_and_alone_give_the_same_box(heat, subjects, size, several, share) -> None:
    constraint = Constraint(tuple(several), share)
    together = search(SearchInputs.from_maps(heat, subjects), size, constraint)
    for index, crop in enumerate(together):
        alone = SearchInputs.from_maps(
            heat[index : index + 1], None if subjects is None else subjects[index : index + 1]
        )
        assert search(alone, size, constraint)[0].box == crop.box


@search_settings
@given(heats(), small_sizes, st.lists(ratios, min_size=2, max_size=4), shares)
def test_among_ratios_the_best_scored_wins(heat, size, several, share) -> None:
    best = one(heat, size, ratios=tuple(several), min_share=share)
    each = [one(heat, size, ratios=(ratio,), min_share=share) for ratio in several]
    assert best.score == max(crop.score for crop in each)
    assert best in each


@search_settings
@given(heats(), people(), st.one_of(small_sizes, large_sizes), ratios, shares, regions(), st.booleans())
def test_a_region_to_keep_is_held_wherever_it_fits(heat, subjects, size, ratio, share, region, as_layout) -> None:
    held = Box.from_relative(region, size)
    largest = ratio.largest_in(size)
    hard = {"text_regions": (TextRegion(region, "source", hard=True),)} if as_layout else {"keep": (region,)}
    constraint = {"ratios": (ratio,), "min_share": share, **hard}
    fits = held.width <= largest[0] and held.height <= largest[1]
    crop = one(heat, size, subjects, policy="shrink", **constraint)
    assert crop.box.inside(size)
    assert off_by(crop.box, ratio) <= 1
    assert crop.box.holds(held) or not fits
    if fits:
        assert one(heat, size, subjects, policy="error", **constraint).box == crop.box
        assert one(heat, size, subjects, policy="pad", **constraint).box == crop.box
        return
    with pytest.raises(UnsatisfiableError, match="keep"):
        one(heat, size, subjects, policy="error", **constraint)
    padded = one(heat, size, subjects, policy="pad", **constraint).box
    assert padded.holds(held)
    assert off_by(padded, ratio) <= 1
    # Neither too small in one direction nor larger than needed: a pixel less of the long side no longer holds it.
    less = ratio.size_for(max(padded.size) - 1) if max(padded.size) > 1 else (0, 0)
    assert less[0] < held.width or less[1] < held.height


@search_settings
@given(heats(), tiny_sizes, ratios, shares, regions())
def test_with_a_region_to_keep_it_still_equals_brute_force(heat, size, ratio, share, region) -> None:
    every = allowed_boxes(size, ratio, share, (region,))
    assume(every)
    crop = one(heat, size, ratios=(ratio,), min_share=share, keep=(region,), policy="error")
    of_every = scores(heat, size, every, ratio, min_share=share, keep=(region,))
    assert crop.box in every
    assert crop.score == pytest.approx(of_every.max().item(), abs=EXACT)


@search_settings
@given(heats(), small_sizes, ratios, shares, st.tuples(st.integers(1, 120), st.integers(1, 120)))
def test_a_smallest_size_is_met_or_the_policy_says_what_happens(heat, size, ratio, share, smallest) -> None:
    largest = ratio.largest_in(size)
    constraint = {"ratios": (ratio,), "min_share": share, "min_size": smallest}
    if smallest[0] <= largest[0] and smallest[1] <= largest[1]:
        for policy in ("shrink", "pad", "error"):
            box = one(heat, size, policy=policy, **constraint).box
            assert box.inside(size)
            assert box.width >= smallest[0]
            assert box.height >= smallest[1]
        return
    with pytest.raises(UnsatisfiableError, match="min_size"):
        one(heat, size, policy="error", **constraint)
    assert one(heat, size, policy="shrink", **constraint).box.inside(size)
    padded = one(heat, size, policy="pad", **constraint).box
    assert padded.width >= smallest[0]
    assert padded.height >= smallest[1]
    assert off_by(padded, ratio) <= 1
