"""`framing: as people crop`: size and composition as people choose them."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.text_region import TextRegion
from salient_crop.models.analysis import Analysis
from salient_crop.models.composition.head import CompositionHead
from salient_crop.models.region_choice.chooser import PeoplesChoice
from salient_crop.models.selection import best_crops
from salient_crop.models.size_prior.framing import apply_framing, as_people_crop, leave_size_open
from salient_crop.models.size_prior.prior import SizePrior

SIZE = (900, 600)


def test_framing_brings_its_models_and_the_weight_of_the_size() -> None:
    objective = as_people_crop(Objective(ObjectiveWeights(size=0.5, cut=0.25)))
    assert isinstance(objective.size_model, SizePrior)
    assert isinstance(objective.rater, CompositionHead)
    assert isinstance(objective.chooser, PeoplesChoice)
    assert objective.weights == ObjectiveWeights(size=8.0, cut=0.25), "other weights stay"


def test_without_a_rater_people_choose_the_size_alone() -> None:
    prior = SizePrior()
    assert apply_framing(prior) == Objective(ObjectiveWeights(size=8.0), prior, None)


@pytest.mark.parametrize(("given", "expected"), [(0.6, 0.25), (0.5, 0.5), (1.0, 1.0), (0.1, 0.1)])
def test_only_the_default_smallest_size_is_opened(given: float, expected: float) -> None:
    constraint = Constraint(ratios=(Ratio(1, 1),), min_share=given)
    assert leave_size_open(constraint) == Constraint(ratios=(Ratio(1, 1),), min_share=expected)


def test_framed_as_people_crop_a_crop_is_smaller_and_still_obeys() -> None:
    heat = torch.ones(20, 30)
    constraint = Constraint(ratios=(Ratio(49, 33),), text_regions=(TextRegion.preset("left", hard=True),))
    kept = best_crops([Analysis(heat)], [SIZE], constraint)[0].box
    framed = best_crops([Analysis(heat)], [SIZE], leave_size_open(constraint), as_people_crop())[0].box
    assert framed.area < 0.95 * kept.area
    assert (framed.x, framed.inside(SIZE)) == (0, True)
    assert framed.y <= 120
    assert framed.bottom >= 480
    assert abs(framed.width * 33 / 49 - framed.height) <= 1
    largest = Constraint(ratios=(Ratio(1, 1),), min_share=1)
    assert leave_size_open(largest) == largest
    chosen = best_crops([Analysis(heat)], [SIZE], largest, as_people_crop())[0].box
    assert chosen.size == (600, 600)
