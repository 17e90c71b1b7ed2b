"""Crops of tensors."""

import numpy as np
import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.images.cut import OutsideError, cut
from salient_crop.nodes.cutting import cut_mask, cut_picture, mark_outside


@pytest.fixture
def picture():
    generator = np.random.default_rng(0)
    return torch.from_numpy(generator.integers(0, 256, (40, 60, 3)).astype(np.float32)) / 255


def test_a_crop_of_its_own_size_holds_the_same_values_and_none_of_the_pictures_memory(picture):
    before = picture.clone()
    crop = cut_picture(picture, Box(5, 10, 20, 30))
    assert torch.equal(crop, picture[10:40, 5:25])
    crop.zero_()
    assert torch.equal(picture, before)
    assert crop.untyped_storage().nbytes() == 20 * 30 * 3 * 4


def test_a_resized_crop_is_what_the_command_writes(picture):
    smooth = torch.nn.functional.avg_pool2d(picture.movedim(-1, 0), 9, 1, 4).movedim(0, -1)  # no hard edges
    pixels = (smooth * 255).round().byte().numpy()
    crop = cut_picture(smooth, Box(3, 4, 30, 30), (16, 16))
    expected = cut(pixels, Box(3, 4, 30, 30), (16, 16)).astype(np.float32) / 255
    assert np.abs(crop.numpy() - expected).max() <= 1.5 / 255


def test_what_lies_outside_is_white_in_pictures_black_in_masks_and_marked(picture):
    box = Box(-10, 30, 20, 20)
    crop = cut_picture(picture, box)
    assert torch.equal(crop[:10, 10:], picture[30:, :10])
    outside = mark_outside(box, (60, 40))
    assert (crop[outside > 0] == 1).all()
    assert outside.sum() == 20 * 20 - 10 * 10
    mask = cut_mask(torch.ones(40, 60), box, (60, 40))
    assert torch.equal(mask, 1 - outside)
    with pytest.raises(OutsideError):
        cut_picture(picture, Box(60, 0, 5, 5))


@pytest.mark.parametrize("size", [None, (10, 15), (40, 60)])
def test_everything_that_belongs_to_a_crop_has_its_size(picture, size):
    for box in (Box(5, 0, 20, 30), Box(-5, 20, 20, 30)):
        width, height = size or box.size
        assert cut_picture(picture, box, size).shape == (height, width, 3)
        assert cut_mask(None, box, (60, 40), size).shape == (height, width)
        assert cut_mask(picture[..., 0], box, (60, 40), size).shape == (height, width)
        assert mark_outside(box, (60, 40), size).shape == (height, width)


def test_without_a_mask_nothing_is_white_and_inside_nothing_is_marked():
    assert not cut_mask(None, Box(0, 0, 5, 5), (10, 10)).any()
    assert not mark_outside(Box(0, 0, 10, 10), (10, 10)).any()


@pytest.mark.parametrize("mask_size", [(30, 20), (60, 40), (90, 10), (601, 399), (1, 1)])
def test_a_mask_of_any_size_is_stretched_over_the_picture(mask_size):
    width, height = mask_size
    mask = torch.linspace(0, 1, width).expand(height, width) if width > 1 else torch.ones(1, 1)
    crop = cut_mask(mask, Box(15, 10, 30, 25), (60, 40))
    expected = torch.linspace(0.25, 0.75, 30).expand(25, 30) if width > 1 else torch.ones(25, 30)
    assert (crop - expected).abs().max() < 0.04  # half a pixel of the smallest mask


def test_a_mask_of_its_own_size_is_cut_without_a_change_and_shares_no_memory():
    mask = torch.rand(40, 60, generator=torch.Generator().manual_seed(0))
    crop = cut_mask(mask, Box(1, 2, 3, 4), (60, 40))
    assert torch.equal(crop, mask[2:6, 1:4])
    crop.zero_()
    assert mask[2:6, 1:4].any()
