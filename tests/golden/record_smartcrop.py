"""Records what the npm package `smartcrop` chooses, into smartcrop.json beside this file.

    npm install smartcrop@2.0.5                       # anywhere
    NODE_PATH=THERE/node_modules python tests/golden/record_smartcrop.py

Needs node; the tests that read the recording do not.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from smartcrop_pictures import DRAWN, PHOTOGRAPHS, fingerprint, source_size, working_picture  # noqa: E402

RATIOS = ((1, 1), (2, 3), (3, 2), (16, 9), (9, 16), (4, 5), (13, 19))
SMALLER = ((1, 1), (3, 2))
SMALLEST_SHARE = 0.5
BOOST = {"x1": 0.62, "y1": 0.55, "x2": 0.83, "y2": 0.9, "weight": 0.4}


def main() -> None:
    pictures, cases = {}, []
    with tempfile.TemporaryDirectory() as folder:
        for name in (*PHOTOGRAPHS, *DRAWN):
            size = source_size(name)
            pixels = working_picture(name, work := working_size(size))
            pictures[name] = {"size": size, "work": work, "pixels": fingerprint(pixels)}
            np.insert(pixels, 3, 255, axis=2).tofile(Path(folder, name))
            cases += cases_of(name)
        questions = Path(folder, "questions.json")
        questions.write_text(json.dumps([question(case, pictures[case["picture"]], Path(folder)) for case in cases]))
        node = subprocess.run(["node", HERE / "record_smartcrop.js", questions], capture_output=True, check=True)
    for case, answer in zip(cases, json.loads(node.stdout), strict=True):
        case.update({name: answer[name] for name in ("work", "source", "score")})
    lines = ",\n".join(json.dumps(case) for case in cases)
    (HERE / "smartcrop.json").write_text(f'{{"pictures": {json.dumps(pictures)},\n"cases": [\n{lines}\n]}}\n')


def cases_of(picture: str) -> list[dict]:
    plain = [{"picture": picture, "ratio": ratio, "min_share": 1.0, "boost": None} for ratio in RATIOS]
    smaller = [{"picture": picture, "ratio": ratio, "min_share": SMALLEST_SHARE, "boost": None} for ratio in SMALLER]
    return [*plain, *smaller, {"picture": picture, "ratio": (1, 1), "min_share": 1.0, "boost": BOOST}]


def question(case: dict, picture: dict, folder: Path) -> dict:
    return {
        "pixels": str(folder / case["picture"]),
        "work": picture["work"],
        "size": picture["size"],
        "ratio": case["ratio"],
        "minScale": case["min_share"] ** 0.5,
        "boost": case["boost"] and [source_boost(picture["size"], picture["work"], **case["boost"])],
    }


def source_boost(
    size: tuple[int, int], work: tuple[int, int], x1: float, y1: float, x2: float, y2: float, weight: float
) -> dict:
    """A relative box in source pixels, placed so that the package's truncation lands on the working pixels we use."""
    edges = (x1 * work[0], y1 * work[1], (x2 - x1) * work[0], (y2 - y1) * work[1])
    # A quarter of a pixel keeps rounding from losing a whole one, and twice a quarter does not gain one.
    x, y, width, height = ((int(edge) + 0.25) / prescale(size) for edge in edges)
    return {"x": x, "y": y, "width": width, "height": height, "weight": weight}


def working_size(size: tuple[int, int]) -> tuple[int, int]:
    """The size that the package will ask for; record_smartcrop.js makes sure that it is."""
    return int(size[0] * prescale(size)), int(size[1] * prescale(size))


def prescale(size: tuple[int, int]) -> float:
    return min(max(256 / size[0], 256 / size[1]), 1)


if __name__ == "__main__":
    main()
