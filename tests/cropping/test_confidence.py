"""How sure a choice is: the lead over everything elsewhere."""

from math import exp

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.confidence import CLEAR_LEAD, measure_confidence
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.heads import stack_protected
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.search import search
from salient_crop.cropping.subject import Subject

SQUARE = Ratio(1, 1)
LARGEST = Constraint((SQUARE,), min_share=1.0)
WIDE = (300, 100)


def inputs_of(*columns, subjects=()):
    """A picture of columns of even heat."""
    heat = torch.tensor([[columns]], dtype=torch.float64)
    return SearchInputs.from_maps(heat, protected=stack_protected([subjects]))


def confidence(inputs, size=WIDE, constraint=LARGEST, **more):
    """Of the crop that the search chooses."""
    (crop,) = search(inputs, size, constraint)
    return measure_confidence(inputs, size, constraint, crop, **more)


@pytest.mark.parametrize(
    ("size", "constraint"),
    [
        ((100, 100), LARGEST),  # a single box
        ((110, 100), LARGEST),  # the outermost two have 90 of 110 columns in common
        (WIDE, Constraint((SQUARE,), 1.0, keep=((0.0, 0.0, 1 / 3, 0.1),))),
        (WIDE, Constraint((SQUARE,), keep=((0.0, 0.0, 1.0, 1.0),), policy="pad")),
    ],
)
def test_where_nothing_else_is_possible_it_is_1(size, constraint):
    assert confidence(inputs_of(1, 0, 1), size, constraint) == 1


def test_of_two_equal_candidates_none_is_sure():
    assert confidence(inputs_of(1, 0, 1)) == pytest.approx(0, abs=1e-6)
    assert confidence(inputs_of(1, 1, 1)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("lead", [0.01, CLEAR_LEAD, 2 * CLEAR_LEAD, 0.3])
def test_it_grows_with_the_lead_over_the_best_other_place(lead):
    # So much more of the heat lies at the left end of the picture than at the right end, each 25 pixels wide.
    left, right = (1 + lead) / 2, (1 - lead) / 2
    assert confidence(inputs_of(left, *[0] * 10, right)) == pytest.approx(1 - exp(-lead / 0.05), abs=1e-6)


def test_a_crop_that_is_moved_a_little_is_the_same_one():
    # Heat from 100 to 190: a box at 95 holds all of it too. The next place, at 75, lacks 15 of its 90 columns.
    assert confidence(inputs_of(*[0] * 10, *[1] * 9, *[0] * 11)) == pytest.approx(1 - exp(-15 / 90 / 0.05))
    # In 115 columns the outermost two have 85 in common: another place. It holds 1 of 2.1, the chosen one 1.1.
    assert confidence(inputs_of(1.1, *[0] * 21, 1), (115, 100)) == pytest.approx(1 - exp(-0.1 / 2.1 / 0.05))


def test_another_size_is_another_crop():
    heat = torch.zeros(1, 5, 5, dtype=torch.float64)
    heat[0, 2, 2] = 1
    # Of 100, 83, 67 and 50 pixels, 83 holds all of the heat too, and lacks 31 % of the area, which weighs 0.02.
    found = confidence(SearchInputs.from_maps(heat), (100, 100), Constraint((SQUARE,), min_share=0.25))
    assert found == pytest.approx(1 - exp(-0.02 * (1 - 0.83**2) / 0.05))


def test_a_crop_that_is_not_the_best_is_not_sure_at_all():
    worst = Crop(Box(200, 0, 100, 100), SQUARE, 0.0)
    assert measure_confidence(inputs_of(1, 0, 0), WIDE, LARGEST, worst) == 0


def test_the_centred_box_of_its_own_size_is_among_its_rivals():
    chosen = Crop(Box(0, 0, 71, 71), SQUARE, 0.0)
    constraint = Constraint((SQUARE,), min_share=0.36)  # 60 to 100 pixels; of the others only 60, 73, 87, 100 are tried

    def rate(boxes):
        width, left = boxes[:, 2] - boxes[:, 0], boxes[:, 0]
        own = (width * 300 - 71).abs() < 0.5
        return (own & ((left * 300 - 114).abs() < 0.5) | (own & (left == 0))).double()

    assert measure_confidence(inputs_of(1), WIDE, constraint, chosen, aesthetic=rate) == pytest.approx(0, abs=1e-6)


def test_a_croppers_own_scores_take_the_place_of_the_heat():
    inputs = inputs_of(1, 0, 0.8)
    (crop,) = search(inputs, WIDE, LARGEST)

    def share_of_heat(boxes):
        left, right = boxes[:, 0], boxes[:, 2]
        return ((1 / 3 - left).clamp_min(0) + 0.8 * (right - 2 / 3).clamp_min(0)) / 0.6

    by_heat = measure_confidence(inputs, WIDE, LARGEST, crop)
    assert measure_confidence(inputs_of(1), WIDE, LARGEST, crop, aesthetic=share_of_heat) == pytest.approx(by_heat)
    assert 0.5 < by_heat < 1


def test_the_only_crop_that_holds_a_head_is_sure():
    lying = Subject(0.0, 0.0, 1.0, 1.0, kind="person", head=(0.0, 0.3, 0.1, 0.7))
    assert confidence(inputs_of(1), (160, 100)) == pytest.approx(0, abs=1e-6)
    assert confidence(inputs_of(1, subjects=[lying]), (160, 100)) > 0.99


def test_it_does_not_depend_on_the_other_pictures_of_a_batch():
    heat = torch.rand(2, 8, 24, generator=torch.Generator().manual_seed(3), dtype=torch.float64) ** 4
    both, alone = SearchInputs.from_maps(heat), SearchInputs.from_maps(heat[:1])
    crop = search(both, WIDE, LARGEST)[0]
    assert measure_confidence(both, WIDE, LARGEST, crop) == pytest.approx(
        measure_confidence(alone, WIDE, LARGEST, crop)
    )


def test_what_is_no_crop_is_named():
    with pytest.raises(TypeError, match="crop must be of the type Crop, got None"):
        measure_confidence(inputs_of(1, 1, 1), WIDE, LARGEST, None)
