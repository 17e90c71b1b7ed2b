"""The random search of the design-constraint paper, to compare the search over all boxes with."""

from __future__ import annotations

import pytest
import torch
from made_up import uniform

from salient_crop.cropping.box_sets import ListedBoxSet
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.grid import SearchGrid
from salient_crop.cropping.objective import Objective
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_names import TEXT_REGION_PRESETS
from salient_crop.cropping.text_region import TextRegion
from salient_crop.models.analysis import Analysis
from salient_crop.models.baselines.sampler import grid_boxes, sampled_boxes, sampled_crop
from salient_crop.models.selection import SearchBatch, best_crops


def test_published_grid_has_every_box_with_a_side_on_it():
    by_width = sum((33 - k) * ((768 - 24 * k) // 32 + 1) for k in range(1, 33))
    by_height = sum((25 - k) * ((3072 - 128 * k) // 96 + 1) for k in range(1, 25))
    both = sum((33 - k) * ((768 - 24 * k) // 32 + 1) for k in range(4, 33, 4))
    assert len(grid_boxes(Ratio(4, 3), (1024, 768))) == by_width + by_height - both


@pytest.mark.parametrize("size", [(1024, 768), (640, 480), (500, 1500)])
def test_sampler_draws_from_the_papers_grid(size):
    ratio = Ratio(3, 2)
    boxes = sampled_boxes(ratio, size, 500, seed=7)
    assert len(boxes) == 500
    assert torch.equal(boxes, sampled_boxes(ratio, size, 500, seed=7))
    assert not torch.equal(boxes, sampled_boxes(ratio, size, 500, seed=8))
    assert boxes.min() >= 0 and boxes.max() <= 1
    pixels = boxes * torch.tensor(size).repeat(2) * (1024 / max(size))
    width, height = pixels[:, 2] - pixels[:, 0], pixels[:, 3] - pixels[:, 1]
    torch.testing.assert_close(width, height * 1.5, atol=1e-6, rtol=0)

    def on_grid(values: torch.Tensor) -> torch.Tensor:
        return (values / 32 - (values / 32).round()).abs() < 1e-6

    assert on_grid(pixels[:, :2]).all()
    assert (on_grid(width) | on_grid(height)).all()
    assert on_grid(width).sum() > 5 and on_grid(height).sum() > 5


def test_sampler_keeps_the_smallest_share_and_never_comes_empty():
    boxes = sampled_boxes(Ratio(1, 1), (1024, 768), 300, seed=0, min_share=0.6)
    assert ((boxes[:, 2] - boxes[:, 0]) * 1024).min() >= 768 * 0.6**0.5 - 1e-6
    strip = sampled_boxes(Ratio(3, 2), (10, 1024), 200, seed=0)
    torch.testing.assert_close(strip, torch.tensor([[0, 0.5 - 3.5 / 1024, 1, 0.5 + 3.5 / 1024]]).double())


@pytest.mark.parametrize("text_regions", [(), (TextRegion(TEXT_REGION_PRESETS["top"], "source"),)])
def test_all_boxes_are_at_least_as_good_as_the_papers_samples(text_regions):
    blob = torch.exp(-((torch.arange(64) - 20.0) ** 2) / 60)[:, None] * torch.exp(
        -((torch.arange(64) - 45.0) ** 2) / 90
    )
    analysis = Analysis(blob + 0.05 * uniform("noise", (64, 64)))
    constraint = Constraint(ratios=(Ratio(1, 1), Ratio(2, 3)), min_share=0.4, text_regions=text_regions)
    size = (1024, 683)
    best = best_crops([analysis], [size], constraint)[0]
    few, many = (sampled_crop(analysis, size, constraint, iterations, seed=1) for iterations in (20, 2000))
    assert best.score >= many.score >= few.score
    assert many.score > best.score - 0.1 * abs(best.score), "the two search the same thing"


class Mixed(Analysis):
    """Searched on another map than its heatmap, and with a score of its own."""

    @property
    def value(self) -> torch.Tensor:
        return self.heatmap.flip(1)

    def score(self, boxes: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(boxes))


class Leftmost:
    """Rates crops by how far left they begin."""

    digest = ""

    def ratings(self, subjects, size):
        return lambda boxes: 1 - boxes[..., 0]


@pytest.mark.parametrize("objective", [Objective(), Objective(rater=Leftmost())])
def test_a_sampled_box_has_the_score_that_the_search_gives_it(objective):
    analysis = Mixed(uniform("heat", (12, 18)) ** 4, [Subject(0.1, 0.2, 0.4, 0.6, kind="person")], uniform("d", (9, 9)))
    size, ratio = (900, 600), Ratio(1, 1)
    constraint = Constraint(ratios=(ratio,), min_share=0.3, avoid=((0.0, 0.0, 0.1, 0.1),))
    crop = sampled_crop(analysis, size, constraint, 200, seed=3, objective=objective)
    inputs = SearchBatch.of([analysis], size).inputs_for(objective)
    box = torch.tensor([[crop.box.relative(size)]], dtype=torch.float64)
    scorer = Scorer.of(inputs, size, ratio, constraint, objective)
    assert crop.score == pytest.approx(scorer.score(ListedBoxSet(inputs.heat, SearchGrid.over(size), box)).item())
    best = best_crops([analysis], [size], constraint, objective)[0]
    assert best.score >= crop.score
