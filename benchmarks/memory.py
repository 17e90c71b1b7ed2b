"""Peak memory of `salient-crop crop` on few and on many photographs: it must not grow with their number.

python benchmarks/memory.py PHOTOGRAPHS [--few 200] [--many 2000] [--cropper centre]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from _folders import measure, photographs, salient_crop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--many", type=int, default=2000)
    parser.add_argument("--cropper", default="")
    chosen = parser.parse_args()
    peaks = []
    for count in (chosen.few, chosen.many):
        with tempfile.TemporaryDirectory() as scratch:
            folder = photographs(chosen.photographs, count, Path(scratch, "in"))
            words = ["crop", str(folder), "--out", str(Path(scratch, "out")), "--device", "cpu"]
            measured = measure([salient_crop(*words, *(["--cropper", chosen.cropper] if chosen.cropper else []))])
        peaks.append(measured.megabytes)
        print(f"{count:7} photographs: {measured.megabytes:6.0f} MB peak, {count / measured.seconds:.1f} pictures/s")
    print(f"{peaks[1] / peaks[0]:.3f} times the memory for {chosen.many / chosen.few:g} times the photographs")


if __name__ == "__main__":
    main()
