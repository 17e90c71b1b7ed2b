"""TranSalNet as a cropper: the shape of its heatmaps, and batches."""

from __future__ import annotations

import pytest
import torch
from made_up import uniform


@pytest.mark.parametrize(
    ("size", "shape"), [((640, 480), (96, 128)), ((1000, 500), (64, 128)), ((300, 900), (96, 32)), ((5, 999), (96, 1))]
)
def test_heatmap_has_the_pictures_shape_without_the_padding(small, size, shape):
    analysis = small.analyse(uniform("any", (1, 3, size[1], size[0])))[0]
    assert analysis.heatmap.shape == shape
    assert analysis.heatmap.sum().item() == pytest.approx(1)


def test_pictures_of_a_batch_do_not_touch_each_other(small):
    pictures = uniform("batch", (3, 3, 90, 160))
    for together, picture in zip(small.analyse(pictures), pictures, strict=True):
        torch.testing.assert_close(together.heatmap, small.analyse(picture[None])[0].heatmap, atol=1e-9, rtol=1e-4)
