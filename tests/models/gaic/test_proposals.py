"""Grid anchors against the authors', and dense boxes of one ratio."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from salient_crop.cropping.ratio import Ratio
from salient_crop.models.gaic.preprocess import working_size
from salient_crop.models.gaic.proposals import grid_anchors, ratio_proposals

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "gaic.json").read_text())


@pytest.mark.parametrize("size", GOLDEN["anchors"])
def test_anchors_are_the_published_ones(size):
    golden = GOLDEN["anchors"][size]
    width, height = map(int, size.split("x"))
    assert list(working_size((width, height))) == golden["working"]
    anchors = grid_anchors(tuple(golden["working"]))
    assert len(anchors) == golden["count"]
    torch.testing.assert_close(anchors.sum(0), torch.tensor(golden["sums"]).double(), atol=1e-4, rtol=0)
    torch.testing.assert_close((anchors**2).sum(0), torch.tensor(golden["squares"]).double(), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("size", "count"),
    [((800, 800), 90), ((640, 480), 87), ((600, 900), 83), ((1920, 1080), 60), ((512, 256), 38), ((999, 111), 0)],
)
def test_anchor_counts(size, count):
    assert len(grid_anchors(size)) == count


@pytest.mark.parametrize("ratio", ["1:1", "4:3", "9:16", "5:1", "1:7"])
@pytest.mark.parametrize("size", [(1024, 768), (301, 977), (64, 64)])
@pytest.mark.parametrize("min_share", [1.0, 0.6, 0.2])
def test_proposals_have_the_ratio_the_size_and_reach_the_edges(ratio, size, min_share):
    wanted = Ratio.parse(ratio)
    boxes = ratio_proposals(wanted, size, min_share)
    assert boxes.min() >= 0 and boxes.max() <= 1
    pixels = boxes * torch.tensor(size).repeat(2)
    width, height = pixels[:, 2] - pixels[:, 0], pixels[:, 3] - pixels[:, 1]
    largest = wanted.largest_in(size)
    assert (width * largest[1] - height * largest[0]).abs().max() < 1e-3 * max(largest)
    area = width * height / (largest[0] * largest[1])
    assert area.min() >= min_share - 1e-6 and area[0] == pytest.approx(1)
    assert (area.diff() <= 1e-9).all(), "the largest come first"
    if min_share < 1:
        assert area[-1] == pytest.approx(min_share), "the smallest allowed size is among them"
    for edge, value in ((0, 0.0), (1, 0.0), (2, 1.0), (3, 1.0)):
        assert (boxes[:, edge] - value).abs().min() < 1e-6, "some lie flush with every edge"


def test_smallest_size_in_pixels_limits_the_proposals():
    boxes = ratio_proposals(Ratio(1, 1), (1000, 500), 0.1, min_size=(400, 300))
    assert (boxes[:, 2] - boxes[:, 0]).min() * 1000 == pytest.approx(400)
