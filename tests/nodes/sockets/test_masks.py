"""MASK values."""

import pytest
import torch

from salient_crop.cropping.mask_regions import find_region
from salient_crop.nodes.sockets.masks import blank_pictures, read_frames, read_masks


def batch(count):
    return torch.zeros(count, 4, 6, 3)


def marked(*values):
    """One mask of 2 × 2 pixels for each value, stacked."""
    return torch.stack([torch.full((2, 2), value) for value in values])


@pytest.mark.parametrize(
    ("masks", "counts", "expected"),
    [
        (None, [], []),
        (None, [1, 2], [None, None, None]),
        ([], [2], [None, None]),
        ([marked(0.1)], [1], [0.1]),
        ([marked(0.1)], [3], [0.1, 0.1, 0.1]),  # one for all
        ([marked(0.1, 0.2)], [2], [0.1, 0.2]),  # one batch of masks for one batch of pictures
        ([marked(0.1), marked(0.2)], [2, 1], [0.1, 0.1, 0.2]),  # a value for each batch, which serves all of it
        ([marked(0.1, 0.2), marked(0.3)], [2, 2], [0.1, 0.2, 0.3, 0.3]),
        ([marked(0.1, 0.2, 0.3)], [2, 1], [0.1, 0.2, 0.3]),  # counted through
        ([marked(0.1), marked(0.2), marked(0.3)], [3], [0.1, 0.2, 0.3]),
        ([marked(0.1, 0.3, 0.2)], [1], [0.3]),  # several of one picture are united
        ([marked(0.1), marked(0.3)], [1], [0.3]),
        ([marked(0.1, 0.2), marked(0.3)], [1, 1], [0.2, 0.3]),
    ],
)
def test_masks_belong_to_pictures_by_their_place(masks, counts, expected):
    found = read_masks(masks, [batch(count) for count in counts], "mask")
    assert [None if each is None else round(float(each.mean()), 3) for each in found] == expected
    assert all(each is None or each.shape == (2, 2) for each in found)


@pytest.mark.parametrize(
    ("masks", "counts", "message"),
    [
        ([marked(0, 1)], [3], "^mask: 2 values for 3 pictures"),
        ([marked(0, 1), marked(0)], [3, 1], "^mask: 2 values for 3 pictures"),
        ([marked(0), torch.zeros(1, 2, 2, 1)], [2], r"^mask 1: expected a mask \[B, H, W\].* got \[1, 2, 2, 1\]"),
        ([torch.zeros(1, 0, 2)], [1], "^mask 0: expected a mask .* at least one pixel"),
        ([torch.full((2, 2), 255)], [1], "^mask 0: values from 255 to 255"),
        ([torch.full((2, 2), float("nan"))], [1], "^mask 0: some values are NaN"),
    ],
)
def test_what_is_no_mask_is_refused_by_the_name_of_its_socket(masks, counts, message):
    with pytest.raises(ValueError, match=message):
        read_masks(masks, [batch(count) for count in counts], "mask")


def test_masks_of_one_picture_and_several_sizes_are_united():
    left, top = torch.tensor([[1.0, 0.0]]), torch.zeros(4, 6)
    top[0] = 0.5
    (found,) = read_masks([left, top], [batch(1)], "mask")
    assert found.shape == (4, 6)
    assert found[0].tolist() == [1, 1, 1, 0.5, 0.5, 0.5]
    assert found[1:].tolist() == [[1, 1, 1, 0, 0, 0]] * 3


def test_frames_are_floats_in_0_to_1_whatever_comes():
    assert read_frames(torch.tensor([[True, False]]), "mask").tolist() == [[[1.0, 0.0]]]
    assert read_frames(torch.tensor([[[1.25, -0.25]]], dtype=torch.float16), "mask").tolist() == [[[1.0, 0.0]]]


@pytest.mark.parametrize(
    ("white", "expected"),
    [
        ([], None),
        ([(0, 0)], (0, 0, 0.25, 0.5)),
        ([(1, 3)], (0.75, 0.5, 1, 1)),
        ([(0, 1), (1, 2)], (0.25, 0, 0.75, 1)),
    ],
)
def test_a_region_is_around_all_that_is_white(white, expected):
    mask = torch.full((2, 4), 0.5)  # a half is not white yet
    for row, column in white:
        mask[row, column] = 0.51
    assert find_region(mask) == expected


def test_blank_pictures_are_as_large_as_the_masks():
    (blank,) = blank_pictures([torch.zeros(2, 3, 5)], "mask")
    assert blank.shape == (2, 3, 5, 3)
    assert blank.unique().tolist() == [0.5]
