"""Trains the bundled weights: the whole recipe in one command. Stop it and run it again, and it continues.

    torchrun --nproc-per-node 2 -m salient_crop.training.focus.bundle --data DATA --labels LABELS --photos PHOTOS
        --imagenet mobilenet_v2.pth --out RUN

The first stage starts from ImageNet's weights. The second continues at a larger picture size and a lower learning rate.
The result, `RUN/focus.safetensors`, is the average of three checkpoints.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch.distributed as dist

from .average import average
from .train import main as train

FIRST_AREA, SECOND_AREA = 288 * 384, 320 * 416  # pixels of whole pictures
SECOND_RATE = 2e-4


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="all other options are those of salient_crop.training.focus.train",
    )
    parser.add_argument("--imagenet", required=True, help="torchvision's mobilenet_v2 state dict")
    parser.add_argument("--out", type=Path, required=True, help="folder for both stages and focus.safetensors")
    parser.add_argument(
        "--epochs", type=int, nargs=2, default=(22, 10), metavar=("FIRST", "SECOND"), help="of the stages"
    )
    given, others = parser.parse_known_args(arguments)
    first, second = given.out / "first", given.out / "second"
    first_epochs, second_epochs = given.epochs
    train([*others, "--imagenet", given.imagenet, *_stage_options(first, first_epochs, FIRST_AREA)])
    if dist.is_initialized():
        dist.barrier()  # one process writes the weights that all of them read next
    start = first / "focus.safetensors"
    second_stage = _stage_options(second, second_epochs, SECOND_AREA)
    train([*others, "--fine-tune", str(start), "--rate", str(SECOND_RATE), *second_stage])
    if not dist.is_initialized() or dist.get_rank() == 0:
        later = [second / f"focus-{epoch}.safetensors" for epoch in (second_epochs // 2, second_epochs)]
        average([start, *later], given.out / "focus.safetensors")


def _stage_options(out: Path, epochs: int, area: int) -> list[str]:
    return ["--out", str(out), "--epochs", str(epochs), "--area", str(area)]


if __name__ == "__main__":
    main()
