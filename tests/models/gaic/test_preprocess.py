"""The size that GAIC works at, and boxes in its pixels."""

from __future__ import annotations

import pytest
import torch

from salient_crop.models.gaic.preprocess import preprocess, round_out, working_size
from salient_crop.models.gaic.variant import AUTHORS, BO_ZHANG, TRAINED_HERE


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((256, 256), (256, 256)),
        ((4000, 3000), (352, 256)),
        ((300, 900), (256, 768)),
        ((1, 1), (256, 256)),
        ((20, 30000), (256, 2048)),  # a strip must not ask for gigabytes
        ((1600, 200), (2048, 256)),
    ],
)
def test_working_sizes(size, expected):
    assert working_size(size) == expected


def test_another_short_side():
    assert working_size((640, 480), short_side=96) == (128, 96)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        (torch.zeros(0, 4), torch.zeros(0, 4)),
        (torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([[0.0, 0.0, 10.0, 20.0]])),
        (torch.tensor([[0.11, 0.26, 0.89, 0.51]]), torch.tensor([[1.0, 5.0, 9.0, 11.0]])),
        (torch.tensor([[0.1 + 5e-6, 0.25, 0.9 - 5e-6, 0.5]]), torch.tensor([[1.0, 5.0, 9.0, 10.0]])),
        (torch.tensor([[0.1 - 5e-6, 0.25, 0.9 + 5e-6, 0.5]]), torch.tensor([[1.0, 5.0, 9.0, 10.0]])),  # only rounding
    ],
)
def test_boxes_grow_to_whole_pixels(boxes, expected):
    assert torch.equal(round_out(boxes, (10, 20)), expected)


def test_white_is_what_each_training_code_made_of_it():
    white = torch.ones(1, 3, 256, 256)
    values = [preprocess(white, (256, 256), each)[0, 0, 0, 0].item() for each in (AUTHORS, BO_ZHANG, TRAINED_HERE)]
    ours = (1 - 0.485) / 0.229
    assert values == pytest.approx([(255 / 256 - 0.485) / 0.229, ours, ours])


def test_only_those_that_were_trained_so_filter_when_they_reduce():
    stripes = torch.tensor([0.0, 1.0]).repeat(384).expand(1, 3, 768, -1)
    aliased, *filtered = (
        preprocess(stripes, (256, 256), each)[:, :1, :, 2:-2].std().item() for each in (AUTHORS, BO_ZHANG, TRAINED_HERE)
    )
    assert aliased > 0.4 / 0.229
    assert max(filtered) < 0.4 * aliased
