"""Words of others, in one line that shows what is in them."""

import sys
import unicodedata

import pytest

from salient_crop.printable import escape, replace_unprintable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("photo 1.jpg", "photo 1.jpg"),
        ("grün 写真 😀.jpg", "grün 写真 😀.jpg"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("a\\nb", "a\\nb"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m\x7f\x00", r"\x9b31m\x7f\x00"),
        ("\u2028\u2029\x85", r"\u2028\u2029\x85"),
        ("gpj.\u202ephoto\u2066", r"gpj.\u202ephoto\u2066"),
        ("\ud800 \udcff", r"\ud800 \udcff"),
        ("\ufeff\u200b\u00ad\U000e0041", r"\ufeff\u200b\xad\U000e0041"),
    ],
)
def test_what_is_not_simply_to_be_seen_is_escaped(text, shown):
    assert escape(text) == shown
    assert escape(shown) == shown


def test_of_all_characters_none_ends_a_line_moves_the_cursor_or_turns_the_text():
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = escape(every)
    assert len(shown.splitlines()) == 1
    assert {unicodedata.category(each) for each in shown} & {"Cc", "Cs", "Zl", "Zp"} == set()
    assert {each for each in shown if unicodedata.category(each) == "Cf"} == {"\u200c", "\u200d"}
    assert unicodedata.bidirectional("\u202e") not in {unicodedata.bidirectional(each) for each in shown}
    shown.encode()


def test_another_escape_can_be_chosen():
    assert replace_unprintable("a\nb", lambda sign: f"<{ord(sign)}>") == "a<10>b"
