"""Edited crops back in their pictures."""

import numpy as np
import pytest
import torch

from salient_crop.images.cut import CutError, cut_tensor
from salient_crop.images.decode import decode
from salient_crop.images.paste import paste, plan_paste

BOXES = [(10, 5, 40, 31), (0, 0, 96, 72), (-8, -4, 60, 30), (20, 30, 100, 100), (33, 21, 7, 50)]
CUT_SIZES = [None, (30, 23), (12, 6), (90, 91), (40, 40)]


@pytest.fixture(scope="module")
def picture():
    """Noise: the hardest picture to bring back after resizing."""
    return torch.rand(72, 96, 3, generator=torch.Generator().manual_seed(3))


def pasted(picture, crop, *arguments, **more):
    result = picture.clone()
    paste(result, crop, *arguments, **more)
    return result


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("cut_size", CUT_SIZES)
@pytest.mark.parametrize("feather", [0, 9])
def test_an_untouched_crop_restores_the_picture_exactly(picture, box, cut_size, feather):
    crop = cut_tensor(picture, box, cut_size)
    assert torch.equal(pasted(picture, crop, box, cut_size, feather), picture)
    in_bits = (crop * 255).round() / 255  # as a file has it
    difference = (pasted(picture, in_bits, box, cut_size, feather) - picture).abs().max()
    assert difference <= 0.51 / 255


@pytest.mark.parametrize("scale", [2, 1.5])
def test_an_enlarged_crop_of_a_photograph_comes_back_almost_the_same(samples, scale):
    photograph = torch.from_numpy(decode(samples / "astronaut.jpg").copy()).float() / 255
    box = (40, 30, 240, 301)
    crop = cut_tensor(photograph, box)
    larger = cut_tensor(crop, (0, 0, 240, 301), (round(240 * scale), round(301 * scale)))
    difference = (pasted(photograph, larger, box) - photograph).abs() * 255
    assert difference[30:331, 40:280].mean() <= 2
    difference[30:331, 40:280] = 0
    assert not difference.any()


def test_what_was_painted_on_a_reduced_crop_is_pasted_and_the_rest_keeps_its_detail(picture):
    box, cut_size = (8, 4, 64, 64), (32, 32)
    crop = cut_tensor(picture, box, cut_size).clone()
    crop[10:20, 12:22] = torch.tensor([1.0, 0.0, 0.0])
    result = pasted(picture, crop, box, cut_size)
    painted = result[4 + 24 : 4 + 36, 8 + 28 : 8 + 40]  # all but the rim of what was painted
    assert (painted - torch.tensor([1.0, 0.0, 0.0])).abs().max() < 0.1
    far = torch.ones(72, 96, dtype=torch.bool)
    far[4 + 12 : 4 + 48, 8 + 16 : 8 + 52] = False
    assert torch.equal(result[far], picture[far])


@pytest.mark.parametrize("grown", [1, 2])
@pytest.mark.parametrize("size", [(35, 43), (40, 43), (43, 33)])
def test_a_crop_that_a_vae_trimmed_goes_back_where_it_was(picture, size, grown):
    box = (5, 6, *size)
    crop = cut_tensor(picture, box)
    trimmed = [each % 8 for each in size]
    left, top = (each // 2 for each in trimmed)
    kept = crop[top : size[1] - (trimmed[1] - top), left : size[0] - (trimmed[0] - left)]
    assert kept.shape[0] % 8 == kept.shape[1] % 8 == 0
    larger = kept.repeat_interleave(grown, 0).repeat_interleave(grown, 1)
    plan = plan_paste(box, (larger.shape[1], larger.shape[0]), (96, 72))
    assert plan.place == (5 + left, 6 + top, 5 + left + kept.shape[1], 6 + top + kept.shape[0])
    assert plan.part == (0, 0, larger.shape[1], larger.shape[0])
    if grown == 1:
        assert torch.equal(pasted(picture, kept, box), picture)


def test_only_what_lies_on_the_picture_comes_back(picture):
    box = (-16, -8, 64, 40)
    result = pasted(picture, torch.zeros(80, 128, 3), box)  # enlarged twice
    assert not result[:32, :48].any()
    assert torch.equal(result[32:], picture[32:])
    assert torch.equal(result[:, 48:], picture[:, 48:])


def test_the_seam_is_soft_inside_and_the_border_of_the_picture_is_none(picture):
    white, black = torch.ones(72, 96, 3), torch.zeros(40, 50, 3)
    result = pasted(white, black, (0, 10, 50, 40), feather=8)[..., 0]
    assert (result[:10] == 1).all() and (result[50:] == 1).all() and (result[:, 50:] == 1).all()
    assert not result[18:42, :42].any()  # up to the left border
    fade = result[30, 42:50]
    assert (fade.diff() > 0).all() and 0 < fade[0] < 0.1 and 0.9 < fade[-1] < 1
    assert torch.allclose(result[10:18, 5], fade.flip(0)) and torch.allclose(result[42:50, 5], fade)
    narrow = pasted(white, torch.zeros(40, 3, 3), (20, 10, 3, 40), feather=100)[30, 20:23, 0]
    assert narrow[1] < narrow[0] < 1


def test_a_mask_of_any_size_says_what_is_pasted(picture):
    box, mask = (8, 8, 40, 40), torch.zeros(20, 20)
    mask[5:15, :10] = 1
    result = pasted(picture, torch.zeros(40, 40, 3), box, mask=mask.repeat_interleave(2, 0).repeat_interleave(2, 1))
    assert not result[18:38, 8:28].any()
    kept = torch.ones(72, 96, dtype=torch.bool)
    kept[18:38, 8:28] = False
    assert torch.equal(result[kept], picture[kept])
    soft = pasted(torch.ones(72, 96, 3), torch.zeros(40, 40, 3), box, feather=8, mask=mask)[..., 0]
    assert not soft[26:30, 20].any() and (soft[28, 34:] == 1).all()  # half the seam on either side of the mask's edge
    assert 0.4 < soft[28, 26:30].mean() < 0.6
    assert torch.equal(pasted(picture, torch.zeros(40, 40, 3), box, feather=8, mask=torch.zeros(1, 1)), picture)


def test_what_cannot_be_is_named(picture):
    crop = torch.zeros(5, 5, 3)
    with pytest.raises(CutError, match="outside the picture"):
        paste(picture, crop, (96, 0, 5, 5))
    with pytest.raises(ValueError, match=r"crop: must be \[h, w, 3\]"):
        paste(picture, crop[..., :1], (0, 0, 5, 5))
    with pytest.raises(ValueError, match=r"crop: must be \[h, w, 3\]"):
        paste(picture, crop[:0], (0, 0, 5, 5))
    with pytest.raises(ValueError, match="feather must be at least 0"):
        paste(picture, crop, (0, 0, 5, 5), feather=-1)
    with pytest.raises(ValueError, match="mask: must be"):
        paste(picture, crop, (0, 0, 5, 5), mask=torch.zeros(1, 5, 5))
    with pytest.raises(CutError, match="not one whole pixel"):
        plan_paste((10, 10, 2, 40), (1, 40), (96, 72), (1, 40))


def test_a_rectangle_on_the_grid_of_no_pixel_keeps_to_whole_pixels():
    # Cut at a squarer size, half a pixel went on either side.
    plan = plan_paste((10, 10, 41, 40), (80, 80), (96, 72), (40, 40))
    assert plan.place == (11, 10, 50, 50)
    assert np.allclose(plan.part, (1, 0, 79, 80))
