"""Names of crops by a pattern such as `{name}_{ratio}`, with a small language of its own.

A pattern is text with fields in braces; `{{` and `}}` are braces. It is filled in twice: with what is known of a
picture before any is read, so that all names can be planned together, and with what only its crop decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..cropping.checks import check_kind, show

OF_PICTURE, OF_CROP = ("name", "index"), ("ratio", "width", "height", "bucket", "subject")
_NUMBERS = ("index", "width", "height", "subject")
SYNTAX = "{name}, {index}, {index:04}, {subject}, {ratio}, {width}, {height} and {bucket}"

MAX_PATTERN = 200  # characters
_TOKEN = re.compile(r"(\{\{|\}\})|\{([^{}]*)\}|([{}])|([^{}]+)")
_FIELD = re.compile(r"([a-z]+)(?::0([1-9]))?")
_FORBIDDEN = re.compile(r'[\\:*?"<>|]')


@dataclass(frozen=True, slots=True)
class NameField:
    """One field.

    Attributes:
        name: one of `OF_PICTURE` or `OF_CROP`.
        digits: a number has at least so many, with zeros in front.
    """

    name: str
    digits: int = 0

    def fill(self, value: str | int) -> str:
        return f"{value:0{self.digits}}" if isinstance(value, int) and self.digits else str(value)

    def __str__(self) -> str:
        return f"{{{self.name}:0{self.digits}}}" if self.digits else f"{{{self.name}}}"


@dataclass(frozen=True)
class NamePattern:
    """A pattern that was read.

    Attributes:
        parts: texts and fields, in order.

    >>> NamePattern.parse("{name}_{index:04}").fill({"name": "cat", "index": 7}).text
    'cat_0007'
    """

    parts: tuple[str | NameField, ...]

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        """Reads a pattern that a person wrote.

        Raises:
            TypeError: when it is no text.
            ValueError: when it holds another field, can be no path below a folder, or would give all pictures one name.
        """
        if len(check_kind("name", text, str)) > MAX_PATTERN:
            raise ValueError(f"name: {show(text)} has more than {MAX_PATTERN} characters")
        pattern = cls.parse_filled(text)
        _check_path(text, pattern)
        if not pattern.fields & set(OF_PICTURE):
            raise ValueError(f"name: {show(text)} would give all pictures one name; put {{name}} or {{index}} into it")
        return pattern

    @classmethod
    def parse_filled(cls, text: str) -> NamePattern:
        """Reads a pattern, of which some fields may be filled in.

        Raises:
            ValueError: when it holds another field.
        """
        return cls(tuple(_read_parts(text)))

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names of its fields."""
        return frozenset(each.name for each in self.parts if isinstance(each, NameField))

    def fill(self, values: Mapping[str, str | int]) -> NamePattern:
        """The pattern with these values in the place of their fields; the others stay."""
        return NamePattern(
            tuple(
                each.fill(values[each.name]) if isinstance(each, NameField) and each.name in values else each
                for each in self.parts
            )
        )

    @property
    def text(self) -> str:
        """What it says, where all fields are filled in."""
        return "".join(map(str, self.parts))

    def __str__(self) -> str:
        """As it is written: `parse_filled` reads it."""
        return "".join(escape_braces(each) if isinstance(each, str) else str(each) for each in self.parts)


def escape_braces(text: str) -> str:
    """A text as it is written in a pattern.

    >>> escape_braces("a{b}")
    'a{{b}}'
    """
    return text.replace("{", "{{").replace("}", "}}")


def _read_parts(text: str) -> Iterator[str | NameField]:
    for brace, field, stray, literal in _TOKEN.findall(text):
        if stray:
            raise ValueError(
                f"name: {show(text)} has a {stray} without its other half; a brace itself is written twice"
            )
        if brace or literal:
            yield brace[:1] or literal
            continue
        found = _FIELD.fullmatch(field)
        known = found and found[1] in (*OF_PICTURE, *OF_CROP) and (not found[2] or found[1] in _NUMBERS)
        if not found or not known:
            raise ValueError(f"name: {show('{' + field + '}')} is no field of a name; there are {SYNTAX}")
        yield NameField(found[1], int(found[2] or 0))


def _check_path(text: str, pattern: NamePattern) -> None:
    """Refuses a pattern that is no path below a folder on every file system."""
    filled = "".join(each if isinstance(each, str) else "0" for each in pattern.parts)
    forbidden = _FORBIDDEN.search(filled)
    if forbidden or not filled.isprintable():
        wrong = repr(forbidden[0]) if forbidden else "a character that cannot be printed"
        raise ValueError(f"name: {show(text)} holds {wrong}, which no name of a file can")
    for part in filled.split("/"):
        if not part or part[0] in ". " or part[-1] in ". ":
            raise ValueError(
                f"name: {show(text)} is no path below a folder; between slashes there is text that neither begins nor"
                " ends with a dot or a space"
            )
