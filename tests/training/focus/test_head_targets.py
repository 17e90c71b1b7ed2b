"""Targets of the head outputs mean what the cropper reads from the outputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from salient_crop.models.focus.network import Outputs
from salient_crop.models.focus.subjects import decode_heads
from salient_crop.training.focus.head_targets import encode_heads

NO_BOXES = np.zeros((0, 4))


@pytest.mark.parametrize("labelled", [False, True])
def test_no_heads_are_negative_examples_only_where_heads_were_looked_for(labelled: bool) -> None:
    centres, centre_weight, reach_weight, reach = encode_heads(NO_BOXES, NO_BOXES, (40, 30), labelled)
    assert (centres.shape, reach.shape) == ((30, 40), (4, 30, 40))
    assert centres.sum() == reach_weight.sum() == reach.abs().sum() == 0
    assert (centre_weight == float(labelled)).all()


def test_targets_are_what_the_cropper_reads_back() -> None:
    boxes = np.array([[2.2, 3.0, 8.0, 11.5], [15.0, 2.0, 39.0, 29.0], [30.1, 20.2, 32.4, 23.0]])
    centres, centre_weight, reach_weight, reach = encode_heads(boxes, NO_BOXES, (40, 30), True)
    assert centre_weight.min() == 1
    assert (reach_weight > 0).sum() >= 3
    logits = torch.logit(centres.clamp(1e-4, 1 - 1e-4))[None]
    empty = torch.zeros(1, 15, 20)
    (heads,) = decode_heads(Outputs(empty, empty, logits, reach.clamp_min(1e-3).log()[None]))
    decoded = sorted((np.array(head[:4]) * [40, 30, 40, 30]).tolist() for head in heads)
    assert np.allclose(decoded, sorted(boxes.tolist()), atol=0.01)


@pytest.mark.parametrize(
    ("box", "usable"),
    [
        ((10, 10, 20, 20), True),
        ((-4, 10, 6, 20), True),  # exactly 60 % visible
        ((-4.1, 10, 5.9, 20), False),
        ((-9, 4, 3, 14), False),  # the centre is outside
        ((10, 10, 11, 10.5), True),  # 4 pixels of the input wide
        ((10, 10, 10.9, 10.9), False),
    ],
)
def test_a_head_that_is_too_small_or_mostly_outside_is_ignored(box: tuple, usable: bool) -> None:
    centres, centre_weight, reach_weight, _ = encode_heads(np.array([box], float), NO_BOXES, (40, 30), True)
    assert (centres.max() == 1) == (reach_weight.max() > 0) == usable
    ignored = centre_weight[max(0, int(box[1])), max(0, int(box[0]))] == 0
    assert ignored != usable
    assert centre_weight[28, 38] == 1


def test_cells_under_an_uncertain_head_are_ignored() -> None:
    centres, centre_weight, *_ = encode_heads(NO_BOXES, np.array([[20.0, 20, 25, 26]]), (40, 30), True)
    assert centres.max() == 0
    assert centre_weight[20:27, 20:26].max() == 0
    assert centre_weight[19, 22] == centre_weight[22, 26] == centre_weight[2, 35] == 1


def test_every_head_has_the_weight_of_its_cells_logarithm() -> None:
    _, _, reach_weight, _ = encode_heads(np.array([[5.0, 5, 25, 25]]), NO_BOXES, (40, 30), True)
    cells = int((reach_weight > 0).sum())
    assert cells > 10
    assert float(reach_weight.sum()) == pytest.approx(np.log1p(cells), rel=1e-4)
