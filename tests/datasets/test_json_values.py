"""Readers of JSON values: the value, or an error that names its place."""

import pytest

from salient_crop.datasets.json_values import (
    MalformedValue,
    list_of,
    optional,
    parse_json,
    read_field,
    read_number,
    read_positive,
    read_text,
    read_whole,
    show_value,
)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (list_of(read_whole), [], ()),
        (list_of(read_whole), [-1, 0], (-1, 0)),
        (list_of(list_of(read_text, 1)), [["a"], ["b"]], (("a",), ("b",))),
        (optional(read_text), None, None),
        (optional(read_text), "", ""),
        (read_positive, 1, 1),
        (read_number, 0, 0),
        (read_number, -1.5, -1.5),
    ],
)
def test_values(read, value, expected):
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (read_whole, 1.0, "must be a whole number, got 1.0"),
        (read_whole, False, "must be a whole number, got false"),
        (read_positive, 0, "must be a whole number of at least 1, got 0"),
        (read_number, None, "must be a finite number, got null"),
        (optional(read_text), 0, "must be a text, got 0"),
        (list_of(read_whole), "12", 'must be a list, got "12"'),
        (list_of(read_whole, 0), [1], r"must be a list of 0, got \[1\]"),
        (list_of(list_of(read_text)), [[], ["a", 2]], r"\[1\]\[1\]: must be a text, got 2"),
        (lambda value: read_field(value, "a", list_of(read_text)), {"a": [1]}, r"a\[0\]: must be a text, got 1"),
        (lambda value: read_field(value, "a", read_text), {}, "a: is missing"),
        (lambda value: read_field(value, "a", read_text, default="x"), {"a": 1}, "a: must be a text, got 1"),
        (lambda value: read_field(value, "a", read_text), [], r"must be an object, got \[\]"),
    ],
)
def test_errors(read, value, message):
    with pytest.raises(MalformedValue, match=f"^{message}$"):
        read(value)


@pytest.mark.parametrize("depth", [51, 300, 900, 5000])
@pytest.mark.parametrize("sides", ["[]", "{}"])
def test_what_lies_too_deep_is_refused_so_that_what_is_read_can_be_gone_through(depth, sides):
    opening = "[" if sides == "[]" else '{"a": '
    for text in (opening * depth + "1" + sides[1] * depth, b"[5, " + (opening * depth).encode()):
        with pytest.raises(ValueError):
            parse_json(text)
    assert parse_json("[" * 40 + "]" * 40)


def test_an_absent_field_may_have_a_default():
    assert read_field({}, "a", list_of(read_text), default=()) == ()
    assert read_field({}, "a", read_text, default="x") == "x"
    assert read_field({}, "a", optional(read_text), default=None) is None


@pytest.mark.parametrize(
    ("value", "text"), [("", '""'), ("x" * 58, '"' + "x" * 58 + '"'), ("x" * 59, '"' + "x" * 56 + "...")]
)
def test_long_values_are_cut_off(value, text):
    assert show_value(value) == text
