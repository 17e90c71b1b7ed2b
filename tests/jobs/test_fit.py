"""Crops that hold the whole picture, or all its subjects, beside all boxes of small pictures tried one by one."""

import itertools

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.canvas import Canvas, added_share
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.feasible import UselessRatioError
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_names import named_region
from salient_crop.cropping.text_region import TextRegion
from salient_crop.jobs.fit import AIR
from salient_crop.jobs.on_cut import choose_crop
from salient_crop.models.analysis import Analysis
from salient_crop.models.selection import SearchBatch

RATIOS = [Ratio(1, 1), Ratio(16, 9), Ratio(9, 16), Ratio(3, 2), Ratio(21, 9), Ratio(2, 3)]
SIZES = [(48, 32), (30, 40), (25, 25)]


def batch_of(*subjects, size=(48, 32), heat=None):
    return SearchBatch.of([Analysis(torch.ones(8, 12) if heat is None else heat, subjects)], size)


def fit(batch, fit, *ratios, side="auto", **more):
    return choose_crop(batch, Constraint(ratios, **more), canvas=Canvas(fit, side))


@pytest.mark.parametrize("multiple", [1, 8])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ratio", RATIOS)
def test_the_whole_picture_is_in_the_smallest_box_of_the_ratio(ratio, size, multiple):
    crop = fit(batch_of(size=size), "whole", ratio, multiple_of=multiple)
    width, height = crop.box.size
    assert crop.box.holds(Box(0, 0, *size)) and crop.ratio == ratio
    assert width % multiple == height % multiple == 0
    exact = width / ratio.value if ratio.value >= 1 else height * ratio.value
    assert abs(exact - min(width, height)) <= max(multiple / 2, 0.5)
    for side in range(multiple, max(width, height), multiple):  # no smaller one of the ratio holds it
        long, short = side, max(1, int(side / max(ratio.value, 1 / ratio.value) / multiple + 0.5)) * multiple
        other = (long, short) if ratio.value >= 1 else (short, long)
        assert other[0] < size[0] or other[1] < size[1]
    assert not crop.warnings, "the canvas was asked for"


def test_a_picture_that_has_the_ratio_to_the_pixel_gets_no_canvas():
    crop = fit(batch_of(size=(512, 341)), "whole", Ratio(3, 2))
    assert (crop.box, crop.warnings, crop.confidence) == (Box(0, 0, 512, 341), (), 1.0)


@pytest.mark.parametrize(
    ("subject", "side", "box"),
    [
        (Subject(0.4, 0.2, 0.6, 0.8), "auto", Box(-8, 0, 63, 32)),
        (Subject(0.0, 0.2, 0.3, 0.8), "auto", Box(0, 0, 63, 32)),  # it touches the left: canvas to the right
        (Subject(0.7, 0.2, 1.0, 0.8), "auto", Box(-15, 0, 63, 32)),
        (Subject(0.7, 0.2, 1.0, 0.8), "even", Box(-8, 0, 63, 32)),
        (Subject(0.7, 0.2, 1.0, 0.8), "right", Box(0, 0, 63, 32)),
        (Subject(0.7, 0.2, 1.0, 0.8), "top", Box(-15, 0, 63, 32)),  # across as `auto`
    ],
)
def test_the_side_of_the_canvas(subject, side, box):
    assert fit(batch_of(subject), "whole", Ratio(2, 1), side=side).box == box


@pytest.mark.parametrize(
    ("layout", "box"),
    [("left third", Box(-15, 0, 63, 32)), ("right half", Box(0, 0, 63, 32)), ("top third", Box(0, 0, 63, 32))],
)
def test_canvas_is_added_on_the_side_of_the_text(layout, box):
    """The subject at the left edge would have it at the right."""
    text = TextRegion(named_region(layout), "crop")
    crop = fit(batch_of(Subject(0.0, 0.2, 0.3, 0.8)), "whole", Ratio(2, 1), text_regions=(text,))
    assert crop.box == box


def test_without_subjects_canvas_is_added_where_the_value_is_not():
    heat = torch.zeros(8, 12)
    heat[:, 4] = 1
    assert fit(batch_of(heat=heat), "whole", Ratio(2, 1)).box.x > -8
    assert fit(batch_of(heat=heat.flip(1)), "whole", Ratio(2, 1)).box.x < -8
    assert fit(batch_of(), "whole", Ratio(2, 1)).box.x == -8


SUBJECTS = [
    [Subject(0.4, 0.3, 0.6, 0.7)],
    [Subject(0.05, 0.1, 0.95, 0.9)],
    [Subject(0.1, 0.4, 0.2, 0.6), Subject(0.8, 0.3, 0.9, 0.5)],
    [Subject(0.3, 0.0, 0.5, 1.0, kind="person", head=(0.35, 0.0, 0.45, 0.2))],
    [Subject(0.4, 0.3, 0.6, 0.7, confidence=0.1), Subject(0.0, 0.0, 1.0, 1.0, weight=0.0)],
]


@pytest.mark.parametrize("subjects", SUBJECTS)
@pytest.mark.parametrize("ratio", RATIOS[:5])
def test_subjects_stay_whole_and_canvas_is_added_only_where_no_crop_holds_them(ratio, subjects):
    size, keep = (48, 32), ((0.45, 0.4, 0.55, 0.5),)
    crop = fit(batch_of(*subjects), "subject", ratio, keep=keep, min_share=0.3)
    needed = [Box.from_relative(each, size) for each in keep]
    for each in subjects:
        if each.confidence > 0.42 and each.weight:
            x1, y1, x2, y2 = each.region
            region = max(0, x1 - AIR), max(0, y1 - AIR), min(1, x2 + AIR), min(1, y2 + AIR)
            needed.append(Box.from_relative(region, size))
    assert all(crop.box.holds(each) for each in needed)
    widths = range(1, 49)
    inside = (
        Box(x, y, *sides)
        for side in widths
        for sides in [ratio.size_for(side)]
        for x, y in itertools.product(range(48 - sides[0] + 1), range(32 - sides[1] + 1))
    )
    possible = any(all(box.holds(each) for each in needed) for box in inside)
    assert (added_share(crop.box, size) == 0) == possible
    assert ("canvas-added" in {each.code for each in crop.warnings}) == (not possible)


def test_a_crop_of_a_subject_moves_along_the_other_axis_to_where_the_value_is():
    """Two subjects far apart in a tall crop: its width is theirs, and all height of the picture is in it."""
    subjects = [Subject(0.2, 0.4, 0.3, 0.6), Subject(0.6, 0.4, 0.7, 0.6)]
    heat = torch.zeros(8, 12)
    heat[:, 8:] = 1
    crop = fit(batch_of(*subjects, heat=heat), "subject", Ratio(1, 2))
    assert crop.box.height > 32 and crop.box.y < 0 and crop.box.bottom > 32
    assert crop.box.x + crop.box.width >= 0.74 * 48


def test_without_subjects_and_regions_the_crop_is_the_usual_one():
    batch = batch_of()
    for ratio in RATIOS:
        assert fit(batch, "subject", ratio) == fit(batch, "crop", ratio)


def test_of_several_ratios_the_one_with_the_least_canvas_is_chosen():
    assert fit(batch_of(), "whole", Ratio(1, 1), Ratio(16, 9), Ratio(2, 3)).ratio == Ratio(16, 9)


def test_no_canvas_is_added_for_a_smallest_size_unless_the_policy_asks_for_it():
    wish = {"min_size": (60, 60)}
    crop = fit(batch_of(Subject(0.4, 0.3, 0.6, 0.7)), "subject", Ratio(1, 1), **wish)
    assert crop.box.inside((48, 32))
    assert "min-size-given-up" in [each.code for each in crop.warnings]
    assert fit(batch_of(), "whole", Ratio(1, 1), policy="pad", **wish).box.size == (60, 60)


def test_a_side_is_kept_for_heads_that_are_padded_too():
    close = Subject(0.1, 0.2, 0.9, 0.8, kind="face")
    boxes = {}
    for side in ("auto", "top", "bottom"):
        crop = choose_crop(batch_of(close), Constraint((Ratio(1, 1),)), on_cut="pad", canvas=Canvas("crop", side))
        boxes[side] = crop.box
    assert boxes == {"auto": Box(1, -7, 46, 46), "top": Box(1, -14, 46, 46), "bottom": Box(1, 0, 46, 46)}


@pytest.mark.parametrize("how", ["whole", "subject"])
def test_a_ratio_beyond_all_use_is_refused(how):
    with pytest.raises(UselessRatioError):
        fit(batch_of(Subject(0.4, 0.3, 0.6, 0.7)), how, Ratio(1000, 1))
