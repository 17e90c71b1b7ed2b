"""The `salient-crop` command: arguments in, one call into the library, words out.

A sub-command is a module with `add_parser`, which adds its arguments and names what runs it. What is slow to import is
imported where it is used, so that `--help` is instant.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import NoReturn

from ..version import VERSION
from . import crop, croppers, evaluate, faces, layouts, preview, review
from .options import SubParsers
from .progress import Reporter, printable_in
from .status import INTERRUPTED, UNUSABLE, UsageError

COMMANDS: tuple[Callable[[SubParsers], None], ...] = tuple(
    each.add_parser for each in (crop, faces, preview, review, layouts, evaluate, croppers)
)


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        words: the arguments; those of the process where it is None.

    Returns:
        The exit status, see `status`.
    """
    chosen = build_parser().parse_args(words)
    # Pictures have their own limit here, and the reason of one that fails is told; what Pillow adds to that would only
    # disturb the bar.
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    with Reporter() as reporter, warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: reporter.note(f"salient-crop: {message}")
        try:
            return chosen.run(chosen, reporter)
        except UsageError as error:
            reporter.note(f"salient-crop: {error}")
            return UNUSABLE
        except KeyboardInterrupt:
            reporter.note("stopped; the same command goes on from here")
            return INTERRUPTED


class Parser(argparse.ArgumentParser):
    """argparse, which repeats words of the command line as they are: names that a pattern of the shell stands for."""

    def error(self, message: str) -> NoReturn:
        super().error(printable_in(message, sys.stderr))


def build_parser() -> argparse.ArgumentParser:
    """The parser of all sub-commands."""
    parser = Parser(
        prog="salient-crop", description="Crops that keep the subject whole, at exactly the ratio asked for."
    )
    parser.add_argument("--version", action="version", version=f"salient-crop {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add_parser in COMMANDS:
        add_parser(commands)
    return parser
