"""Resizing: the same filter for 8-bit pictures and for floats."""

import numpy as np
import pytest
from PIL import Image

from salient_crop.images.resample import CROP_FILTER, SMALL_FILTER, average_blocks, resize, resize_floats, whole_pixels


@pytest.mark.parametrize(
    ("region", "size", "expected"),
    [
        ((0.0, 0.0, 1.0, 1.0), (1, 1), (0, 0, 1, 1)),
        ((2.0, 3.0, 12.0, 8.0), (10, 5), (2, 3, 12, 8)),
        ((2.5, 3.0, 12.5, 8.0), (10, 5), None),  # between two pixels
        ((2.0, 3.5, 12.0, 8.5), (10, 5), None),
        ((2.0, 3.0, 12.0, 8.0), (5, 5), None),
        ((2.0, 3.0, 12.0, 8.0), (10, 4), None),
    ],
)
def test_where_nothing_has_to_be_computed(region, size, expected):
    assert whole_pixels(region, size) == expected


def test_nothing_is_computed_where_nothing_has_to_be():
    board = Image.fromarray((np.indices((6, 8)).sum(0) % 2 * 255).astype(np.uint8))
    assert (np.asarray(resize(board, (1.0, 2.0, 6.0, 5.0), (5, 3))) == np.asarray(board)[2:5, 1:6]).all()


# Left, top, right, bottom of the region and the size: enlarged, reduced, and reduced so much that blocks are averaged.
CASES = [
    ((0.0, 0.0, 300.0, 200.0), (300, 200)),
    ((0.25, 0.5, 300.0, 199.75), (150, 100)),
    ((100.5, 50.25, 180.0, 120.0), (160, 140)),
    ((7.0, 3.0, 290.0, 190.0), (40, 28)),
    ((30.0, 20.0, 290.0, 190.0), (13, 9)),
    ((30.5, 20.0, 290.0, 190.0), (200, 9)),
    ((30.0, 20.5, 290.0, 190.0), (13, 150)),
    ((299.0, 199.0, 300.0, 200.0), (4, 4)),
]


@pytest.mark.parametrize(("region", "size"), CASES)
@pytest.mark.parametrize("filter", [CROP_FILTER, SMALL_FILTER])
def test_floats_are_what_pillow_makes_of_the_whole_channel(region, size, filter):
    # Away from 0 and 1, where nothing is limited, one call of Pillow for the whole channel is the definition.
    plane = (0.4 + 0.2 * np.random.default_rng(0).random((200, 300))).astype(np.float32)
    expected = Image.fromarray(plane).resize(size, filter, box=region, reducing_gap=3.0)
    found = resize_floats(plane[..., None], region, size, filter)
    assert found.shape == (size[1], size[0], 1) and found.dtype == np.float32
    assert np.abs(found[..., 0] - np.asarray(expected)).max() < 2e-6


@pytest.mark.parametrize(("region", "size"), CASES)
def test_8_bits_and_floats_agree_to_a_level_where_nothing_overshoots(region, size):
    board = np.kron(np.indices((20, 30)).sum(0) % 2 * 127 + 64, np.ones((10, 10))).astype(np.uint8)
    expected = np.asarray(resize(Image.fromarray(board), region, size)).astype(int)
    found = resize_floats((board / 255).astype(np.float32)[..., None], region, size)[..., 0]
    assert np.abs(np.round(found * 255) - expected).max() <= 1


def test_what_overshoots_is_limited():
    board = np.kron(np.indices((20, 30)).sum(0) % 2, np.ones((10, 10))).astype(np.float32)
    found = resize_floats(board[..., None], (0.0, 0.0, 300.0, 200.0), (450, 330))
    assert (found.min(), found.max()) == (0, 1)


def test_the_default_is_lanczos():
    assert CROP_FILTER == Image.Resampling.LANCZOS
    edge = np.zeros((1, 40), np.uint8)
    edge[:, 20:] = 255
    found = resize(Image.fromarray(edge), (0.0, 0.0, 40.0, 1.0), (80, 1))
    expected = Image.fromarray(edge).resize((80, 1), Image.Resampling.LANCZOS)
    assert (np.asarray(found) == np.asarray(expected)).all()


@pytest.mark.parametrize("block", [1, 2, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (3, 1), (8, 8), (16, 24), (33, 47), (7, 50), (61, 9)])
def test_blocks_of_floats_average_to_what_pillow_makes_of_their_levels(size, block):
    levels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    levels[0, 0] = 0, 255, 255
    expected = np.array(Image.fromarray(levels).reduce(block))
    averages = average_blocks(levels.astype(np.float32) / np.float32(255), block)
    assert averages.dtype == np.uint8
    assert averages.tolist() == expected.tolist()


def test_blocks_are_averaged_before_they_are_rounded():
    values = np.full((2, 2, 1), 0.4 / 255, np.float32)
    values[0] = 0.8 / 255
    assert average_blocks(values, 2).tolist() == [[[1]]]
    assert average_blocks(values, 1)[..., 0].tolist() == [[1, 1], [0, 0]]
