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
from salient_crop.cropping.checks import check_number, check_region, check_tuple, check_whole_number
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.size_curve import SizeCurve
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion, published_text_region

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
    (lambda: TextRegion((0, 0, 1, 1), "page"), ValueError, "'page' is no frame"),
    (lambda: TextRegion((0, 0, 1, 1), "crop", "no"), TypeError, "hard must be True or False, got 'no'"),
    (lambda: TextRegion((0, 0, 1, 1), "crop", 1), TypeError, "hard must be"),
    (lambda: published_text_region(-1), ValueError, "0 to 7, got -1"),
    (lambda: published_text_region(8), ValueError, "0 to 7, got 8"),
    (lambda: published_text_region(1.0), TypeError, "index must be a whole number"),
    # a constraint
    (lambda: Constraint(ratios=SQUARE), TypeError, "ratios must be a sequence"),
    (lambda: Constraint(ratios="2:3"), TypeError, "ratios must be a sequence"),
    (lambda: Constraint(ratios=["2:3"]), TypeError, "ratios must hold Ratio only, got '2:3'"),
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
    # a subject
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
    (lambda: ObjectiveWeights(layout=-1), ValueError, "weight layout must be 0 or more, got -1"),
    (lambda: ObjectiveWeights(size=NAN), ValueError, "weight size must be a finite"),
    (lambda: ObjectiveWeights(cut="1"), TypeError, "weight cut must be a number"),
    (lambda: ObjectiveWeights(subjects=1.1), ValueError, "weight subjects is a share in 0..1, got 1.1"),
    (lambda: ObjectiveWeights(composition=1.1), ValueError, "weight composition is a share"),
    (lambda: Objective(None), TypeError, "weights must be ObjectiveWeights, got None"),
    (lambda: Objective({"size": 1}), TypeError, "weights must be ObjectiveWeights"),
    (lambda: Objective(size_model="people"), TypeError, r"size_model must have a method curve\(\), got 'people'"),
    (lambda: Objective(rater=object()), TypeError, r"rater must have a method ratings\(\)"),
    # a curve
    (lambda: SizeCurve(()), ValueError, "values: a curve needs at least two, got 0"),
    (lambda: SizeCurve((1.0,)), ValueError, "values: a curve needs at least two, got 1"),
    (lambda: SizeCurve((1.0, 1.0), smallest=1.0), ValueError, "smallest must lie in"),
    (lambda: SizeCurve((1.0, 1.0), smallest=0.0), ValueError, "smallest must lie in"),
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
