from __future__ import annotations

import pytest

from salient_crop.cropping.box import Box
from salient_crop.cropping.crop import Crop, CropWarning
from salient_crop.cropping.ratio import Ratio


def test_a_crop_says_nothing_that_nobody_told_it():
    crop = Crop(Box(0, 0, 1, 1), Ratio(1, 1), 0.5)
    assert (dict(crop.terms), crop.kept, crop.warnings) == ({}, 1.0, ())
    assert Crop(Box(0, 0, 1, 1), Ratio(1, 1), 0.5).terms is not crop.terms


@pytest.mark.parametrize(
    ("value", "field"),
    [(Crop(Box(0, 0, 1, 1), Ratio(1, 1), 0.5), "score"), (CropWarning("cut", "a head is cut"), "code")],
)
def test_neither_a_crop_nor_its_warnings_can_be_changed(value, field):
    with pytest.raises(AttributeError):
        setattr(value, field, 1.0)


def test_warnings_are_equal_by_what_they_say():
    region = (0.0, 0.0, 0.5, 0.5)
    assert CropWarning("cut", "a head is cut", region) == CropWarning("cut", "a head is cut", region)
    assert CropWarning("cut", "a head is cut").region is None
    assert len({CropWarning("cut", "a"), CropWarning("cut", "a"), CropWarning("cut", "b")}) == 2
