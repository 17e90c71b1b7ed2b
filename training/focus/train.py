"""Trains the network of the `focus` cropper, one stage. `bundle.py` is the whole recipe; see README.md.

    python -m salient_crop.training.focus.train --data DATA --labels LABELS --imagenet mobilenet_v2.pth --out RUN
    [--photos PHOTOS]

Run it again with the same `--out`, and it continues after the last finished epoch. Under `torchrun --nproc-per-node N`
the batches are divided among N processes.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from tqdm import tqdm

from ...models.focus.network import FocusNetwork
from ...models.focus.preprocess import AREA
from .batches import Batch, plan_epoch
from .imagenet import fold_mobilenet
from .pictures import GROUPS, LabelledPicture, read_pictures
from .samples import Sample, make_sample
from .trainer import FROZEN, FocusTrainer, Schedule
from .views import nearly_full_view, random_part


def main(arguments: Sequence[str] | None = None) -> None:
    given = _build_parser().parse_args(arguments)
    rank, world = _join_processes()
    pictures = _read_training_pictures(given)
    sizes = {str(each.path): _read_size(each.path) for each in pictures}
    network = _start_network(given).to(given.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = len(plan_epoch(pictures, sizes, 0, given.batch, given.area)) // world
    schedule = Schedule(given.epochs, steps, given.rate, given.frozen)
    trainer = FocusTrainer(network, schedule, copy.deepcopy(network) if given.keep else None)
    given.out.mkdir(parents=True, exist_ok=True)
    trainer.resume(given.out)
    for epoch in range(trainer.epochs_done, min(given.epochs, given.stop_after or given.epochs)):
        batches = plan_epoch(pictures, sizes, epoch, given.batch, given.area)
        batches = batches[rank : len(batches) // world * world : world]
        means = _train_epoch(trainer, batches, f"epoch {epoch + 1}/{given.epochs}", quiet=rank > 0)
        if rank == 0:
            trainer.save(given.out)
            with (given.out / "log.jsonl").open("a") as log:
                rounded = {name: round(value, 4) for name, value in means.items()}
                log.write(json.dumps({"epoch": epoch + 1, **rounded}) + "\n")


def _read_training_pictures(given: argparse.Namespace) -> list[LabelledPicture]:
    pictures = read_pictures(given.data, given.labels, given.photos)
    return [each for each in pictures if not each.held_out and each.group not in given.without]


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with gaze/, people/, pets/ and flms/")
    parser.add_argument("--labels", type=Path, required=True, help="folder that label.py wrote")
    parser.add_argument("--photos", type=Path, help="the folder of other photographs that label.py was given")
    parser.add_argument(
        "--without",
        nargs="+",
        choices=GROUPS,
        default=(),
        metavar="GROUP",
        help="leave out pictures of these groups",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, the log and focus.safetensors")
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--imagenet", type=Path, help="torchvision's mobilenet_v2 state dict")
    start.add_argument("--fine-tune", type=Path, help="focus weights to start from, to fine-tune them on your own data")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="where a picture has no fixations or no mask, go on saying what the network said at the start",
    )
    parser.add_argument(
        "--frozen", type=int, default=FROZEN, help="first blocks of the backbone that keep their weights (%(default)s)"
    )
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--stop-after", type=int, help="stop after this epoch; a later run continues")
    parser.add_argument("--batch", type=int, default=8, help="pictures a step and process")
    parser.add_argument(
        "--rate", type=float, default=3e-4, help="learning rate of the backbone; the decoder's is five times that"
    )
    parser.add_argument("--area", type=int, default=AREA, help="pixels that whole pictures are resized to")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


def _join_processes() -> tuple[int, int]:
    """This process's number and the number of processes, under `torchrun` or alone."""
    if "WORLD_SIZE" in os.environ and not dist.is_initialized():
        dist.init_process_group("gloo")
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def _start_network(given: argparse.Namespace) -> FocusNetwork:
    """The network with the weights to start from."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # of the decoder's first weights
        network = FocusNetwork()
    if given.fine_tune:
        state = {name: value.float() for name, value in load_file(given.fine_tune).items()}
        network.load_state_dict(_grow_outputs(state, network.state_dict()))
    else:
        network.backbone.load_state_dict(fold_mobilenet(torch.load(given.imagenet, "cpu", weights_only=True)))
    return network


def _grow_outputs(state: dict[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a network that knew people's heads only, with the output `animal` of a new one added."""
    grown = dict(state)
    for name in ("heads.out.weight", "heads.out.bias"):
        grown[name] = torch.cat([state[name], like[name][len(state[name]) :]])
    return grown


def _train_epoch(trainer: FocusTrainer, batches: Sequence[Batch], title: str, quiet: bool) -> dict[str, float]:
    """Trains on all batches and returns the losses, each summed over the batches that have it, per batch."""
    sums: dict[str, float] = {}
    bar = tqdm(_load_batches(batches), total=len(batches), desc=title, disable=quiet, mininterval=10)
    for done, (samples, whole) in enumerate(bar, start=1):
        for name, value in trainer.step(samples, whole).items():
            sums[name] = sums.get(name, 0.0) + value
        bar.set_postfix({name: f"{value / done:.3f}" for name, value in sums.items()})
    trainer.epochs_done += 1
    return {name: value / len(batches) for name, value in sums.items()}


def _load_batches(batches: Sequence[Batch]) -> Iterator[tuple[Sample, bool]]:
    """Stacked samples, and whether they show whole pictures. The next batch is loaded during the current step."""
    with ThreadPoolExecutor(1) as reader:
        ahead = reader.submit(_load_batch, batches[0]) if batches else None
        for index, batch in enumerate(batches):
            assert ahead is not None
            samples = ahead.result()
            if index + 1 < len(batches):
                ahead = reader.submit(_load_batch, batches[index + 1])
            yield samples, batch.whole


def _load_batch(batch: Batch) -> Sample:
    rng = np.random.default_rng(batch.seed)
    samples = [_load_sample(picture, batch, rng) for picture in batch.pictures]
    return Sample(*(torch.stack(each) for each in zip(*samples, strict=True)))


def _load_sample(picture: LabelledPicture, batch: Batch, rng: np.random.Generator) -> Sample:
    with Image.open(picture.path) as file:
        image = file.convert("RGB")
    if batch.whole:
        view = nearly_full_view(image.size, batch.size, rng)
    else:
        view = random_part(picture, image.size, batch.size, rng)
    return make_sample(picture, image, view, rng)


def _read_size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


if __name__ == "__main__":
    main()
