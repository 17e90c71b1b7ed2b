"""The `salient-crop` command: arguments in, one call into the library, words out.

A sub-command is a module with `add_arguments`, which describes a parser and names what runs it. It is imported when it
is asked for, and what is slow to import where it is used, so that `--help` is instant.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, NoReturn

from ..version import VERSION
from .progress import Reporter, printable_in
from .status import INTERRUPTED, UNUSABLE, UsageError

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "crop": "crop a folder of pictures, single ones, or shards",
        "faces": "cut aligned squares around faces, sort them, and paste edited ones back",
        "preview": "draw a contact sheet of a manifest",
        "review": "look at the crops of a manifest in a browser, and correct them",
        "layouts": "draw what each layout makes of one photograph",
        "evaluate": "measure on a benchmark, beside the trivial answers",
        "croppers": "what can be loaded, and where from",
    }
)
"""Name of each sub-command, which is that of its module, and what it does."""


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        words: the arguments; those of the process where it is None.

    Returns:
        The exit status, see `status`.
    """
    return execute(build_parser().parse_args(words))


def execute(chosen: argparse.Namespace) -> int:
    """Runs the command that was chosen, and returns its exit status."""
    import warnings  # neither is needed for `--help`

    from ..images.hush import hush_pillow

    hush_pillow()  # it would only disturb the bar
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


class CommandParser(Parser):
    """The parser of a sub-command, which learns its arguments when it is asked to parse some."""

    def parse_known_args(self, *given: Any, **more: Any) -> Any:
        if self.get_default("run") is None:
            import_module(f".{self.prog.split()[-1]}", __package__).add_arguments(self)
        return super().parse_known_args(*given, **more)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all sub-commands."""
    parser = Parser(
        prog="salient-crop", description="Crops that keep the subject whole, at exactly the ratio asked for."
    )
    parser.add_argument("--version", action="version", version=f"salient-crop {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary)
    return parser
