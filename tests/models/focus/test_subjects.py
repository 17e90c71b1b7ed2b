"""Heads and bodies as subjects: kinds, boxes and weights."""

from __future__ import annotations

import pytest
import torch

from salient_crop.models.detectors.centre_points import Detection
from salient_crop.models.focus.network import Outputs
from salient_crop.models.focus.subjects import build_subjects, decode_heads, head_dominance

EVEN = torch.full((24, 32), 1 / 768)
NOTHING = torch.zeros(24, 32)


def head(x1: float, y1: float, x2: float, y2: float, confidence: float = 0.9) -> Detection:
    return Detection(x1, y1, x2, y2, confidence)


def test_heads_are_read_from_the_outputs_for_heads() -> None:
    centres, reach = torch.full((2, 30, 40), -8.0), torch.zeros(2, 4, 30, 40)
    centres[1, 10, 20] = 4.0
    outputs = Outputs(torch.zeros(2, 15, 20), torch.zeros(2, 15, 20), centres, reach)
    none, (found,) = decode_heads(outputs)
    assert none == []
    assert found[:4] == pytest.approx((19.5 / 40, 9.5 / 30, 21.5 / 40, 11.5 / 30))


def test_without_heads_and_extent_there_is_no_subject() -> None:
    assert build_subjects(EVEN, NOTHING, []) == []


def test_a_part_with_a_head_is_a_person_and_one_without_an_object() -> None:
    extent = NOTHING.clone()
    extent[4:20, 2:10] = 1
    extent[10:22, 20:30] = 1
    face, person, thing = build_subjects(EVEN, extent, [head(0.1, 0.2, 0.25, 0.4)])
    assert (face.kind, person.kind, thing.kind) == ("face", "person", "object")
    assert person.region == (2 / 32, 4 / 24, 10 / 32, 20 / 24)
    assert thing.region == (20 / 32, 10 / 24, 30 / 32, 22 / 24)
    assert person.weight == thing.weight < 0.01 * face.weight * 20


def test_a_head_belongs_to_the_part_that_holds_its_centre() -> None:
    extent = NOTHING.clone()
    extent[4:20, 2:10] = 1
    beside = build_subjects(EVEN, extent, [head(0.3, 0.2, 0.5, 0.4)])
    assert [each.kind for each in beside] == ["face", "object"]


@pytest.mark.parametrize(("rows", "found"), [(1, 0), (2, 1)])
def test_a_part_smaller_than_a_hundredth_of_the_picture_is_no_subject(rows: int, found: int) -> None:
    extent = NOTHING.clone()
    extent[5 : 5 + rows, 4:8] = 1  # 4 or 8 of 768 cells
    assert len(build_subjects(EVEN, extent, [])) == found


def test_only_cells_above_a_half_belong_to_a_part() -> None:
    assert build_subjects(EVEN, NOTHING + 0.5, []) == []
    assert len(build_subjects(EVEN, NOTHING + 0.51, [])) == 1


def test_the_box_of_a_head_has_a_margin_above_and_beside_it_and_stays_in_the_picture() -> None:
    (middle,) = build_subjects(EVEN, NOTHING, [head(0.4, 0.4, 0.6, 0.5)])
    assert middle.region == pytest.approx((0.394, 0.397, 0.606, 0.5))
    (corner,) = build_subjects(EVEN, NOTHING, [head(-0.1, -0.1, 0.2, 1.3)])
    assert corner.region == pytest.approx((0.0, 0.0, 0.209, 1.0))
    assert build_subjects(EVEN, NOTHING, [head(1.1, 0.2, 1.3, 0.4)]) == [], "wholly outside"


def test_a_large_head_weighs_more_than_one_of_many_tiny_ones() -> None:
    large, tiny = build_subjects(EVEN, NOTHING, [head(0.2, 0.2, 0.6, 0.7), head(0.8, 0.8, 0.82, 0.83)])
    assert large.weight > 5 * tiny.weight


def test_a_single_head_weighs_more_the_more_attention_lies_on_it() -> None:
    attention = NOTHING.clone()
    attention[6:12, 8:16] = 1 / 48
    on, off = (build_subjects(attention, NOTHING, [head(x, 0.25, x + 0.25, 0.5)])[0].weight for x in (0.25, 0.7))
    assert on == pytest.approx(off + 0.5, abs=0.02)
    crowd = [head(0.25, 0.25, 0.5, 0.5), *(head(0.6, y / 10, 0.85, y / 10 + 0.25) for y in range(7))]
    assert build_subjects(attention, NOTHING, crowd)[0].weight < off + 0.05


@pytest.mark.parametrize(
    ("heads", "dominance"),
    [
        ([], 0.0),
        ([head(0.1, 0.1, 0.2, 0.2, 0.9)], 1.0),
        ([head(0.1, 0.1, 0.2, 0.2, 0.6)], 1.0),
        ([head(0.1, 0.1, 0.2, 0.2, 0.3)], 0.5),
        ([head(0.1, 0.1, 0.2, 0.2), head(0.5, 0.5, 0.6, 0.6)], 0.25),
        ([head(0.1, 0.1, 0.2, 0.2), head(0.5, 0.5, 0.501, 0.501)], 1.0),
    ],
)
def test_one_head_dominates_and_equal_heads_do_not(heads: list[Detection], dominance: float) -> None:
    assert head_dominance(heads) == pytest.approx(dominance, abs=1e-3)
