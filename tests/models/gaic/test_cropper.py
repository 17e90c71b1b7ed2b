"""GAIC as a cropper: ratings, heatmap and crops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from made_up import made_up_state
from published_gaic import PUBLISHED

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.models.gaic.loading import load
from salient_crop.models.gaic.proposals import grid_anchors
from salient_crop.models.selection import best_crops

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "gaic.json").read_text())
SEED = 1


def test_annotated_boxes_grow_to_whole_pixels_as_in_the_published_evaluation(cropper, photograph):
    boxes = torch.tensor(GOLDEN["annotated"]["boxes"]) / torch.tensor([352, 256, 352, 256])
    scores = cropper.analyse(photograph)[0].rate(boxes)
    torch.testing.assert_close(scores, torch.tensor(GOLDEN["annotated"]["scores"]), atol=1e-4, rtol=0)


def test_ratings_of_a_batch_are_those_of_its_pictures_alone(cropper, photograph):
    pictures = torch.cat((photograph, photograph.flip(-1), photograph.roll(60, -2)))
    boxes = grid_anchors((352, 256))
    for together, picture in zip(cropper.analyse(pictures), pictures, strict=True):
        alone = cropper.analyse(picture[None])[0]
        torch.testing.assert_close(together.rate(boxes), alone.rate(boxes), atol=1e-5, rtol=0)
        torch.testing.assert_close(together.heatmap, alone.heatmap, atol=1e-6, rtol=0)


def test_pictures_of_any_size_are_judged(cropper):
    for shape in ((1, 1), (2, 9), (257, 333)):
        analysis = cropper.analyse(torch.rand(1, 3, *shape, generator=torch.Generator().manual_seed(0)))[0]
        assert analysis.heatmap.isfinite().all()
        assert analysis.score(torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.3, 0.20001, 0.30001]])).isfinite().all()
        assert analysis.score(torch.zeros(0, 4)).shape == (0,)


def test_scores_lie_in_0_to_1_and_order_boxes_as_the_network_does(cropper, photograph):
    analysis = cropper.analyse(photograph)[0]
    boxes = grid_anchors((352, 256))
    scores, ratings = analysis.score(boxes), analysis.rate(boxes)
    assert scores.min() >= 0 and scores.max() <= 1
    inside = (scores > 0) & (scores < 1)
    assert inside.sum() > 10
    assert torch.equal(scores[inside].argsort(), ratings[inside].argsort())


def test_heatmap_lies_where_the_best_anchors_agree(cropper, photograph):
    analysis = cropper.analyse(photograph)[0]
    anchors = grid_anchors((352, 256))
    best = anchors[analysis.rate(anchors).topk(20).indices].mean(0)
    rows, columns = analysis.heatmap.shape
    assert (rows, columns) == (32, 44)
    y, x = torch.meshgrid((torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns, indexing="ij")
    inside = (x > best[0]) & (x < best[2]) & (y > best[1]) & (y < best[3])
    assert analysis.heatmap[inside].mean() > 3 * analysis.heatmap[~inside].mean()


def test_best_crop_is_the_best_rated_proposal(cropper, photograph):
    analysis = cropper.analyse(photograph)[0]
    constraint = Constraint(ratios=(Ratio(2, 3),), min_share=0.5)
    crop = best_crops([analysis], [(1408, 1024)], constraint)[0]
    assert crop.ratio == Ratio(2, 3)
    assert abs(crop.box.width * 3 - crop.box.height * 2) <= 3
    largest = Ratio(2, 3).largest_in((1408, 1024))
    assert crop.box.width * crop.box.height >= 0.5 * largest[0] * largest[1] - largest[0] - largest[1]
    assert crop.box.x >= 0 and crop.box.x + crop.box.width <= 1408
    assert crop.box.y >= 0 and crop.box.y + crop.box.height <= 1024


@pytest.mark.cuda
def test_cuda_agrees_with_cpu(photograph):
    state = made_up_state(PUBLISHED["official mobilenetv2"], SEED)
    boxes = grid_anchors((352, 256))
    on_cpu = load(state).analyse(photograph)[0].rate(boxes)
    cropper = load(state)
    cropper.module.cuda()
    on_cuda = cropper.analyse(photograph.cuda())[0].rate(boxes)
    torch.testing.assert_close(on_cuda, on_cpu, atol=1e-3, rtol=0)
