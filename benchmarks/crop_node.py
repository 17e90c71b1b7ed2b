"""Crop/Resize on one large picture: seconds while nobody looks at its output `preview`, and while somebody does.

python benchmarks/crop_node.py [--cropper centre] [--megapixels 12] [--rounds 9] [--profile]

The node is called as ComfyUI calls it, in the stand-in host of the tests, by turns with `preview` connected and not;
its panel is always made. Given are the best and the median of
wall time and of the processors' time, and the load of the machine. `--profile` says where the time
goes while nobody looks.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from comfy_stub import Stub  # noqa: E402

NODE = "1"
WATCHED = {NODE: {"inputs": {}}, "2": {"inputs": {"images": [NODE, 4]}}}
UNWATCHED = {NODE: {"inputs": {}}, "2": {"inputs": {"images": [NODE, 0]}}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cropper", default="centre")
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        call = prepare(Path(folder), chosen.cropper, chosen.megapixels)
        call(WATCHED)  # loads what is loaded once
        seconds: dict[str, list[tuple[float, float]]] = {"nobody": [], "somebody": []}
        for _ in range(chosen.rounds):
            for who, flow in (("nobody", UNWATCHED), ("somebody", WATCHED)):
                start = time.perf_counter(), time.process_time()
                call(flow)
                seconds[who].append((time.perf_counter() - start[0], time.process_time() - start[1]))
        best = {}
        for who, taken in seconds.items():
            walls, processors = zip(*taken, strict=True)
            best[who] = min(walls), min(processors)
            print(
                f"{who} looks: best {min(walls):.3f} s, median {median(walls):.3f} s; of processors best"
                f" {min(processors):.3f} s, median {median(processors):.3f} s"
            )
        wall, processor = (one / other for one, other in zip(best["nobody"], best["somebody"], strict=True))
        print(f"ratio of the best {wall:.3f}, of processors {processor:.3f}")
        print(f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors")
        if chosen.profile:
            profile = cProfile.Profile()
            profile.runcall(call, UNWATCHED)
            pstats.Stats(profile).sort_stats("tottime").print_stats(25).print_callers(3)


def prepare(folder: Path, cropper: str, megapixels: float) -> Callable[[dict], object]:
    """Calls the node on a picture of noise, in a workflow."""
    host = Stub(folder)
    sys.modules.update(host.modules())
    from salient_crop.nodes.constrained_crop import ConstrainedCrop
    from salient_crop.nodes.load_cropper import LoadCropper

    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    picture = torch.rand(1, round(width * 3 / 4), width, 3, generator=torch.Generator().manual_seed(0))
    (loaded,) = LoadCropper.execute(cropper=cropper).result
    values = {each.id: [each.default] for each in ConstrainedCrop.define_schema().inputs if hasattr(each, "default")}

    def call(flow: dict) -> object:
        ConstrainedCrop.hidden.unique_id = NODE
        host.running[:] = [(0, "id", flow, {}, [])]
        return ConstrainedCrop.execute(**{**values, "image": [picture], "cropper": [loaded]})

    return call


if __name__ == "__main__":
    main()
