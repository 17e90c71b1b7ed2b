"""Patches of a picture that are read once and seen in turned, moved and scaled views."""

import numpy as np
import pytest
import torch

from salient_crop.cropping.similarity import Similarity
from salient_crop.images.patches import read_patches
from salient_crop.images.warp import plan_warp, read_tensor, warp

SIZE = (200, 150)


@pytest.fixture
def picture():
    """Smooth, so that filters hardly matter: `[150, 200]`."""
    y, x = np.mgrid[:150, :200]
    return torch.from_numpy(0.5 + 0.25 * np.sin(x / 17) + 0.25 * np.cos(y / 13)).float()


def patches_of(picture, squares, pixels=64):
    asked = []

    def read(box, size):
        asked.append((box, size))
        return read_tensor(picture[..., None])(box, size)[..., 0]

    return read_patches(read, squares, SIZE, pixels), asked


def test_nothing_is_read_of_no_squares(picture):
    found, asked = patches_of(picture, [])
    assert found.inside == () and not asked


@pytest.mark.parametrize("side", [30, 60, 95])
@pytest.mark.parametrize("angle", [0, 25, -120])
def test_a_view_is_what_a_warp_of_the_picture_shows(picture, side, angle):
    centre = (100.3, 74.8)
    square = tuple(each + shift for shift in (-side * 0.75, side * 0.75) for each in centre)
    view = Similarity.about(centre, (16, 16), 32 / side, angle)
    found, _ = patches_of(picture, [square])
    seen = found.sample([(0, view)], 32)[0]
    colours = picture[..., None].expand(-1, -1, 3)
    wanted, _ = warp(read_tensor(colours), plan_warp(view, 32, SIZE), fill="edge")
    assert (seen - wanted[..., 0]).abs().max() < 0.02


def test_large_squares_are_reduced_and_small_ones_are_read_as_they_are(picture):
    _, asked = patches_of(picture, [(10, 10, 140, 140), (50, 50, 70, 70)])
    assert [size for _, size in asked] == [(64, 64), (20, 20)]


def test_beside_the_picture_its_edge_goes_on(picture):
    found, _ = patches_of(picture, [(-40, -40, 20, 20)])
    view = Similarity(1.0, 0.0, 30.0, 30.0)  # from 30 pixels left of and above the picture
    seen = found.sample([(0, view)], 50)[0]
    assert (seen[:28, :28] - picture[0, 0]).abs().max() < 0.02
    assert (seen[32:48, 32:48] - picture[2:18, 2:18]).abs().max() < 0.02


def test_a_square_beside_the_picture_is_left_out_and_the_others_keep_their_numbers(picture):
    found, asked = patches_of(picture, [(-90, 10, -30, 70), (50, 50, 90, 90), (300, 0, 340, 40)])
    assert found.inside == (1,) and len(asked) == 1
    view = Similarity(1.0, 0.0, -55.0, -55.0)
    assert (found.sample([(1, view)], 20)[0] - picture[55:75, 55:75]).abs().max() < 0.01
