"""Thumbnails: one rule of size, and the same picture from a file and from its pixels."""

import numpy as np
import pytest
from PIL import Image

from salient_crop.images.decode import Picture, decode
from salient_crop.images.thumbnail import small_floats, small_pixels, small_size


@pytest.mark.parametrize(
    ("size", "short_side", "expected"),
    [
        ((1, 1), 512, (1, 1)),
        ((300, 200), 512, (300, 200)),  # never enlarged
        ((512, 512), 512, (512, 512)),
        ((3000, 2000), 200, (300, 200)),
        ((1203, 802), 200, (300, 200)),
        ((2000, 3000), 200, (200, 300)),
        ((8000, 1000), 64, (512, 64)),  # 8:1 is still whole
        ((8000, 100), 64, (512, 6)),
        ((100, 8000), 64, (6, 512)),
        ((100_000, 10), 1, (8, 1)),
    ],
)
def test_sizes(size, short_side, expected):
    assert small_size(size, short_side) == expected


@pytest.mark.parametrize(
    ("short_side", "error", "message"),
    [
        (0, ValueError, "short_side must be at least 1, got 0"),
        (-1, ValueError, "short_side must be at least 1, got -1"),
        (64.0, TypeError, "short_side must be a whole number, got 64.0"),
        (None, TypeError, "short_side must be a whole number"),
        (True, TypeError, "short_side must be a whole number, got True"),
    ],
)
def test_a_malformed_short_side_is_named(samples, short_side, error, message):
    with pytest.raises(error, match=message):
        Picture(samples / "cat.jpg").small(short_side)
    with pytest.raises(error, match=message):
        small_pixels(np.zeros((4, 4, 3), np.uint8), short_side)
    with pytest.raises(error, match=message):
        small_floats(np.zeros((4, 4, 3), np.float32), short_side)


@pytest.mark.parametrize(
    "size", [(0, 0), (-1, 5), (5.5, 5), (float("nan"), 5), (5,), "55", None, (2**40, 5), (True, 5)]
)
def test_a_size_that_is_none_is_named(size):
    with pytest.raises((TypeError, ValueError), match="^size (must|needs) "):
        small_size(size, 64)


@pytest.mark.parametrize("short_side", [1, 64, 100, 900])
def test_a_file_and_its_pixels_give_the_same_thumbnail(tmp_path, samples, short_side):
    pixels = decode(samples / "raccoon.jpg")
    Image.fromarray(pixels).save(tmp_path / "a.png", compress_level=0)
    assert (small_pixels(pixels, short_side) == Picture(tmp_path / "a.png").small(short_side)).all()


@pytest.mark.parametrize("short_side", [1, 64, 100, 900])
def test_pixels_and_the_same_pixels_as_floats_give_the_same_thumbnail(samples, short_side):
    pixels = decode(samples / "raccoon.jpg")
    floats = pixels.astype(np.float32) / np.float32(255)
    assert (small_floats(floats, short_side) == small_pixels(pixels, short_side)).all()


@pytest.mark.parametrize("short_side", [512, 256])
def test_a_jpeg_decoded_small_is_near_its_pixels(samples, short_side):
    compared = 0
    for path in sorted(samples.glob("*.jpg")):
        picture, pixels = Picture(path), decode(path)
        difference = np.abs(picture.small(short_side).astype(int) - small_pixels(pixels, short_side))
        halved = min(picture.info.size) >= 2 * short_side
        assert difference.mean() <= (0.6 if halved else 0), path.name
        compared += halved
    assert compared


def test_the_whole_picture_counts_and_is_antialiased():
    board = np.indices((256, 256)).sum(0)[..., None].repeat(3, 2) % 2 * 255
    assert np.abs(small_pixels(board.astype(np.uint8), 32).astype(int) - 127).max() <= 2
