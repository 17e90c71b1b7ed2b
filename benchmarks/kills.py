"""Runs of `salient-crop crop` that are killed at random moments and run again: they must end with the same bytes.

python benchmarks/kills.py [--pictures 300] [--kills 20] [--seed 0] [--cropper smartcrop]

Pictures are made up, with captions and one file that is no picture. Every kill has a run of its own: started, killed
(SIGKILL) at a moment drawn evenly from the time that an undisturbed run works, and then run to its end. Printed for
each kind of run: how far each was when it was killed, and how many trees differ from the undisturbed one.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from hashlib import blake2b
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from _folders import made_up_photographs, salient_crop

KINDS = {
    "ratios": ("--ratios", "1:1,2:3,3:2", "--resolution", "256"),
    "ratios, each": ("--ratios", "1:1,2:3,3:2", "--each", "--resolution", "256"),
    "buckets": ("--buckets", "auto:3", "--resolution", "256", "--batch-size", "8", "--dataset", "kohya"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cropper", default="smartcrop")
    parser.add_argument("--kind", choices=KINDS, action="append", help="of run; all of them where none is named")
    chosen = parser.parse_args()
    chance, wrong = random.Random(chosen.seed), 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = made_up_photographs(chosen.pictures, Path(scratch, "in"))
        (folder / "00000.txt").write_text("a caption", encoding="utf-8")
        (folder / "broken.jpg").write_bytes(b"no picture")
        for kind in chosen.kind or KINDS:
            words = ("--cropper", chosen.cropper, "--device", "cpu", *KINDS[kind])
            wrong += disturbed(kind, folder, Path(scratch), words, chosen.kills, chance)
    sys.exit(1 if wrong else 0)


def disturbed(kind: str, folder: Path, scratch: Path, words: tuple[str, ...], kills: int, chance: random.Random) -> int:
    """Kills so many runs and prints what became of them; returns how many ended otherwise than the undisturbed one."""
    whole = scratch / f"{kind} undisturbed"
    span = working_time(folder, whole, words)
    expected, wrong, moments = tree(whole), 0, []
    while len(moments) < kills:
        out = scratch / f"{kind} {len(moments)}"
        process = started(folder, out, words)
        time.sleep(chance.uniform(0, span))
        if process.poll() is not None:  # it was faster this time: no kill
            shutil.rmtree(out, ignore_errors=True)
            continue
        process.kill()
        process.wait()
        moments.append(sum(1 for _ in out.rglob("*.jpg")))
        finished(folder, out, words)
        wrong += tree(out) != expected
        shutil.rmtree(out)
    crops = sum(name.endswith(".jpg") for name in expected)
    print(f"{kind}: undisturbed {crops} crops in {span:.1f} s; killed with so many written: {sorted(moments)}")
    print(f"{kind}: {wrong} of {kills} trees differ", flush=True)
    return wrong


def started(folder: Path, out: Path, words: tuple[str, ...]) -> subprocess.Popen:
    """A run that has begun to work."""
    command = salient_crop("crop", str(folder), "--out", str(out), *words)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not out.exists() and process.poll() is None:
        time.sleep(0.005)
    return process


def finished(folder: Path, out: Path, words: tuple[str, ...]) -> None:
    if started(folder, out, words).wait() != 1:  # 1: the broken file, and nothing else
        raise SystemExit(f"{out}: the run did not end as it should")


def working_time(folder: Path, out: Path, words: tuple[str, ...]) -> float:
    process = started(folder, out, words)
    begun = time.perf_counter()
    if process.wait() != 1:
        raise SystemExit(f"{out}: the run did not end as it should")
    return time.perf_counter() - begun


def tree(folder: Path) -> dict[str, bytes]:
    """A hash of every file below the folder, hidden ones too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): blake2b(path.read_bytes()).digest() for path in files}


if __name__ == "__main__":
    main()
