"""Which heads a crop cuts off, and boxes moved so that they hold them."""

import pytest
import torch

from salient_crop.cropping.heads import cut_heads, cut_share, move_to_hold, share_of_head
from salient_crop.cropping.subject import Subject

WHOLE = (0.0, 0.0, 1.0, 1.0)
PERSON = Subject(0.2, 0.2, 0.6, 1.0, kind="person", head=(0.3, 0.2, 0.5, 0.4))
FACE = Subject(0.3, 0.2, 0.5, 0.4, kind="face")  # a body of 0.25..0.55 across and 0.2..1 down is below it
LEAVING = Subject(-0.1, 0.4, 0.1, 0.6, kind="face")  # half of the head is beyond the picture


@pytest.mark.parametrize(
    ("subject", "region", "cut"),
    [
        (PERSON, WHOLE, False),
        (PERSON, (0.3, 0.2, 0.5, 0.4), False),  # the head alone
        (PERSON, (0.4, 0.0, 1.0, 1.0), True),
        (PERSON, (0.303, 0.0, 1.0, 1.0), False),  # 98.5 % of the head: a pixel more or less
        (PERSON, (0.306, 0.0, 1.0, 1.0), True),  # 97 %
        (PERSON, (0.0, 0.4, 1.0, 1.0), True),  # a body without a head
        (PERSON, (0.6, 0.0, 1.0, 1.0), False),  # nobody is there
        (PERSON, (0.0, 0.89, 1.0, 1.0), False),  # feet: 14 % of the body
        (PERSON, (0.0, 0.87, 1.0, 1.0), True),  # legs: 16 %
        (PERSON, (0.492, 0.0, 1.0, 0.4), False),  # 4 % of the head and 7 % of the body
        (PERSON, (0.48, 0.0, 1.0, 0.4), True),  # 10 % of the head
        (FACE, (0.0, 0.4, 1.0, 1.0), True),
        (FACE, (0.0, 0.9, 1.0, 1.0), False),
        (LEAVING, WHOLE, False),
        (LEAVING, (0.05, 0.0, 1.0, 1.0), True),
        (Subject(0.2, 0.2, 0.6, 1.0, kind="person"), (0.0, 0.6, 1.0, 1.0), False),  # no head is known
        (Subject(0.2, 0.2, 0.6, 1.0), (0.4, 0.0, 1.0, 1.0), False),  # an object has none
        (Subject(0.3, 0.2, 0.5, 0.4, 0.0, "face"), (0.4, 0.0, 1.0, 1.0), False),  # of no weight
        (Subject(0.3, 0.2, 0.5, 0.4, kind="face", confidence=0.41), (0.4, 0.0, 1.0, 1.0), False),
    ],
)
def test_a_head_is_cut_where_it_is_sliced_or_its_body_is_shown_without_it(subject, region, cut):
    assert cut_heads([subject], region) == ([subject] if cut else [])


def test_only_those_whom_the_picture_is_about_are_beheaded():
    large, small = Subject(0.0, 0.0, 0.2, 0.2, kind="face"), Subject(0.4, 0.0, 0.5, 0.1, kind="face")
    assert cut_heads([small, large], (0.1, 0.0, 0.45, 1.0)) == [large]
    assert cut_heads([], WHOLE) == []


@pytest.mark.parametrize(
    ("others", "region", "share"),
    [
        ([], WHOLE, 0.0),
        ([], (0.4, 0.0, 1.0, 1.0), 1.0),
        ([Subject(0.7, 0.2, 0.9, 0.4, kind="face")], WHOLE, 0.0),
        ([Subject(0.7, 0.2, 0.9, 0.4, kind="face")], (0.4, 0.0, 1.0, 1.0), 0.5),
        ([Subject(0.7, 0.2, 0.9, 0.4, kind="face")], (0.4, 0.0, 0.8, 1.0), 1.0),
        ([Subject(0.7, 0.2, 0.9, 0.44, kind="face")], (0.4, 0.0, 1.0, 1.0), 0.04 / 0.088),  # of heads of 0.04 and 0.048
        ([Subject(0.7, 0.2, 0.8, 0.38, kind="face")], (0.4, 0.0, 1.0, 1.0), 1.0),  # the other has less than a third
    ],
)
def test_the_share_that_is_cut_of_what_the_picture_is_about(others, region, share):
    assert cut_share([PERSON, *others], region) == pytest.approx(share)


def test_no_share_is_cut_where_there_is_no_head():
    assert cut_share([], WHOLE) == cut_share([Subject(0.0, 0.0, 0.5, 1.0)], (0.2, 0.0, 1.0, 1.0)) == 0


def test_what_of_a_head_lies_beyond_the_picture_does_not_count():
    assert share_of_head(LEAVING, (0.0, 0.0, 1.0, 0.5)) == pytest.approx(0.5)
    assert share_of_head(Subject(1.1, 0.0, 1.2, 0.1, kind="face"), (0.0, 0.0, 0.5, 1.0)) == 1


@pytest.mark.parametrize(
    ("boxes", "heads", "moved"),
    [
        ([[0.0, 0.0, 0.4, 0.6]], [], []),
        ([[0.0, 0.0, 0.4, 0.6]], [[0.1, 0.1, 0.3, 0.3]], [[0.0, 0.0, 0.4, 0.6]] * 2),  # it lies inside
        ([[0.0, 0.0, 0.4, 0.6]], [[0.45, 0.7, 0.55, 0.9]], [[0.15, 0.3, 0.55, 0.9]] * 2),
        ([[0.5, 0.4, 1.0, 1.0]], [[0.1, 0.0, 0.2, 0.1]], [[0.1, 0.0, 0.6, 0.6]] * 2),
        (
            [[0.2, 0.2, 0.7, 0.7], [0.5, 0.0, 1.0, 0.5]],
            [[0.0, 0.0, 0.1, 0.1], [0.5, 0.5, 0.6, 0.6]],
            [
                *([0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.5, 0.5]),  # both for the first head
                *([0.2, 0.2, 0.7, 0.7], [0.5, 0.1, 1.0, 0.6]),  # both for the second
                *([0.05, 0.1, 0.55, 0.6], [0.05, 0.1, 0.55, 0.6]),  # no box holds 0..0.6: its middle, and the chin
            ],
        ),
    ],
)
def test_boxes_are_moved_no_further_than_each_head_and_all_of_them_ask(boxes, heads, moved):
    found = move_to_hold(torch.tensor(boxes), torch.tensor(heads, dtype=torch.float64).view(-1, 4))
    assert torch.allclose(found, torch.tensor(moved).view(-1, 4))
