"""Samples: every target lies on the pixels that it is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.training.focus.pictures import LabelledPicture
from salient_crop.training.focus.samples import jitter_colours, make_sample
from salient_crop.training.focus.views import View, full_view

HEAD = (60 / 200, 30 / 120, 90 / 200, 70 / 120)


@pytest.fixture
def picture(tmp_path: Path) -> LabelledPicture:
    """200 × 120 pixels with a white box, which is the head and the mask. The mask has half the resolution."""
    pixels = np.zeros((120, 200, 3), np.uint8)
    pixels[30:70, 60:90] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels[..., 0]).resize((100, 60)).save(tmp_path / "mask.png")
    return LabelledPicture(tmp_path / "a.png", "people", (), tmp_path / "mask.png", 0.5, (HEAD,))


@pytest.mark.parametrize(("mirrored", "left", "right"), [(False, 96, 240), (True, 144, 288)])
def test_targets_lie_on_their_pixels(picture: LabelledPicture, mirrored: bool, left: int, right: int) -> None:
    view = View((40, 20, 120, 80), (384, 288), mirrored)
    sample = make_sample(picture, Image.open(picture.path), view, None)
    bright = sample.image[0] > 0.5
    assert bright[:, : left - 2].sum() == bright[:, right + 2 :].sum() == 0
    assert bright[120, left + 4 : right - 4].all()
    assert sample.mask[10, left // 8 + 1 : right // 8 - 1].min() > 0.9
    assert sample.mask[10, : left // 8 - 1].max() < 0.1
    assert sample.mask_weight == 0.5
    ((row, column),) = (sample.centres == 1).nonzero().tolist()
    assert (row, column) == (36, (left + right) // 8)
    assert sample.reach[:, row, column].tolist() == pytest.approx([18.5, 24.5, 17.5, 23.5], abs=0.6)


def test_missing_labels_have_no_weight(tmp_path: Path) -> None:
    unlabelled = LabelledPicture(tmp_path / "a.png", "photo", (), tmp_path / "none.png", 1.0)
    sample = make_sample(unlabelled, Image.new("RGB", (200, 120)), View((0, 0, 200, 120), (96, 64)), None)
    assert sample.mask_weight == sample.centre_weight.max() == sample.reach_weight.max() == sample.fixations.max() == 0
    assert [tuple(each.shape) for each in sample] == [
        (3, 64, 96),
        *[(8, 12)] * 3,
        (),
        *[(16, 24)] * 3,
        (4, 16, 24),
        (16, 24),
    ]


def test_a_persons_and_an_animals_head_are_told_apart(picture: LabelledPicture) -> None:
    with_dog = replace(picture, animal_heads=((0.6, 0.5, 0.8, 0.9),))
    sample = make_sample(with_dog, Image.open(picture.path), View((0, 0, 200, 120), (400, 240)), None)
    assert (sample.centres == 1).nonzero().tolist() == [[25, 37], [42, 70]]
    assert (sample.animal[25, 37], sample.animal[42, 70]) == (0, 1)
    turned = make_sample(with_dog, Image.open(picture.path), View((0, 0, 200, 120), (400, 240), True), None)
    assert (turned.animal[25, 62], turned.animal[42, 30]) == (0, 1)
    alone = make_sample(with_dog, Image.open(picture.path), View((100, 50, 200, 120), (200, 140)), None)
    assert alone.animal.max() == 1, "also where the person is outside the view"


def test_heads_outside_the_view_leave_no_trace(picture: LabelledPicture) -> None:
    view = View((100, 80, 200, 120), (96, 64))
    sample = make_sample(picture, Image.open(picture.path), view, None)
    assert sample.centres.max() == 0
    assert sample.centre_weight.min() == 1


def test_fixations_are_learned_from_whole_pictures_only(tmp_path: Path) -> None:
    image = Image.new("RGB", (200, 120))
    looked_at = LabelledPicture(tmp_path / "a.png", "osie", ((0.26, 0.5),) * 3, tmp_path / "none.png", 1.0)
    sample = make_sample(looked_at, image, full_view(image.size), None)
    assert [float(each.sum()) for each in (sample.density, sample.fixations)] == pytest.approx([1, 1])
    row, column = divmod(int(sample.density.argmax()), sample.density.shape[1])
    assert (row / sample.density.shape[0], column / sample.density.shape[1]) == pytest.approx((0.5, 0.26), abs=0.03)
    assert 0 < sample.density.max() < 0.2, "blurred"
    mirrored = make_sample(looked_at, image, full_view(image.size, mirrored=True), None)
    assert torch.equal(sample.fixations, mirrored.fixations.flip(1))
    most, less = (View((0, 0, width, 120), (96, 64)) for width in (161, 159))
    assert make_sample(looked_at, image, most, None).fixations.sum().item() == pytest.approx(1)
    assert make_sample(looked_at, image, less, None).fixations.sum() == 0


def test_colours_change_and_stay_in_range() -> None:
    image = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    results = [jitter_colours(image, np.random.default_rng(seed)) for seed in range(60)]
    assert torch.equal(results[0], jitter_colours(image, np.random.default_rng(0)))
    assert all(each.min() >= 0 and each.max() <= 1 for each in results)
    assert not any(torch.allclose(each, image, atol=0.01) for each in results)
