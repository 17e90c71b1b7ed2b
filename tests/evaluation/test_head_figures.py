"""The figures of single crops, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from salient_crop.cropping.ratio import Ratio
from salient_crop.evaluation.head_figures import (
    FIGURES,
    Figure,
    heads_whole,
    largest_sides,
    measure_crop,
    most_whole,
    people_kept,
)

SQUARE, WIDE = Ratio(1, 1), Ratio(16, 9)


def boxes(*edges: list[float]) -> np.ndarray:
    return np.array(edges, float).reshape(-1, 4)


def person(rows: slice) -> np.ndarray:
    """The mask of a photograph of 100 × 200: a person 20 pixels wide."""
    mask = np.zeros((200, 100), bool)
    mask[rows, 40:60] = True
    return mask


def measure_below(top: int, head: list[float], ratio: Ratio = SQUARE, rows: slice = slice(0, 200)) -> dict[str, Figure]:
    """The figures of the largest crop below `top` of a photograph of 100 × 200."""
    box = boxes([0, top, 100, top + ratio.largest_in((100, 200))[1]])[0]
    return measure_crop(box, boxes(head), person(rows), ratio)


@pytest.mark.parametrize(
    ("size", "ratio", "sides"),
    [
        ((300, 100), Ratio(3, 2), (150, 100)),
        ((100, 300), Ratio(2, 3), (100, 150)),
        ((100, 200), WIDE, (100, 56.25)),
        ((200, 100), Ratio(2, 3), (200 / 3, 100)),
        ((160, 90), WIDE, (160, 90)),
    ],
)
def test_the_largest_box_of_exactly_a_ratio(size, ratio, sides) -> None:
    assert largest_sides(size, ratio) == pytest.approx(sides)


@pytest.mark.parametrize(
    ("head", "whole"),
    [
        # A head of 40 × 20 in a photograph of 200 × 100: 0.03 · 40 + 0.01 · 200 = 3.2 pixels may be cut off across,
        # and 0.03 · 20 + 0.01 · 100 = 1.6 down.
        ([50, 25, 90, 45], True),
        ([47, 30, 87, 50], True),
        ([46, 30, 86, 50], False),
        ([113, 30, 153, 50], True),
        ([114, 30, 154, 50], False),
        ([60, 24, 100, 44], True),
        ([60, 23, 100, 43], False),
        ([60, 56, 100, 76], True),
        ([60, 57, 100, 77], False),
    ],
)
def test_a_head_is_whole_with_a_hair_of_it_cut_off(head: list[float], whole: bool) -> None:
    assert heads_whole(boxes(head), boxes([50, 25, 150, 75]), (200, 100)).tolist() == [[whole]]


def test_every_head_is_judged_in_every_box() -> None:
    heads = boxes([0, 0, 10, 10], [80, 0, 90, 10], [30, 0, 40, 10])
    found = heads_whole(heads, boxes([0, 0, 50, 50], [50, 0, 100, 50]), (100, 50))
    assert found.tolist() == [[True, False, True], [False, True, False]]
    assert heads_whole(boxes(), boxes([0, 0, 5, 5]), (9, 9)).shape == (1, 0)


@pytest.mark.parametrize(
    ("top", "rows", "shown", "kept", "bad"),
    [
        # The head is 20 × 30 pixels: 0.03 · 30 + 0.01 · 200 = 2.9 may be cut off.
        (0, slice(0, 200), 1, 0.5, ()),
        (2, slice(0, 200), 28 / 30, 0.5, ()),
        (3, slice(0, 200), 27 / 30, 0.5, ("whole",)),
        (9, slice(0, 200), 21 / 30, 0.5, ("whole",)),
        (11, slice(0, 200), 19 / 30, 0.5, ("whole", "beheaded")),
        (14, slice(0, 200), 16 / 30, 0.5, ("whole", "beheaded")),
        (16, slice(0, 200), 14 / 30, 0.5, ("whole", "lost", "beheaded")),
        (60, slice(0, 200), 0, 0.5, ("whole", "lost", "beheaded")),
        # Of a person 60 pixels high, a third begins 40 pixels down.
        (39, slice(0, 60), 0, 21 / 60, ("whole", "lost", "beheaded")),
        (41, slice(0, 60), 0, 19 / 60, ("whole", "lost")),
        (99, slice(0, 60), 0, 0, ("whole", "lost")),
    ],
)
def test_one_head_is_whole_lost_or_beheaded(top: int, rows: slice, shown: float, kept: float, bad: tuple) -> None:
    figures = measure_below(top, [40, 0, 60, 30], rows=rows)
    assert [figures[name].value for name in figures] == ["whole" not in bad, "lost" in bad, "beheaded" in bad]
    badness = {"whole": 1 - shown, "lost": 1 - shown, "beheaded": kept + 1 - shown}
    for name, figure in figures.items():
        assert figure.of == 1
        assert figure.badness == pytest.approx(badness[name] if name in bad else 0)


@pytest.mark.parametrize(
    ("head", "ratio", "close_up"),
    [
        ([0, 0, 100, 100], SQUARE, False),  # exactly as large as the box
        ([0, 0, 100, 101], SQUARE, True),
        ([10, 0, 60, 56.25], WIDE, False),
        ([10, 0, 60, 56.3], WIDE, True),
        ([0, 0, 50.1, 10], Ratio(1, 4), True),  # wider than 50 pixels
        ([0, 0, 50, 10], Ratio(1, 4), False),
    ],
)
def test_a_head_too_large_for_the_box_is_a_close_up(head: list[float], ratio: Ratio, close_up: bool) -> None:
    figures = measure_below(0, head, ratio)
    assert set(figures) == ({"close_shown", "close_chin"} if close_up else {"whole", "lost", "beheaded"})


@pytest.mark.parametrize(
    ("top", "shown", "chin_cut"),
    [
        # The head is 75 pixels high from 20 to 95; the box is 56, and exactly 56.25 could show. A chin may lack
        # 0.06 · 75 = 4.5 pixels.
        (20, 56, 19),
        (34, 56, 5),
        (35, 56, 0),
        (39, 56, 0),
        (40, 55, 0),
        (60, 35, 0),
        (0, 36, 39),
    ],
)
def test_a_close_up_is_judged_by_what_could_show_and_by_its_chin(top: int, shown: int, chin_cut: int) -> None:
    figures = measure_below(top, [30, 20, 70, 95], WIDE)
    assert figures["close_shown"].value == pytest.approx(shown / 56.25)
    assert figures["close_shown"].badness == pytest.approx(0 if shown == 56 else 1 - shown / 56.25)
    assert figures["close_chin"].value == (chin_cut == 0)
    assert figures["close_chin"].badness == pytest.approx(chin_cut / 75)


def test_a_close_up_may_be_too_wide_and_too_high() -> None:
    # Of a head of 80 × 160, a box of 50 × 200 could show five eighths; one of 66 2/3 × 100 holds less in both ways.
    mask = np.ones((200, 100), bool)
    narrow = measure_crop(boxes([0, 0, 50, 200])[0], boxes([10, 20, 90, 180]), mask, Ratio(1, 4))
    assert narrow["close_shown"].value == pytest.approx((40 / 80) / (5 / 8))
    mask = np.ones((100, 100), bool)
    both = measure_crop(boxes([0, 0, 67, 100])[0], boxes([0, -20, 80, 140]), mask, Ratio(2, 3))
    assert both["close_shown"].value == pytest.approx((67 / 80 * 100 / 160) / (66.6667 / 80 * 100 / 160), abs=1e-5)


# In a photograph of 200 × 100. A square holds the second and the third, a hundred pixels together, but not the first
# and the second.
THREE = boxes([0, 10, 20, 30], [90, 10, 115, 30], [170, 10, 190, 30])


@pytest.mark.parametrize(
    ("left", "whole", "sliced"),
    [
        (0, 1, 1),
        (50, 1, 0),
        (90, 2, 0),
        (92, 2, 0),  # 0.03 · 25 + 0.01 · 200 = 2.75 pixels may be cut off
        (93, 1, 1),
        (100, 1, 1),
        (18, 1, 1),  # the first shows by a tenth
        (19, 1, 0),  # and by a twentieth: outside
        (114, 1, 0),  # the second by a twenty-fifth
        (113, 1, 1),
    ],
)
def test_of_several_heads_the_whole_and_the_sliced_are_counted(left: int, whole: int, sliced: int) -> None:
    figures = measure_crop(boxes([left, 0, left + 100, 100])[0], THREE, np.ones((100, 200), bool), SQUARE)
    assert figures == {
        "several_whole": Figure(whole, 2, 2 - whole),
        "several_sliced": Figure(sliced, 3, sliced),
    }


@pytest.mark.parametrize(
    ("heads", "size", "most"),
    [
        (THREE, (200, 100), 2),
        (THREE[:2], (200, 100), 1),
        (THREE[:, [1, 0, 3, 2]], (100, 200), 2),
        (boxes([0, 0, 20, 150], [0, 150, 20, 199]), (100, 200), 1),  # the first fits no square
        (boxes([0, 0, 20, 150], [20, 0, 40, 150]), (100, 200), 0),
        (boxes(), (100, 200), 0),
    ],
)
def test_the_most_heads_that_one_square_can_hold(heads: np.ndarray, size: tuple[int, int], most: int) -> None:
    assert most_whole(heads, size, largest_sides(size, SQUARE)) == most


def test_a_photograph_without_heads_adds_nothing() -> None:
    figures = measure_crop(boxes([0, 0, 100, 100])[0], boxes(), person(slice(0, 200)), SQUARE)
    assert set(figures.values()) == {Figure(0, 0, 0)}


def test_the_share_of_people_inside_a_box() -> None:
    mask = person(slice(0, 100))
    assert people_kept(mask, boxes([0, 0, 100, 200])[0]) == 1
    assert people_kept(mask, boxes([50, 75, 100, 200])[0]) == 1 / 8
    assert people_kept(np.zeros((200, 100), bool), boxes([0, 0, 100, 200])[0]) == 0


def test_every_figure_says_what_is_wrong() -> None:
    close, one = measure_below(0, [0, 0, 100, 101]), measure_below(0, [0, 0, 10, 10])
    several = measure_crop(boxes([0, 0, 100, 100])[0], THREE, np.ones((100, 200), bool), SQUARE)
    assert [*one, *several, *close] == list(FIGURES)
