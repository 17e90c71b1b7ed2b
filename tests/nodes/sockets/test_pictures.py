"""IMAGE values."""

import pytest
import torch

from salient_crop.nodes.sockets.pictures import read_batches, size_of


def test_pictures_become_three_channels_of_float32_whatever_their_precision():
    half = torch.full((2, 3, 5, 4), 0.25, dtype=torch.float16)
    (batch,) = read_batches([half])
    assert batch.shape == (2, 3, 5, 3)
    assert batch.dtype == torch.float32
    assert size_of(batch[0]) == (5, 3)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "^image: an empty list arrived; the node before found no picture"),
        ([torch.zeros(1, 4, 4, 3), torch.zeros(4, 4, 3)], r"^image 1: expected \[B, H, W, 3\].* got \[4, 4, 3\]"),
        ([torch.zeros(1, 4, 4, 1)], r"^image 0: expected \[B, H, W, 3\]"),
        ([torch.zeros(0, 4, 4, 3)], r"^image 0: .*at least one pixel, got \[0, 4, 4, 3\]"),
        ([torch.zeros(1, 0, 4, 3)], r"^image 0: .*at least one pixel"),
        ([torch.zeros(1, 4, 4, 3), torch.full((1, 4, 4, 3), 255.0)], "^image 1: values from 255 to 255, .*by 255"),
        ([torch.full((1, 4, 4, 3), 200, dtype=torch.uint8)], "^image 0: values from 200 to 200"),
        ([torch.full((1, 4, 4, 3), -1.5)], "^image 0: values from -1.5"),
        ([torch.full((1, 4, 4, 3), float("nan"))], "^image 0: some values are NaN or infinite; .*fp32"),
        ([torch.full((1, 4, 4, 3), float("inf"))], "^image 0: some values are NaN or infinite"),
        ([torch.full((1, 4, 4, 3), float("-inf"))], "^image 0: some values are NaN or infinite"),
    ],
)
def test_what_is_no_picture_is_refused_by_the_name_of_its_socket(images, message):
    with pytest.raises(ValueError, match=message):
        read_batches(images)


def test_one_bad_pixel_among_many_is_noticed():
    image = torch.full((1, 40, 40, 3), 0.5)
    image[0, 39, 39, 2] = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        read_batches([image])


def test_what_a_filter_overshoots_is_accepted_as_it_is():
    image = torch.tensor([-0.2, 0.5, 1.3]).expand(1, 4, 4, 3)
    assert torch.equal(read_batches([image])[0], image)
