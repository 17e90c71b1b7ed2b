"""Views of pictures stay inside, and boxes stay on their pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.training.focus.pictures import LabelledPicture
from salient_crop.training.focus.views import View, full_view, nearly_full_view, random_part

SIZES = [(480, 360), (91, 400), (33, 33)]


@pytest.mark.parametrize(
    ("mirrored", "expected"), [(False, [0.25, 1 / 6, 0.625, 5 / 6]), (True, [0.375, 1 / 6, 0.75, 5 / 6])]
)
def test_boxes_are_transformed_as_pixels_are(mirrored: bool, expected: list[float]) -> None:
    pixels = np.zeros((120, 200, 3), np.uint8)
    pixels[30:70, 60:90] = 255
    view = View((40, 20, 120, 80), (384, 288), mirrored)
    (box,) = view.transform(np.array([60 / 200, 30 / 120, 90 / 200, 70 / 120]), (200, 120))
    assert box.tolist() == pytest.approx(expected)
    rendered = np.asarray(view.render(Image.fromarray(pixels)))[..., 0] > 127
    rows, columns = np.nonzero(rendered)
    edges = columns.min() / 384, rows.min() / 288, (columns.max() + 1) / 384, (rows.max() + 1) / 288
    assert edges == pytest.approx(expected, abs=0.01)


def test_no_boxes_stay_no_boxes() -> None:
    assert full_view((200, 120)).transform(np.zeros((0, 4)), (200, 120)).shape == (0, 4)


def test_a_full_view_is_all_of_the_picture() -> None:
    view = full_view((200, 120))
    assert view.part == (0, 0, 200, 120)
    assert view.transform(np.array([0.1, 0.2, 0.3, 0.4]), (200, 120)).tolist() == [pytest.approx([0.1, 0.2, 0.3, 0.4])]


def test_parts_lie_inside_the_picture_and_have_about_the_shape_of_the_view() -> None:
    rng = np.random.default_rng(0)
    heads = ((0.9, 0.8, 1.1, 1.05), (0.0, 0.0, 0.6, 0.9))
    picture = LabelledPicture(Path("a"), "crowd", (), Path("b"), 1.0, heads)
    for size in SIZES * 40:
        x1, y1, x2, y2 = random_part(picture, size, (384, 288), rng).part
        assert -1e-9 <= x1 < x2 <= size[0] + 1e-9
        assert -1e-9 <= y1 < y2 <= size[1] + 1e-9
        assert abs(np.log((x2 - x1) / (y2 - y1) / (384 / 288))) < 0.16


def test_most_parts_hold_the_centre_of_a_head() -> None:
    rng = np.random.default_rng(0)
    with_head, without = (
        LabelledPicture(Path("a"), "crowd", (), Path("b"), 1.0, heads) for heads in (((0.8, 0.8, 0.9, 0.9),), ())
    )
    pet = replace(without, animal_heads=with_head.heads)
    shares = []
    for picture in (with_head, without, pet):
        parts = [random_part(picture, (400, 300), (384, 288), rng).part for _ in range(300)]
        shares.append(np.mean([x1 <= 340 <= x2 and y1 <= 255 <= y2 for x1, y1, x2, y2 in parts]))
    assert shares[0] > 0.7 > shares[1] + 0.1
    assert shares[2] > 0.7, "an animal's head too"


def test_parts_of_single_people_are_larger() -> None:
    rng = np.random.default_rng(0)
    widths = {}
    for group in ("people", "crowd"):
        picture = LabelledPicture(Path("a"), group, (), Path("b"), 1.0)
        parts = [random_part(picture, (384, 288), (384, 288), rng).part for _ in range(300)]
        widths[group] = min(x2 - x1 for x1, _, x2, _ in parts) / 384
    assert widths["people"] > 0.5 > 0.4 > widths["crowd"]


def test_nearly_full_views_lose_at_most_a_tenth_of_each_side() -> None:
    rng = np.random.default_rng(0)
    views = [nearly_full_view((200, 120), (96, 64), rng) for _ in range(100)]
    for view in views:
        x1, y1, x2, y2 = view.part
        assert x1 >= 0 and x2 - x1 >= 180 and x2 <= 200 + 1e-9
        assert y1 >= 0 and y2 - y1 >= 108 and y2 <= 120 + 1e-9
    assert 0.3 < np.mean([view.part[2] - view.part[0] == 200 for view in views]) < 0.7
    assert 0.3 < np.mean([view.mirrored for view in views]) < 0.7
