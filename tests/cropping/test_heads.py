"""The rule that no head is cut off: whom it protects, and how far boxes break it, worked out by hand."""

from __future__ import annotations

from math import hypot

import pytest
import torch

from salient_crop.cropping.heads import HeadRule, protected_subjects, stack_protected, trim_to_fit
from salient_crop.cropping.subject import Subject


def face(x: float, y: float, side: float, confidence: float = 1.0, weight: float = 0.5) -> Subject:
    """A square head from its top left corner."""
    return Subject(x, y, x + side, y + side, weight, "face", confidence=confidence)


BIG = face(0.1, 0.1, 0.3)
BODY = Subject(0.4, 0.2, 0.9, 1.0, 0.5, "person", head=(0.6, 0.2, 0.8, 0.5))
DOG = Subject(0.4, 0.2, 0.9, 1.0, 0.5, "animal", head=(0.6, 0.2, 0.8, 0.5))
THING = Subject(0.0, 0.0, 1.0, 1.0)


# --- whom it protects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subjects", "protected"),
    [
        ([], []),
        ([THING], []),
        ([Subject(0.1, 0.1, 0.5, 0.9, kind="person")], []),  # no head is known
        ([BIG], [BIG]),
        ([BODY], [BODY]),
        ([THING, DOG], [DOG]),
        ([Subject(0.4, 0.2, 0.9, 1.0, 1.0, "prompt", (0.6, 0.2, 0.8, 0.5))], None),
        # Two heads of the same size have half of the area each; of three nobody has 45 %.
        ([face(0.1, 0.1, 0.2), face(0.6, 0.1, 0.2)], None),
        ([face(0.1, 0.1, 0.2), face(0.4, 0.1, 0.2), face(0.7, 0.1, 0.2)], []),
        # Of two heads both, unless one has less than a third of the area: 0.04 and 0.0784 (33.8 %), 0.0829 (32.5 %).
        ([face(0.1, 0.1, 0.2), face(0.6, 0.1, 0.28)], None),
        ([face(0.1, 0.1, 0.2), face(0.6, 0.1, 0.288)], [face(0.6, 0.1, 0.288)]),
        # Beside a third one, 45 %: of 0.09 + 0.0484 + 0.0625 the first has 44.8 %, of 0.09 + 0.0484 + 0.06 it has 45.4.
        ([face(0.0, 0.1, 0.3), face(0.4, 0.1, 0.22), face(0.7, 0.1, 0.25)], []),
        ([face(0.0, 0.1, 0.3), face(0.4, 0.1, 0.22), face(0.7, 0.1, 0.245)], [face(0.0, 0.1, 0.3)]),
        # What is not certain is not protected, but is a head among the others.
        ([face(0.1, 0.1, 0.2, 0.41)], []),
        ([face(0.1, 0.1, 0.2, 0.42)], None),
        ([face(0.1, 0.1, 0.3, 0.4), face(0.6, 0.1, 0.2)], []),
        # What has no weight is not there at all.
        ([face(0.1, 0.1, 0.2, weight=0.0)], []),
        ([face(0.1, 0.1, 0.5, weight=0.0), face(0.6, 0.1, 0.1)], [face(0.6, 0.1, 0.1)]),
        # Of a head beyond the picture only what is in it counts: 0.2 × 0.8 of 0.41, and 0.1 × 0.8 of 0.33.
        ([Subject(-0.8, 0.2, 0.2, 1.0, kind="face"), face(0.5, 0.2, 0.5)], None),
        ([Subject(-0.9, 0.2, 0.1, 1.0, kind="face"), face(0.5, 0.2, 0.5)], [face(0.5, 0.2, 0.5)]),
        ([Subject(-0.8, 0.2, -0.1, 1.0, kind="face")], []),
    ],
)
def test_the_largest_heads_that_are_certainly_there_are_protected(subjects, protected):
    assert protected_subjects(subjects) == (subjects if protected is None else protected)


# --- what is known of them -------------------------------------------------------------------------------------------


def test_pictures_with_few_and_many_protected_subjects_are_stacked():
    assert stack_protected([]).shape == (0, 0, 9)
    assert stack_protected([[], [THING]]).shape == (2, 0, 9)
    stacked = stack_protected([[BODY], [], [face(0.1, 0.1, 0.2), face(0.7, 0.1, 0.2)]])
    assert (stacked.shape, stacked.dtype) == ((3, 2, 9), torch.float64)
    empty = [0, 0, 1, 1, 0, 0, 1, 1, 0]
    assert stacked[0, 0, :8].tolist() == [0.6, 0.2, 0.8, 0.5, 0.4, 0.2, 0.9, 1.0]
    assert stacked[0, 1].tolist() == stacked[1, 0].tolist() == stacked[1, 1].tolist() == empty
    assert (stacked[2, :, 8] > 0).all()


def test_heads_and_bodies_are_clipped_to_the_picture():
    (row,) = stack_protected([[Subject(-0.1, 0.6, 0.1, 0.8, kind="face")]])[0]
    # The body of a face is 2.5 heads wide and 4 heads high: from -0.25 to 0.25 and from 0.6 to 1.4.
    assert row[:8].tolist() == pytest.approx([0, 0.6, 0.1, 0.8, 0, 0.6, 0.25, 1])


@pytest.mark.parametrize(
    ("heads", "importance"),
    [
        ([face(0.4, 0.4, 0.2)], [1.0]),  # alone in the middle
        ([Subject(0.8, 0.8, 1.2, 1.2, kind="face")], [1 - 0.25 * hypot(0.4, 0.4) * 2**0.5]),  # clipped: 0.8 to 1
        ([face(0.4, 0.1, 0.2), face(0.4, 0.7, 0.2)], [0.5 * (1 - 0.25 * 0.3 * 2**0.5)] * 2),
        # The larger counts more, and of equals the more central.
        (
            [face(0.4, 0.4, 0.2), Subject(0.4, 0.78, 0.6, 0.98, kind="face")],
            [0.5, 0.5 * (1 - 0.25 * 0.38 * 2**0.5)],
        ),
        (
            [face(0.05, 0.4, 0.2), Subject(0.75, 0.39, 0.95, 0.61, kind="face")],
            [(0.04 / 0.084) * (1 - 0.25 * 0.35 * 2**0.5), (0.044 / 0.084) * (1 - 0.25 * 0.35 * 2**0.5)],
        ),
        # A third, smaller head takes nothing away from the importance of the two.
        ([face(0.4, 0.1, 0.3), face(0.4, 0.6, 0.3), face(0.0, 0.0, 0.05)], None),
    ],
)
def test_the_importance_is_the_share_of_the_heads_and_falls_towards_the_corners(heads, importance):
    found = stack_protected([heads])[0, :, 8].tolist()
    assert found == pytest.approx(stack_protected([heads[:2]])[0, :, 8].tolist() if importance is None else importance)


# --- heads that no box holds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "largest", "trimmed"),
    [
        ((0.2, 0.1, 0.6, 0.5), (0.5, 1.0), (0.2, 0.1, 0.6, 0.5)),  # fits
        ((0.2, 0.1, 0.7, 0.5), (0.5, 0.4), (0.2, 0.1, 0.7, 0.5)),  # fits exactly: nothing of it may go
        ((0.2, 0.1, 0.8, 0.5), (0.5, 1.0), (0.255, 0.1, 0.745, 0.5)),  # too wide: both sides give way
        ((0.2, 0.1, 0.6, 0.9), (1.0, 0.5), (0.2, 0.41, 0.6, 0.9)),  # too high: the crown gives way, not the chin
        ((0.0, 0.0, 1.0, 1.0), (0.5, 0.5), (0.255, 0.51, 0.745, 1.0)),
    ],
)
def test_of_a_head_that_no_box_holds_the_middle_and_the_chin_are_left(head, largest, trimmed):
    heads = torch.tensor([[head], [head]], dtype=torch.float64)
    found = trim_to_fit(heads, largest)
    assert found.shape == (2, 1, 4)
    assert found[0, 0].tolist() == found[1, 0].tolist() == pytest.approx(trimmed)


def test_the_rule_is_about_trimmed_heads_and_whole_bodies():
    stacked = stack_protected([[Subject(0.1, 0.1, 0.9, 1.0, 0.5, "person", (0.2, 0.1, 0.6, 0.9))], [BODY]])
    rule = HeadRule.of(stacked, (1.0, 0.5))
    assert rule.regions.shape == (2, 2, 4)
    assert rule.regions[0].tolist() == [pytest.approx([0.2, 0.41, 0.6, 0.9]), [0.1, 0.1, 0.9, 1.0]]
    assert rule.regions[1].tolist() == [pytest.approx([0.6, 0.2, 0.8, 0.5]), [0.4, 0.2, 0.9, 1.0]]
    assert torch.equal(rule.importance, stacked[..., 8])


# --- how far boxes break it ------------------------------------------------------------------------------------------


def broken(importance: list[float], *boxes: list[float]) -> list[float]:
    """How far boxes break the rule, each by the visible shares of the heads, then of the bodies."""
    rule = HeadRule(torch.zeros(1, 2 * len(importance), 4), torch.tensor([importance], dtype=torch.float64))
    return rule.broken(torch.tensor(boxes, dtype=torch.float64).T[None])[0].tolist()


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (1.0, 1.0, 0.0),
        (1.0, 0.1, 0.0),  # a portrait
        (0.98, 1.0, 0.0),  # but for a pixel
        (0.979, 1.0, 1 + 0.5 + 0.1 * 0.021),
        (0.5, 1.0, 1.55),
        (0.5, 0.0, 1.55),  # an animal whose body lies elsewhere
        (0.051, 0.0, 1 + 0.5 + 0.1 * 0.949),
        (0.05, 0.0, 0.0),  # a sliver
        (0.05, 0.15, 0.0),  # an elbow
        (0.05, 0.151, 1 + 0.5 + 0.1 * 0.95),
        (0.0, 0.151, 1.6),
        (0.0, 1.0, 1.6),  # a body without its head
        (0.0, 0.0, 0.0),  # nobody
    ],
)
def test_a_head_is_whole_or_out_and_no_body_is_without_it(head: float, body: float, expected: float) -> None:
    assert broken([0.5], [head, body]) == pytest.approx([expected])


def test_all_the_subjects_that_are_cut_count() -> None:
    assert broken([0.5, 0.4], [0.5, 0.25, 1, 1]) == pytest.approx([2 + 1.55 + 1.475])
    assert broken([0.5, 0.4], [1.0, 0.25, 1, 1]) == pytest.approx([1.475])
    assert broken([0.5, 0.0], [0.5, 0.25, 1, 1]) == pytest.approx([1.55]), "an empty slot"
    assert broken([0.5, 0.4], [1.0, 0.25, 1, 1]) < broken([0.5, 0.4], [0, 0, 0, 0]), "one of them, not the gap between"


def test_pictures_and_positions_of_any_shape_are_told_apart() -> None:
    rule = HeadRule(torch.zeros(2, 2, 4), torch.tensor([[0.5], [0.0]], dtype=torch.float64))
    visible = torch.ones(2, 2, 3, 4, dtype=torch.float64)
    visible[:, 0, 1, 2] = 0.5
    found = rule.broken(visible)
    assert found.shape == (2, 3, 4)
    assert found[0].count_nonzero() == 1
    assert found[0, 1, 2] == pytest.approx(1.55)
    assert found[1].max() == 0


@pytest.mark.parametrize("least", [0.34, 0.45, 0.5])
def test_the_order_of_what_gives_way(least: float) -> None:
    """Two subjects of which the second counts a little less; from the best box to the worst, in this order."""
    more = least + 0.101
    shares = [
        [1, 1, 1, 1],
        [1, 0.97, 1, 1],  # of the less important one's head as much as possible
        [1, 0.5, 1, 1],
        [1, 0.0, 1, 1],  # none of it, before the smallest part of the more important one's
        [0.97, 1, 1, 1],
        [0.0, 1, 1, 1],
        [0.97, 0.97, 1, 1],  # and one whole head before two that are almost whole
        [0.5, 0.5, 1, 1],
        [0.0, 0.0, 1, 1],
    ]
    found = broken([more, least], *shares)
    assert found == sorted(found)
    assert len(set(found)) == len(found)
    assert found[0] == 0
    assert found[1] >= 1
