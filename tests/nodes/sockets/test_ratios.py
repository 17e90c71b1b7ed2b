"""Ratios as users type them."""

import pytest

from salient_crop.nodes.sockets.ratios import parse_ratios


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  ", []),
        ("2:3", ["2:3"]),
        ("832x1216", ["13:19"]),
        ("1920×1080", ["16:9"]),
        ("1:1, 2:3;3:2", ["1:1", "2:3", "3:2"]),
        ("2 : 3  4:5", ["2:3", "4:5"]),
        ("4 / 6", ["2:3"]),
    ],
)
def test_ratios_are_read_in_every_form_in_use(text, expected):
    assert [str(ratio) for ratio in parse_ratios(text)] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2;3", "^ratio: '2' in '2;3' is half a ratio; write width:height"),
        ("2 3", "^ratio: '2' in '2 3' is half a ratio"),
        ("wide", "^ratio: 'wide'"),
        ("1:0", "^ratio: "),
        ("1:1, -2:3", "^ratio: "),
    ],
)
def test_what_is_no_ratio_is_refused_by_the_name_of_its_socket(text, message):
    with pytest.raises(ValueError, match=message):
        parse_ratios(text)
