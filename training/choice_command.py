"""What the commands share that learn from people's crops of photographs: their arguments."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def parse_choice_arguments(
    arguments: Sequence[str] | None, description: str | None, file_help: str
) -> argparse.Namespace:
    """`file`, `images`, `out`, `folds` and `seed`; `out` or `folds` is given.

    Args:
        arguments: None for those of the process.
        description: of the command, kept line by line.
        file_help: what the file of crops is.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help=file_help)
    parser.add_argument("--images", type=Path, required=True, help="folder of the photographs")
    parser.add_argument("--out", type=Path, help="safetensors file to write")
    parser.add_argument("--folds", type=int, help="cross-validate with so many parts instead")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if not (given.folds or given.out):
        parser.error("--out FILE or --folds N")
    return given
