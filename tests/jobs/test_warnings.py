"""What a crop costs, in words, and the way of the words to a person."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import Crop, CropWarning
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion
from salient_crop.jobs.analyse import analyse_thumbnails
from salient_crop.jobs.run import Outcome
from salient_crop.jobs.stages import choose_crops
from salient_crop.jobs.warnings import find_warnings, summarise_warnings
from salient_crop.models.analysis import Analysis

SIZE = (100, 100)
HEAT = torch.ones(4, 4)


def warnings(box, subjects=(), constraint=None, score=1.0):
    crop = Crop(Box(*box), Ratio(1, 1), score)
    return find_warnings(Analysis(HEAT, subjects), crop, SIZE, constraint or Constraint())


@pytest.mark.parametrize(
    ("subjects", "words"),
    [
        ([], []),
        ([Subject(0.0, 0.4, 0.2, 0.6)], ["100 % of an object at the left is outside the crop"]),
        ([Subject(0.25, 0.25, 0.75, 0.5)], []),  # half of it is inside: not more than half is missed
        (
            [Subject(0.29, 0.4, 0.7, 0.6, kind="person")],
            ["51 % of a person in the middle is outside the crop"],
        ),
        ([Subject(0.0, 0.0, 0.1, 0.1, kind="face")], ["100 % of a head at the top left is outside the crop"]),
        (
            [Subject(0.0, 0.4, 0.1, 0.5, 0.2), Subject(0.0, 0.8, 0.5002, 1.0, 0.9, "prompt")],
            [
                "more than 99 % of a subject that was asked for at the bottom left is outside the crop",
                "100 % of an object at the left is outside the crop",
            ],  # the one that weighs more first
        ),
    ],
)
def test_subjects_that_are_left_out(subjects, words):
    found = warnings((50, 0, 50, 100), subjects)
    assert [each.words for each in found] == words
    assert {each.code for each in found} <= {"subject-left-out"}
    assert {each.region for each in found} <= {each.region for each in subjects}


@pytest.mark.parametrize(
    ("subjects", "words"),
    [
        ([Subject(0.6, 0.4, 0.8, 0.6, kind="face")], []),
        (
            [Subject(0.4, 0.4, 0.6, 0.6, kind="face")],
            ["a head in the middle is cut off: 50 % of it is outside the crop"],
        ),
        (
            [Subject(0.2, 0.0, 1.0, 1.0, kind="person", head=(0.35, 0.0, 0.4, 0.1))],  # a body without its head
            ["a person's head at the top is cut off: 100 % of it is outside the crop"],
        ),
        (
            [Subject(0.3, 0.7, 1.0, 1.0, kind="animal", head=(0.3, 0.7, 0.55, 1.0))],
            ["an animal's head at the bottom is cut off: 80 % of it is outside the crop"],
        ),
        (
            [Subject(0.45, 0.2, 0.9, 0.9, kind="prompt", head=(0.45, 0.2, 0.55, 0.3))],
            ["the head of a subject that was asked for at the top is cut off: 50 % of it is outside the crop"],
        ),
        (
            [Subject(0.42, 0.8, 0.6, 1.0, kind="face"), Subject(0.4, 0.0, 0.6, 0.2, kind="face")],
            [
                "a head at the top is cut off: 50 % of it is outside the crop",  # the larger one first
                "a head at the bottom is cut off: 44 % of it is outside the crop",
            ],
        ),
        (
            [Subject(0.3, 0.4, 0.55, 0.6, kind="face")],
            ["a head in the middle is cut off: 80 % of it is outside the crop"],
        ),
        (
            [Subject(0.45, -0.05, 0.65, 0.15, kind="face")],  # what lies beyond the picture is no crop's fault
            ["a head at the top is cut off: 25 % of it is outside the crop"],
        ),
    ],
)
def test_heads_that_are_cut_off(subjects, words):
    found = warnings((50, 0, 50, 100), subjects)
    assert [each.words for each in found] == words
    assert {each.code for each in found} <= {"head-cut"}
    assert {each.region for each in found} <= {each.essence for each in subjects}


PORTRAYED = Subject(0.6, 0.1, 0.9, 0.5, kind="face")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Subject(0.45, 0.6, 0.55, 0.7, kind="face"), ["50 % of a head in the middle is outside the crop"]),
        (
            Subject(0.45, 0.6, 0.6, 1.0, kind="person", head=(0.47, 0.6, 0.57, 0.7)),
            ["30 % of a person's head in the middle is outside the crop"],
        ),
        (Subject(0.45, 0.6, 0.55, 0.66, kind="face"), ["50 % of a head in the middle is outside the crop"]),
        (Subject(0.45, 0.6, 0.55, 0.659, kind="face"), []),  # too small to be noticed
        (Subject(0.45, 0.6, 0.55, 0.7, kind="face", confidence=0.41), []),  # perhaps none at all
        (Subject(0.499, 0.6, 0.599, 0.7, kind="face"), []),  # a pixel more or less
        (Subject(0.404, 0.6, 0.504, 0.7, 0.0, kind="face"), ["96 % of a head in the middle is outside the crop"]),
        (Subject(0.44, 0.6, 0.54, 0.7, kind="face"), ["60 % of a head in the middle is outside the crop"]),  # told once
        (Subject(0.45, 0.6, 0.6, 0.7, kind="person"), []),  # no head is known
        (Subject(0.6, -0.04, 0.7, 0.06, kind="face"), []),  # all of it that is in the picture
    ],
)
def test_heads_of_others_that_the_edge_goes_through(other, words):
    found = warnings((50, 0, 50, 100), [other, PORTRAYED])
    assert [each.words for each in found] == words
    code = "subject-left-out" if other.weight == 0 else "head-sliced"  # 4 % of a head are seen by nobody
    assert [each.code for each in found] == [code] * len(words)


def test_a_small_head_is_noticed_in_a_small_crop():
    face, whole = Subject(0.45, 0.6, 0.55, 0.65, kind="face"), Subject(0.6, 0.6, 0.8, 0.9, kind="face")
    assert warnings((50, 0, 50, 100), [face, whole]) == ()
    assert [each.code for each in warnings((50, 50, 50, 50), [face, whole])] == ["head-sliced"]


def test_cut_heads_come_first_then_sliced_ones_then_what_is_left_out_then_what_was_given_up():
    subjects = [Subject(0.0, 0.9, 0.1, 1.0), Subject(0.45, 0.6, 0.55, 0.7, kind="face"), replace(PORTRAYED, x1=0.3)]
    given_up = Constraint(keep=((0.4, 0.0, 1.0, 0.3),), min_size=(60, 60))
    codes = [each.code for each in warnings((50, 0, 50, 100), subjects, given_up)]
    assert codes == ["head-cut", "head-sliced", "subject-left-out", "keep-given-up", "min-size-given-up"]


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (Constraint(), []),
        (Constraint(keep=((0.5, 0.0, 1.0, 1.0),)), []),
        (Constraint(keep=((0.4999999, 0.0, 1.0, 1.0),)), []),  # a hair, not a pixel
        (Constraint(keep=((0.4, 0.0, 1.0, 0.3),)), ["17 % of the region to keep at the top right is outside the crop"]),
        (
            Constraint(keep=((0.499, 0.4, 1.0, 0.5),)),
            ["less than 1 % of the region to keep at the right is outside the crop"],
        ),
        (
            Constraint(text_regions=(TextRegion((0.0, 0.9, 1.0, 1.0), hard=True),)),
            ["50 % of the text region at the bottom is outside the crop"],
        ),
        (Constraint(text_regions=(TextRegion((0.0, 0.9, 1.0, 1.0)),)), []),  # it was only a wish
        (
            Constraint(text_regions=(TextRegion((0.0, 0.9, 1.0, 1.0), "crop", hard=True),)),
            ["no crop is calm in its text region at the bottom"],
        ),
    ],
)
def test_regions_that_were_given_up(constraint, words):
    found = warnings((50, 0, 50, 100), constraint=constraint)
    assert [each.words for each in found] == words
    assert {each.code for each in found} <= {"keep-given-up"}


LEFT_HALF = TextRegion((0.0, 0.0, 0.5, 1.0), "crop")


def test_text_regions_of_the_crop_that_are_not_calm():
    hard, soft = replace(LEFT_HALF, hard=True), TextRegion((0.0, 0.0, 1.0, 0.1), "crop")
    hot, cold = torch.ones(4, 4), torch.ones(4, 4)
    hot[:, 2], cold[:, 2], cold[0] = 2, 0, 0
    crop = Crop(Box(50, 0, 50, 100), Ratio(1, 2), 1.0)
    constraint = Constraint(text_regions=(hard, soft))
    found = find_warnings(Analysis(hot), crop, SIZE, constraint)
    assert [(each.code, each.words) for each in found] == [
        ("keep-given-up", "no crop is calm in its text region at the left"),
        ("text-not-calm", "the text region at the top is not calm"),
    ]
    assert found[0].region == (0.5, 0.0, 0.75, 1.0)
    assert find_warnings(Analysis(cold), crop, SIZE, constraint) == ()


@pytest.mark.parametrize(
    ("subjects", "words"),
    [
        ([Subject(0.6, 0.2, 0.9, 1.0, kind="person", head=(0.7, 0.2, 0.8, 0.4))], []),
        (
            [Subject(0.3, 0.2, 0.9, 1.0, kind="person", head=(0.45, 0.2, 0.55, 0.4))],
            ["50 % of a person's head is under the text region at the left"],
        ),
        (
            [Subject(0.3, 0.2, 0.9, 1.0, kind="person", head=(0.7, 0.2, 0.8, 0.4))],
            ["33 % of a person is under the text region at the left"],
        ),
        ([Subject(0.3, 0.2, 0.9, 1.0, kind="prompt", confidence=0.3)], []),
        ([Subject(0.48, 0.0, 1.0, 1.0)], []),
    ],
)
def test_subjects_under_a_text_region_of_the_crop(subjects, words):
    heat = torch.tensor([[0.0, 1.0]])
    found = find_warnings(
        Analysis(heat, subjects),
        Crop(Box(0, 0, 100, 100), Ratio(1, 1), 1.0),
        SIZE,
        Constraint(text_regions=(LEFT_HALF,)),
    )
    assert [each.words for each in found] == words
    assert {each.code for each in found} <= {"text-over-subject"}


@pytest.mark.parametrize(
    ("least", "words"),
    [
        (None, []),
        ((50, 100), []),
        ((51, 100), ["the crop has 50×100 pixels, but at least 51×100 were asked for"]),
        ((50, 101), ["the crop has 50×100 pixels, but at least 50×101 were asked for"]),
    ],
)
def test_a_smallest_size_that_was_given_up(least, words):
    found = warnings((50, 0, 50, 100), constraint=Constraint(min_size=least))
    assert [(each.code, each.words, each.region) for each in found] == [
        ("min-size-given-up", each, None) for each in words
    ]


@pytest.mark.parametrize(("count", "words"), [(0, ""), (1, "first"), (3, "first (and 2 more)")])
def test_several_warnings_in_one_line(count, words):
    found = [CropWarning("a", "first"), CropWarning("b", "second"), CropWarning("c", "third")]
    assert summarise_warnings(found[:count]) == words


@pytest.mark.parametrize(
    ("warned", "cut", "first", "words"),
    [
        (0, 0, (), ""),
        (1, 0, ("a.png: w",), "1 with a warning, told in the manifest: a.png: w"),
        (5, 0, ("a: w", "b: v", "c: u"), "5 with a warning, told in the manifest: a: w; b: v; c: u, and 2 more"),
        (2, 1, ("b: v", "a: w"), "2 with a warning, 1 of them with a head cut off, told in the manifest: b: v; a: w"),
    ],
)
def test_the_warnings_of_a_run_in_one_line(warned, cut, first, words):
    outcome = Outcome(9, 0, 9, 0, 0, warned=warned, first_warned=first, heads_cut=cut)
    assert outcome.describe_warnings() == words


def crowd(scripted):
    """A cropper that sees heat at the right and one person at the left."""
    return scripted(0.95, 0.5, (Subject(0.0, 0.3, 0.2, 0.7, 0.01, "person"),))


def test_every_crop_that_is_chosen_has_its_warnings(scripted):
    (analysis,) = analyse_thumbnails(crowd(scripted), [np.zeros((40, 120, 3), np.uint8)])
    constraints = [
        Constraint((Ratio(1, 1),)),
        Constraint((Ratio(3, 1),), 1.0),
        Constraint((Ratio(1, 2),), min_size=(99, 9)),
    ]
    square, whole, tall = choose_crops(analysis, (120, 40), constraints)
    assert [each.code for each in square.warnings] == ["subject-left-out"]
    assert whole.warnings == ()
    assert [each.code for each in tall.warnings] == ["subject-left-out", "min-size-given-up"]


def test_warnings_reach_the_manifest_the_summary_and_a_second_run(folder, scripted):
    folder.add("wide.png", (120, 40))
    outcome = folder.crop(cropper=crowd(scripted))
    line = next(each for each in lines(folder.out) if each["source"] == "wide.png")
    (warning,) = line["crops"][0]["warnings"]
    words = "100 % of a person at the left is outside the crop"
    assert warning == {"code": "subject-left-out", "words": words, "region": [0.0, 0.3, 0.2, 0.7]}
    assert outcome.warned == 2  # a.png is wide, too
    assert outcome.first_warned == (f"a.png: {words}", f"wide.png: {words}")
    again = folder.crop(cropper=crowd(scripted))
    assert (again.resumed, again.warned, again.first_warned) == (4, 2, outcome.first_warned)


def test_only_the_first_warned_pictures_are_named(folder, scripted):
    for index in range(4):
        folder.add(f"wide{index}.png", (120, 40))
    outcome = folder.crop(cropper=crowd(scripted))
    assert outcome.warned == 5
    assert len(outcome.first_warned) == 3


def lines(out):
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]


def test_the_node_gives_them_with_the_box(nodes, scripted):
    from salient_crop.nodes.hosted_cropper import HostedCropper

    node = nodes["SalientCrop_ConstrainedCrop"]
    image, cropper = torch.zeros(1, 40, 120, 3), HostedCropper(crowd(scripted))
    box = node.execute(image=[image], ratio=["1:1"], width=[0], height=[0], cropper=[cropper]).result[2][0]
    assert [each["code"] for each in box["metadata"]["warnings"]] == ["subject-left-out"]
