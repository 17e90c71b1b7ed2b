"""What is drawn where a crop reaches outside its picture, and the mask for outpainting."""

from itertools import product

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.images.cut import cut, cut_tensor, outside_mask, plan_cut
from salient_crop.images.decode import Picture
from salient_crop.images.fill import FILLS, blurred_copy, fill_canvas, parse_fill

NOISE = np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8)
PLACES = [((0, 0, 12, 9), (20, 9)), ((8, 0, 20, 9), (20, 9)), ((4, 3, 16, 12), (30, 40)), ((0, 31, 12, 40), (12, 40))]


@pytest.mark.parametrize(("place", "size"), PLACES)
@pytest.mark.parametrize("fill", FILLS)
def test_the_picture_is_untouched_and_nothing_else_is_empty(fill, place, size):
    canvas = fill_canvas(NOISE, place, size, fill)
    left, top, right, bottom = place
    assert canvas.shape == (size[1], size[0], 3) and canvas.dtype == np.uint8
    assert (canvas[top:bottom, left:right] == NOISE).all()


@pytest.mark.parametrize(("place", "size"), PLACES)
def test_edges_and_mirrors_are_those_pixels(place, size):
    left, top, right, bottom = place
    edge, mirror = (fill_canvas(NOISE, place, size, each) for each in ("edge", "mirror"))
    for y in range(size[1]):
        for x in range(size[0]):
            inside = NOISE[min(max(y - top, 0), 8), min(max(x - left, 0), 11)]
            assert (edge[y, x] == inside).all()
            row, column = (y - top) % 18, (x - left) % 24
            assert (mirror[y, x] == NOISE[min(row, 17 - row), min(column, 23 - column)]).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5, 3), (5, 1, 4), (2, 2, 1)])
@pytest.mark.parametrize("fill", FILLS)
def test_the_smallest_parts_fill_a_canvas(shape, fill):
    for kind in (np.uint8, np.float32):
        part = np.full(shape, 1, kind)
        canvas = fill_canvas(part, (3, 0, 3 + shape[1], shape[0]), (40, max(30, shape[0])), fill)[: shape[0]]
        assert canvas.dtype == kind and (canvas == 1).all()


def test_a_blurred_copy_is_smooth_and_of_the_same_colours():
    pixels = np.asarray(Image.fromarray(NOISE).resize((120, 90), Image.Resampling.BICUBIC))
    canvas = fill_canvas(pixels, (100, 0, 220, 90), (320, 90), "blur").astype(int)
    for beside in (canvas[:, :100], canvas[:, 220:]):
        assert np.abs(np.diff(beside, axis=1)).max() <= 6 < np.abs(np.diff(pixels.astype(int), axis=1)).max()
        assert np.abs(beside.mean((0, 1)) - pixels.mean((0, 1))).max() < 40


def test_a_part_of_any_size_is_blurred_over_a_canvas_of_any_size():
    """A share of a side times its inverse may be a little more than the side."""
    for width, height, size in product((1, 30, 49, 59, 95), (1, 49, 77, 166), ((330, 172), (7, 31), (640, 360))):
        part = np.zeros((height, width, 3), np.uint8)
        assert blurred_copy(part, size).shape == (size[1], size[0], 3)


def test_an_even_picture_has_no_seam():
    part = np.full((90, 120, 3), (10, 200, 77), np.uint8)
    for fill in FILLS:
        canvas = fill_canvas(part, (50, 20, 170, 110), (300, 200), fill)
        assert np.abs(canvas.astype(int) - part[0, 0]).max() <= 1


@pytest.mark.parametrize("fill", [*FILLS, (9, 8, 7)])
@pytest.mark.parametrize(("box", "size"), [((-30, 0, 100, 40), None), ((-10, -50, 60, 140), (30, 70))])
def test_file_array_and_tensor_agree(tmp_path, fill, box, size):
    pixels = np.asarray(Image.fromarray(NOISE // 2 + 64).resize((60, 45), Image.Resampling.BICUBIC))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = cut(pixels, box, size, fill=fill)
    assert (Picture(tmp_path / "a.png").crop(box, size, fill=fill) == expected).all()
    given = {"fill": fill} if isinstance(fill, str) else {"background": [each / 255 for each in fill]}
    found = cut_tensor(torch.from_numpy(pixels.copy()).float() / 255, box, size, **given)
    assert np.abs((found * 255).round().numpy().astype(int) - expected).max() <= 2


def test_a_transparent_picture_gets_an_opaque_fill_or_continues():
    clear = np.dstack([NOISE, np.full((9, 12), 100, np.uint8)])
    solid = cut(clear, (-5, 0, 20, 9), background=None, fill=(1, 2, 3))
    assert (solid[0, 0] == (1, 2, 3, 255)).all() and solid[0, 6, 3] == 100
    assert (cut(clear, (-5, 0, 20, 9), background=None, fill="edge")[..., 3] == 100).all()
    assert cut(clear, (-5, 0, 20, 9), background=None)[0, 0, 3] == 0


@pytest.mark.parametrize(
    ("fill", "expected"),
    [("edge", "edge"), ("#00f", (0, 0, 255)), ((1, 2, 3), (1, 2, 3)), ("keep", None), (None, None)],
)
def test_fills_by_name(fill, expected):
    assert parse_fill(fill) == expected


@pytest.mark.parametrize("fill", ["blurred", "", "#12", 7, (1, 2), "Edge"])
def test_what_is_no_fill_is_refused_in_words(fill):
    with pytest.raises((TypeError, ValueError), match="^fill: .* is neither a colour nor one of edge, blur, mirror"):
        parse_fill(fill)


def falls(rows, columns, sides, feather):
    """The mask of ComfyUI's Pad Image for Outpainting on the picture, pixel by pixel, as its documentation has it."""
    left, top, right, bottom = sides
    mask = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            distances = [i if top else rows, rows - i if bottom else rows]
            distances += [j if left else columns, columns - j if right else columns]
            nearest = min(distances)
            mask[i, j] = ((feather - nearest) / feather) ** 2 if nearest < feather else 0
    return mask


@pytest.mark.parametrize("sides", [(5, 0, 0, 0), (0, 6, 0, 2), (3, 0, 9, 0), (1, 2, 3, 4), (0, 0, 0, 7)])
@pytest.mark.parametrize("feather", [1, 4, 9])
def test_feathering_is_that_of_comfyui(sides, feather):
    left, top, right, bottom = sides
    plan = plan_cut((-left, -top, 30 + left + right, 24 + top + bottom), None, (30, 24))
    mask = outside_mask(plan, feather)
    inside = mask[top : top + 24, left : left + 30]
    assert np.abs(inside - falls(24, 30, sides, feather)).max() < 1e-6
    mask[top : top + 24, left : left + 30] = 1
    assert (mask == 1).all()


def test_an_overlap_is_white_to_the_pixel_before_the_mask_falls():
    plan = plan_cut((-5, 0, 50, 30), None, (40, 30))  # canvas at the left and the right
    hard, soft = outside_mask(plan, 0, 4), outside_mask(plan, 6, 4)
    assert hard[0].tolist() == [1] * 9 + [0] * 32 + [1] * 9
    assert (soft >= hard).all() and (np.diff(soft[0, 5:25]) <= 0).all() and soft[0, 25] == 0
    assert not outside_mask(plan_cut((0, 0, 40, 30), None, (40, 30)), 9, 9).any()


def test_neither_takes_more_than_half_of_the_picture():
    mask = outside_mask(plan_cut((-20, 0, 30, 10), None, (10, 10)), 400, 400)
    assert (mask[:, :25] == 1).all() and (mask[:, 25:] == 0).all()
