"""Words of others, such as the names of files, as text that any terminal, sheet, page and file of lines can show.

A name may hold nearly any character: one that clears the terminal, one that begins a new line and forges what the
command says, one that shows the rest backwards, half a character that no encoding has. All of them are shown as
escapes, by this file and no other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

# Control characters, invisible ones that change what is around them, half characters, ends of lines and paragraphs.
_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # Persian and the scripts of India cannot be written without them, nor can many emoji


def escape(text: str) -> str:
    r"""The text in one line, with escapes for all that is not simply to be seen.

    >>> print(escape("a\nb \x1b[31m \u202e ü"))
    a\nb \x1b[31m \u202e ü
    """
    return replace_unprintable(text, lambda sign: sign.encode("unicode_escape").decode())


def first_line(error: Exception) -> str:
    r"""What an error says, without what follows its first line; the name of its kind where it says nothing.

    >>> first_line(ValueError("torn\nat byte 7")), first_line(KeyError())
    ('torn', 'KeyError')
    """
    return (str(error).splitlines() or [type(error).__name__])[0]


def replace_unprintable(text: str, escape_one: Callable[[str], str]) -> str:
    """The text with every character that `escape` would escape replaced by what `escape_one` makes of it."""
    if text.isprintable():  # nearly all are, and this is fast
        return text
    return "".join(each if _is_shown(each) else escape_one(each) for each in text)


def _is_shown(sign: str) -> bool:
    return sign in _JOINERS or unicodedata.category(sign) not in _CATEGORIES
