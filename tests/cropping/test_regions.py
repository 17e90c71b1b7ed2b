"""Geometry of single regions, in numbers worked out by hand."""

from __future__ import annotations

import pytest

from salient_crop.cropping.regions import area_of, clip, holds_centre, region_in_picture, share_inside, share_outside


@pytest.mark.parametrize(
    ("region", "crop", "share"),
    [
        ((0.2, 0.2, 0.4, 0.4), (0.0, 0.0, 1.0, 1.0), 1.0),
        ((0.2, 0.2, 0.4, 0.4), (0.3, 0.25, 1.0, 1.0), 0.375),
        ((0.2, 0.2, 0.4, 0.4), (0.4, 0.4, 1.0, 1.0), 0.0),
        ((0.2, 0.2, 0.4, 0.4), (0.5, 0.5, 1.0, 1.0), 0.0),
        ((0.2, 0.2, 0.4, 0.4), (-0.5, -0.5, 1.5, 1.5), 1.0),
        ((1.0, 0.2, 1.0, 0.4), (0.0, 0.0, 0.1, 0.1), 1.0),  # nothing of it can be missing
    ],
)
def test_the_share_of_a_region_inside_a_crop(region, crop, share):
    assert share_inside(region, crop) == pytest.approx(share)


@pytest.mark.parametrize(
    ("region", "crop", "share"),
    [
        ((0.0, 0.0, 0.5, 0.5), (0.0, 0.0, 1.0, 1.0), 0.0),
        ((0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0), 1.0),  # they touch
        ((0.0, 0.0, 0.5, 0.5), (0.6, 0.6, 1.0, 1.0), 1.0),
        ((0.0, 0.0, 0.5, 0.5), (0.25, 0.0, 1.0, 1.0), 0.5),
        ((0.5, 0.5, 1.0, 1.0), (0.0, 0.0, 0.75, 0.75), 0.75),
        ((0.2, 0.2, 0.8, 0.8), (-0.5, -0.5, 1.5, 1.5), 0.0),  # a padded crop
    ],
)
def test_the_share_of_a_region_outside_a_crop(region, crop, share):
    assert share_outside(region, crop) == pytest.approx(share, abs=1e-12)


def test_a_region_of_a_crop_in_its_picture():
    assert region_in_picture((0.0, 0.5, 1.0, 1.0), (0.2, 0.0, 0.6, 1.0)) == pytest.approx((0.2, 0.5, 0.6, 1.0))


@pytest.mark.parametrize(
    ("region", "clipped", "area"),
    [
        ((0.1, 0.2, 0.6, 0.4), (0.1, 0.2, 0.6, 0.4), 0.1),
        ((-0.5, 0.5, 0.5, 2.0), (0.0, 0.5, 0.5, 1.0), 0.25),
        ((1.2, 0.0, 1.5, 1.0), (1.0, 0.0, 1.0, 1.0), 0.0),  # beside the picture
    ],
)
def test_the_part_of_a_region_on_the_picture(region, clipped, area):
    assert clip(region) == clipped
    assert area_of(clip(region)) == pytest.approx(area)


@pytest.mark.parametrize(
    ("inner", "held"),
    [((0.2, 0.2, 0.4, 0.4), True), ((0.2, 0.2, 0.8, 0.9), False), ((0.4, 0.4, 0.6, 0.6), True)],
)
def test_whether_a_region_holds_the_centre_of_another(inner, held):
    assert holds_centre((0.0, 0.0, 0.5, 0.5), inner) is held
