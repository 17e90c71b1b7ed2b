"""Averages the weights of several checkpoints of one training.

    python -m salient_crop.training.focus.average --out focus.safetensors FIRST SECOND …

The average generalises better than the last checkpoint alone ("Model soups", Wortsman et al., 2022).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from ..weights import write_weights


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+", help="focus weights that were trained from one another")
    parser.add_argument("--out", type=Path, required=True, help="file for the average, in half precision")
    given = parser.parse_args(arguments)
    average(given.checkpoints, given.out)


def average(checkpoints: Sequence[Path], out: Path) -> None:
    """Writes the mean of checkpoints with the same names and shapes, in half precision."""
    states = [load_file(file) for file in checkpoints]
    mean = {name: torch.stack([state[name].float() for state in states]).mean(0) for name in states[0]}
    write_weights({name: value.half() for name, value in mean.items()}, out)


if __name__ == "__main__":
    main()
