"""Peak memory on few and on many photographs: it must not grow with their number.

python benchmarks/memory.py [PHOTOGRAPHS] [--few 500] [--many 5000] [--cropper centre] [--buckets auto:3] [--node]

Measures `salient-crop crop`, with --buckets in its two passes, or with --node the node Crop Folder in the stand-in host
of the tests. Without PHOTOGRAPHS small random ones are used: the memory for the picture in work and for the cropper is
a constant, whatever it shows.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from _folders import command_line, copy_photographs, draw_photographs, run_and_measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, nargs="?")
    parser.add_argument("--few", type=int, default=500)
    parser.add_argument("--many", type=int, default=5000)
    parser.add_argument("--cropper", default="centre")
    parser.add_argument("--buckets", default="")
    parser.add_argument("--node", action="store_true", help="the node instead of the command")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)  # the node's own process
    chosen = parser.parse_args()
    if chosen.inside:
        run_node(chosen.inside, chosen.cropper, chosen.buckets)
        return
    peaks = []
    for count in (chosen.few, chosen.many):
        with tempfile.TemporaryDirectory() as scratch:
            base = Path(scratch)
            if chosen.photographs:
                copy_photographs(chosen.photographs, count, base / "input" / "in")
            else:
                draw_photographs(count, base / "input" / "in")
            command = node_command(base, chosen) if chosen.node else crop_command(base, chosen)
            usage = run_and_measure([command])
        peaks.append(usage.megabytes)
        print(f"{count:7} photographs: {usage.megabytes:6.0f} MB peak, {count / usage.seconds:.1f} pictures/s")
    print(f"{peaks[1] / peaks[0]:.3f} times the memory for {chosen.many / chosen.few:g} times the photographs")


def crop_command(base: Path, chosen: argparse.Namespace) -> list[str]:
    """The command line of `salient-crop crop` on `base/input/in`."""
    words = ["crop", str(base / "input" / "in"), "--out", str(base / "out"), "--device", "cpu"]
    buckets = ["--buckets", chosen.buckets, "--resolution", "256"] if chosen.buckets else []
    return command_line(*words, "--cropper", chosen.cropper, *buckets)


def node_command(base: Path, chosen: argparse.Namespace) -> list[str]:
    """The command line of this file in a process of its own, which runs the node."""
    words = ["--node", "--inside", str(base), "--cropper", chosen.cropper, "--buckets", chosen.buckets]
    return [sys.executable, __file__, *words]


def run_node(base: Path, cropper: str, buckets: str) -> None:
    """Executes the nodes Load Cropper and Crop Folder on `base/input/in`, as the host does."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from comfy_stub import Stub

    import salient_crop

    Stub(base).install()

    async def registered() -> list:
        extension = await salient_crop.comfy_entrypoint()
        await extension.on_load()
        return await extension.get_node_list()

    nodes = {each.define_schema().node_id: each for each in asyncio.run(registered())}
    crop_folder = nodes["SalientCrop_CropFolder"]
    widgets = {each.id: each.default for each in crop_folder.define_schema().inputs if hasattr(each, "default")}
    (loaded,) = nodes["SalientCrop_LoadCropper"].execute(cropper=cropper).result
    given = {**widgets, "folder": "in", "buckets": buckets, "resolution": 256}
    crop_folder.execute(cropper=loaded, **given)


if __name__ == "__main__":
    main()
