"""Pixels to bytes: the same every time, and only what a format can hold."""

import io

import numpy as np
import pytest
from PIL import Image

from salient_crop.images.encode import FORMATS, WITH_ALPHA, encode

SMOOTH = np.asarray(Image.fromarray(np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)).resize((60, 40)))
ALPHA = np.random.default_rng(0).integers(0, 256, (5, 4, 4), np.uint8)


def opened(content):
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(
    ("format", "kind"),
    [
        ("jpg", "JPEG"),
        ("jpeg", "JPEG"),
        (".JPG", "JPEG"),
        ("out/a.jpeg", "JPEG"),
        ("a.png", "PNG"),
        ("a.b.webp", "WEBP"),
    ],
)
def test_the_extension_names_the_format(format, kind):
    image = opened(encode(SMOOTH, format))
    assert (image.format, image.size, image.mode) == (kind, (60, 40), "RGB")


@pytest.mark.parametrize("format", ["jpg", "webp"])
def test_a_lower_quality_makes_a_smaller_file(format):
    assert len(encode(SMOOTH, format, 20)) < len(encode(SMOOTH, format, 60)) < len(encode(SMOOTH, format))
    assert encode(SMOOTH, "png", 20) == encode(SMOOTH, "png")


@pytest.mark.parametrize(("format", "error"), [("jpg", 3), ("png", 0), ("webp", 4)])
def test_the_same_bytes_and_nearly_the_same_pixels(format, error):
    content = encode(SMOOTH, format)
    assert content == encode(SMOOTH.copy(), format)
    assert np.abs(np.asarray(opened(content)).astype(float) - SMOOTH).mean() <= error


def test_a_jpeg_is_of_quality_95_with_full_chroma_and_no_metadata():
    image = opened(encode(SMOOTH, "jpg"))
    reference = io.BytesIO()
    Image.fromarray(SMOOTH).save(reference, "JPEG", quality=95, subsampling="4:4:4")
    assert image.quantization == opened(reference.getvalue()).quantization
    assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
    assert not image.getexif() and "icc_profile" not in image.info


def test_the_settings_of_the_other_formats():
    for format, options in (("png", {"compress_level": 2}), ("webp", {"quality": 92, "method": 4})):
        reference = io.BytesIO()
        Image.fromarray(SMOOTH).save(reference, format, **options)
        assert encode(SMOOTH, format) == reference.getvalue()


@pytest.mark.parametrize("format", WITH_ALPHA)
def test_transparency_is_kept(format):
    clear = np.zeros((4, 4, 4), np.uint8)
    assert (np.asarray(opened(encode(clear, format))) == clear).all()
    assert (np.asarray(opened(encode(ALPHA, "png"))) == ALPHA).all()


@pytest.mark.parametrize(
    ("pixels", "format", "message"),
    [
        (ALPHA, "a.jpg", "a.jpg: a jpg cannot be transparent; choose a background, or png or webp"),
        (SMOOTH, "a.exe", "a.exe: crops are written as jpg, png, webp"),
        (SMOOTH, "out/a", "out/a: crops are written as"),
        (SMOOTH, "", ": crops are written as"),
        (SMOOTH[..., 0], "png", r"pixels: must be uint8 \[H, W, 3 or 4\], got uint8 \[40, 60\]"),
        (SMOOTH[..., :2], "png", "pixels: must be uint8"),
        (SMOOTH.astype(np.float32), "png", "pixels: must be uint8 .* got float32"),
    ],
)
def test_what_cannot_be_encoded_is_refused_by_name(pixels, format, message):
    with pytest.raises(ValueError, match=message):
        encode(pixels, format)


def test_the_formats():
    assert FORMATS == ("jpg", "png", "webp")
    assert WITH_ALPHA == ("png", "webp")
