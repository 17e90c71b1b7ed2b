"""A picture from a file, bytes, a PIL image, an array and a tensor: the same pixels, or a clear refusal."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.images.errors import PictureError
from salient_crop.images.source import DecodedPicture, open_picture

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (40, 60, 3), np.uint8)
RGBA = RNG.integers(0, 256, (40, 60, 4), np.uint8)


def whole(picture, background=(255, 255, 255)):
    return picture.crop((0, 0, *picture.info.size), None, background)


def as_bytes(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "source",
    [
        as_bytes(Image.fromarray(PIXELS)),  # the bytes of a file
        bytearray(as_bytes(Image.fromarray(PIXELS), "BMP")),
        Image.fromarray(PIXELS),
        PIXELS,
        PIXELS.transpose(2, 0, 1),  # channels first
        PIXELS.astype(np.float32) / 255,
        PIXELS.astype(np.float64) / 255,
        torch.from_numpy(PIXELS),  # uint8 tensor
        torch.from_numpy(PIXELS).float() / 255,  # as ComfyUI has it
        torch.from_numpy(PIXELS).permute(2, 0, 1).float() / 255,  # as PyTorch has it
        (torch.from_numpy(PIXELS).float() / 255)[None],  # a batch of one
        (torch.from_numpy(PIXELS).permute(2, 0, 1).float() / 255)[None].requires_grad_(),
    ],
)
def test_every_source_of_the_same_pixels_gives_them(source):
    picture = open_picture(source)
    assert picture.info.size == (60, 40)
    assert np.array_equal(whole(picture), PIXELS)


def test_a_path_is_the_file(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(PIXELS).save(path)
    for source in (path, str(path)):
        assert np.array_equal(whole(open_picture(source)), PIXELS)
        assert open_picture(source).path == path


def test_the_bytes_of_a_jpeg_are_decoded_as_the_file_is(tmp_path, samples):
    path = samples / "astronaut.jpg"
    assert np.array_equal(open_picture(path.read_bytes()).small(100), open_picture(path).small(100))


def test_half_precision_and_grey_and_transparent_pixels():
    half = torch.from_numpy(PIXELS).to(torch.bfloat16) / 255
    assert np.abs(whole(open_picture(half)).astype(int) - PIXELS).max() <= 2
    grey = PIXELS[..., 0]
    for source in (grey, grey[..., None], grey[None], torch.from_numpy(grey).float() / 255):
        assert np.array_equal(whole(open_picture(source)), np.repeat(grey[..., None], 3, axis=2))
    assert np.array_equal(whole(open_picture(RGBA), None), RGBA)
    clear = np.dstack([PIXELS, np.zeros((40, 60), np.uint8)])
    assert (whole(open_picture(clear), (1, 2, 3)) == (1, 2, 3)).all()


def test_a_last_axis_of_channels_wins_where_both_could_be():
    strip = PIXELS[:3]  # [3, 60, 3]
    assert np.array_equal(whole(open_picture(strip)), strip)
    assert open_picture(PIXELS[:, :4].transpose(1, 0, 2)[:3, :4]).info.size == (4, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_an_opened_image_is_turned_as_its_file_is(tmp_path, orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = as_bytes(Image.fromarray(PIXELS), kind, exif=exif)
    expected = open_picture(content)
    for loaded in (False, True):
        image = Image.open(io.BytesIO(content))
        if loaded:
            image.load()
        picture = open_picture(image)
        assert picture.info.size == expected.info.size == ((40, 60) if orientation > 4 else (60, 40))
        assert np.array_equal(whole(picture), whole(expected))


def test_an_image_is_not_changed_by_being_looked_at():
    image = Image.fromarray(RGBA)
    before = image.tobytes()
    picture = open_picture(image)
    picture.small(16)
    picture.crop((5, 5, 20, 20), (10, 10))
    assert image.tobytes() == before


class Detaching:
    """What looks like a tensor, and is none."""

    def detach(self):
        return self


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        (None, TypeError, "NoneType"),
        (7, TypeError, "int"),
        ([[0, 1]], TypeError, "list"),
        (b"", PictureError, "empty file"),
        (b"no picture", PictureError, "not a picture"),
        ("nowhere.jpg", PictureError, "no such file"),
        (Image.new("RGB", (0, 5)), ValueError, "0×5"),
        (np.zeros((0, 8, 3), np.uint8), ValueError, r"\[0, 8, 3\]"),
        (np.zeros((8, 8, 2), np.uint8), ValueError, r"\[8, 8, 2\]"),
        (np.zeros((2, 8, 8, 3), np.uint8), ValueError, r"\[2, 8, 8, 3\]"),
        (np.zeros(8, np.uint8), ValueError, r"\[8\]"),
        (np.zeros((8, 8, 3), np.int64), ValueError, "int64"),
        (np.zeros((8, 8, 3), bool), ValueError, "bool"),
        (torch.zeros(8, 8, 3, dtype=torch.int32), ValueError, "int32"),
        (PIXELS.astype(np.float32), ValueError, "divide"),  # 0..255
        (np.full((8, 8, 3), np.nan, np.float32), ValueError, "nan"),
        (np.full((8, 8, 3), np.inf, np.float32), ValueError, "inf"),
        (np.full((8, 8, 3), -0.3), ValueError, "-0.3"),
        (np.ma.masked_array(PIXELS, PIXELS > 9), ValueError, "masked array"),
        (
            np.broadcast_to(np.uint8(3), (2**15, 2**15, 3)),
            ValueError,
            "32768×32768 pixels, over the limit of 178,956,970",
        ),
        (torch.ones(1).expand(2**15, 2**15, 3), ValueError, "32768×32768 pixels, over the limit"),
        (torch.ones(8, 8, 3, device="meta"), ValueError, "plain one .* got torch.float32, torch.strided, on meta"),
        (torch.ones(8, 8, 3).to_sparse(), ValueError, "plain one .* torch.sparse_coo"),
        (torch.quantize_per_tensor(torch.ones(8, 8, 3), 1.0, 0, torch.quint8), ValueError, "plain one .*quint8"),
        (torch.ones(8, 8, 3, dtype=torch.complex64).conj(), ValueError, "plain one .*complex64"),
        (torch.ones(8, 8, 3, dtype=torch.bool), ValueError, "bool"),
        (Detaching(), TypeError, "got Detaching"),
        (io.BytesIO(b""), TypeError, "got BytesIO"),
        ("", ValueError, "the path is empty"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(source, kind, words):
    with pytest.raises(kind, match=words) as raised:
        open_picture(source)
    assert "picture" in str(raised.value) or "nowhere.jpg" in str(raised.value)


@pytest.mark.parametrize("source", [None, "a.png", PIXELS, b""])
def test_what_is_no_image_is_not_decoded(source):
    with pytest.raises(TypeError, match="picture: expected a PIL image, got "):
        DecodedPicture(source)


def test_an_image_with_too_many_pixels_is_not_loaded():
    image = Image.new("1", (1, 1))
    image._size = (20_000, 20_000)
    image.load = lambda: pytest.fail("it was loaded")
    with pytest.raises(ValueError, match="20000×20000 pixels, over the limit"):
        DecodedPicture(image)


def test_views_of_arrays_and_tensors_are_pictures():
    for view in (
        PIXELS[::2, ::-1],
        np.asfortranarray(PIXELS),
        PIXELS.astype(">f4") / 255,
        PIXELS.astype(np.longdouble) / 255,
    ):
        expected = PIXELS[::2, ::-1] if view.shape != PIXELS.shape else PIXELS
        assert np.array_equal(whole(open_picture(view)), expected)
    tensor = torch.from_numpy(PIXELS).permute(2, 0, 1)[None].float().div(255).to(memory_format=torch.channels_last)
    assert np.array_equal(whole(open_picture(tensor)), PIXELS)


def test_floats_that_a_filter_made_overshoot_are_clipped():
    over = np.full((8, 8, 3), 1.2, np.float32)
    over[:4] = -0.2
    pixels = whole(open_picture(over))
    assert (pixels[:4] == 0).all() and (pixels[4:] == 255).all()


def test_a_truncated_image_that_was_opened_lazily_is_a_picture_error(samples):
    content = (samples / "astronaut.jpg").read_bytes()
    with pytest.raises(PictureError, match="truncated"):
        DecodedPicture(Image.open(io.BytesIO(content[: len(content) // 2])))
