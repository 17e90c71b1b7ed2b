"""ICC profiles that would keep the colour engine busy are passed over."""

import io

import numpy as np
import pytest
from hostile_pictures import profile_of_elements
from PIL import Image, ImageCms

from salient_crop.images import colour
from salient_crop.images.colour import to_srgb
from salient_crop.images.profile import is_usable

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(
    ("profile", "usable"),
    [
        (b"", True),
        (SRGB, True),
        (SRGB[:130], True),
        (SRGB[:140], True),
        (SRGB[:128] + b"\xff" * 40, True),  # damaged: the engine refuses it
        (profile_of_elements(1), True),
        (profile_of_elements(64), True),
        (profile_of_elements(65), False),
        (profile_of_elements(10_000), False),
    ],
)
def test_profiles_of_few_steps_are_used(profile, usable):
    assert is_usable(profile) == usable


def test_the_engine_reads_the_steps_that_are_counted():
    profile = ImageCms.getOpenProfile(io.BytesIO(profile_of_elements(3)))
    transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    image = Image.new("RGB", (2, 2), (200, 100, 50))
    # The steps say that colours are linear XYZ as they are.
    assert ImageCms.applyTransform(image, transform).getpixel((0, 0)) != (200, 100, 50)


def test_a_profile_of_many_steps_is_passed_over(monkeypatch):
    monkeypatch.setattr(colour.ImageCms, "getOpenProfile", None)
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert (np.asarray(to_srgb(Image.fromarray(pixels), profile_of_elements(100_000))) == pixels).all()
