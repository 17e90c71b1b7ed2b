"""Squares in one warp, and back into their picture."""

import numpy as np
import pytest
import torch

from salient_crop.cropping.similarity import Similarity
from salient_crop.images.cut import OutsideError, cut_tensor
from salient_crop.images.warp import paste_square, plan_warp, read_tensor, warp

SIZE = 160, 120


def waves(period: float = 16.0) -> torch.Tensor:
    """A picture `[120, 160, 3]` of waves in all directions, known at any place."""
    y, x = torch.meshgrid(torch.arange(SIZE[1]) + 0.5, torch.arange(SIZE[0]) + 0.5, indexing="ij")
    return colour_at(x, y, period).float()


def colour_at(x: torch.Tensor, y: torch.Tensor, period: float = 16.0) -> torch.Tensor:
    turn = 2 * np.pi / period
    return torch.stack([torch.sin(turn * x), torch.sin(turn * y), torch.sin(turn * (x + y) / 2)], -1) * 0.4 + 0.5


def take(picture: torch.Tensor, matrix: Similarity, size: int, **how) -> tuple[torch.Tensor, torch.Tensor]:
    return warp(read_tensor(picture), plan_warp(matrix, size, (picture.shape[1], picture.shape[0])), **how)


@pytest.mark.parametrize("angle", [0, 17, -90, 155])
@pytest.mark.parametrize("scale", [1.0, 2.3, 0.7])
def test_every_pixel_is_what_the_picture_has_at_its_place(angle: int, scale: float):
    matrix = Similarity.about((80, 60), (24, 24), scale, angle)
    square, outside = take(waves(), matrix, 48)
    y, x = torch.meshgrid(torch.arange(48) + 0.5, torch.arange(48) + 0.5, indexing="ij")
    back = matrix.inverse()
    there = colour_at(back.a * x - back.b * y + back.dx, back.b * x + back.a * y + back.dy)
    assert not outside.any()
    assert (square - there).abs().max() < 0.03


def test_a_square_of_whole_pixels_is_a_cut():
    square, _ = take(waves(), Similarity(1, 0, -30, -40), 50)
    assert torch.equal(square, cut_tensor(waves(), (30, 40, 50, 50)))


@pytest.mark.parametrize("angle", [0, 30])
def test_what_is_too_fine_for_the_square_becomes_its_mean(angle: int):
    square, _ = take(waves(period=3.0), Similarity.about((80, 60), (8, 8), 0.16, angle), 16)
    middle = square[4:-4, 4:-4]
    assert (middle - 0.5).abs().max() < 0.06  # and no moiré


def test_outside_is_the_colour_asked_for_and_marked():
    square, outside = take(waves(), Similarity(1, 0, 20, 10), 64, fill=(255, 0, 0))
    assert outside[5, 30] == 1 and outside[30, 5] == 1 and outside[30, 30] == 0
    assert square[5, 30].tolist() == [1, 0, 0]
    assert (square[10:, 20:] - waves()[:54, :44]).abs().max() < 1e-3
    assert outside.sum() == 64 * 64 - 54 * 44


def test_edges_are_repeated_or_mirrored():
    matrix, picture = Similarity(1, 0, 20, 0), waves()
    edge, _ = take(picture, matrix, 64, fill="edge")
    mirror, _ = take(picture, matrix, 64, fill="mirror")
    assert (edge[:, :20] - picture[:64, :1]).abs().max() < 1e-3
    assert (mirror[:, :20] - picture[:64, :20].flip(1)).abs().max() < 1e-3


def test_a_blurred_surrounding_is_calm_and_joins_the_picture():
    square, outside = take(waves(period=4.0), Similarity.about((0, 60), (32, 32), 1, 10), 64, fill="blur")
    assert square[outside == 1].std() < 0.5 * square[outside == 0].std()


def test_a_square_beside_the_picture_is_refused():
    with pytest.raises(OutsideError, match="outside the picture"):
        plan_warp(Similarity(1, 0, 500, 0), 32, SIZE)


@pytest.mark.parametrize("fill", [None, "edge", "mirror", "blur"])
@pytest.mark.parametrize("angle", [0, 23])
@pytest.mark.parametrize("scale", [0.4, 1.0, 1.7])
def test_an_unchanged_square_goes_back_without_a_trace(scale: float, angle: int, fill: str | None):
    picture = waves()
    matrix = Similarity.about((30, 40), (40, 40), scale, angle)
    square, _ = take(picture, matrix, 80, fill=fill)
    pasted = picture.clone()
    paste_square(pasted, square, matrix, 80, fill=fill)
    assert torch.equal(pasted, picture)


@pytest.mark.parametrize("angle", [0, 23, 200])
def test_a_square_that_is_pasted_whole_differs_by_less_than_two_levels(angle: int):
    picture = waves()
    matrix = Similarity.about((80, 60), (64, 64), 2.0, angle)
    square, _ = take(picture, matrix, 128)
    larger = torch.nn.functional.interpolate(square.movedim(-1, 0)[None], scale_factor=2, mode="bicubic")
    pasted = picture.clone()
    paste_square(pasted, larger[0].movedim(0, -1).clamp(0, 1), matrix, 128)  # another size: nothing can be compared
    inside = pasted[40:80, 60:100]
    assert not torch.equal(pasted, picture)
    assert (inside - picture[40:80, 60:100]).abs().max() <= 2 / 255


def test_an_edit_lands_where_it_was_made_and_nowhere_else():
    picture = waves()
    matrix = Similarity.about((80, 60), (40, 40), 1.5, 30)
    square, _ = take(picture, matrix, 80)
    square[30:50, 30:50] = 0.0
    pasted = picture.clone()
    paste_square(pasted, square, matrix, 80)
    assert pasted[60, 80].max() < 0.02
    far = torch.ones(SIZE[1], SIZE[0], dtype=torch.bool)
    far[45:75, 65:95] = False
    assert torch.equal(pasted[far], picture[far])


def test_a_mask_and_a_feather_keep_the_rest():
    picture = waves()
    matrix, mask = Similarity(1, 0, -40, -30), torch.zeros(20, 20)
    mask[:, :10] = 1
    pasted = picture.clone()
    paste_square(pasted, torch.zeros(60, 60, 3), matrix, 60, feather=10, mask=mask)
    assert torch.equal(pasted[30:90, 75:100], picture[30:90, 75:100])
    assert pasted[60, 55].max() == 0 and pasted[60, 41].min() > 0


@pytest.mark.parametrize("wrong", [torch.zeros(8, 8, 4), torch.zeros(8, 9, 3), torch.zeros(0, 0, 3)])
def test_a_crop_that_does_not_fit_is_refused(wrong: torch.Tensor):
    with pytest.raises(ValueError, match="crop"):
        paste_square(waves(), wrong, Similarity(1, 0, 0, 0), 8)
