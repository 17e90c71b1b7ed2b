"""Crops whose best one still cuts off a head: kept, dropped or padded."""

from dataclasses import replace

import pytest
import torch

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import CropWarning
from salient_crop.cropping.heads import share_of_head
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion
from salient_crop.jobs.on_cut import choose_crop, is_dropped, with_heads_kept
from salient_crop.models.analysis import Analysis
from salient_crop.models.selection import SearchBatch

SIZE = (48, 32)
SQUARE = Constraint((Ratio(1, 1),))
CLOSE = Subject(0.1, 0.2, 0.9, 0.8, kind="face")  # a head 38 pixels wide in 48, where a square has 32


def batch_of(*subjects, size=SIZE, heat=None):
    return SearchBatch.of([Analysis(torch.ones(8, 12) if heat is None else heat, subjects)], size)


def canvas(share, sides):
    return CropWarning("canvas-added", f"{share} % of the crop is canvas added at the {sides}")


@pytest.mark.parametrize("on_cut", ["keep", "drop"])
def test_a_crop_that_cuts_a_head_is_left_with_its_warning(on_cut):
    crop = choose_crop(batch_of(CLOSE), SQUARE, on_cut=on_cut)
    assert crop.box.as_list() == [8, 0, 32, 32]
    (warning,) = crop.warnings
    assert (warning.code, warning.region) == ("head-cut", CLOSE.region)
    assert warning.words == "a head in the middle is cut off: 17 % of it is outside the crop"
    assert is_dropped(crop, on_cut) == (on_cut == "drop")


@pytest.mark.parametrize("policy", ["shrink", "pad", "error"])
def test_a_canvas_is_extended_so_that_the_head_fits_with_some_air(policy):
    crop = choose_crop(batch_of(CLOSE), Constraint((Ratio(1, 1),), policy=policy), on_cut="pad")
    # The head with 8 % of its size on every side goes from 1.7 to 46.3 across, and from 4.9 to 27.1 down.
    assert crop.box.as_list() == [1, -7, 46, 46]
    assert (crop.warnings, crop.confidence) == ((canvas(30, "top and bottom"),), 1.0)
    assert not is_dropped(crop, "drop")


def test_of_several_ratios_the_best_one_is_extended():
    ratios = (Ratio(1, 2), Ratio(1, 1))
    crop = choose_crop(batch_of(CLOSE), Constraint(ratios), on_cut="pad")
    assert (crop.ratio, crop.box.size) == (Ratio(1, 1), (46, 46))


@pytest.mark.parametrize("on_cut", ["keep", "drop", "pad"])
def test_where_no_head_is_cut_all_three_give_the_same_crop(on_cut):
    whole, small = Constraint((Ratio(3, 2),)), Subject(0.7, 0.2, 0.8, 0.4, kind="face")
    for subjects, constraint, box in (
        ([CLOSE], whole, [0, 0, 48, 32]),
        ([small], SQUARE, [8, 0, 32, 32]),
        ([], SQUARE, [8, 0, 32, 32]),
    ):
        crop = choose_crop(batch_of(*subjects), constraint, on_cut=on_cut)
        assert (crop.box.as_list(), is_dropped(crop, on_cut)) == (box, False)


def test_a_region_to_keep_stays_in_the_extended_crop():
    corner = Constraint((Ratio(1, 1),), keep=((0.0, 0.0, 0.05, 0.1),))
    crop = choose_crop(batch_of(CLOSE), corner, on_cut="pad")
    assert crop.box.as_list() == [0, -10, 47, 47]
    assert crop.warnings == (canvas(32, "top and bottom"),)


def test_a_canvas_is_not_extended_for_the_smallest_size():
    least = Constraint((Ratio(1, 1),), min_size=(60, 60))
    crop = choose_crop(batch_of(CLOSE), least, on_cut="pad")
    assert crop.box.size == (46, 46)
    assert [each.words for each in crop.warnings] == [
        "the crop has 46×46 pixels, but at least 60×60 were asked for",
        canvas(30, "top and bottom").words,
    ]
    kept = with_heads_kept(batch_of(CLOSE), Constraint(min_size=(60, 60), policy="pad"), Ratio(1, 1))
    assert (kept.min_size, kept.policy) == ((60, 60), "pad")


def test_a_head_outweighs_a_hard_text_region_and_canvas_makes_room_for_both():
    """A head at the top, and most heat in it: no crop inside the picture that holds it has a calm upper half."""
    head, heat = Subject(0.3, 0.0, 0.7, 0.3, kind="face"), torch.full((10, 10), 0.001)
    heat[:3, 3:7], heat[8:] = 1, 0.05
    calm = Constraint((Ratio(1, 1),), 0.25, text_regions=(TextRegion((0.0, 0.0, 1.0, 0.5), "crop", hard=True),))
    batch = batch_of(head, size=(100, 100), heat=heat)
    kept, padded = (choose_crop(batch, replace(calm, policy=each)) for each in ("shrink", "pad"))
    assert share_of_head(head, kept.box.relative((100, 100))) > 0.98
    assert {each.code for each in kept.warnings} == {"keep-given-up", "text-over-subject"}
    assert padded.box.y < 0
    assert [each.code for each in padded.warnings] == ["canvas-added"]
    assert padded.terms["canvas"] == pytest.approx(-padded.box.y / padded.box.height, abs=0.01)


def test_a_canvas_for_a_head_makes_room_for_text_too():
    calm = Constraint((Ratio(1, 1),), text_regions=(TextRegion((0.0, 0.0, 1.0, 0.5), "crop", hard=True),))
    crop = choose_crop(batch_of(CLOSE), calm, on_cut="pad")
    assert [each.code for each in crop.warnings] == ["canvas-added"]
    middle = crop.box.y + crop.box.height / 2
    assert middle <= 0.2 * batch_of(CLOSE).size[1]


def test_heads_of_others_extend_no_canvas():
    other = Subject(0.9, 0.9, 1.0, 1.0, kind="face")
    kept = with_heads_kept(batch_of(CLOSE, other), SQUARE, Ratio(1, 1)).keep
    assert kept == (pytest.approx((0.036, 0.152, 0.964, 0.848)),)
