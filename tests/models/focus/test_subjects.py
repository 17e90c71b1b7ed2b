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


def animal_head(*box: float) -> Detection:
    return Detection(*box, 0.9, of_animal=True)


def test_heads_are_read_from_the_outputs_for_heads() -> None:
    centres, reach = torch.full((2, 30, 40), -8.0), torch.zeros(2, 4, 30, 40)
    centres[1, 10, 20] = 4.0
    outputs = Outputs(torch.zeros(2, 15, 20), torch.zeros(2, 15, 20), centres, reach, centres)
    none, (found,) = decode_heads(outputs)
    assert none == []
    assert found.of_animal
    assert found[:4] == pytest.approx((19.5 / 40, 9.5 / 30, 21.5 / 40, 11.5 / 30))


def test_an_animal_is_believed_sooner_than_a_person() -> None:
    """Of animals' heads the network saw few, so it is unsure of those that are there."""
    centres, reach = torch.full((1, 30, 40), -8.0), torch.zeros(1, 4, 30, 40)
    centres[0, 10, 20] = -1.5  # 18 %
    maps = torch.zeros(1, 15, 20)
    assert decode_heads(Outputs(maps, maps, centres, reach, torch.full_like(centres, -9))) == [[]]
    ((found,),) = decode_heads(Outputs(maps, maps, centres, reach, torch.full_like(centres, 9)))
    assert found.confidence == pytest.approx(0.622, abs=1e-3)


def test_without_heads_and_extent_there_is_no_subject() -> None:
    assert build_subjects(EVEN, NOTHING, []) == []


def test_a_head_and_the_part_below_it_are_one_person_and_a_part_without_head_is_an_object() -> None:
    extent = NOTHING.clone()
    extent[4:20, 2:10] = 1
    extent[10:22, 20:30] = 1
    person, thing = build_subjects(EVEN, extent, [head(0.1, 0.2, 0.25, 0.4)])
    assert (person.kind, thing.kind) == ("person", "object")
    assert person.region == pytest.approx((2 / 32, 4 / 24, 10 / 32, 20 / 24))
    assert person.head == pytest.approx((0.088, 0.17, 0.262, 0.412))
    assert (person.confidence, thing.confidence, thing.head) == (0.9, 1.0, None)
    assert thing.region == (20 / 32, 10 / 24, 30 / 32, 22 / 24)
    assert thing.weight < 0.01 * person.weight * 20


def test_a_head_belongs_to_the_part_that_holds_most_of_it() -> None:
    extent = NOTHING.clone()
    extent[4:20, 2:10] = 1
    extent[4:20, 14:24] = 1
    # Two columns of the head lie on the left part, three on the right one, and its centre between them.
    between, thing = build_subjects(EVEN, extent, [head(8 / 32, 0.2, 17 / 32, 0.4)])
    assert between.region[2] == 24 / 32
    assert thing.region == (2 / 32, 4 / 24, 10 / 32, 20 / 24)
    beside, *things = build_subjects(EVEN, extent, [head(0.8, 0.2, 0.9, 0.4)])
    assert beside.kind == "person"
    assert [each.kind for each in things] == ["object", "object"]


def test_a_part_under_two_heads_is_divided_between_them() -> None:
    extent = NOTHING.clone()
    extent[4:22, 4:28] = 1
    left, right = head(6 / 32, 4 / 24, 10 / 32, 8 / 24), head(22 / 32, 4 / 24, 26 / 32, 8 / 24)
    one, other = build_subjects(EVEN, extent, [left, right])
    assert one.region == pytest.approx((4 / 32, 4 / 24 - 0.025, 16 / 32, 22 / 24))
    assert other.region == pytest.approx((16 / 32, 4 / 24 - 0.025, 28 / 32, 22 / 24))
    # A larger head reaches further: a child does not halve its parent.
    child = head(24 / 32, 6 / 24, 26 / 32, 8 / 24)
    one, other = build_subjects(EVEN, extent, [left, child])
    assert one.region[2] > 19 / 32
    assert other.region[0] == 19 / 32, "not in the middle between them, at 16.5"


def test_a_person_whose_body_is_not_known_is_head_shoulders_and_chest() -> None:
    (person,) = build_subjects(EVEN, NOTHING, [head(0.4, 0.1, 0.6, 0.3)])
    across, down = 0.2 * 1.16, 0.2 * 1.21
    assert person.region == pytest.approx((0.5 - 1.25 * across, 0.07, 0.5 + 1.25 * across, min(1, 0.07 + 4 * down)))
    (low,) = build_subjects(EVEN, NOTHING, [head(0.0, 0.7, 0.2, 0.9)])
    assert low.region == pytest.approx((0.0, 0.67, 0.108 + 1.25 * 0.216, 1.0)), "and in the picture"


def test_an_animal_whose_body_is_not_known_is_its_head() -> None:
    (animal,) = build_subjects(EVEN, NOTHING, [animal_head(0.4, 0.1, 0.6, 0.3)])
    assert animal.kind == "animal"
    assert animal.region == animal.head == pytest.approx((0.384, 0.07, 0.616, 0.312))


def test_a_person_reaches_no_further_than_a_body_does_and_an_animal_as_far_as_its_part() -> None:
    """A person on a sofa: the part under the head fills the picture's width."""
    extent = NOTHING.clone()
    extent[2:24, 1:31] = 1
    small = (0.48, 0.2, 0.52, 0.25)
    (person,) = build_subjects(EVEN, extent, [head(*small)])
    across, down = 0.04 * 1.16, 0.05 * 1.21
    assert person.region == pytest.approx((0.5 - 3 * across, 2 / 24, 0.5 + 3 * across, 0.1925 + 9 * down))
    (animal,) = build_subjects(EVEN, extent, [animal_head(*small)])
    assert animal.region == pytest.approx((1 / 32, 2 / 24, 31 / 32, 1.0))


def test_a_body_holds_its_head_also_where_the_part_does_not() -> None:
    extent = NOTHING.clone()
    extent[8:20, 4:8] = 1
    (person,) = build_subjects(EVEN, extent, [head(3 / 32, 2 / 24, 9 / 32, 9 / 24)])
    x1, y1, x2, y2 = person.region
    assert (x1, y1, x2) == pytest.approx(person.head[:3])
    assert y2 == 20 / 24


def test_a_second_head_whose_part_is_all_the_others_is_a_bust_of_its_own() -> None:
    """Each cell of the part is nearer to the large head."""
    extent = NOTHING.clone()
    extent[4:12, 4:12] = 1
    large, tiny = head(4 / 32, 4 / 24, 12 / 32, 12 / 24), head(10.9 / 32, 10.9 / 24, 11.1 / 32, 11.1 / 24)
    _, second = build_subjects(EVEN, extent, [large, tiny])
    assert second.region[2] - second.region[0] == pytest.approx(2.5 * 0.2 / 32 * 1.16)


@pytest.mark.parametrize(("rows", "found"), [(1, 0), (2, 1)])
def test_a_part_smaller_than_a_hundredth_of_the_picture_is_no_subject(rows: int, found: int) -> None:
    extent = NOTHING.clone()
    extent[5 : 5 + rows, 4:8] = 1  # 4 or 8 of 768 cells
    assert len(build_subjects(EVEN, extent, [])) == found


def test_only_cells_above_a_half_belong_to_a_part() -> None:
    assert build_subjects(EVEN, NOTHING + 0.5, []) == []
    assert len(build_subjects(EVEN, NOTHING + 0.51, [])) == 1


def test_the_box_of_a_head_has_a_margin_and_stays_in_the_picture() -> None:
    (middle,) = build_subjects(EVEN, NOTHING, [head(0.4, 0.4, 0.6, 0.5)])
    assert middle.head == pytest.approx((0.384, 0.385, 0.616, 0.506))
    (corner,) = build_subjects(EVEN, NOTHING, [head(-0.1, -0.1, 0.2, 1.3)])
    assert corner.head == pytest.approx((0.0, 0.0, 0.224, 1.0))
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
