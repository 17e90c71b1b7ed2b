"""The whole recipe of the bundled weights in one command; stop it and run it again, it goes on.

    torchrun --nproc-per-node 2 -m salient_crop.training.focus.bundle --data DATA --labels LABELS --photos PHOTOS
        --imagenet mobilenet_v2.pth --out RUN

A first stage from ImageNet, a second at a larger size and a lower rate, and the mean of three checkpoints, which
generalise better together than the last alone. Writes `RUN/focus.safetensors`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch.distributed as dist

from .average import main as average
from .train import main as train

FIRST_AREA, SECOND_AREA = 288 * 384, 320 * 416
SECOND_RATE = 2e-4


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--imagenet", required=True, help="torchvision's mobilenet_v2 state dict")
    parser.add_argument("--out", type=Path, required=True, help="folder for both stages and focus.safetensors")
    parser.add_argument(
        "--epochs", type=int, nargs=2, default=(22, 10), metavar=("FIRST", "SECOND"), help="of the stages"
    )
    given, others = parser.parse_known_args(arguments)
    first, second = given.out / "first", given.out / "second"
    one, two = given.epochs
    train([*others, "--imagenet", given.imagenet, *_stage(first, one, FIRST_AREA)])
    if dist.is_initialized():
        dist.barrier()  # only one process writes the weights that all go on from
    start = first / "focus.safetensors"
    train([*others, "--fine-tune", str(start), "--rate", str(SECOND_RATE), *_stage(second, two, SECOND_AREA)])
    if not dist.is_initialized() or dist.get_rank() == 0:
        along = [second / f"focus-{number}.safetensors" for number in (two // 2, two)]
        average([*map(str, (start, *along)), "--out", str(given.out / "focus.safetensors")])


def _stage(out: Path, epochs: int, area: int) -> list[str]:
    return ["--out", str(out), "--epochs", str(epochs), "--area", str(area)]


if __name__ == "__main__":
    main()
