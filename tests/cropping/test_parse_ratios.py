"""One or several ratios, from a text or from objects."""

import pytest

from salient_crop.cropping.ratio import Ratio, parse_ratios


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ("2:3", ["2:3"]),
        (" 2:3 ,16:9,,", ["2:3", "16:9"]),
        ("2:3,4:6,1:1,2:3", ["2:3", "1:1"]),  # each once
        (Ratio(5, 4), ["5:4"]),
        ([Ratio(5, 4), "3:2"], ["5:4", "3:2"]),
        (iter(("3:2",)), ["3:2"]),
    ],
)
def test_ratios(ratios, expected):
    assert [str(ratio) for ratio in parse_ratios(ratios)] == expected


@pytest.mark.parametrize(
    ("ratios", "kind", "words"),
    [
        ("", ValueError, "^ratio: no ratio in ''"),
        (" , ", ValueError, "no ratio"),
        ([], ValueError, "no ratio"),
        ("2:3,x", ValueError, "'x' is not a ratio"),
        (["2:0"], ValueError, "2:0"),
        (["2:3,1:1"], ValueError, "2:3,1:1"),  # a list is not read for commas
        (None, TypeError, "^ratio: .*NoneType"),
        (1.5, TypeError, "^ratio: .*float"),
        ([1.5], TypeError, "^ratio: .*float"),
        ((2, 3), TypeError, "^ratio: .*int"),
    ],
)
def test_what_is_no_ratio_is_refused_by_name(ratios, kind, words):
    with pytest.raises(kind, match=words):
        parse_ratios(ratios)
