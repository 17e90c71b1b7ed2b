"""What the command says while it works: a bar on a terminal, plain lines anywhere else.

All words of the command pass here, so that no name of a file can say anything in its stead; see `printable`.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from ..printable import escape

if TYPE_CHECKING:
    from tqdm import tqdm

_LINES = 20  # plain progress lines in a whole run, so that a log of 100,000 pictures can still be read


class Reporter:
    """Progress and failures go to `errors`, results to `results`. Use it as a context, so that the bar is cleared."""

    def __init__(self, results: TextIO | None = None, errors: TextIO | None = None) -> None:
        self._results = results or sys.stdout
        self._errors = errors or sys.stderr
        self._bar: tqdm | None = None

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close_bar()

    def progress(self, done: int, total: int, name: str, unit: str = "picture") -> None:
        """One more picture, or another unit, is done, the last of them called `name`."""
        if self._errors.isatty():
            self._advance_bar(done, total, name, unit)
        elif done == total or done % max(1, total // _LINES) == 0:
            self.note(f"{done}/{total} {name}")

    def note(self, text: str) -> None:
        """Something to know now, such as a picture that failed; one line."""
        if self._bar is not None:
            self._bar.write(printable_in(text, self._errors), file=self._errors)
        else:
            _write_line(self._errors, text)

    def result(self, *lines: str) -> None:
        """What was asked for, or how it ended; what looks like the end of a line within one is shown as an escape."""
        self._close_bar()
        for line in lines:
            _write_line(self._results, line)

    def _advance_bar(self, done: int, total: int, name: str, unit: str) -> None:
        if self._bar is None:
            from tqdm import tqdm  # slow to import

            self._bar = tqdm(total=total, initial=done - 1, unit=unit, file=self._errors, dynamic_ncols=True)
        self._bar.set_postfix_str(printable_in(name, self._errors)[-40:], refresh=False)
        self._bar.update(done - self._bar.n)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _write_line(stream: TextIO, text: str) -> None:
    stream.write(printable_in(text, stream) + "\n")
    stream.flush()


def printable_in(text: str, stream: TextIO) -> str:
    """The text in one line, in what the encoding of a terminal can show; file names need not be in it."""
    encoding = stream.encoding or "utf-8"
    return escape(text).encode(encoding, errors="backslashreplace").decode(encoding)
