"""What runs the network on a CPU: OpenVINO beside PyTorch, their crops and the time of one pass.

python benchmarks/runtimes.py PHOTOGRAPHS [PHOTOGRAPHS …] [--count 1000] [--precision float32] [--cropper focus]

Every photograph is cropped to three ratios on the maps of both. Where the boxes differ, the crop of OpenVINO is scored
on the maps of PyTorch, too: what it lacks there is what the other runtime costs. Passes take turns, on one core each;
their median time of the processor counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.images.thumbnail import small_floats
from salient_crop.jobs.analyse import ANALYSIS_SIDE
from salient_crop.jobs.defaults import RATIOS, default_min_share
from salient_crop.models.base import Cropper
from salient_crop.models.registry import load_cropper
from salient_crop.models.runtime.choice import OPENVINO, PRECISIONS, TORCH
from salient_crop.models.selection import SearchBatch

CONSTRAINTS = [Constraint((Ratio.parse(each),), min_share=default_min_share(False)) for each in RATIOS.split(",")]


@dataclass(frozen=True)
class Compared:
    """One photograph.

    Attributes:
        equal: for each ratio, whether the boxes are the same.
        lost: for each ratio, how much less the crop of OpenVINO scores on PyTorch's maps.
        seconds: of the processor, for the analysis by each.
    """

    equal: Sequence[bool]
    lost: Sequence[float]
    seconds: tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0])
    parser.add_argument("--cropper", default="focus")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    files = sorted(file for folder in chosen.photographs for file in folder.rglob("*.jpg"))
    files = files[:: max(1, len(files) // chosen.count)][: chosen.count]
    croppers = [
        load_cropper(chosen.cropper, "cpu", TORCH),
        load_cropper(chosen.cropper, "cpu", OPENVINO, chosen.precision),
    ]
    compare(croppers, files[0])  # loads and compiles
    report([compare(croppers, file) for file in files], croppers[1].runtime_on("cpu"))


@torch.inference_mode()
def compare(croppers: Sequence[Cropper], file: Path) -> Compared:
    """The crops of one photograph on the maps of both."""
    picture = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
    small = small_floats(np.asarray(picture, np.float32) / 255, ANALYSIS_SIDE)
    pixels = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
    timed = [time_analysis(each, pixels) for each in croppers]
    ours, theirs = (SearchBatch.of(analyses, picture.size) for analyses, _ in timed)
    equal, lost = [], []
    for constraint in CONSTRAINTS:
        (one,), (other,) = ours.best_crops(constraint), theirs.best_crops(constraint)
        equal.append(one.box == other.box)
        judged = one if equal[-1] else ours.crop_at(other.box, other.ratio, constraint)
        lost.append(one.score - judged.score)
    return Compared(equal, lost, (timed[0][1], timed[1][1]))


def time_analysis(cropper: Cropper, pixels: Tensor) -> tuple[list, float]:
    start = time.process_time()
    return cropper.analyse(pixels), time.process_time() - start


def report(found: Sequence[Compared], runtime: str) -> None:
    boxes = [each for one in found for each in one.equal]
    lost = [each for one in found for each in one.lost]
    by_torch, by_other = (statistics.median(one.seconds[which] for one in found) for which in (0, 1))
    print(f"{len(found)} photographs, {len(boxes)} crops, torch beside {runtime}")
    print(f"same box to the pixel    {sum(boxes) / len(boxes):8.2%}  ({len(boxes) - sum(boxes)} differ)")
    print(f"score lost, at most      {max(lost):8.5f}")
    print(f"more than 0.001 lost in  {sum(each > 1e-3 for each in lost):8}")
    print(f"analysis, torch          {by_torch * 1e3:8.1f} ms")
    print(f"analysis, {runtime:14} {by_other * 1e3:8.1f} ms  ({by_torch / by_other:.2f} times as fast)")


if __name__ == "__main__":
    main()
