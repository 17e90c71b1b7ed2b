"""Scales that cannot be among the best are not scored, and nothing but the time tells."""

import pytest
import torch

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.grid import SearchGrid, list_scales
from salient_crop.cropping.grid_box_set import GridBoxSet, GridSums
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.search import find_feasible_boxes, search
from salient_crop.cropping.size_curve import SizeCurve
from salient_crop.cropping.text_region import TextRegion

SIZE, RATIO = (480, 320), Ratio(4, 5)


class SmallCrops:
    digest = "small"

    def curve(self, size, ratio, requested):
        return SizeCurve((0.1, 1.0, 0.3, 0.0), smallest=0.2)


CONSTRAINTS = {
    "plain": {},
    "avoid": {"avoid": ((0.0, 0.0, 0.5, 0.4),)},
    "room for text": {"text_regions": (TextRegion((0.0, 0.0, 0.4, 1.0), frame="crop"),)},
    "text in the source": {"text_regions": (TextRegion((0.6, 0.0, 1.0, 0.5), frame="source"),)},
    "pad": {"policy": "pad", "text_regions": (TextRegion((0.0, 0.0, 1.0, 0.3), frame="crop", hard=True),)},
}
OBJECTIVES = {
    "as it is": Objective(),
    "subjects": Objective(weights=ObjectiveWeights(subjects=1.0)),
    "small ones": Objective(weights=ObjectiveWeights(size=0.7), size_model=SmallCrops()),
}


def random_inputs(seed: int, pictures: int) -> SearchInputs:
    generator = torch.Generator().manual_seed(seed)
    subjects = torch.rand(pictures, 3, 5, generator=generator, dtype=torch.float64)
    subjects[..., :2] *= 0.7
    subjects[..., 2:4] = subjects[..., :2] + 0.05 + 0.25 * subjects[..., 2:4]
    heat = torch.rand(pictures, 16, 24, generator=generator) ** (1 + seed % 5)
    return SearchInputs.from_maps(heat, subjects, torch.rand(pictures, 16, 24, generator=generator))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("asked", CONSTRAINTS)
def test_the_crop_is_the_one_that_is_found_when_all_scales_are_scored(asked, objective, monkeypatch):
    constraint, objective = Constraint((RATIO,), min_share=0.1, **CONSTRAINTS[asked]), OBJECTIVES[objective]
    cases = [random_inputs(seed, 1 + seed % 3) for seed in range(3)]
    found = [search(each, SIZE, constraint, objective) for each in cases]
    monkeypatch.setattr(Scorer, "is_bounded", False)
    assert found == [search(each, SIZE, constraint, objective) for each in cases]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("asked", CONSTRAINTS)
def test_no_score_of_a_scale_exceeds_its_bound(asked, objective):
    constraint = Constraint((RATIO,), min_share=0.1, **CONSTRAINTS[asked])
    grid = SearchGrid.over(SIZE)
    for seed in range(3):
        inputs = random_inputs(seed, 2)
        scorer = Scorer.of(inputs, SIZE, RATIO, constraint, OBJECTIVES[objective])
        scales = list(list_scales(find_feasible_boxes(constraint, RATIO, SIZE), grid))
        sets = [GridBoxSet(GridSums(inputs.heat, grid, scales), each) for each in scales]
        highest = torch.stack([scorer.score(each).amax((1, 2)) for each in sets], 1)
        heat = torch.stack([each.heat_sum().amax((1, 2)) for each in sets], 1)
        share = torch.cat([each.area_share()[0] for each in sets], 1)
        assert (scorer.bounds(heat, share) >= highest - 1e-12).all()


def test_most_scales_of_a_picture_with_one_hot_place_are_not_scored(monkeypatch):
    heat = torch.full((1, 16, 24), 1e-3)
    heat[:, 5:9, 4:8] = 1
    scored, score = [], Scorer.score

    def count(self, box_set, aesthetic=None):
        scored.append(isinstance(box_set, GridBoxSet))
        return score(self, box_set, aesthetic)

    monkeypatch.setattr(Scorer, "score", count)
    search(SearchInputs.from_maps(heat), SIZE, Constraint((RATIO,), min_share=0.1))
    assert sum(scored) < 12
