"""The whole analysis of the bundled `focus` cropper beside the bare forward pass of the backbone it stands on.

python benchmarks/focus.py [--size 480x360] [--batch 8] [--rounds 12] [--device cpu]

The peer is torchvision's MobileNetV2 up to its last residual, on batches of the size that `focus` works at. The two
take turns, and the fastest round of each counts. The analysis includes the resizing of the pictures to that size, the
heads, the subjects and the detail.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image

from salient_crop.models.focus.preprocess import working_size
from salient_crop.models.registry import load_cropper

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=lambda text: tuple(map(int, text.split("x"))), default=(480, 360))
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--device", default="cpu")
    report(parser.parse_args())


@torch.inference_mode()
def report(chosen: argparse.Namespace) -> None:
    width, height = chosen.size
    pictures = load_photographs(chosen.batch, (width, height)).to(chosen.device)
    cropper = load_cropper("focus", chosen.device)
    backbone = torchvision.models.mobilenet_v2().features[:18].eval().to(chosen.device)
    backbone = backbone.to(memory_format=torch.channels_last)
    across, down = working_size(width, height)
    resized = torch.nn.functional.interpolate(pictures, (down, across)).contiguous(memory_format=torch.channels_last)
    runs: list[Callable[[], object]] = [lambda: cropper.analyse(pictures), lambda: backbone(resized)]
    ours, bare = measure_fastest(runs, chosen.rounds, chosen.device)
    each = 1000 / chosen.batch
    print(f"batches of {chosen.batch} pictures of {width}x{height}, analysed at {across}x{down}, on {chosen.device}")
    print(f"focus, whole analysis   {ours * each:7.2f} ms a picture")
    print(f"MobileNetV2, bare pass  {bare * each:7.2f} ms a picture")
    print(f"ratio                   {ours / bare:7.2f}")


def load_photographs(count: int, size: tuple[int, int]) -> torch.Tensor:
    """The sample photographs, over and over, all resized to one size: `[count, 3, H, W]`."""
    files = itertools.islice(itertools.cycle(sorted(SAMPLES.glob("*.jpg"))), count)
    pixels = [np.asarray(Image.open(file).convert("RGB").resize(size)) for file in files]
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255


def measure_fastest(runs: list[Callable[[], object]], rounds: int, device: str) -> list[float]:
    """Seconds of the fastest round of each, after one that does not count."""
    best = [float("inf")] * len(runs)
    for number in range(rounds + 1):
        for index, run in enumerate(runs):
            started = time.perf_counter()
            run()
            if device != "cpu":
                torch.cuda.synchronize()
            if number:
                best[index] = min(best[index], time.perf_counter() - started)
    return best


if __name__ == "__main__":
    main()
