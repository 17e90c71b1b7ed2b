"""Targets of the head outputs mean what the cropper reads from the outputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from salient_crop.models.focus.network import Outputs
from salient_crop.models.focus.subjects import decode_heads
from salient_crop.training.focus.head_targets import encode_heads

NO_BOXES, NOBODY = np.zeros((0, 4)), np.zeros(0, bool)
PERSON = np.array([False])


@pytest.mark.parametrize("labelled", [False, True])
def test_no_heads_are_negative_examples_only_where_heads_were_looked_for(labelled: bool) -> None:
    centres, centre_weight, reach_weight, reach, animal = encode_heads(NO_BOXES, NOBODY, NO_BOXES, (40, 30), labelled)
    assert (centres.shape, reach.shape, animal.shape) == ((30, 40), (4, 30, 40), (30, 40))
    assert centres.sum() == reach_weight.sum() == reach.abs().sum() == animal.sum() == 0
    assert (centre_weight == float(labelled)).all()


def test_targets_are_what_the_cropper_reads_back() -> None:
    boxes = np.array([[2.2, 3.0, 8.0, 11.5], [15.0, 2.0, 39.0, 29.0], [30.1, 20.2, 32.4, 23.0]])
    kinds = np.array([False, True, False])
    centres, centre_weight, reach_weight, reach, animal = encode_heads(boxes, kinds, NO_BOXES, (40, 30), True)
    assert centre_weight.min() == 1
    assert (reach_weight > 0).sum() >= 3
    logits = torch.logit(centres.clamp(1e-4, 1 - 1e-4))[None]
    empty = torch.zeros(1, 15, 20)
    (heads,) = decode_heads(Outputs(empty, empty, logits, reach.clamp_min(1e-3).log()[None], animal[None] - 0.5))
    decoded = sorted((*(np.array(head[:4]) * [40, 30, 40, 30]).tolist(), head.of_animal) for head in heads)
    assert np.allclose(
        decoded, sorted((*box, kind) for box, kind in zip(boxes.tolist(), kinds, strict=True)), atol=0.01
    )


@pytest.mark.parametrize("small_is_animal", [True, False])
def test_near_a_small_head_in_front_of_a_large_one_the_kind_is_that_of_the_small_one(small_is_animal: bool) -> None:
    boxes = np.array([[16.0, 11, 20, 15], [4.0, 1, 36, 29]])  # a cat in front of a face, or the other way round
    kinds = np.array([small_is_animal, not small_is_animal])
    for order in ([0, 1], [1, 0]):
        *_, reach_weight, _, animal = encode_heads(boxes[order], kinds[order], NO_BOXES, (40, 30), True)
        assert animal[13, 18] == float(small_is_animal)
        assert animal[15, 22] == float(not small_is_animal)
        assert animal[reach_weight == 0].sum() == 0


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
    boxes = np.array([box], float)
    centres, centre_weight, reach_weight, *_ = encode_heads(boxes, PERSON, NO_BOXES, (40, 30), True)
    assert (centres.max() == 1) == (reach_weight.max() > 0) == usable
    ignored = centre_weight[max(0, int(box[1])), max(0, int(box[0]))] == 0
    assert ignored != usable
    assert centre_weight[28, 38] == 1


def test_cells_under_an_uncertain_head_are_ignored() -> None:
    centres, centre_weight, *_ = encode_heads(NO_BOXES, NOBODY, np.array([[20.0, 20, 25, 26]]), (40, 30), True)
    assert centres.max() == 0
    assert centre_weight[20:27, 20:26].max() == 0
    assert centre_weight[19, 22] == centre_weight[22, 26] == centre_weight[2, 35] == 1


def test_every_head_has_the_weight_of_its_cells_logarithm() -> None:
    _, _, reach_weight, *_ = encode_heads(np.array([[5.0, 5, 25, 25]]), PERSON, NO_BOXES, (40, 30), True)
    cells = int((reach_weight > 0).sum())
    assert cells > 10
    assert float(reach_weight.sum()) == pytest.approx(np.log1p(cells), rel=1e-4)
