"""The names that the room offers, those of version 0.1 among them."""

import importlib

import pytest


@pytest.mark.parametrize(
    ("old", "new"),
    [("Layout", "TextRegion"), ("Weights", "ObjectiveWeights"), ("LAYOUT_PRESETS", "TEXT_REGION_PRESETS")],
)
def test_names_of_version_0_1_keep_working_and_name_the_new_one(old, new):
    cropping = importlib.import_module("salient_crop.cropping")
    with pytest.warns(DeprecationWarning, match=f"{old} is now called {new}") as caught:
        assert getattr(cropping, old) is getattr(cropping, new)
    assert caught[0].filename == __file__
    assert old not in dir(cropping)


def test_every_name_is_there_and_kept_once_it_was_used():
    cropping = importlib.import_module("salient_crop.cropping")
    for name in cropping.__all__:
        assert getattr(cropping, name) is not None
        assert name in vars(cropping)
    assert dir(cropping) == cropping.__all__
    with pytest.raises(AttributeError, match="'salient_crop.cropping' has no attribute 'nonesuch'"):
        cropping.nonesuch  # noqa: B018
