#!/usr/bin/env python3
"""Everything a contributor runs, with nothing but a Python:

python3 dev.py demo     crop the sample photographs and draw a contact sheet (demo/sheet.png)
python3 dev.py test     run the tests; further words go to pytest: dev.py test -k search
python3 dev.py lint     ruff (lint and format) and mypy; --fix repairs what ruff can
python3 dev.py bench    run the benchmarks; name one to run only that: dev.py bench search
python3 dev.py mutants  change the code in 300 places, and count how many of the changes the tests notice (about 30 min)
python3 dev.py canvas   draw the pictures of the canvas (README, examples, help pages) in a real ComfyUI
python3 dev.py attack   try some 23,000 hostile pictures, records, checkpoints, kills and links (about 40 min)

The first run makes .venv and installs the project into it; later ones start at once until its requirements change.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "salient-crop.stamp"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
OLDEST, NEWEST = (3, 10), (3, 13)
# What an up-to-date environment was made from.
REQUIREMENTS = ("pyproject.toml", "constraints.txt")
# What mypy leaves out: folders without source of the package, benchmarks and tests.
NOT_PACKAGE = shutil.ignore_patterns(
    ".*", "__pycache__", "build", "demo", "dist", "*.egg-info", "benchmarks", "samples", "tests", "web"
)


class DevError(Exception):
    """Something the person at the keyboard can mend; shown without a traceback."""


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("words", nargs=argparse.REMAINDER, help="passed on to the task")
    chosen = parser.parse_args(words)
    try:
        ensure_environment()
        return TASKS[chosen.task](chosen.words)
    except DevError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


# Tasks


def demo(words: Sequence[str]) -> int:
    out = ROOT / "demo"
    sheet = out / "sheet.png"
    command = str(executable("salient-crop"))
    crop = [command, "crop", str(ROOT / "samples"), "--out", str(out), "--ratios", "1:1,2:3,3:2,16:9", "--each"]
    status = run([*crop, "--manifest", str(out / "manifest.jsonl"), *words])
    if status == 0:
        status = run([command, "preview", str(out / "manifest.jsonl"), "--out", str(sheet)])
    if status == 0:
        print(f"Look at {sheet}")
    return status


def test(words: Sequence[str]) -> int:
    # The whole suite on all cores; a part of it in one process, where -x, --pdb and -s do what one expects.
    parallel = [] if words else ["--numprocesses", "auto", "--dist", "worksteal"]
    return run([str(executable("pytest")), *parallel, *words])


def lint(words: Sequence[str]) -> int:
    fix = "--fix" in words
    ruff = str(executable("ruff"))
    statuses = (
        run([ruff, "check", *(["--fix"] if fix else []), "."]),
        run([ruff, "format", *([] if fix else ["--check"]), "."]),
        check_types(),
    )
    return max(statuses)


def bench(words: Sequence[str]) -> int:
    folder = ROOT / "benchmarks"
    scripts = {script.stem: script for script in sorted(folder.glob("*.py")) if not script.stem.startswith("_")}
    names = [words[0]] if words else list(scripts)
    unknown = [name for name in names if name not in scripts]
    if unknown:
        raise DevError(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(scripts) or 'none'}")
    return max((run([str(executable("python")), str(scripts[name]), *words[1:]]) for name in names), default=0)


def mutants(words: Sequence[str]) -> int:
    pip = [str(executable("python")), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    what = ["--constraint", str(ROOT / "constraints.txt"), "--editable", f"{ROOT}[dev,mutants]"]
    run_or_fail([*pip, *what], "pip could not install cosmic-ray; its message is above")
    return run([str(executable("python")), str(ROOT / "tests" / "mutants.py"), *words])


def canvas(words: Sequence[str]) -> int:
    if not os.environ.get("COMFYUI_PATH"):
        raise DevError(
            "COMFYUI_PATH must name a ComfyUI folder; CONTRIBUTING.md says how, and needs playwright in .venv"
        )
    return run([str(executable("python")), str(ROOT / "tests" / "host" / "draw_canvas.py"), *words])


def attack(words: Sequence[str]) -> int:
    return run([str(executable("python")), str(ROOT / "tests" / "attack" / "campaign.py"), *words])


TASKS = {
    "demo": demo,
    "test": test,
    "lint": lint,
    "bench": bench,
    "mutants": mutants,
    "canvas": canvas,
    "attack": attack,
}


def check_types() -> int:
    """Run mypy over a copy in a folder named salient_crop.

    The root folder is the package, but a checkout may have any name, and mypy takes a package's name from its folder.
    """
    cache = ROOT / ".mypy_cache"
    copy = cache / "source" / "salient_crop"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT, copy, ignore=NOT_PACKAGE)
    mypy = [str(executable("mypy")), "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(cache)]
    return run([*mypy, "salient_crop"], folder=copy.parent)


# The environment


def ensure_environment() -> None:
    """Make .venv and install the project with its development tools, unless that was done from the same files."""
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    started = time.monotonic()
    python = find_python()
    print(f"Preparing .venv with Python {version_of(python)} (the first time, this downloads PyTorch) ...", flush=True)
    if not executable("python").exists():
        run_or_fail([python, "-m", "venv", "--clear", str(VENV)], "could not make .venv; is the venv module installed?")
    pip = [str(executable("python")), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    what = ["--constraint", str(ROOT / "constraints.txt"), "--editable", f"{ROOT}[dev]"]
    run_or_fail([*pip, *what], "pip could not install the project; its message is above, and a second try may help")
    STAMP.write_text(wanted, encoding="utf-8")
    print(f"Ready in {time.monotonic() - started:.0f} s.", flush=True)


def fingerprint() -> str:
    """What the environment depends on, as text: the requirement files and where this checkout lies."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in REQUIREMENTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def find_python() -> str:
    """The interpreter to make .venv with: the running one if it is supported, else the newest supported on PATH."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and version_of(found):
            return found
    oldest, newest, running = (".".join(map(str, version[:2])) for version in (OLDEST, NEWEST, sys.version_info))
    raise DevError(f"needs Python {oldest} to {newest}, but this is {running} and no other was found on PATH")


def version_of(python: str) -> str:
    """The version of an interpreter, or nothing if it does not start."""
    code = "import platform; print(platform.python_version())"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def executable(name: str) -> Path:
    """An entry point in .venv.

    Tools start through these rather than `python -m`, which would put the root folder, and with it `nodes` and
    `models`, at the head of the module search path.
    """
    return BIN / (f"{name}.exe" if os.name == "nt" else name)


def environment() -> Mapping[str, str]:
    """The environment of every command: the caller's, less what would let another PyTorch or another package in."""
    return {name: value for name, value in os.environ.items() if name not in ("PIP_FIND_LINKS", "PYTHONPATH")}


def run(command: Sequence[str], folder: Path = ROOT) -> int:
    """Run a command in a folder and return its exit status."""
    return subprocess.run(command, cwd=folder, env=environment(), check=False).returncode


def run_or_fail(command: Sequence[str], complaint: str) -> None:
    if run(command) != 0:
        raise DevError(complaint)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
