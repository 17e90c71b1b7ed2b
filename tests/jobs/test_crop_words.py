"""What a crop keeps, in one line."""

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion
from salient_crop.jobs.crop_words import describe_crop
from salient_crop.models.analysis import Analysis

HEAT = torch.tensor([[1.0, 2.0], [1.0, 1.0]])


def head(x, y, side=0.1):
    return Subject(x, y, x + side, y + side, kind="face")


def words(box=(0, 0, 50, 100), subjects=(), text=(), layout=None, heat=HEAT, kept=0.93):
    terms = {} if layout is None else {"layout": layout}
    constraint = Constraint(text_regions=tuple(TextRegion(region, frame) for region, frame in text))
    crop = Crop(Box(*box), Ratio(1, 2), 0.9, terms, kept)
    return describe_crop(Analysis(heat, subjects), crop, (100, 100), constraint)


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        ([], "Keeps 93 % of the interest."),
        ([head(0.1, 0.1)], "Keeps the head and 93 % of the interest."),
        ([head(0.1, 0.1), head(0.3, 0.1)], "Keeps both heads and 93 % of the interest."),
        ([head(0.1, 0.1), head(0.45, 0.1)], "Keeps 1 of 2 heads and 93 % of the interest."),
        ([head(0.45, 0.1)], "Keeps 93 % of the interest."),  # cut: that is told by a warning
        ([Subject(0.1, 0.1, 0.3, 0.3)], "Keeps 93 % of the interest."),
    ],
)
def test_whole_heads_are_named(subjects, expected):
    assert words(subjects=subjects) == expected


def test_where_nobody_looked_at_the_picture_nothing_is_said_of_interest():
    assert words(heat=torch.ones(3, 3), kept=0.5) == "Keeps 50 % of the picture."


LEFT, LEFT_THIRD = (0.0, 0.2, 0.1, 0.8), (0.0, 0.0, 1 / 3, 1.0)


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ([(LEFT, "crop")], 0.99, "the left edge is free for text"),
        ([(LEFT_THIRD, "crop")], 1.0, "the left third is free for text"),
        ([(LEFT_THIRD, "crop")], 0.7, "the left third is only partly free for text"),
        ([(LEFT_THIRD, "crop")], 0.95, "the left third is only partly free for text"),
        ([((0.5, 0.5, 1.0, 1.0), "source")], 1.0, "the bottom right is free for text"),
        ([((0.7, 0.4, 0.9, 0.6), "source")], 0.5, "the region at the right is only partly free for text"),
        ([(LEFT, "crop"), (LEFT_THIRD, "crop")], 1.0, "all 2 text regions are free"),
        ([(LEFT, "crop"), (LEFT_THIRD, "crop")], 0.5, "not all text regions are free"),
    ],
)
def test_text_regions_are_named_as_they_were_asked_for(text, layout, expected):
    assert words(text=text, layout=layout) == f"Keeps 93 % of the interest; {expected}."


def test_an_extended_canvas_is_told_by_its_sides():
    assert words(box=(-10, 0, 50, 100)).endswith("; the canvas is extended at the left.")
    assert words(box=(0, -5, 100, 110)).endswith("; the canvas is extended at the top and bottom.")
