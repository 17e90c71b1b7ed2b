"""The heatmap network as a cropper."""

from __future__ import annotations

import torch
from made_up import uniform

from salient_crop.models.design_heatmap.cropper import DesignHeatmapCropper, preprocess


def test_analysis_of_a_batch(cropper):
    pictures = uniform("pictures", (2, 3, 60, 90))
    small = DesignHeatmapCropper(cropper.network, side=64)
    together = small.analyse(pictures)
    assert [tuple(each.heatmap.shape) for each in together] == [(64, 64)] * 2
    alone = small.analyse(pictures[1:])[0]
    torch.testing.assert_close(together[1].heatmap, alone.heatmap, atol=1e-8, rtol=1e-4)
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.2, 0.7, 0.8]])
    scores = alone.score(boxes)
    assert scores.min() >= 0 and scores.max() <= 1 and scores[0] > scores[1], "HCIC's weights: the more heat the better"


def test_pictures_of_any_shape_become_a_square_in_imagenets_units():
    square = preprocess(torch.full((2, 3, 30, 90), 0.5), 64)
    assert square.shape == (2, 3, 64, 64)
    expected = (0.5 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(square[0, :, 5, 7], expected)
