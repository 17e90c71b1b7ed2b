"""What nodes draw for people."""

import numpy as np
import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.nodes.drawing import draw_crop, draw_heat, heatmap_as_mask

OUTLINE = torch.tensor([255, 204, 0]) / 255


@pytest.fixture
def thumbnail():
    return np.full((100, 200, 3), 100, np.uint8)


@pytest.mark.parametrize("scale", [1, 3, 10])
def test_a_crop_is_outlined_and_the_rest_is_dimmed(thumbnail, scale):
    drawn = draw_crop(thumbnail, Box(50 * scale, 20 * scale, 60 * scale, 40 * scale), (200 * scale, 100 * scale))
    assert drawn.shape == (100, 200, 3)
    assert (drawn[:20] == 35 / 255).all() and (drawn[:, 110:] == 35 / 255).all()
    assert torch.equal(drawn[20, 50], OUTLINE) and torch.equal(drawn[59, 109], OUTLINE)
    assert (drawn[22:58, 52:108] == 100 / 255).all()
    assert (drawn[20:22, 50:110] == OUTLINE).all() and (drawn[20:60, 108:110] == OUTLINE).all()


def test_a_padded_crop_is_shown_on_the_canvas_that_it_extends(thumbnail):
    drawn = draw_crop(thumbnail, Box(0, -200, 800, 800), (800, 400))
    assert drawn.shape == (200, 200, 3)
    assert (drawn[0, 0] == OUTLINE).all()
    assert (drawn[10:45, 10:-10] == 1).all()  # the white that the crop will have there
    assert (drawn[60:140, 10:-10] == 100 / 255).all()


def test_a_preview_is_never_longer_than_1024_pixels():
    drawn = draw_crop(np.full((512, 2048, 3), 100, np.uint8), Box(0, 0, 512, 512), (8000, 2000))
    assert drawn.shape == (256, 1024, 3)
    drawn = draw_crop(np.full((100, 100, 3), 100, np.uint8), Box(0, -100000, 100, 200000), (100, 100))
    assert max(drawn.shape) == 1024


def test_the_smallest_picture_and_crop_can_be_drawn():
    assert draw_crop(np.zeros((1, 1, 3), np.uint8), Box(0, 0, 1, 1), (1, 1)).shape == (1, 1, 3)
    drawn = draw_crop(np.zeros((50, 50, 3), np.uint8), Box(10, 10, 1, 1), (5000, 5000))
    assert drawn.shape == (50, 50, 3)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e6])
def test_a_heatmap_of_any_scale_becomes_a_mask_with_its_hottest_place_at_1(scale):
    heatmap = torch.zeros(4, 8, dtype=torch.float64)
    heatmap[1, 6] = scale
    mask = heatmap_as_mask(heatmap, (80, 40))
    assert mask.shape == (40, 80)
    assert mask.dtype == torch.float32
    assert mask.max() == 1 and mask.min() == 0
    assert divmod(int(mask.argmax()), 80)[0] // 10 == 1 and int(mask.argmax()) % 80 // 10 == 6


def test_a_cold_heatmap_is_a_black_mask():
    assert heatmap_as_mask(torch.zeros(2, 2), (4, 4)).tolist() == [[0.0] * 4] * 4


def test_heat_glows_over_a_grey_picture():
    picture = torch.tensor([0.2, 0.4, 0.9]).expand(2, 2, 3)
    drawn = draw_heat(picture, torch.tensor([[0.0, 0.0], [0.2, 1.0]]))
    assert torch.allclose(drawn[0], torch.full((2, 3), 0.35))  # no heat: grey, without colour
    red, green, blue = drawn[1, 0]
    assert red > green > blue
    assert drawn[1, 1].sum() > drawn[1, 0].sum()  # the hottest is the brightest
    assert drawn.min() >= 0 and drawn.max() <= 1
