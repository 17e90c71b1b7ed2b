"""Attacks the product by seeded cases of every class, and prints how many were tried and how many failed.

python3 dev.py attack                       all classes, some 23,000 cases, about 40 minutes on two cores
python3 dev.py attack --only kills --count 50 --seed 7
python3 dev.py attack --only pictures --case 1234 --seed 7 --keep found     one case again, its files kept

Every case follows from the class, the seed and its number. A failure is printed with all three; with --keep, its files
are copied into a folder. The exit status is 1 when a case failed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

_PERIOD = 60  # seconds between two lines about a class


@dataclass(frozen=True)
class Case:
    """One attack.

    Attributes:
        attack: its class.
        seed, number: all else that it follows from.
        scratch: an empty folder of its own.
    """

    attack: str
    seed: int
    number: int
    scratch: Path

    @cached_property
    def chance(self) -> random.Random:
        return random.Random(f"{self.attack} {self.seed} {self.number}")


@dataclass(frozen=True)
class Failure:
    """What did not hold in a case, and the files that show it."""

    case: int
    words: str
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Cost:
    """The most that a run of a class took: seconds, and bytes of memory above what it began with."""

    seconds: float = 0.0
    memory: int = 0

    def most(self, other: Cost) -> Cost:
        return Cost(max(self.seconds, other.seconds), max(self.memory, other.memory))


class Attack(ABC):
    """A class of attacks.

    Attributes:
        name: its row in the table.
        count: cases of the long campaign.
        short: cases in the ordinary tests.
        batch: cases that are tried together.
    """

    name: str
    count: int
    short: int
    batch: int = 1

    def __init__(self) -> None:
        self.cost = Cost()

    @abstractmethod
    def attempt(self, cases: Sequence[Case]) -> Iterator[Failure]:
        """Tries the cases, and tells what did not hold."""

    def spend(self, seconds: float, memory: int) -> None:
        self.cost = self.cost.most(Cost(seconds, memory))


class SingleAttack(Attack):
    """A class whose cases are tried one by one."""

    def attempt(self, cases: Sequence[Case]) -> Iterator[Failure]:
        for case in cases:
            if words := self.try_one(case):
                yield Failure(case.number, words, tuple(self.evidence(case)))

    @abstractmethod
    def try_one(self, case: Case) -> str:
        """What did not hold in a case; empty where all did."""

    def evidence(self, case: Case) -> Iterable[Path]:
        """The files that show it."""
        return (case.scratch,)


@dataclass
class Tally:
    """What became of a class so far."""

    tried: int = 0
    failed: list[str] = field(default_factory=list)
    cost: Cost = Cost()
    seconds: float = 0.0


def attacks() -> dict[str, Attack]:
    """All classes by name, in the order of the table."""
    from attack import (
        annotations,
        checkpoints,
        clock,
        disk,
        folders,
        kills,
        low_memory,
        pictures,
        records,
        shards,
        two_runs,
    )

    rooms = (pictures, annotations, records, shards, kills, checkpoints, folders, disk, low_memory, two_runs, clock)
    found = [each() for room in rooms for each in room.ATTACKS]
    return {each.name: each for each in found}


def try_cases(attack: Attack, seed: int, numbers: Sequence[int], keep: Path | None = None) -> Tally:
    """Tries cases by their numbers, all in one batch."""
    tally, begun = Tally(len(numbers)), time.monotonic()
    attack.cost = Cost()
    with tempfile.TemporaryDirectory(prefix=f"attack-{attack.name}-") as scratch:
        cases = [Case(attack.name, seed, number, Path(scratch, str(number))) for number in numbers]
        for case in cases:
            case.scratch.mkdir()
        for failure in _attempt(attack, cases):
            tally.failed.append(f"{attack.name}, seed {seed}, case {failure.case}: {failure.words}")
            if keep is not None:
                _keep(failure, keep / f"{attack.name}-{seed}-{failure.case}")
    tally.cost, tally.seconds = attack.cost, time.monotonic() - begun
    return tally


def _attempt(attack: Attack, cases: Sequence[Case]) -> Iterator[Failure]:
    try:
        yield from attack.attempt(cases)
    except Exception as error:  # a mistake in the attack must not hide the others
        yield Failure(cases[0].number, f"the attack itself ended with {type(error).__name__}: {str(error)[:300]}")


def _keep(failure: Failure, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "failure.txt").write_text(failure.words + "\n", encoding="utf-8", errors="backslashreplace")
    for file in failure.files:
        if file.is_dir():
            shutil.copytree(file, folder / file.name, symlinks=True, dirs_exist_ok=True)
        elif file.exists():
            shutil.copy2(file, folder / file.name)


def tree(*folders: Path) -> dict[str, str]:
    """All that lies in folders and below, links not followed: what each is and a hash of its content."""
    found = {}
    for folder in folders:
        for parent, names, files in os.walk(folder):
            for name in (*names, *files):
                path = Path(parent, name)
                found[os.fspath(path)] = _describe(path)
    return found


def _describe(path: Path) -> str:
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    if path.is_dir():
        return "folder"
    return blake2b(path.read_bytes()).hexdigest() if path.is_file() else "special"


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The paths that came, went or changed."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def main(words: Sequence[str] | None = None) -> int:
    chosen = _parse(words)
    with tempfile.TemporaryDirectory(prefix="attacks-") as scratch:
        tempfile.tempdir = scratch  # what the classes make once, in each process, goes with it
        try:
            return _run_all(chosen)
        finally:
            tempfile.tempdir = None


def _run_all(chosen: argparse.Namespace) -> int:
    known = attacks()
    names, tallies = chosen.only or list(known), {}
    print(f"seed {chosen.seed}, {chosen.jobs} at once", flush=True)
    for name in names:
        attack = known[name]
        numbers = [chosen.case] if chosen.case is not None else range(chosen.count or attack.count)
        tallies[name] = _run(attack, numbers, chosen)
    print(format_table(tallies))
    return 1 if any(each.failed for each in tallies.values()) else 0


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="CLASS", action="append", choices=attacks(), help="may be given again")
    parser.add_argument("--count", type=int, help="cases of each class, instead of its own number")
    parser.add_argument("--case", metavar="NUMBER", type=int, help="this case alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="copy the files of each failure here")
    return parser.parse_args(words)


def _run(attack: Attack, numbers: Sequence[int], chosen: argparse.Namespace) -> Tally:
    """Tries all cases of a class, spread over processes."""
    whole, begun, told = Tally(), time.monotonic(), 0.0
    batches = [numbers[start : start + attack.batch] for start in range(0, len(numbers), attack.batch)]
    # Copies of this process: each case is one too, and has all that is imported here.
    with ProcessPoolExecutor(chosen.jobs, multiprocessing.get_context("fork")) as pool:
        waiting: set[Future[Tally]] = {
            pool.submit(try_cases, attack, chosen.seed, batch, chosen.keep) for batch in batches
        }
        while waiting:
            done, waiting = wait(waiting, timeout=_PERIOD, return_when=FIRST_COMPLETED)
            for each in done:
                tally = each.result()
                whole.tried += tally.tried
                whole.failed += tally.failed
                whole.cost = whole.cost.most(tally.cost)
                for line in tally.failed:
                    print(line.encode("utf-8", "backslashreplace").decode(), flush=True)
            spent = time.monotonic() - begun
            if spent > told + _PERIOD or not waiting:
                told = spent
                print(f"{attack.name}: {whole.tried} tried, {len(whole.failed)} failed, {spent:.0f} s", flush=True)
    whole.seconds = time.monotonic() - begun
    return whole


def format_table(tallies: dict[str, Tally]) -> str:
    """One line a class: how many were tried, how many failed, and what they took."""
    lines = [f"{'class':16}{'tried':>8}{'failed':>8}{'run time':>12}{'longest':>12}{'most memory':>14}"]
    for name, tally in tallies.items():
        cost = f"{tally.seconds:10.0f} s{tally.cost.seconds:10.1f} s{tally.cost.memory / 1e6:11.0f} MB"
        lines.append(f"{name:16}{tally.tried:8}{len(tally.failed):8}{cost}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from checkout import import_checkout

    import_checkout()
    # Under its own name: the classes import it too.
    from attack.campaign import main as run_campaign

    sys.exit(run_campaign())
