"""The largest box in the middle, whatever the picture shows."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.models.baselines.centre import CentreCropper
from salient_crop.models.selection import best_crops


@pytest.mark.parametrize("size", [(640, 480), (481, 640), (7, 5), (1, 1), (3000, 90)])
@pytest.mark.parametrize("ratio", ["1:1", "2:3", "16:9", "13:19"])
def test_centre_is_the_largest_box_in_the_middle(size: tuple[int, int], ratio: str) -> None:
    wanted = Ratio.parse(ratio)
    analysis = CentreCropper().analyse(torch.rand(1, 3, 20, 20))[0]
    box = best_crops([analysis], [size], Constraint((wanted,), min_share=0.2))[0].box
    assert box.size == wanted.largest_in(size)
    assert abs(2 * box.x + box.width - size[0]) <= 1
    assert abs(2 * box.y + box.height - size[1]) <= 1


def test_centre_prefers_the_ratio_that_cuts_off_least_and_yields_to_a_keep_region() -> None:
    analysis = CentreCropper().analyse(torch.rand(1, 3, 20, 20))[0]
    ratios = (Ratio(1, 1), Ratio(3, 2), Ratio(2, 3))
    assert best_crops([analysis], [(640, 427)], Constraint(ratios))[0].ratio == Ratio(3, 2)
    keep = ((0.0, 0.4, 0.1, 0.6),)
    assert best_crops([analysis], [(600, 400)], Constraint(ratios[:1], keep=keep))[0].box.as_list() == [0, 0, 400, 400]
