"""`salient-crop croppers`: what can be loaded and where from, and the cards of the bundled weights."""

from __future__ import annotations

import argparse

from .progress import Reporter
from .status import DONE, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..models.card import list_cards, load_card
    from ..models.checkpoint import SUFFIXES
    from ..models.registry import ARCHITECTURES, BUNDLED
    from ..models.runtime.choice import describe_runtime

    reporter.result("Bundled, by name:")
    for index, name in enumerate(BUNDLED):
        reporter.result(f"  {name}" + (" (default)" if index == 0 else ""))
    reporter.result(f"From a file ({', '.join(SUFFIXES)}), told by its keys:")
    for architecture in ARCHITECTURES:
        reporter.result(f"  {architecture.name}")
    try:
        reporter.result(f"Networks on a CPU: {describe_runtime()}")
    except ValueError as error:
        raise UsageError(str(error)) from error
    reporter.result("Bundled weights:")
    for card in map(load_card, list_cards()):
        reporter.result(f"  {card.weights_name}, {card.size_bytes / 1e3:,.0f} kB, {card.licence}: {card.summary}")
    return DONE
