"""The score, beside the same score written out plainly over pixels."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from plain_score import DEFAULT_WEIGHTS, PlainScore, sliced_at

from salient_crop.cropping.box import Box
from salient_crop.cropping.box_sets import ListedBoxSet
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.grid import SearchGrid
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.size_curve import SizeCurve
from salient_crop.cropping.text_region import TextRegion

SIZE = (14, 11)
SQUARE = Ratio(1, 1)


def as_set(inputs: SearchInputs, boxes: list[Box], size: tuple[int, int] = SIZE) -> ListedBoxSet:
    relative = torch.tensor([[box.relative(size) for box in boxes]], dtype=torch.float64)
    return ListedBoxSet(inputs.heat, SearchGrid.over(size), relative.expand(len(inputs), -1, -1))


def random_heat(seed: int, size: tuple[int, int] = SIZE, count: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, size[1], size[0], generator=generator, dtype=torch.float64)


def random_region(draw: random.Random) -> tuple[int, int, int, int]:
    x1, y1 = draw.randrange(SIZE[0] - 1), draw.randrange(SIZE[1] - 1)
    return x1, y1, draw.randint(x1 + 1, SIZE[0]), draw.randint(y1 + 1, SIZE[1])


def random_parts(draw: random.Random) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A head, and a body that holds it."""
    body = random_region(draw)
    x1, y1 = draw.randrange(body[0], body[2]), draw.randrange(body[1], body[3])
    return (x1, y1, draw.randint(x1 + 1, body[2]), draw.randint(y1 + 1, body[3])), body


def relative(region: tuple[int, ...]) -> tuple[float, ...]:
    x1, y1, x2, y2 = region
    return x1 / SIZE[0], y1 / SIZE[1], x2 / SIZE[0], y2 / SIZE[1]


def boxes_of(ratio: Ratio) -> list[Box]:
    """Some boxes of many sizes and places; those beyond two bands are the ones that the search meets."""
    found = []
    for long_side in range(3, max(ratio.largest_in(SIZE)) + 1):
        width, height = ratio.size_for(long_side)
        if min(width, height) < 3:
            continue
        for x, y in {(0, 0), (SIZE[0] - width, SIZE[1] - height), (1, 0), (2, 1), ((SIZE[0] - width) // 2, 0)}:
            box = Box(x, y, width, height)
            if box.inside(SIZE):
                found.append(box)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_every_term_and_the_score_are_those_of_the_plain_ones(seed: int) -> None:
    draw = random.Random(seed)
    ratio = draw.choice([SQUARE, Ratio(3, 2), Ratio(2, 3), Ratio(9, 5)])
    weights = dict(DEFAULT_WEIGHTS)
    if seed % 3:
        weights = {name: round(draw.uniform(0.1, 1), 2) for name in weights}
    calm = [((0.1, 0.0, 0.75, 0.4), draw.random() < 0.5), ((0.5, 0.5, 1.0, 1.0), draw.random() < 0.5)]
    plain = PlainScore(
        random_heat(seed)[0] ** 3,
        ratio.largest_in(SIZE),
        subjects=[(*random_region(draw), draw.choice([0.2, 0.5, 1.0])) for _ in range(seed % 4)],
        held=[random_region(draw) for _ in range(draw.randrange(3))],
        calm=calm[: draw.randrange(3)],
        avoid=[random_region(draw) for _ in range(draw.randrange(3))],
        detail=random_heat(100 + seed)[0] if draw.random() < 0.5 else None,
        weights=weights,
        rate=(lambda x1, y1, x2, y2: (x1 + y2) / 2) if draw.random() < 0.5 else None,
        protected=[(*random_parts(draw), round(draw.uniform(0.1, 1), 2)) for _ in range(seed % 5 % 3)],
        claims=[(random_region(draw), round(draw.uniform(0.1, 1), 2)) for _ in range(seed % 4 % 3)],
    )
    subjects = torch.tensor([[*relative(region), weight] for *region, weight in plain.subjects]).view(1, -1, 5)
    protected = [[*relative(head), *relative(body), importance] for head, body, importance in plain.protected]
    inputs = SearchInputs.from_maps(
        plain.heat[None],
        subjects.double(),
        None if plain.detail is None else plain.detail[None],
        torch.tensor(protected, dtype=torch.float64).view(1, -1, 9),
        torch.tensor([[*relative(each), share] for each, share in plain.claims]).double().view(1, -1, 5),
    )
    if plain.rate is not None:
        inputs = replace(inputs, ratings=lambda boxes: (boxes[..., 0] + boxes[..., 3]) / 2)
    text_regions = [TextRegion(relative(each)) for each in plain.held]
    text_regions += [TextRegion(region, "crop", hard) for region, hard in plain.calm]
    constraint = Constraint((ratio,), avoid=[relative(each) for each in plain.avoid], text_regions=text_regions)
    objective = Objective() if seed % 3 == 0 else Objective(ObjectiveWeights(**weights))
    boxes = boxes_of(ratio)
    scores, terms = Scorer.of(inputs, SIZE, ratio, constraint, objective).score_with_terms(as_set(inputs, boxes))
    for index, box in enumerate(boxes):
        expected = plain.terms(box)
        assert {name: values[0, index].item() for name, values in terms.items()} == pytest.approx(expected, abs=1e-7)
        assert scores[0, index].item() == pytest.approx(plain.score(box), rel=1e-8, abs=1e-6)


@pytest.mark.parametrize(
    ("shown", "sliced"),
    [
        (0.0, 0.0),
        (0.02, 0.0),
        (0.03, 0.125),
        (0.06, 0.5),
        (0.09, 0.875),
        (0.1, 1.0),
        (0.5, 1.0),
        (0.95, 1.0),
        (0.96, 0.75),
        (0.97, 0.5),
        (0.98, 0.25),
        (0.99, 0.0),
        (1.0, 0.0),
    ],
)
def test_a_subject_is_sliced_between_out_and_whole(shown: float, sliced: float) -> None:
    """The subject fills the picture's height and half of its width; the box shows `shown` of it."""
    size = (200, 100)
    inputs = SearchInputs.from_maps(torch.ones(1, 1, 1), torch.tensor([[[0.5, 0.0, 1.0, 1.0, 1.0]]]))
    scorer = Scorer.of(inputs, size, SQUARE, Constraint((SQUARE,)))
    box = Box(round(100 * shown), 0, 100, 100)
    cut = scorer.score_with_terms(as_set(inputs, [box], size))[1]["cut"].item()
    assert cut == pytest.approx(sliced, abs=1e-9)
    assert sliced_at(shown) == pytest.approx(sliced, abs=1e-9)


def test_subjects_speak_with_their_weight_up_to_1() -> None:
    """A lone small subject counts little; several of full weight count no more than one."""
    inside, outside = (0.0, 0.0, 0.25, 1.0), (0.75, 0.0, 1.0, 1.0)

    def terms(*subjects: tuple[float, ...]) -> tuple[float, float]:
        inputs = SearchInputs.from_maps(torch.ones(1, 1, 1), torch.tensor([list(subjects)]))
        weights = ObjectiveWeights(subjects=1.0)
        scorer = Scorer.of(inputs, (200, 100), SQUARE, Constraint((SQUARE,)), Objective(weights))
        found = scorer.score_with_terms(as_set(inputs, [Box(0, 0, 100, 100)], (200, 100)))[1]
        return found["aesthetic"].item(), found["cut"].item()

    assert terms((*inside, 1.0)) == pytest.approx((1.0, 0.0))
    assert terms((*outside, 1.0)) == pytest.approx((0.0, 0.0))
    assert terms((*inside, 0.2)) == pytest.approx((0.8 * 0.5 + 0.2, 0.0))
    assert terms((*inside, 1.0), (*outside, 1.0)) == pytest.approx((0.5, 0.0))
    assert terms((*inside, 0.3), (*outside, 0.1)) == pytest.approx((0.6 * 0.5 + 0.4 * 0.75, 0.0))
    half = (0.25, 0.0, 0.75, 1.0)
    assert terms((*half, 0.2)) == pytest.approx((0.5, 0.2))
    assert terms((*half, 1.0), (*inside, 3.0)) == pytest.approx((0.75 + 0.25 * 0.5, 0.25))
    assert terms((*half, 0.0)) == pytest.approx((0.5, 0.0))


def test_a_subject_too_large_for_the_ratio_is_whole_where_as_much_of_it_shows_as_can() -> None:
    inputs = SearchInputs.from_maps(torch.ones(1, 1, 1), torch.tensor([[[0.0, 0.0, 0.8, 1.0, 1.0]]]))
    scorer = Scorer.of(inputs, (200, 100), SQUARE, Constraint((SQUARE,)))
    boxes = [Box(0, 0, 100, 100), Box(60, 0, 100, 100), Box(100, 0, 100, 100)]
    cut = scorer.score_with_terms(as_set(inputs, boxes, (200, 100)))[1]["cut"][0]
    assert cut.tolist() == pytest.approx([0.0, 0.0, 1.0])
    # A subject that just fits needs no such measure: showing all but a tenth of it slices it.
    inputs = SearchInputs.from_maps(torch.ones(1, 1, 1), torch.tensor([[[0.0, 0.0, 0.5, 1.0, 1.0]]]))
    scorer = Scorer.of(inputs, (200, 100), SQUARE, Constraint((SQUARE,)))
    cut = scorer.score_with_terms(as_set(inputs, [Box(0, 0, 100, 100), Box(10, 0, 100, 100)], (200, 100)))[1]["cut"]
    assert cut[0].tolist() == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(
    ("heat_under", "penalty"),
    [
        (0.0, 0.0),
        (0.24, 0.0),
        (0.25, 0.0),  # half of what the half of the area would hold
        (0.2501, 20 * (2 - 0.25 / 0.2501)),
        (0.5, 20 * 1.5),
        (1.0, 20 * 1.75),
    ],
)
def test_a_hard_region_of_the_crop_must_hold_at_most_half_of_the_average_heat(
    heat_under: float, penalty: float
) -> None:
    heat = torch.tensor([[[heat_under], [1 - heat_under]]], dtype=torch.float64)
    inputs = SearchInputs.from_maps(heat)
    scores = []
    for hard in (False, True):
        banner = TextRegion((0.0, 0.0, 1.0, 0.5), "crop", hard)
        constraint = Constraint((SQUARE,), text_regions=(banner,))
        scorer = Scorer.of(inputs, (64, 64), SQUARE, constraint)
        scores.append(scorer.score(as_set(inputs, [Box(0, 0, 64, 64)], (64, 64))).item())
    assert scores[0] == pytest.approx(1 + 0.02 + max(0, min(1, 1.5 - 2 * heat_under)))
    assert scores[0] - scores[1] == pytest.approx(penalty * ObjectiveWeights().span)


def test_the_penalties_of_several_hard_regions_add_up() -> None:
    inputs = SearchInputs.from_maps(torch.ones(1, 2, 2))
    halves = [TextRegion((0.0, 0.0, 1.0, 0.5), "crop", True), TextRegion((0.0, 0.5, 1.0, 1.0), "crop", True)]
    soft = [TextRegion(each.region, "crop") for each in halves]

    def score(regions: list[TextRegion]) -> float:
        scorer = Scorer.of(inputs, (8, 8), SQUARE, Constraint((SQUARE,), text_regions=regions))
        return scorer.score(as_set(inputs, [Box(0, 0, 8, 8)], (8, 8))).item()

    one = 20 * 1.5 * ObjectiveWeights().span
    assert score(soft) - score(halves) == pytest.approx(2 * one)
    assert score([*soft[:1], *halves[1:]]) == pytest.approx(score(soft) - one)


def test_detail_counts_where_there_is_more_of_it_than_heat() -> None:
    above, below = torch.tensor([[[1.0], [0.0]]]), torch.tensor([[[0.0], [1.0]]])
    banner = TextRegion((0.0, 0.0, 1.0, 0.5), "crop")

    def layout(heat: torch.Tensor, detail: torch.Tensor | None) -> float:
        inputs = SearchInputs.from_maps(heat, detail=detail)
        scorer = Scorer.of(inputs, (8, 8), SQUARE, Constraint((SQUARE,), text_regions=(banner,)))
        return scorer.score_with_terms(as_set(inputs, [Box(0, 0, 8, 8)], (8, 8)))[1]["layout"].item()

    assert [layout(above, None), layout(below, None)] == pytest.approx([0.0, 1.0])
    assert [layout(above, below), layout(below, above), layout(below, below)] == pytest.approx([0.0, 0.0, 1.0])


class Halves:
    """People take half of the largest area, and are asked for what the crop is to hold."""

    digest = "0" * 64
    asked: tuple = ()

    def curve(self, size, ratio, requested):
        self.asked = size, ratio, requested
        return SizeCurve((1.0, 0.0), smallest=0.5**0.5)


def test_a_size_model_gives_the_size_term() -> None:
    inputs, model = SearchInputs.from_maps(torch.ones(1, 1, 1)), Halves()
    constraint = Constraint((SQUARE,), keep=((0.25, 0.5, 0.5, 0.75),))
    scorer = Scorer.of(inputs, (200, 100), SQUARE, constraint, Objective(ObjectiveWeights(size=8.0), model))
    assert model.asked == ((200, 100), SQUARE, (0.25, 0.5, 0.5, 0.75))
    scores, terms = scorer.score_with_terms(as_set(inputs, [Box(0, 0, 100, 100), Box(0, 0, 50, 100)], (200, 100)))
    assert terms["size"][0].tolist() == pytest.approx([0.0, 1.0])
    assert scores[0].tolist() == pytest.approx([0.5, 0.25 + 8])


def test_ratings_join_by_their_weight_and_a_weight_of_0_asks_nobody() -> None:
    def refuse(boxes: torch.Tensor) -> torch.Tensor:
        raise AssertionError("asked for ratings that count for nothing")

    plain = SearchInputs.from_maps(torch.ones(1, 1, 1))
    box = [Box(0, 0, 50, 100)]
    for ratings, weight, expected in (
        (None, 0.5, 0.25),
        (refuse, 0.0, 0.25),
        (lambda boxes: boxes[..., 2] * 4, 0.5, 0.5 * 0.25 + 0.5),
        (lambda boxes: boxes[..., 2] * 4, 0.25, 0.75 * 0.25 + 0.25),
    ):
        inputs = replace(plain, ratings=ratings)
        objective = Objective(ObjectiveWeights(composition=weight))
        scorer = Scorer.of(inputs, (200, 100), SQUARE, Constraint((SQUARE,)), objective)
        found = scorer.score_with_terms(as_set(inputs, box, (200, 100)))[1]["aesthetic"].item()
        assert found == pytest.approx(expected)


def test_a_croppers_own_score_takes_the_place_of_the_heat() -> None:
    inputs = SearchInputs.from_maps(torch.ones(1, 1, 1))
    scorer = Scorer.of(inputs, (200, 100), SQUARE, Constraint((SQUARE,)))
    boxes = as_set(inputs, [Box(0, 0, 100, 100), Box(0, 0, 50, 100)], (200, 100))
    own = torch.tensor([[0.1, 0.7]], dtype=torch.float64)
    assert scorer.score(boxes, own)[0].tolist() == pytest.approx([0.1 + 0.02, 0.7 + 0.01])
    assert own.tolist() == [[0.1, 0.7]]  # and is left as it was


def test_nothing_asked_for_is_no_term() -> None:
    inputs = SearchInputs.from_maps(torch.ones(2, 1, 1))
    scores, terms = Scorer.of(inputs, (64, 64), SQUARE, Constraint()).score_with_terms(
        as_set(inputs, [Box(0, 0, 64, 64)] * 3, (64, 64))
    )
    assert {name: tuple(values.shape) for name, values in terms.items()} == dict.fromkeys(
        ("aesthetic", "size", "cut"), (2, 3)
    )
    assert scores.shape == (2, 3)


@pytest.mark.parametrize("layout", [0.0, 1.0, 50.0])
def test_cut_heads_count_more_than_a_hard_region_that_is_not_calm_and_that_more_than_all_terms(layout: float) -> None:
    """The box on the right has heat under its banner, the one on the left shows two bodies without their heads."""
    heat = torch.zeros(1, 10, 20)
    heat[:, :5, 10:], heat[:, 5:, :10] = 1, 1
    heads = [[0.2 + x, 0.0, 0.4 + x, 0.1, 0.0, 0.0, 1.0, 1.0, 0.5] for x in (0.35, 0.55)]
    objective = Objective(ObjectiveWeights(layout=layout))
    for protected, left_wins in ((heads, False), ([], True)):
        inputs = SearchInputs.from_maps(heat, protected=torch.tensor([protected]).view(1, -1, 9))
        boxes = as_set(inputs, [Box(0, 0, 100, 100), Box(100, 0, 100, 100)], (200, 100))
        banner = TextRegion((0.0, 0.0, 1.0, 0.5), "crop", hard=True)
        constraint = Constraint((SQUARE,), text_regions=(banner,))
        left, right = Scorer.of(inputs, (200, 100), SQUARE, constraint, objective).score(boxes)[0].tolist()
        assert (left > right) == left_wins
