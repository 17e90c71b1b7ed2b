"""Values cannot be changed once made, and hold their fields and nothing else: a run keeps many of them."""

from __future__ import annotations

from dataclasses import fields

import pytest

from salient_crop.cropping.box import Box
from salient_crop.cropping.crop import Crop, CropWarning
from salient_crop.cropping.grid import GridScale, SearchGrid
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.size_curve import SizeCurve
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_names import TEXT_REGION_PRESETS
from salient_crop.cropping.text_region import TextRegion

BOX, RATIO = Box(0, 0, 1, 1), Ratio(1, 1)
VALUES = [
    BOX,
    RATIO,
    Crop(BOX, RATIO, 0.5),
    CropWarning("cut", "a head is cut"),
    GridScale(1, 1, 1, range(1), range(1)),
    SearchGrid(1, 1),
    ObjectiveWeights(),
    SizeCurve((0.0, 1.0)),
    Subject(0, 0, 1, 1),
    TextRegion((0, 0, 1, 1)),
]


@pytest.mark.parametrize("value", [*VALUES, Objective()], ids=lambda value: type(value).__name__)
def test_fields_cannot_be_changed(value):
    with pytest.raises(AttributeError):
        setattr(value, fields(value)[0].name, None)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_there_is_nothing_but_fields(value):
    assert not hasattr(value, "__dict__")


def test_presets_cannot_be_changed():
    with pytest.raises(TypeError):
        TEXT_REGION_PRESETS["top"] = (0, 0, 1, 1)
