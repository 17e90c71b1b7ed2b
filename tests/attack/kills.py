"""Runs that are killed at a random moment, once or several times, and run again: the same tree, to the byte."""

from __future__ import annotations

import random
import shutil
import tempfile
from functools import cache, lru_cache
from pathlib import Path

from attack.campaign import Case, SingleAttack, differences, tree
from attack.events import Events, end_here
from attack.sandbox import run_command
from attack.world import RUNS, crop_words, make_world


class Kills(SingleAttack):
    name, count, short, batch = "kills", 240, 3, 1

    def try_one(self, case: Case) -> str:
        chance, kinds = case.chance, list(RUNS)
        kind = kinds[case.number % len(kinds)]
        # Every third folder has been cropped in another way before: then there is something to replace and to remove.
        before = kinds[(case.number // 3) % len(kinds)] if case.number % 3 == 2 else ""
        photos, expected, moments = undisturbed(kind, before)
        out = photos.parent / f"out-{case.seed}-{case.number}"  # beside the pictures, as that of the undisturbed run
        try:
            return self._kill(case, chance, (before, kind), photos, expected, moments, out)
        finally:
            if out.exists():
                shutil.move(out, case.scratch / "out")

    def _kill(
        self,
        case: Case,
        chance: random.Random,
        kinds: tuple[str, str],
        photos: Path,
        expected: dict[str, str],
        moments: int,
        out: Path,
    ) -> str:
        sources, killed, (before, kind) = tree(photos), [], kinds
        if before:
            run_command(*crop_words(photos, out, before), folder=case.scratch)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            moment = chance.randrange(1, moments + 1)
            events = Events(moment, end_here)
            ending = run_command(*crop_words(photos, out, kind), folder=case.scratch, before=events.watch)
            killed.append(moment)
            if ending.status not in (-9, 1, 2):  # it came to its end before, or was refused
                return f"{kinds}, killed at {killed}: {ending.complain(-9)}"
        ending = run_command(*crop_words(photos, out, kind), folder=case.scratch)
        self.spend(ending.seconds, ending.memory)
        found = relative(out)
        if complaint := ending.complain(1, 2):
            return f"{kinds}, killed at {killed}: {complaint}"
        if changed := differences(expected, found):
            return f"{kinds}, killed at {killed}: {changed[:5]} differ from an undisturbed run"
        return f"{kinds}, killed at {killed}: sources changed" if tree(photos) != sources else ""


def relative(folder: Path) -> dict[str, str]:
    """The tree of a folder by paths relative to it."""
    return {str(Path(path).relative_to(folder)): each for path, each in tree(folder).items()}


@cache
def undisturbed(kind: str, before: str) -> tuple[Path, dict[str, str], int]:
    """The pictures of a run, what it leaves after another kind of run, and the number of its moments."""
    photos = _pictures()
    scratch = photos.parent / f"undisturbed-{before}-{kind}"
    out, counted, events = photos.parent / f"{scratch.name}-out", scratch / "moments", Events()
    scratch.mkdir()
    if before:
        run_command(*crop_words(photos, out, before), folder=scratch)
    ending = run_command(
        *crop_words(photos, out, kind),
        folder=scratch,
        before=events.watch,
        after=lambda: counted.write_text(f"{events.count}"),
    )
    assert not ending.complain(1, 2), ending
    return photos, relative(out), int(counted.read_text())


@lru_cache(maxsize=1)
def _pictures() -> Path:
    return make_world(Path(tempfile.mkdtemp(prefix="kills-"))) / "photos"


ATTACKS = (Kills,)
