"""RoIAlign and RoDAlign against the authors' operators, of which only numbers are kept."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from made_up import uniform

from salient_crop.models.gaic.roi_align import rod_align, roi_align

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "gaic.json").read_text())


def test_the_two_operators_are_the_published_ones():
    features = uniform("feature", (1, 1, 6, 8)) * 4 - 2
    boxes = torch.tensor(GOLDEN["boxes"][:7])[None] / 16
    for operator, golden in ((roi_align, "roi"), (rod_align, "rod")):
        sampled = operator(features, boxes, 9)[0, :, 0].flatten(1)[:, ::4]
        torch.testing.assert_close(sampled, torch.tensor(GOLDEN["operators"][golden]), atol=1e-5, rtol=0)
