"""Trains the bundled weights: the whole recipe in one command. Stop it and run it again, and it continues.

    torchrun --nproc-per-node 2 -m salient_crop.training.focus.bundle --data DATA --labels LABELS --photos PHOTOS
        --imagenet mobilenet_v2.pth --out RUN

The first stage starts from ImageNet's weights. The second continues at a larger picture size and a lower learning rate.
The third starts from the average of three of their checkpoints, adds the animals, and keeps what was learned: it trains
the later layers only, and its start teaches it where a picture has no fixations or no mask.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch.distributed as dist

from ...models.focus.preprocess import AREA
from .average import average
from .train import main as train

FIRST_AREA, SECOND_AREA, THIRD_AREA = 288 * 384, 320 * 416, AREA  # pixels of whole pictures
SECOND_RATE, THIRD_RATE = 2e-4, 1.5e-4
ANIMALS = ("pets", "flms")  # groups of pictures that only the third stage sees
THIRD_FROZEN = 7  # first blocks of the backbone, in the third stage


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="all other options are those of salient_crop.training.focus.train",
    )
    parser.add_argument("--imagenet", required=True, help="torchvision's mobilenet_v2 state dict")
    parser.add_argument("--out", type=Path, required=True, help="folder for all stages and focus.safetensors")
    parser.add_argument(
        "--epochs", type=int, nargs=3, default=(22, 10, 6), metavar=("FIRST", "SECOND", "THIRD"), help="of the stages"
    )
    given, others = parser.parse_known_args(arguments)
    first, second, third = (given.out / name for name in ("first", "second", "third"))
    people = _train_people(first, second, given.imagenet, given.epochs[:2], others)
    kept = ["--keep", "--frozen", str(THIRD_FROZEN), "--rate", str(THIRD_RATE)]
    third_stage = _stage_options(third, given.epochs[2], THIRD_AREA)
    train([*others, "--fine-tune", str(people), *kept, *third_stage])
    if _is_first_process():
        average([third / "focus.safetensors"], given.out / "focus.safetensors")


def _train_people(first: Path, second: Path, imagenet: str, epochs: Sequence[int], others: Sequence[str]) -> Path:
    """The first two stages, without animals. Returns the file of the average that the third starts from."""
    others = [*others, "--without", *ANIMALS]
    train([*others, "--imagenet", imagenet, *_stage_options(first, epochs[0], FIRST_AREA)])
    _wait_for_all()  # one process writes the weights that all of them read next
    start, mean = first / "focus.safetensors", second / "mean.safetensors"
    second_stage = _stage_options(second, epochs[1], SECOND_AREA)
    train([*others, "--fine-tune", str(start), "--rate", str(SECOND_RATE), *second_stage])
    if _is_first_process():
        later = [second / f"focus-{epoch}.safetensors" for epoch in (epochs[1] // 2, epochs[1])]
        average([start, *later], mean)
    _wait_for_all()
    return mean


def _stage_options(out: Path, epochs: int, area: int) -> list[str]:
    return ["--out", str(out), "--epochs", str(epochs), "--area", str(area)]


def _is_first_process() -> bool:
    return not dist.is_initialized() or dist.get_rank() == 0


def _wait_for_all() -> None:
    if dist.is_initialized():
        dist.barrier()


if __name__ == "__main__":
    main()
