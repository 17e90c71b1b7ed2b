"""Kills runs of `salient-crop crop` at random moments and runs them again: they must end with the same bytes.

python benchmarks/kills.py [--pictures 300] [--kills 20] [--seed 0] [--cropper smartcrop] [--kind buckets]

The folder holds random pictures, a caption and one file that is no picture. Each kill has a run of its own: it is
killed (SIGKILL) soon after a random number of finished steps, and then run again to its end. A step is a line in a
journal: a picture that was measured or written. Prints, for each kind of run, after how many steps the runs were
killed, and how many results differ from that of a run without a kill. The exit status is 1 when one differs.
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

from _folders import command_line, draw_photographs

from salient_crop.jobs.run_record import MEASURED, PART, journal_file

KINDS = {
    "one of the ratios": ("--ratios", "1:1,2:3,3:2", "--resolution", "256"),
    "each of the ratios": ("--ratios", "1:1,2:3,3:2", "--each", "--resolution", "256"),
    "buckets": ("--buckets", "auto:3", "--resolution", "256", "--batch-size", "8", "--dataset", "kohya"),
}
PASSES = {"buckets": 2}  # steps for each picture, where it is not one
JOURNALS = tuple(journal_file(Path("manifest.jsonl"), suffix).name for suffix in (MEASURED, PART))
SOME_FAILED = 1  # the exit status of a run in which a file could not be read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cropper", default="smartcrop")
    parser.add_argument("--kind", choices=KINDS, action="append", help="of run; all of them where none is named")
    chosen = parser.parse_args()
    rng, different = random.Random(chosen.seed), 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = draw_photographs(chosen.pictures, Path(scratch, "in"))
        (folder / "00000.txt").write_text("a caption", encoding="utf-8")
        (folder / "broken.jpg").write_bytes(b"no picture")
        for kind in chosen.kind or KINDS:
            words = ("--cropper", chosen.cropper, "--device", "cpu", *KINDS[kind])
            different += kill_runs(kind, folder, Path(scratch), words, chosen.kills, rng)
    sys.exit(1 if different else 0)


def kill_runs(kind: str, folder: Path, scratch: Path, words: tuple[str, ...], kills: int, rng: random.Random) -> int:
    """Kills and repeats `kills` runs, prints the outcome, and returns how many results differ."""
    undisturbed = scratch / f"{kind} undisturbed"
    finish_run(folder, undisturbed, words)
    expected, different, moments = hash_files(undisturbed), 0, []
    steps = len(list(folder.glob("*.jpg"))) * PASSES.get(kind, 1)
    while len(moments) < kills:
        out = scratch / f"{kind} {len(moments)}"
        process = start_run(folder, out, words)
        kill_after = rng.randrange(steps)
        while process.poll() is None and count_steps(out) < kill_after:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.05))
        if process.poll() is not None:  # it ended before it could be killed
            shutil.rmtree(out)
            continue
        process.kill()
        process.wait()
        moments.append(count_steps(out))
        finish_run(folder, out, words)
        different += hash_files(out) != expected
        shutil.rmtree(out)
    crops = sum(name.endswith(".jpg") for name in expected)
    print(f"{kind}: {crops} crops in {steps} steps; killed after these numbers of steps: {sorted(moments)}")
    print(f"{kind}: {different} of {kills} results differ", flush=True)
    return different


def start_run(folder: Path, out: Path, words: tuple[str, ...]) -> subprocess.Popen:
    """Starts a run and waits until it has made its output folder, or has ended."""
    command = command_line("crop", str(folder), "--out", str(out), *words)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not out.exists() and process.poll() is None:
        time.sleep(0.005)
    return process


def finish_run(folder: Path, out: Path, words: tuple[str, ...]) -> None:
    """Runs to the end; only the broken file may fail."""
    status = start_run(folder, out, words).wait()
    if status != SOME_FAILED:
        raise SystemExit(f"{out}: the run ended with status {status}, not {SOME_FAILED}")


def count_steps(out: Path) -> int:
    """Complete lines in the journals of a run, without their headers."""
    lines = 0
    for name in JOURNALS:
        with suppress(FileNotFoundError):
            lines += max(0, (out / name).read_bytes().count(b"\n") - 1)
    return lines


def hash_files(folder: Path) -> dict[str, bytes]:
    """A hash of every file below the folder, hidden ones too, by its relative path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): blake2b(path.read_bytes()).digest() for path in files}


if __name__ == "__main__":
    main()
