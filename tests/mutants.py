"""Mutation testing: changes the code a little in many places, and counts how many of the changes the tests notice.

python3 dev.py mutants                       300 mutants over cropping, bucketing, datasets and jobs
python3 dev.py mutants --count 40 --rooms cropping --seed 7

cosmic-ray makes the mutants. Places in the code are sampled evenly, then one mutation of each place: cosmic-ray alone
would draw `+` replaced by one of twelve operators twelve times as often as `>=` replaced by `>`. Annotations are left
out, because they are never evaluated. Each mutant runs against the tests of its own room, in a copy of the checkout;
a mutant is killed where a test fails or takes ten times as long as all of them without it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("cropping", "bucketing", "datasets", "jobs")
KILLED, SURVIVED, TIMEOUT = "killed", "survived", "timeout"
SLOWEST = 10  # times the room's tests without a mutant, plus a start
# Imported once by each worker, before it forks.
PRELOADED = ("torch", "numpy", "scipy.optimize", "scipy.fft", "scipy.ndimage", "PIL.ImageCms", "hypothesis", "einops")
# Operators that need arguments.
LEFT_OUT = ("core/VariableInserter", "core/VariableReplacer")


@dataclass(frozen=True)
class Mutant:
    """One change: the occurrence-th place of a file where cosmic-ray's operator applies."""

    room: str
    file: str
    line: int
    operator: str
    occurrence: int


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    outcome: str
    seconds: float
    diff: str


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="mutants in all, spread over the rooms by their size")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=list(ROOMS))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="write every verdict as JSON lines")
    chosen = parser.parse_args(words)
    mutants = sample_mutants(chosen.rooms, chosen.count, chosen.seed)
    verdicts = run_all(mutants, chosen.workers)
    if chosen.out is not None:
        lines = [json.dumps({**vars(each.mutant), "outcome": each.outcome, "diff": each.diff}) for each in verdicts]
        chosen.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(summarise(verdicts))
    return 0


# Which mutants


def sample_mutants(rooms: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """An even sample of the places of all rooms, one random mutation of each; the same for the same code and seed."""
    places: dict[tuple[str, int, int, str], list[Mutant]] = defaultdict(list)
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            for place, mutant in list_mutants(room, path):
                places[place].append(mutant)
    generator = random.Random(seed)
    drawn = generator.sample(sorted(places), min(count, len(places)))
    return [generator.choice(places[place]) for place in sorted(drawn)]


def list_mutants(room: str, path: Path) -> Iterator[tuple[tuple[str, int, int, str], Mutant]]:
    """Every mutant of a file with its place: file, line, column and kind of mutation."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    file = path.relative_to(ROOT).as_posix()
    nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
    for name in sorted(operator_names()):
        if name in LEFT_OUT or compares_identity(name):
            continue
        operator, occurrence = get_operator(name)(), -1
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                occurrence += 1
                if not is_annotation(node):
                    kind = name.split("_")[0]
                    yield (file, *start, kind), Mutant(room, file, start[0], name, occurrence)


def compares_identity(name: str) -> bool:
    """Whether an operator puts `is` for `==` or the like, which gives the same for None and for small numbers."""
    kind, *exchanged = name.split("_")
    return kind == "core/ReplaceComparisonOperator" and len({"Is", "IsNot"}.intersection(exchanged)) == 1


def is_annotation(node: object) -> bool:
    """Whether a node of parso's tree lies in an annotation, or in an import that only type checkers read."""
    while (parent := getattr(node, "parent", None)) is not None:
        children = parent.children
        if parent.type in ("annassign", "tfpdef") and "=" not in children[: children.index(node)]:
            return True
        if parent.type == "funcdef" and "->" in children and node is children[children.index("->") + 1]:
            return True
        if parent.type == "if_stmt" and children[1].get_code().strip() == "TYPE_CHECKING":
            return True
        node = parent
    return False


def mutate(source: str, mutant: Mutant) -> str:
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    mutated = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
    if mutated is None:
        raise ValueError(f"{mutant} does not exist")
    return mutated


# Running them


def run_all(mutants: Sequence[Mutant], workers: int) -> list[Verdict]:
    """The verdicts in the order of the mutants.

    Each worker has a copy of the checkout of its own. It imports the large libraries once and forks for every mutant,
    because importing PyTorch takes longer than most tests.
    """
    rooms = sorted({each.room for each in mutants})
    with tempfile.TemporaryDirectory() as folder:
        context = multiprocessing.get_context("fork")
        with context.Pool(workers, start_worker, (folder,)) as pool:
            limits = dict(zip(rooms, pool.map(time_tests, rooms, 1), strict=True))
            found = []
            for verdict in pool.imap(judge, [(each, limits[each.room]) for each in mutants]):
                found.append(verdict)
                print(f"{len(found)}/{len(mutants)} {verdict.outcome:8} {describe(verdict.mutant)}", flush=True)
            return found


def start_worker(folder: str) -> None:
    """Makes this process a worker: in a copy of the checkout, with the libraries of the tests imported."""
    for name in PRELOADED:
        importlib.import_module(name)
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.modules["torch"].set_num_threads(1)
    sys.dont_write_bytecode = True
    os.chdir(copy_checkout(Path(folder, str(os.getpid()), "salient_crop")))


def judge(task: tuple[Mutant, float]) -> Verdict:
    mutant, limit = task
    path = Path(mutant.file)
    source = path.read_text(encoding="utf-8")
    mutated = mutate(source, mutant)
    path.write_text(mutated, encoding="utf-8")
    try:
        status, seconds = 0, 0.0
        for tests in tests_of(mutant):  # most mutants die in the tests of their own file, which are few
            if status == 0:
                status, seconds = run_tests(tests, limit)
    finally:
        path.write_text(source, encoding="utf-8")
    outcome = TIMEOUT if status is None else SURVIVED if status == 0 else KILLED
    lines = unified_diff(source.splitlines(), mutated.splitlines(), mutant.file, mutant.file, "", "", 1, "")
    return Verdict(mutant, outcome, seconds, "\n".join(lines))


def tests_of(mutant: Mutant) -> list[list[str]]:
    """The tests of the mutant's room in two parts: those of its own file, and the others."""
    own = Path("tests", mutant.file).with_name(f"test_{Path(mutant.file).name}").as_posix()
    room = f"tests/{mutant.room}"
    return [[own], [room, f"--ignore={own}"]] if Path(own).is_file() else [[room]]


def time_tests(room: str) -> float:
    """The limit for the tests of a room, in seconds."""
    status, seconds = run_tests([f"tests/{room}"], 600)
    if status != 0:
        raise SystemExit(f"tests/{room} does not pass as it is; mutants would tell nothing")
    return SLOWEST * seconds + 10


def run_tests(paths: Sequence[str], limit: float) -> tuple[int | None, float]:
    """Exit status of pytest in a fork of this process, None where it ran into the limit, and the seconds it took."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setsid()
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silent, stream)
        status = 1
        try:
            status = int(pytest.main(["-x", "-q", "--no-header", "-p", "no:cacheprovider", *paths]))
        finally:
            os._exit(status)
    while time.monotonic() - started < limit:
        ended, code = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(code), time.monotonic() - started
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None, limit


def copy_checkout(copy: Path) -> Path:
    """A copy of what git tracks, as it is in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for file in filter(None, listed.split("\0")):
        if (ROOT / file).is_file():
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, copy / file)
    return copy


# What came of them


def describe(mutant: Mutant) -> str:
    return f"{mutant.file}:{mutant.line} {mutant.operator.removeprefix('core/')}"


def summarise(verdicts: Sequence[Verdict]) -> str:
    survivors = [each for each in verdicts if each.outcome == SURVIVED]
    rows = [f"\n{describe(each.mutant)}\n{each.diff}" for each in survivors]
    for room in sorted({each.mutant.room for each in verdicts}):
        own = [each for each in verdicts if each.mutant.room == room]
        rows.append(f"{room}: {share_killed(own)}")
    return "\n".join([*rows, f"in all: {share_killed(verdicts)}"])


def share_killed(verdicts: Sequence[Verdict]) -> str:
    killed = sum(each.outcome != SURVIVED for each in verdicts)
    return f"{killed} of {len(verdicts)} mutants killed, {killed / max(len(verdicts), 1):.1%}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
