"""What is malformed is a TypeError or a ValueError that names the argument; what is well formed comes out as asked."""

from __future__ import annotations

import math
import re
import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from salient_crop.cropping.box import Box
from salient_crop.cropping.checks import (
    MAX_SIDE,
    check_count,
    check_edges,
    check_kind,
    check_number,
    check_region,
    check_share,
    check_size,
    check_tuple,
    check_weight,
    check_whole_number,
    show,
)
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import Crop, CropWarning
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.size_curve import SizeCurve
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion, published_text_region, reserved_box

NAN, INF = math.nan, math.inf
SQUARE = Ratio(1, 1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", TypeError),
        (None, TypeError),
        (3, 3),
        (-3, -3),
        (np.int64(7), 7),
        (2**53, 2**53),
        (-(2**53), -(2**53)),
        (2**53 + 1, ValueError),
        (True, TypeError),
        (3.0, TypeError),
        (NAN, TypeError),
        ("3", TypeError),
        (Fraction(3), TypeError),
    ],
)
def test_whole_numbers(value, expected):
    if expected is TypeError:
        with pytest.raises(TypeError, match="^side must be a whole number, got " + re.escape(repr(value))):
            check_whole_number("side", value)
        return
    if expected is ValueError:
        with pytest.raises(ValueError, match="^side must lie between -9007199254740992 and 9007199254740992"):
            check_whole_number("side", value)
        return
    found = check_whole_number("side", value)
    assert found == expected
    assert type(found) is int


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", TypeError),
        (None, TypeError),
        (3, 3.0),
        (-0.5, -0.5),
        (np.float32(0.5), 0.5),
        (Fraction(1, 4), 0.25),
        (False, TypeError),
        ("0.5", TypeError),
        (Decimal("0.5"), TypeError),
        ([1.0], TypeError),
        (NAN, ValueError),
        (INF, ValueError),
        (-INF, ValueError),
        (10**400, ValueError),
    ],
)
def test_numbers(value, expected):
    if isinstance(expected, type):
        with pytest.raises(expected, match="^share must be a "):
            check_number("share", value)
        return
    found = check_number("share", value)
    assert found == expected
    assert type(found) is float


def test_numbers_too_long_to_be_shown_are_refused_too():
    with pytest.raises(ValueError, match="side must lie between"):
        check_whole_number("side", -(10**5000))
    with pytest.raises(ValueError, match="share must be a finite number"):
        check_number("share", 10**5000)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ((), "keep region needs x1, y1, x2, y2, got 0 numbers"),
        ((0, 0, 1, 1), (0.0, 0.0, 1.0, 1.0)),
        ([0.25, 0, 0.5, 1], (0.25, 0.0, 0.5, 1.0)),
        (np.array([0.25, 0, 0.5, 1]), (0.25, 0.0, 0.5, 1.0)),
        ((0, 0, 1), "got 3 numbers"),
        ((0, 0, 1, 1, 1), "got 5 numbers"),
        ((-0.01, 0, 1, 1), "must satisfy"),
        ((0, -0.01, 1, 1), "must satisfy"),
        ((0, 0, 1.01, 1), "must satisfy"),
        ((0, 0, 1, 1.01), "must satisfy"),
        ((0.5, 0, 0.5, 1), "must satisfy"),
        ((0, 0.5, 1, 0.5), "must satisfy"),
        ((0.6, 0, 0.5, 1), "must satisfy"),
        ((0, 0.6, 1, 0.5), "must satisfy"),
        ((NAN, 0, 1, 1), "finite"),
        ((0, 0, INF, 1), "finite"),
    ],
)
def test_regions(region, expected):
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=expected) as raised:
            check_region("keep", region)
        assert "keep region" in str(raised.value)
        return
    assert check_region("keep", region) == expected


@pytest.mark.parametrize("region", [None, 1, "0011", b"0011", ("0", 0, 1, 1), (0, 0, True, 1), iter((0, 0, 1, 1))])
def test_what_is_no_region(region):
    with pytest.raises(TypeError, match="keep region must be"):
        check_region("keep", region)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), ()),
        ([1, 2], (1, 2)),
        (iter([1]), (1,)),
        (None, TypeError),
        (1, TypeError),
        ("12", TypeError),
        ([1, "2"], TypeError),
    ],
)
def test_tuples(values, expected):
    if expected is TypeError:
        with pytest.raises(TypeError, match="^sides must "):
            check_tuple("sides", values, int)
        return
    assert check_tuple("sides", values, int) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "side must be at least 1, got 0"),
        (1, 1),
        (np.int64(9), 9),
        (10, "side must be at most 9, got 10"),
        (2**60, "side must lie between"),
    ],
)
def test_counts(value, expected):
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=f"^{expected}"):
            check_count("side", value, 9)
        return
    assert check_count("side", value, 9) == expected
    assert check_count("side", 0, 9, least=0) == 0


@pytest.mark.parametrize(("check", "most"), [(check_share, 1), (lambda *given: check_weight(*given, 5), 5)])
def test_shares_and_weights(check, most):
    for value in (0, most, np.float32(0.5)):
        assert check("x", value) == value
    for value in (-0.01, most + 0.01, NAN, INF):
        with pytest.raises(ValueError, match="^x (is|must) "):
            check("x", value)
    for value in (None, "0.5", True, 1j):
        with pytest.raises(TypeError, match="^x must be a number, got "):
            check("x", value)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((), "size needs width and height, got 0 numbers"),
        ((1, 1), (1, 1)),
        ([640, np.int32(480)], (640, 480)),
        ((MAX_SIDE, MAX_SIDE), (MAX_SIDE, MAX_SIDE)),
        ((MAX_SIDE + 1, 1), "size must have sides of at most"),
        ((1, 0), "size must be at least 1×1 pixel"),
        ((-5, 5), "size must be at least 1×1 pixel"),
        ((5,), "size needs width and height, got 1"),
        ((1, 2, 3), "size needs width and height, got 3"),
    ],
)
def test_sizes(size, expected):
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=f"^{expected}"):
            check_size("size", size)
        return
    assert check_size("size", size) == expected
    assert {type(side) for side in check_size("size", size)} == {int}


@pytest.mark.parametrize("size", [None, 5, "55", b"55", (5.0, 5), ("5", 5), (True, 5), (NAN, 5)])
def test_what_is_no_size(size):
    with pytest.raises(TypeError, match="^size must be a (sequence|whole number), got "):
        check_size("size", size)


def test_edges_may_lie_anywhere_and_in_any_order():
    assert check_edges("head", [3, -1, 0, np.float32(0.5)]) == (3.0, -1.0, 0.0, 0.5)
    with pytest.raises(ValueError, match="head needs x1, y1, x2, y2, got 3 numbers"):
        check_edges("head", (0, 0, 1))
    with pytest.raises(TypeError, match="head must be a number, got '1'"):
        check_edges("head", (0, 0, 1, "1"))


def test_kinds():
    assert check_kind("box", 3, int) == 3
    with pytest.raises(TypeError, match="^box must be of the type int, got 'x'$"):
        check_kind("box", "x", int)


class Secretive:
    def __repr__(self):
        raise RuntimeError("not to be shown")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", "''"),
        (0.5, "0.5"),
        ("a\nb\x1b[2J", r"'a\nb\x1b[2J'"),
        (np.zeros((2, 2)), "array([[0., 0.],        [0., 0.]])"),
        (Secretive(), "<Secretive instance at"),
    ],
)
def test_a_value_is_shown_in_one_short_line(value, shown):
    assert show(value).startswith(shown)


def test_a_number_too_long_to_be_written_is_shown_by_its_type():
    assert show(10**5000) == "an object of the type int"


@pytest.mark.parametrize("value", ["a" * 10**6, [0] * 10**6, {"a": "b" * 1000}, [[["a" * 99] * 9] * 9] * 9])
def test_large_values_are_shown_in_part(value):
    assert len(show(value)) <= 60
    assert show(value).isprintable()


WRONG = [
    # a ratio's parts
    (lambda: Ratio(1.5, 2), TypeError, "ratio's width must be a whole number, got 1.5"),
    (lambda: Ratio(2, 1.5), TypeError, "ratio's height"),
    (lambda: Ratio(NAN, 1), TypeError, "ratio's width"),
    (lambda: Ratio(True, 1), TypeError, "ratio's width"),
    (lambda: Ratio("2", 3), TypeError, "ratio's width"),
    (lambda: Ratio(0, 1), ValueError, "positive whole numbers, got 0:1"),
    (lambda: Ratio(1, 0), ValueError, "positive whole numbers, got 1:0"),
    (lambda: Ratio(-2, 3), ValueError, "positive whole numbers"),
    (lambda: Ratio(10**9 + 1, 1), ValueError, "at most 1000000000"),
    (lambda: Ratio(1, 10**9 + 1), ValueError, "at most 1000000000"),
    (lambda: Ratio(-(10**5000), 1), ValueError, "ratio's width must lie between"),
    # a ratio's text
    (lambda: Ratio.parse(""), ValueError, "'' is not a ratio; write it as 2:3"),
    (lambda: Ratio.parse("2:"), ValueError, "not a ratio"),
    (lambda: Ratio.parse("2:3:4"), ValueError, "not a ratio"),
    (lambda: Ratio.parse("wide"), ValueError, "'wide' is not a ratio"),
    (lambda: Ratio.parse("0:3"), ValueError, "'0:3' is not a ratio"),
    (lambda: Ratio.parse("2/0"), ValueError, "'2/0' is not a ratio"),
    (lambda: Ratio.parse("-1.5"), ValueError, "not a ratio"),
    (lambda: Ratio.parse("nan"), ValueError, "not a ratio"),
    (lambda: Ratio.parse("0.0001"), ValueError, "not a ratio"),
    (lambda: Ratio.parse("1e99999999"), ValueError, "not a ratio"),
    (lambda: Ratio.parse("1e-99999999"), ValueError, "not a ratio"),
    (lambda: Ratio.parse("9" * 41), ValueError, "9{40}…' is not a ratio"),
    (lambda: Ratio.parse("9" * 100_000 + ":1"), ValueError, "not a ratio"),
    (lambda: Ratio.parse(1.5), TypeError, "ratio must be text"),
    # a box
    (lambda: Box(0.5, 0, 1, 1), TypeError, "box's x must be a whole number, got 0.5"),
    (lambda: Box(0, NAN, 1, 1), TypeError, "box's y"),
    (lambda: Box(0, 0, 1.0, 1), TypeError, "box's width"),
    (lambda: Box(0, 0, 1, None), TypeError, "box's height"),
    (lambda: Box(0, 0, True, 1), TypeError, "box's width"),
    (lambda: Box(0, 0, 0, 1), ValueError, "at least 1×1 pixel, got 0×1"),
    (lambda: Box(0, 0, 1, 0), ValueError, "at least 1×1 pixel, got 1×0"),
    (lambda: Box(0, 0, -1, 1), ValueError, "at least 1×1 pixel"),
    (lambda: Box.from_relative((0, 0, 1), (9, 9)), ValueError, "region needs x1, y1, x2, y2, got 3"),
    (lambda: Box.from_relative((0, 0, NAN, 1), (9, 9)), ValueError, "region must be a finite"),
    (lambda: Box.from_relative(("0", 0, 1, 1), (9, 9)), TypeError, "region must be a number"),
    # a text region
    (lambda: TextRegion((0, 0, 1)), ValueError, "layout region needs x1, y1, x2, y2"),
    (lambda: TextRegion((0, 0, 1, "1")), TypeError, "layout region must be a number"),
    (lambda: TextRegion.preset("middle"), ValueError, "'middle' is no layout; use one of top-left"),
    (lambda: TextRegion.preset(["top"]), ValueError, r"\['top'\] is no layout"),
    (lambda: TextRegion((0, 0, 1, 1), "page"), ValueError, "'page' is no frame"),
    (lambda: TextRegion((0, 0, 1, 1), "crop", "no"), TypeError, "hard must be True or False, got 'no'"),
    (lambda: TextRegion((0, 0, 1, 1), "crop", 1), TypeError, "hard must be"),
    (lambda: published_text_region(-1), ValueError, "0 to 7, got -1"),
    (lambda: published_text_region(8), ValueError, "0 to 7, got 8"),
    (lambda: published_text_region(1.0), TypeError, "index must be a whole number"),
    # a constraint
    (lambda: Constraint(ratios=SQUARE), TypeError, "ratios must be a sequence"),
    (lambda: Constraint(ratios="2:3"), TypeError, "ratios must be a sequence"),
    (lambda: Constraint(ratios=["2:3"]), TypeError, "ratios must hold Ratio or ModelSizes only, got '2:3'"),
    (lambda: Constraint(min_share=0), ValueError, r"min_share must lie in \(0, 1\], got 0"),
    (lambda: Constraint(min_share=1.01), ValueError, "min_share must lie in"),
    (lambda: Constraint(min_share=-0.5), ValueError, "min_share must lie in"),
    (lambda: Constraint(min_share=NAN), ValueError, "min_share must be a finite"),
    (lambda: Constraint(min_share=True), TypeError, "min_share must be a number"),
    (lambda: Constraint(min_share="0.5"), TypeError, "min_share must be a number"),
    (lambda: Constraint(keep=(0, 0, 1, 1)), TypeError, "keep region must be x1, y1, x2, y2, got 0"),
    (lambda: Constraint(keep=None), TypeError, "keep must be a sequence"),
    (lambda: Constraint(keep=[(0, 0, 2, 1)]), ValueError, "keep region"),
    (lambda: Constraint(avoid=[(0, 0, 1)]), ValueError, "avoid region needs"),
    (lambda: Constraint(avoid=[(0, 0, NAN, 1)]), ValueError, "avoid region must be a finite"),
    (lambda: Constraint(text_regions=[(0, 0, 1, 1)]), TypeError, "text_regions must hold TextRegion only"),
    (lambda: Constraint(min_size=(1, 2, 3)), ValueError, "min_size needs width and height, got 3"),
    (lambda: Constraint(min_size=()), ValueError, "min_size needs width and height, got 0"),
    (lambda: Constraint(min_size=512), TypeError, "min_size must be a sequence"),
    (lambda: Constraint(min_size=(512.0, 1)), TypeError, "min_size must be a whole number"),
    (lambda: Constraint(min_size=(0, 1)), ValueError, r"at least 1×1 pixel, got \(0, 1\)"),
    (lambda: Constraint(min_size=(1, 0)), ValueError, r"at least 1×1 pixel, got \(1, 0\)"),
    (lambda: Constraint(policy="crop"), ValueError, "'crop' is no policy; use one of shrink, pad, error"),
    (lambda: Constraint(min_size=(2**21 + 1, 1)), ValueError, "min_size must have sides of at most 2097152 pixels"),
    # sizes
    (lambda: Ratio.of(3), TypeError, "size must be a sequence, got 3"),
    (lambda: Ratio.of((1, 2, 3)), ValueError, "size needs width and height, got 3 numbers"),
    (lambda: Ratio(2, 3).size_for(0), ValueError, "long_side must be at least 1, got 0"),
    (lambda: Ratio(2, 3).size_for(1.5), TypeError, "long_side must be a whole number, got 1.5"),
    (lambda: Ratio(2, 3).size_for(NAN), TypeError, "long_side must be a whole number, got nan"),
    (lambda: Ratio(2, 3).largest_in((0, 0)), ValueError, r"size must be at least 1×1 pixel, got \(0, 0\)"),
    (lambda: Ratio(2, 3).largest_in((NAN, 5)), TypeError, "size must be a whole number, got nan"),
    (lambda: Ratio(2, 3).largest_in((True, 5)), TypeError, "size must be a whole number, got True"),
    (lambda: Ratio(2, 3).largest_in((2**40, 2**40)), ValueError, "size must have sides of at most 2097152"),
    (lambda: Box(0, 0, 1, 1).relative((0, 0)), ValueError, "size must be at least"),
    (lambda: Box(0, 0, 1, 1).relative((5.5, 5)), TypeError, "size must be a whole number"),
    (lambda: Box(0, 0, 1, 1).inside("55"), TypeError, "size must be a sequence, got '55'"),
    (lambda: Box(0, 0, 1, 1).inside((5,)), ValueError, "size needs width and height, got 1"),
    (lambda: Box(0, 0, 1, 1).clipped(None), TypeError, "size must be a sequence, got None"),
    (lambda: Box(0, 0, 1, 1).clipped((NAN, 5)), TypeError, "size must be a whole number"),
    (lambda: Box(0, 0, 1, 1).shifted(0.5, 0), TypeError, "dx must be a whole number, got 0.5"),
    (lambda: Box(0, 0, 1, 1).shifted(0, True), TypeError, "dy must be a whole number, got True"),
    (lambda: Box(0, 0, 1, 1).holds((0, 0, 1, 1)), TypeError, r"other must be of the type Box, got \(0, 0, 1, 1\)"),
    (lambda: Box(0, 0, 1, 1).union(None), TypeError, "other must be of the type Box"),
    (lambda: Box.from_relative(3, (9, 9)), TypeError, "region must be a sequence, got 3"),
    (lambda: Box.from_relative((1, 1, 0, 0), (9, 9)), ValueError, "region .* must satisfy x1 ≤ x2"),
    (lambda: Box.from_relative((0, 0, 1, 1), (0, 9)), ValueError, "size must be at least"),
    (lambda: reserved_box((0, 0, 0, 1), (9, 9)), ValueError, "reserved region .* must satisfy"),
    (lambda: reserved_box((0, 0, 1, 1), (9, 0)), ValueError, "size must be at least"),
    # a crop
    (lambda: Crop((0, 0, 1, 1), SQUARE, 0.5), TypeError, "box must be of the type Box"),
    (lambda: Crop(Box(0, 0, 1, 1), "1:1", 0.5), TypeError, "ratio must be of the type Ratio, got '1:1'"),
    (lambda: Crop(Box(0, 0, 1, 1), SQUARE, NAN), ValueError, "score must be a finite number"),
    (lambda: Crop(Box(0, 0, 1, 1), SQUARE, "0.5"), TypeError, "score must be a number"),
    (lambda: Crop(Box(0, 0, 1, 1), SQUARE, 0.5, []), TypeError, "terms must be a mapping"),
    (lambda: Crop(Box(0, 0, 1, 1), SQUARE, 0.5, {"cut": NAN}), ValueError, "the term cut must be a finite"),
    (lambda: Crop(Box(0, 0, 1, 1), SQUARE, 0.5, {}, 1.01), ValueError, "kept is a share in 0..1, got 1.01"),
    (lambda: Crop(Box(0, 0, 1, 1), SQUARE, 0.5, {}, 1, "cut"), TypeError, "warnings must be a sequence"),
    (lambda: Crop(Box(0, 0, 1, 1), SQUARE, 0.5, {}, 1, ["cut"]), TypeError, "warnings must hold CropWarning only"),
    (lambda: Crop(Box(0, 0, 1, 1), SQUARE, 0.5, {}, 1, (), -0.1), ValueError, "confidence is a share in 0..1"),
    (lambda: CropWarning(3, "words"), TypeError, "code must be of the type str, got 3"),
    (lambda: CropWarning("cut", None), TypeError, "words must be of the type str"),
    (lambda: CropWarning("cut", "words", (0, 0, 1)), ValueError, "region needs x1, y1, x2, y2, got 3"),
    (lambda: CropWarning("cut", "words", (0, 0, 1, INF)), ValueError, "region must be a finite"),
    # a subject
    (lambda: Subject(0, 0, 1e300, 1), ValueError, r"a subject lies within 1e\+06 sides of the picture"),
    (lambda: Subject(0, 0, 5e-324, 1), ValueError, "a subject lies within .* and has sides"),
    (lambda: Subject(0, 0, 1, 1, 1e300), ValueError, r"weight must be at most 1e\+06, got 1e\+300"),
    (lambda: Subject(0, 0, 1, 1, 1, "face", None, 2), ValueError, "confidence is a share"),
    (lambda: Subject(0, 0, 1, 1, 1, "person", (0, 0, 1e300, 1)), ValueError, "subject's head lies within"),
    (lambda: Subject(0.5, 0, 0.5, 1), ValueError, "needs x1 < x2 and y1 < y2"),
    (lambda: Subject(0, 0.5, 1, 0.5), ValueError, "needs x1 < x2 and y1 < y2"),
    (lambda: Subject(0, 0, NAN, 1), ValueError, "subject's x2 must be a finite"),
    (lambda: Subject(-INF, 0, 1, 1), ValueError, "subject's x1 must be a finite"),
    (lambda: Subject(0, "0", 1, 1), TypeError, "subject's y1 must be a number"),
    (lambda: Subject(0, 0, 1, 1, -0.1), ValueError, "weight must be 0 or more, got -0.1"),
    (lambda: Subject(0, 0, 1, 1, NAN), ValueError, "subject's weight must be a finite"),
    (lambda: Subject(0, 0, 1, 1, True), TypeError, "subject's weight must be a number"),
    (lambda: Subject(0, 0, 1, 1, 1, "dog"), ValueError, "'dog' is no kind of subject; use one of face, person"),
    # an objective
    (lambda: ObjectiveWeights(layout=100.1), ValueError, "weight layout must be at most 100, got 100.1"),
    (lambda: ObjectiveWeights(cut=True), TypeError, "weight cut must be a number, got True"),
    (lambda: ObjectiveWeights(layout=-1), ValueError, "weight layout must be 0 or more, got -1"),
    (lambda: ObjectiveWeights(size=NAN), ValueError, "weight size must be a finite"),
    (lambda: ObjectiveWeights(cut="1"), TypeError, "weight cut must be a number"),
    (lambda: ObjectiveWeights(subjects=1.1), ValueError, "weight subjects is a share in 0..1, got 1.1"),
    (lambda: ObjectiveWeights(composition=1.1), ValueError, "weight composition is a share"),
    (lambda: Objective(None), TypeError, "weights must be ObjectiveWeights, got None"),
    (lambda: Objective({"size": 1}), TypeError, "weights must be ObjectiveWeights"),
    (lambda: Objective(size_model="people"), TypeError, r"size_model must have a method curve\(\), got 'people'"),
    (lambda: Objective(rater=object()), TypeError, r"rater must have a method ratings\(\)"),
    (lambda: Objective(chooser=object()), TypeError, r"chooser must have a method choices\(\)"),
    # a curve
    (lambda: SizeCurve(()), ValueError, "values: a curve needs at least two, got 0"),
    (lambda: SizeCurve((1.0,)), ValueError, "values: a curve needs at least two, got 1"),
    (lambda: SizeCurve((1.0, 1.0), smallest=1.0), ValueError, "smallest must lie in"),
    (lambda: SizeCurve((1.0, 1.0), smallest=0.0), ValueError, "smallest must lie in"),
    (lambda: SizeCurve((1.0, 1.0), smallest="0.5"), TypeError, "smallest must be a number"),
    (lambda: SizeCurve((NAN, 1.0)), ValueError, "values must be a finite number"),
    (lambda: SizeCurve("ab"), TypeError, "values must be a sequence"),
    (lambda: SizeCurve(3), TypeError, "values must be a sequence, got 3"),
]


@pytest.mark.parametrize(("make", "error", "message"), WRONG)
def test_what_is_malformed_is_named(make, error, message):
    started = time.monotonic()
    with pytest.raises(error, match=message):
        make()
    assert time.monotonic() - started < 2


def test_the_largest_and_smallest_values_allowed():
    assert Ratio(10**9, 1).width == Ratio(1, 10**9).height == 10**9
    assert Ratio(2 * 10**12, 10**12) == Ratio(2, 1)
    assert Constraint(min_share=1).min_share == 1
    assert Constraint(min_size=(1, 1)).min_size == (1, 1)
    assert Subject(0, 0, 1, 1, 0).weight == 0
    assert Subject(-0.1, 0, 1.1, 1, 3.5).weight == 3.5
    assert ObjectiveWeights(0, 0, 0, 0, 0, 0, 0) == ObjectiveWeights(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert ObjectiveWeights(subjects=1, composition=1, size=100.0).size == 100
    assert Box(-5, -5, 1, 1).area == 1


def test_sequences_of_any_kind_are_kept_as_tuples_so_that_a_constraint_can_be_hashed():
    lists = Constraint(
        ratios=[SQUARE], keep=[[0, 0, 1, 0.5]], avoid=[np.array([0, 0, 0.5, 0.5])], text_regions=[], min_size=[3, 4]
    )
    tuples = Constraint((SQUARE,), keep=((0.0, 0.0, 1.0, 0.5),), avoid=((0.0, 0.0, 0.5, 0.5),), min_size=(3, 4))
    assert lists == tuples
    assert hash(lists) == hash(tuples)
    assert TextRegion([0, 0, 1, 1]) == TextRegion((0.0, 0.0, 1.0, 1.0))
    assert type(Box(*np.array([1, 2, 3, 4])).x) is int
