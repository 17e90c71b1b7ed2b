"""Patterns of names: what they say, and what is none."""

import pytest

from salient_crop.datasets.name_pattern import NamePattern, escape_braces

VALUES = {"name": "cat", "index": 7, "ratio": "2x3", "width": 832, "height": 1216, "bucket": "832x1216"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{name}", "cat"),
        ("{name}_{ratio}", "cat_2x3"),
        ("{index}", "7"),
        ("{index:04}", "0007"),
        ("{width:05}x{height}-{index:01}", "00832x1216-7"),
        ("{bucket}/{name}", "832x1216/cat"),
        ("{{{name}}}", "{cat}"),
        ("my {name} ü 写", "my cat ü 写"),
    ],
)
def test_fields_are_filled_in_at_once_or_one_after_the_other(text, expected):
    pattern = NamePattern.parse(text)
    assert pattern.fill(VALUES).text == expected
    assert str(pattern) == text
    one_by_one = text
    for name, value in VALUES.items():
        one_by_one = str(NamePattern.parse_filled(one_by_one).fill({name: value}))
    assert NamePattern.parse_filled(one_by_one).text == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *((text, "is no field of a name") for text in (
            "{name.__class__}", "{name[0]}", "{name!r}", "{}", "{0}", "{Name}", "{ name}", "{name:04}", "{index:4}",
            "{index:00}", "{index:0}", "{index:012}", "{index:04d}", "{index:>4}", "{ratio:02}", "{name}{date}",
            "{na\nme}",
        )),
        ("{index:{width}}", "has a { without its other half"),
        ("{name", "has a { without its other half"),
        ("name}", "has a } without its other half"),
        ("{name}}", "has a } without its other half"),
        *((text, "would give all pictures one name") for text in ("crop", "{ratio}", "{{name}}", "{width}x{height}")),
        *((text, "is no path below a folder") for text in (
            "", "/{name}", "../{name}", "a/../{name}", "./{name}", "{name}/", "a//{name}", ".{name}", "{name}.",
            "{name} ", " {name}", "a./{name}",
        )),
        *((text, "which no name of a file can") for text in (
            "a\\{name}", "c:{name}", "{name}?", "{name}*", '{name}"', "{name}|", "<{name}>", "{name}\0", "{name}\n",
            "\u202e{name}",
        )),
        ("{name}" * 40, "more than 200 characters"),
    ],
)  # fmt: skip
def test_what_is_no_pattern_is_refused_in_words(text, words):
    with pytest.raises(ValueError, match=rf"^name: .*{words}"):
        NamePattern.parse(text)


def test_a_pattern_is_a_text():
    with pytest.raises(TypeError, match="name must be of the type str, got 7"):
        NamePattern.parse(7)


def test_a_name_full_of_braces_stays_as_it_is():
    pattern = NamePattern.parse("{name}_{ratio}").fill({"name": "{ratio}{{x}"})
    assert NamePattern.parse_filled(str(pattern)).fill(VALUES).text == "{ratio}{{x}_2x3"
    assert NamePattern.parse_filled(escape_braces("{a}}")).text == "{a}}"
