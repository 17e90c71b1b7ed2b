"""Colours of backgrounds, and any kind of pixels as 8 bits of sRGB."""

import math
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from salient_crop.images.colour import composite, parse_colour, simplify_mode, to_srgb


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        (None, None),
        ("keep", None),
        ("white", (255, 255, 255)),
        ("#0080ff", (0, 128, 255)),
        ("#0f0", (0, 255, 0)),
        ("#0080ff40", (0, 128, 255)),  # its alpha does not matter
        ((0, 128, 255), (0, 128, 255)),
        ([np.uint8(9), 0, 255], (9, 0, 255)),
    ],
)
def test_colours(colour, expected):
    assert parse_colour(colour) == expected


@pytest.mark.parametrize(
    ("colour", "error", "message"),
    [
        ("", ValueError, "background: '' is no colour; use a name, #rrggbb or keep"),
        ("wight", ValueError, "background: 'wight' is no colour"),
        ("#" + "f" * 100_000, ValueError, "background: '#ff.*' is no colour"),
        ("rgb(999,0,0)", ValueError, "background: levels must lie in 0..255"),
        ("hsl(1e999,0%,0%)", ValueError, "is no colour"),
        ((True, False, True), TypeError, "background: expected a name"),
        ((0, 0, math.nan), TypeError, "background: expected a name"),
        ((0, 0), TypeError, "background: expected a name"),
        ((0, 0, 0.5), TypeError, "background: expected a name"),
        (5, TypeError, "background: expected a name"),
        ((0, 0, 256), ValueError, r"background: levels must lie in 0..255, got \(0, 0, 256\)"),
        ((-1, 0, 0), ValueError, "background: levels must lie in 0..255"),
    ],
)
def test_what_is_no_colour_is_named(colour, error, message):
    with pytest.raises(error, match=message):
        parse_colour(colour)


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (np.array([[0, 257, 65535]], np.uint16), [0, 1, 255]),
        (np.array([[0, 128, 129]], np.uint16), [0, 0, 1]),  # rounded
        (np.array([[0, 65535]], np.int32), [0, 255]),
        (np.array([[-100, 0, 155]], np.int32), [0, 100, 255]),  # no known range: its own extremes
        (np.array([[0, 65536]], np.int32), [0, 255]),
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.2, 0.4]], np.float32), [51, 102]),  # within 0..1, nothing is stretched
        (np.array([[0.0, 2.0]], np.float32), [0, 255]),
        (np.array([[-1.0, 0.0, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[np.nan, np.inf, 1.0]], np.float32), [0, 0, 255]),
        (np.array([[0.0, 128.6, 65535.0]], np.float32), [0, 1, 255]),
        (np.array([[5.0, 5.0]], np.float32), [0, 0]),
    ],
)
def test_deep_grey_is_scaled_not_clipped(values, levels):
    image = simplify_mode(Image.fromarray(values))
    assert image.mode == "L"
    assert np.asarray(image)[0].tolist() == levels


@pytest.mark.parametrize("values", [np.float32(2), np.int32(70_000), np.uint16(9)])
def test_deep_grey_takes_little_more_memory_than_its_pixels(values):
    pixels = np.zeros((2000, 1500), values.dtype)
    pixels[-1, -1] = values  # what decides the range may come last
    image = Image.fromarray(pixels)
    tracemalloc.start()
    grey = simplify_mode(image)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert grey.getpixel((1499, 1999)) == (0 if values.dtype == np.uint16 else 255)
    assert peak < 8 * pixels.size


@pytest.mark.parametrize(
    ("mode", "simple"),
    [
        *((mode, mode) for mode in ("L", "LA", "RGB", "RGBA", "CMYK", "LAB")),
        ("1", "L"), ("P", "RGB"), ("PA", "RGBA"), ("La", "LA"), ("RGBa", "RGBA"), ("RGBX", "RGB"), ("YCbCr", "RGB"),
        ("HSV", "RGB"), ("I;16", "L"), ("I", "L"), ("F", "L"),
    ],
)  # fmt: skip
def test_every_mode_becomes_one_that_can_be_averaged(mode, simple):
    assert simplify_mode(Image.new(mode, (2, 2))).mode == simple


def test_alpha_that_hides_nothing_is_left_out():
    image = Image.new("RGBA", (2, 1), (10, 20, 30, 255))
    assert to_srgb(image, None).mode == "RGB"
    image.putpixel((1, 0), (10, 20, 30, 254))
    assert to_srgb(image, None).mode == "RGBA"
    assert to_srgb(Image.new("LA", (1, 1), (7, 255)), None).getpixel((0, 0)) == (7, 7, 7)


def test_a_background_shows_through_by_alpha():
    image = Image.new("RGBA", (1, 1), (255, 0, 0, 51))
    assert composite(image).getpixel((0, 0)) == (255, 204, 204)
    assert composite(image, (0, 0, 255)).getpixel((0, 0)) == (51, 0, 204)
    opaque = Image.new("RGB", (1, 1), (1, 2, 3))
    assert composite(opaque) is opaque
