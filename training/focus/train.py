"""Trains the network of the `focus` cropper. See training/README.md.

    python -m salient_crop.training.focus.train --data DATA --labels LABELS --imagenet mobilenet_v2.pth --out RUN
    [--photos PHOTOS]

Run it again with the same `--out` and it goes on where it stopped. Under `torchrun --nproc-per-node N` the batches
are shared out.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from ...models.focus.network import FocusNetwork
from ...models.focus.preprocess import AREA
from .imagenet import fold_mobilenet
from .losses import attention_loss, centre_loss, reach_loss, subject_loss
from .pictures import Picture, read_pictures
from .plan import Batch, epoch
from .samples import Sample, almost_whole, part, sample

FROZEN = 3  # first residuals that keep what ImageNet taught them: they cost the most and gain the least
AVERAGING = 0.998


def main(arguments: Sequence[str] | None = None) -> None:
    given = _parse(arguments)
    torch.manual_seed(0)
    if "WORLD_SIZE" in os.environ and not dist.is_initialized():
        dist.init_process_group("gloo")
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    pictures = [each for each in read_pictures(given.data, given.labels, given.photos) if not each.held_out]
    sizes = {str(each.path): _size(each.path) for each in pictures}
    device = torch.device(given.device)
    network = _network(given).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = Run(network, len(epoch(pictures, sizes, 0, given.batch, given.area)) // world, given)
    given.out.mkdir(parents=True, exist_ok=True)
    run.resume(given.out / "last.pt")
    for number in range(run.epochs_done, min(given.epochs, given.stop_after or given.epochs)):
        plan = epoch(pictures, sizes, number, given.batch, given.area)
        mine = plan[rank : len(plan) // world * world : world]
        sums: dict[str, float] = {}
        progress = tqdm(
            _samples(mine), total=len(mine), desc=f"epoch {number + 1}/{given.epochs}", disable=rank > 0, mininterval=10
        )
        for done, (samples, whole_pictures) in enumerate(progress, start=1):
            for name, value in run.step(samples, whole_pictures).items():
                sums[name] = sums.get(name, 0.0) + value / len(mine)
            progress.set_postfix({name: f"{value * len(mine) / done:.3f}" for name, value in sums.items()})
        run.epochs_done = number + 1
        if rank == 0:
            run.save(given.out)
            with (given.out / "log.jsonl").open("a") as log:
                log.write(
                    json.dumps({"epoch": number + 1, **{name: round(value, 4) for name, value in sums.items()}}) + "\n"
                )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with gaze/ and people/")
    parser.add_argument("--labels", type=Path, required=True, help="folder that label.py wrote")
    parser.add_argument("--photos", type=Path, help="the folder of other photographs that label.py was given")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, the log and focus.safetensors")
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--imagenet", type=Path, help="torchvision's mobilenet_v2 state dict")
    start.add_argument("--fine-tune", type=Path, help="focus weights to go on from, to fine-tune them on your own data")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--stop-after", type=int, help="stop after this epoch; a later run goes on")
    parser.add_argument("--batch", type=int, default=8, help="pictures a step and process")
    parser.add_argument(
        "--rate", type=float, default=3e-4, help="learning rate of the backbone; the decoder's is five times that"
    )
    parser.add_argument("--area", type=int, default=AREA, help="pixels that whole pictures are shown in")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args(arguments)


def _network(given: argparse.Namespace) -> FocusNetwork:
    network = FocusNetwork()
    if given.fine_tune:
        network.load_state_dict({name: value.float() for name, value in load_file(given.fine_tune).items()})
    else:
        network.backbone.load_state_dict(fold_mobilenet(torch.load(given.imagenet, "cpu", weights_only=True)))
    return network


class Run:
    """The network, its running average, and everything needed to go on later."""

    def __init__(self, network: FocusNetwork, steps: int, given: argparse.Namespace) -> None:
        for layer in (network.backbone.stem, *network.backbone.layers[:FROZEN]):
            layer.requires_grad_(False)
        self.network, self.epochs_done, self.steps_done = network, 0, 0
        self.average = {name: value.clone() for name, value in network.state_dict().items()}
        backbone = [each for each in network.backbone.parameters() if each.requires_grad]
        decoder = [each for name, each in network.named_parameters() if not name.startswith("backbone.")]
        self.learned = [*backbone, *decoder]
        groups = [{"params": backbone, "lr": given.rate}, {"params": decoder, "lr": given.rate * 5}]
        self.optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, [group["lr"] for group in groups], total_steps=steps * given.epochs + 1, pct_start=0.15
        )

    def step(self, samples: Sample, whole_pictures: bool) -> dict[str, float]:
        """One step of the optimiser; the losses by name."""
        device = self.learned[0].device
        samples = Sample(*(each.to(device) for each in samples))
        losses = self._losses(samples, whole_pictures)
        self.optimiser.zero_grad(set_to_none=False)
        torch.stack(list(losses.values())).sum().backward()
        self._share_gradients()
        torch.nn.utils.clip_grad_norm_(self.learned, 5.0)
        self.optimiser.step()
        self.schedule.step()
        self.steps_done += 1
        self._average()
        return {name: value.item() for name, value in losses.items()}

    def _losses(self, samples: Sample, whole_pictures: bool) -> dict[str, Tensor]:
        images = samples.image.contiguous(memory_format=torch.channels_last)
        # Half precision makes the convolutions faster where the processor knows bfloat16, and costs nothing where it
        # does not matter.
        with torch.autocast(images.device.type, torch.bfloat16) if _has_bfloat16(images.device) else nullcontext():
            outputs = self.network(images)
        attention, subject, centres, reach = (each.float() for each in outputs)
        losses = {}
        looked_at = samples.fixations.sum((1, 2)) > 0
        if whole_pictures and looked_at.any():
            losses["attention"] = attention_loss(
                attention[looked_at], samples.density[looked_at], samples.fixations[looked_at]
            )
        losses["subject"] = subject_loss(subject, samples.mask, samples.mask_weight)
        losses["centres"] = centre_loss(centres, samples.centres, samples.care)
        losses["reach"] = reach_loss(reach, samples.reach, samples.near)
        return losses

    def _share_gradients(self) -> None:
        if not dist.is_initialized():
            return
        gradients = [each.grad if each.grad is not None else torch.zeros_like(each) for each in self.learned]
        flat = torch.cat([each.flatten() for each in gradients])
        dist.all_reduce(flat)
        for each, own in zip(self.learned, flat.split([each.numel() for each in gradients]), strict=True):
            each.grad = (own / dist.get_world_size()).view_as(each)

    def _average(self) -> None:
        keep = min(AVERAGING, (1 + self.steps_done) / (10 + self.steps_done))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)

    def save(self, folder: Path) -> None:
        """The state to go on from, and the averaged weights in half precision; each file is replaced whole."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "epochs_done": self.epochs_done,
            "steps_done": self.steps_done,
        }
        torch.save(state, folder / "last.pt.part")
        (folder / "last.pt.part").replace(folder / "last.pt")
        half = {name: value.half().contiguous().cpu() for name, value in self.average.items()}
        for name in (f"focus-{self.epochs_done}.safetensors", "focus.safetensors"):
            save_file(half, folder / f"{name}.part")
            (folder / f"{name}.part").replace(folder / name)

    def resume(self, file: Path) -> None:
        if not file.is_file():
            return
        state = torch.load(file, "cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        for name, value in state["average"].items():
            self.average[name].copy_(value)
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.epochs_done, self.steps_done = state["epochs_done"], state["steps_done"]


def _has_bfloat16(device: torch.device) -> bool:
    return device.type == "cuda" or (device.type == "cpu" and torch.cpu._is_avx512_bf16_supported())


def _samples(batches: Sequence[Batch]) -> Iterator[tuple[Sample, bool]]:
    """Collated batches; the next one is read while this one is learned from."""
    with ThreadPoolExecutor(1) as reader:
        ahead = reader.submit(_collate, batches[0]) if batches else None
        for index, batch in enumerate(batches):
            assert ahead is not None
            ready = ahead.result()
            if index + 1 < len(batches):
                ahead = reader.submit(_collate, batches[index + 1])
            yield ready, batch.whole


def _collate(batch: Batch) -> Sample:
    rng = np.random.default_rng(batch.seed)
    return Sample(
        *(torch.stack(each) for each in zip(*(_show(picture, batch, rng) for picture in batch.pictures), strict=True))
    )


def _show(picture: Picture, batch: Batch, rng: np.random.Generator) -> Sample:
    with Image.open(picture.path) as file:
        image = file.convert("RGB")
    view = almost_whole(image.size, batch.size, rng) if batch.whole else part(picture, image.size, batch.size, rng)
    return sample(picture, image, view, rng)


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


if __name__ == "__main__":
    main()
