"""The boxes among which the choice around a region is modelled."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.ratio import Ratio
from salient_crop.models.region_choice.places import MOST_PLACES, Places

SIZE = (900, 600)
REGIONS = [(0.0, 0.2, 0.1, 0.8), (0.6, 0.5, 1.0, 1.0), (0.4, 0.4, 0.6, 0.6), (0.31, 0.72, 0.33, 0.75)]


@pytest.mark.parametrize("ratio", [Ratio(1, 1), Ratio(3, 2), Ratio(16, 9), Ratio(2, 3)])
@pytest.mark.parametrize("region", REGIONS)
def test_places_have_the_ratio_hold_the_region_and_lie_in_the_picture(ratio: Ratio, region) -> None:
    places = Places.around(SIZE, ratio, region)
    x1, y1, x2, y2 = places.boxes.unbind(1)
    assert ((x2 - x1) * 900 / ((y2 - y1) * 600)).tolist() == pytest.approx([ratio.value] * len(places), rel=0.01)
    assert bool((places.boxes > -1e-9).all() & (places.boxes < 1 + 1e-9).all())
    wanted = torch.tensor(region, dtype=torch.float64)
    assert bool((places.boxes[:, :2] <= wanted[:2] + 1e-9).all())
    assert bool((places.boxes[:, 2:] >= wanted[2:] - 1e-9).all())
    assert places.scale.max() == 1
    assert 1 <= places.count.min() <= places.count.max() <= (MOST_PLACES + 1) ** 2


def test_the_largest_box_and_the_place_nearest_to_the_middle_are_among_them() -> None:
    places = Places.around(SIZE, Ratio(1, 1), (0.0, 0.2, 0.1, 0.8))
    assert [0.0, 0.0, 2 / 3, 1.0] in [pytest.approx(each) for each in places.boxes.tolist()]
    nearest = (places.moved - places.centred).abs().amax(1) < 1e-9
    assert nearest.sum() == len(places.scale.unique())


def test_where_no_box_holds_the_region_its_middle_is_held() -> None:
    places = Places.around(SIZE, Ratio(2, 3), (0.0, 0.0, 0.9, 1.0))
    assert len(places) == 1
    x1, y1, x2, y2 = places.boxes[0].tolist()
    assert ((x1 + x2) / 2, y1, y2) == pytest.approx((0.45, 0, 1))


def test_a_mirrored_region_has_the_mirrored_places() -> None:
    left = Places.around(SIZE, Ratio(1, 1), (0.1, 0.3, 0.2, 0.6))
    right = Places.around(SIZE, Ratio(1, 1), (0.8, 0.3, 0.9, 0.6))
    mirrored = {
        (round(1 - x2, 6), round(y1, 6), round(1 - x1, 6), round(y2, 6)) for x1, y1, x2, y2 in right.boxes.tolist()
    }
    assert {tuple(round(edge, 6) for edge in box) for box in left.boxes.tolist()} == mirrored
