"""Pictures in TranSalNet's frame."""

from __future__ import annotations

import pytest
import torch

from salient_crop.models.transalnet.preprocess import PADDING, cut_from_frame, letterbox, place_in_frame


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), (0, 0, 384, 288)),
        ((1000, 500), (0, 48, 384, 192)),
        ((480, 640), (84, 0, 216, 288)),
        ((1, 1), (48, 0, 288, 288)),
        ((5000, 3), (0, 143, 384, 1)),
        ((3, 5000), (191, 0, 1, 288)),
    ],
)
def test_a_picture_lies_in_the_middle_of_the_frame(size, expected):
    assert tuple(place_in_frame(size, (384, 288)).as_list()) == expected


def test_what_lies_around_is_near_black_and_cutting_gives_the_picture_back():
    images = torch.rand(2, 3, 20, 80)
    framed, box = letterbox(images, (40, 30))
    assert (framed.shape, box.as_list()) == ((2, 3, 30, 40), [0, 10, 40, 10])
    assert framed[..., :10, :].unique().tolist() == framed[..., 20:, :].unique().tolist() == pytest.approx([PADDING])
    inside = cut_from_frame(framed, box)
    torch.testing.assert_close(inside.mean((-2, -1)), images.mean((-2, -1)), atol=0.02, rtol=0)
