"""Runs of `salient-crop crop` that are killed at random moments and run again: they must end with the same bytes.

python benchmarks/kills.py [--pictures 300] [--kills 20] [--seed 0] [--cropper smartcrop]

Pictures are made up, with captions and one file that is no picture. Every kill has a run of its own: started, killed
(SIGKILL) soon after a number of finished steps that is drawn evenly from all of them (a step is a line in a journal: a
picture measured or written), and then run to its end. Printed for each kind of run: how far each was when it was
killed, and how many trees differ from the undisturbed one.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from _folders import made_up_photographs, salient_crop

KINDS = {
    "one of the ratios": ("--ratios", "1:1,2:3,3:2", "--resolution", "256"),
    "each of the ratios": ("--ratios", "1:1,2:3,3:2", "--each", "--resolution", "256"),
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
    finished(folder, whole, words)
    expected, wrong, moments = tree(whole), 0, []
    steps = len(list(folder.glob("*.jpg"))) * (2 if "buckets" in kind else 1)
    while len(moments) < kills:
        out = scratch / f"{kind} {len(moments)}"
        process, wanted = started(folder, out, words), chance.randrange(steps)
        while process.poll() is None and steps_done(out) < wanted:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.05))
        if process.poll() is not None:  # it was faster than the look at it: no kill
            shutil.rmtree(out)
            continue
        process.kill()
        process.wait()
        moments.append(steps_done(out))
        finished(folder, out, words)
        wrong += tree(out) != expected
        shutil.rmtree(out)
    crops = sum(name.endswith(".jpg") for name in expected)
    print(f"{kind}: {crops} crops in {steps} steps; killed after so many: {sorted(moments)}")
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


def steps_done(out: Path) -> int:
    """Whole lines in the journals of a run, without their headings."""
    done = 0
    for journal in (out / "manifest.jsonl.measured", out / "manifest.jsonl.part"):
        with suppress(FileNotFoundError):
            done += max(0, journal.read_bytes().count(b"\n") - 1)
    return done


def tree(folder: Path) -> dict[str, bytes]:
    """A hash of every file below the folder, hidden ones too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): blake2b(path.read_bytes()).digest() for path in files}


if __name__ == "__main__":
    main()
