"""Averages checkpoints of one training, which generalise better together than the last alone ("Model soups", Wortsman
et al., 2022).

    python -m salient_crop.training.focus.average --out focus.safetensors FIRST SECOND …
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+", help="focus weights that were trained from one another")
    parser.add_argument("--out", type=Path, required=True, help="where the average goes, in half precision")
    given = parser.parse_args(arguments)
    states = [load_file(file) for file in given.checkpoints]
    mean = {name: torch.stack([state[name].float() for state in states]).mean(0) for name in states[0]}
    save_file({name: value.half().contiguous() for name, value in mean.items()}, given.out)


if __name__ == "__main__":
    main()
