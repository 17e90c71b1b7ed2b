"""The saliency baseline: by hand, as a cropper, and in a benchmark."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.text_region import TextRegion
from salient_crop.models.analysis import Analysis
from salient_crop.models.baselines.centre import CentreCropper
from salient_crop.models.baselines.saliency_edge import (
    SaliencyEdgeAnalysis,
    SaliencyEdgeCropper,
    edge_box,
    salient_region,
)
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import best_crops


def heat(rows: slice, columns: slice) -> torch.Tensor:
    cells = torch.full((20, 40), 0.01)
    cells[rows, columns] = 1.0
    return cells


def test_salient_is_around_what_has_twice_the_mean() -> None:
    assert salient_region(heat(slice(5, 15), slice(10, 20))) == (0.25, 0.25, 0.5, 0.75)
    assert salient_region(torch.ones(8, 8)) == salient_region(torch.zeros(8, 8)) == (0.0, 0.0, 1.0, 1.0)


def test_the_short_edge_grows_beyond_the_picture_and_the_long_one_cuts() -> None:
    around = (0.25, 0.25, 0.5, 0.75)  # 100×100 pixels of 400×200
    assert edge_box(around, Ratio(3, 1), (400, 200), "short") == pytest.approx((0.0, 0.25, 0.75, 0.75))
    assert edge_box(around, Ratio(5, 1), (400, 200), "short")[0] < 0
    assert edge_box(around, Ratio(2, 1), (400, 200), "long") == pytest.approx((0.25, 0.375, 0.5, 0.625))
    assert edge_box(around, Ratio(1, 2), (400, 200), "long") == pytest.approx((0.3125, 0.25, 0.4375, 0.75))
    with pytest.raises(ValueError, match="short, long"):
        edge_box(around, Ratio(1, 1), (400, 200), "wide")


@pytest.mark.parametrize("edge", ["short", "long"])
def test_as_a_crop_it_lies_in_the_picture_at_the_ratio_and_obeys(edge: str) -> None:
    size = (400, 200)
    analysis = SaliencyEdgeAnalysis(edge, heat(slice(5, 15), slice(0, 10)))
    left = best_crops([analysis], [size], Constraint((Ratio(1, 1),), 0.3))[0].box
    assert left.inside(size)
    assert (left.width, left.right <= 120) == (left.height, True)
    other = analysis.replace(heatmap=heat(slice(5, 15), slice(30, 40)))
    assert best_crops([other], [size], Constraint((Ratio(1, 1),), 0.3))[0].box.x >= 280
    held = Constraint((Ratio(1, 1),), 0.3, text_regions=(TextRegion((0.3, 0.2, 0.5, 0.8), hard=True),))
    box = best_crops([analysis], [size], held)[0].box
    assert (box.x <= 120, box.right >= 200, box.width) == (True, True, box.height)


def test_it_stands_on_any_cropper_and_is_found_by_its_name() -> None:
    seen = SaliencyEdgeCropper(CentreCropper(), "long").analyse(torch.rand(2, 3, 60, 90))
    assert all(isinstance(each, Analysis) and each.edge == "long" for each in seen)
    assert load_cropper("saliency-short-edge").name == "saliency-short-edge"
