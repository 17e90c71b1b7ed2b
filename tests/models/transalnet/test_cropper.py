"""TranSalNet as a cropper: the shape of its heatmaps."""

from __future__ import annotations

import pytest
from made_up import uniform


@pytest.mark.parametrize(
    ("size", "shape"), [((640, 480), (96, 128)), ((1000, 500), (64, 128)), ((300, 900), (96, 32)), ((5, 999), (96, 1))]
)
def test_heatmap_has_the_pictures_shape_without_the_padding(small, size, shape):
    analysis = small.analyse(uniform("any", (1, 3, size[1], size[0])))[0]
    assert analysis.heatmap.shape == shape
    assert analysis.heatmap.sum().item() == pytest.approx(1)
