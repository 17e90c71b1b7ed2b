"""One way to cut and resize: the same pixels from a file, an array and a tensor."""

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.cropping.box import Box
from salient_crop.images.cut import (
    OutsideError,
    check_box,
    check_size,
    cut,
    cut_tensor,
    outside_mask,
    plan_cut,
    resize_tensor,
)
from salient_crop.images.decode import Picture, decode
from salient_crop.images.resample import SMALL_FILTER

BLUE = (0, 0, 255)


def noise(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def as_tensor(pixels):
    return torch.from_numpy(pixels.copy()).float() / 255


def levels(image):
    return (image * 255).round().byte().numpy()


# box, size, picture size → region, place
PLANS = [
    ((0, 0, 1, 1), None, (1, 1), (0, 0, 1, 1), (0, 0, 1, 1)),
    ((10, 5, 40, 30), None, (100, 80), (10, 5, 50, 35), (0, 0, 40, 30)),
    ((10, 5, 40, 30), (20, 15), (100, 80), (10, 5, 50, 35), (0, 0, 20, 15)),
    ((0, 0, 120, 90), (90, 90), (120, 90), (15, 0, 105, 90), (0, 0, 90, 90)),  # never stretched: left and right go
    ((0, 0, 90, 120), (90, 90), (90, 120), (0, 15, 90, 105), (0, 0, 90, 90)),
    ((-5, 0, 30, 10), None, (20, 10), (0, 0, 20, 10), (5, 0, 25, 10)),
    ((0, -10, 20, 30), (40, 60), (20, 10), (0, 0, 20, 10), (0, 20, 40, 40)),
    ((10, 4, 20, 10), (10, 5), (20, 10), (10, 4, 20, 10), (0, 0, 5, 3)),
    ((-99, 0, 100, 10), (10, 1), (50, 10), (0, 0, 1, 10), (9, 0, 10, 1)),  # a tenth of a pixel is one pixel
    ((49, 0, 100, 10), (10, 1), (50, 10), (49, 0, 50, 10), (0, 0, 1, 1)),
]


@pytest.mark.parametrize(("box", "size", "picture", "region", "place"), PLANS)
def test_the_plan_of_a_cut(box, size, picture, region, place):
    plan = plan_cut(box, size, picture)
    assert (plan.region, plan.place, plan.size) == (region, place, size or box[2:])
    assert plan.part_size == (place[2] - place[0], place[3] - place[1])
    assert plan.padded == (plan.part_size != plan.size)
    assert plan_cut(Box(*box), size, picture) == plan


@pytest.mark.parametrize(("box", "size", "picture", "region", "place"), PLANS)
def test_the_mask_of_what_lies_outside(box, size, picture, region, place):
    mask = outside_mask(plan_cut(box, size, picture))
    width, height = size or box[2:]
    assert mask.shape == (height, width)
    assert mask.sum() == width * height - (place[2] - place[0]) * (place[3] - place[1])
    assert not mask[place[1] : place[3], place[0] : place[2]].any()


@pytest.mark.parametrize("box", [(20, 0, 5, 5), (0, 10, 5, 5), (-5, 0, 5, 5), (0, -5, 5, 5)])
def test_a_box_outside_the_picture_is_refused(box):
    with pytest.raises(OutsideError, match="lies outside the picture"):
        plan_cut(box, None, (20, 10))


@pytest.mark.parametrize(
    ("check", "value", "error", "message"),
    [
        (check_box, (0, 0, 0, 5), ValueError, "box: width and height must be at least 1, got 0×5"),
        (check_box, (0, 0, 5, -1), ValueError, "box: width"),
        (check_box, (0, 0, 5), TypeError, "box: must be 4 whole numbers"),
        (check_box, (0.5, 0, 5, 5), TypeError, "box: must be 4 whole numbers"),
        (check_box, "0055", TypeError, "box: must be 4 whole numbers"),
        (check_box, None, TypeError, "box: must be 4 whole numbers, got None"),
        (check_size, (0, 0), ValueError, "size: width and height must be at least 1, got 0×0"),
        (check_size, (5, 0), ValueError, "size: width"),
        (check_size, (0, 5), ValueError, "size: width"),
        (check_size, 512, TypeError, "size: must be 2 whole numbers, got 512"),
        (check_size, (1, 2, 3), TypeError, "size: must be 2 whole numbers"),
    ],
)
def test_malformed_arguments_are_named(check, value, error, message):
    with pytest.raises(error, match=message):
        check(value)


def test_numbers_of_numpy_are_numbers():
    assert check_box(np.array([1, 2, 3, 4])) == (1, 2, 3, 4)
    assert check_size(np.array([1, 1])) == (1, 1)


@pytest.mark.parametrize("box", [(10, 5, 40, 30), (-8, -4, 60, 30), (20, 30, 100, 100)])
@pytest.mark.parametrize("size", [None, (30, 23), (12, 6), (7, 5), (90, 90)])
def test_file_array_image_and_tensor_agree(tmp_path, box, size):
    pixels = np.asarray(Image.fromarray(noise(9, 12) // 2 + 64).resize((96, 72), Image.Resampling.BICUBIC))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = cut(pixels, box, size, BLUE)
    assert (Picture(tmp_path / "a.png").crop(box, size, BLUE) == expected).all()
    assert (cut(Image.fromarray(pixels), box, size, BLUE) == expected).all()
    found = cut_tensor(as_tensor(pixels), box, size, (0.0, 0.0, 1.0))
    assert found.shape == expected.shape
    assert np.abs(levels(found).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("name", ["astronaut.jpg", "rear-admiral.jpg"])
@pytest.mark.parametrize("scale", [0.6, 0.4, 0.2, 0.14, 1.7])
def test_array_and_tensor_agree_on_photographs_at_any_scale(samples, name, scale):
    pixels = decode(samples / name)
    size = round(401 * scale), round(307 * scale)
    expected, found = cut(pixels, (40, 60, 401, 307), size), cut_tensor(as_tensor(pixels), (40, 60, 401, 307), size)
    difference = np.abs(levels(found).astype(int) - expected)
    assert (difference > 1).mean() < 0.01  # beside hard edges only, see `resize_floats`
    assert difference.max() <= 25 and difference.mean() < 0.3


def test_floats_are_not_rounded_to_8_bits():
    image = torch.linspace(0.5, 0.501, 64).expand(48, 64)[..., None]  # within one level of 255
    found = cut_tensor(image, (0, 0, 64, 48), (32, 24))
    assert len(found.unique()) > 20
    assert torch.allclose(found[:, 1:-1], image.unflatten(1, (32, 2)).mean(2)[::2, 1:-1], atol=1e-5)


def test_without_resizing_a_tensor_is_sliced():
    image = torch.rand(20, 30, 3) * 9 - 4  # no value is touched, whatever its range
    found = cut_tensor(image, Box(3, 4, 10, 5))
    assert found.data_ptr() == image[4, 3].data_ptr()
    assert (found == image[4:9, 3:13]).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_the_type_of_a_tensor_stays(dtype):
    image = as_tensor(noise(20, 30, 2)).to(dtype)
    assert cut_tensor(image, (0, 0, 30, 20), (15, 10)).dtype == dtype
    assert cut_tensor(image, (-5, 0, 30, 20)).dtype == dtype


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_any_number_of_channels_each_on_its_own(channels):
    image = as_tensor(noise(40, 60, channels))
    together = cut_tensor(image, (5, 5, 33, 31), (20, 19))
    alone = [cut_tensor(image[..., c : c + 1], (5, 5, 33, 31), (20, 19)) for c in range(channels)]
    assert (together == torch.cat(alone, dim=2)).all()


def test_a_view_with_odd_strides_is_read_right():
    image = as_tensor(noise(60, 40)).transpose(0, 1).flip(0)
    assert (
        cut_tensor(image, (3, 2, 50, 30), (25, 15)) == cut_tensor(image.contiguous(), (3, 2, 50, 30), (25, 15))
    ).all()


def test_the_background_is_white_unless_told():
    assert cut(np.zeros((4, 4, 3), np.uint8), (-1, 0, 2, 1)).tolist() == [[[255] * 3, [0] * 3]]
    image = torch.zeros(4, 4, 3)
    assert cut_tensor(image, (-1, 0, 2, 1)).tolist() == [[[1.0] * 3, [0.0] * 3]]
    assert cut_tensor(image, (3, 0, 2, 1), background=0.5).tolist() == [[[0.0] * 3, [0.5] * 3]]
    assert not image.any()
    with pytest.raises(ValueError, match="background: must be one number, or 3 for the channels, got 2"):
        cut_tensor(image, (-1, 0, 2, 1), background=(0.0, 1.0))


def test_transparent_pixels_lie_on_the_background_or_stay():
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0] = 200, 100, 0, 255
    assert cut(pixels, (0, 0, 2, 2), background=BLUE).tolist() == [[[200, 100, 0]] * 2, [list(BLUE)] * 2]
    kept = cut(pixels, (0, 0, 3, 2), background=None)
    assert kept[..., 3].tolist() == [[255, 255, 0], [0, 0, 0]]
    opaque = cut(pixels[:1, :, :3].copy(), (0, 0, 3, 1), background=None)
    assert opaque.tolist() == [[[200, 100, 0, 255]] * 2 + [[0, 0, 0, 0]]]


@pytest.mark.parametrize(
    ("pixels", "error"),
    [
        ([[0]], TypeError),
        (np.zeros((4, 4), np.uint8), ValueError),
        (np.zeros((4, 4, 2), np.uint8), ValueError),
        (np.zeros((4, 4, 3), np.float32), ValueError),
        (Image.new("CMYK", (4, 4)), ValueError),
    ],
)
def test_pixels_of_another_kind_are_refused_by_name(pixels, error):
    with pytest.raises(error, match="pixels: "):
        cut(pixels, (0, 0, 1, 1))


@pytest.mark.parametrize("image", [torch.zeros(4, 4), torch.zeros(1, 4, 4, 3), torch.zeros(4, 4, 3, dtype=torch.uint8)])
def test_tensors_of_another_kind_are_refused_by_name(image):
    with pytest.raises(ValueError, match=r"image: must be float \[H, W, C\]"):
        cut_tensor(image, (0, 0, 1, 1))


def test_a_preview_may_take_the_cheaper_filter():
    image = as_tensor(noise(300, 400))
    small = resize_tensor(image, (0.0, 0.0, 400.0, 300.0), (40, 30), SMALL_FILTER)
    expected = Image.fromarray(levels(image)).resize((40, 30), Image.Resampling.BILINEAR, reducing_gap=3.0)
    assert np.abs(levels(small).astype(int) - np.asarray(expected)).max() <= 1
