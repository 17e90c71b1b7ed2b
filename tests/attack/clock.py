"""Clocks and dates that are wrong: what has changed is done again, and nothing else decides about a byte."""

from __future__ import annotations

import itertools
import os
import random
import time
from pathlib import Path

from attack.campaign import Case, SingleAttack, differences
from attack.kills import relative
from attack.sandbox import run_command
from attack.world import RUNS, crop_words, make_world
from made_pictures import save_picture

_DATES = [0, 1, 10**9, 4 * 10**9, -(10**9), 2**31 - 1, 2**31, 2**32, 253_402_300_799]


class Clock(SingleAttack):
    name, count, short, batch = "clock", 120, 2, 1

    def try_one(self, case: Case) -> str:
        kind, chance = list(RUNS)[case.number % len(RUNS)], case.chance
        world = make_world(case.scratch / "world")
        photos, out, fresh = world / "photos", world / "out", world / "fresh"
        for path in sorted(photos.rglob("*")):
            _set_date(path, chance)
        for into in (out, out):  # the second has nothing to do
            ending = run_command(
                *crop_words(photos, into, kind), folder=case.scratch, before=lambda: _wrong_clock(chance)
            )
            if complaint := ending.complain(1):
                return f"{kind}: {complaint}"
        change = chance.choice(list(_CHANGES))
        _CHANGES[change](photos)
        dated = chance.choice(_DATES)
        for path in sorted(photos.rglob("*")):
            if path.is_file() and chance.random() < 0.8:
                os.utime(path, (dated, dated))
        for into in (out, fresh):
            ending = run_command(
                *crop_words(photos, into, kind), folder=case.scratch, before=lambda: _wrong_clock(chance)
            )
            self.spend(ending.seconds, ending.memory)
            if complaint := ending.complain(1):
                return f"{kind}, {change}: {complaint}"
        if change == "a picture gone" and "--buckets" not in RUNS[kind]:
            return ""  # its crop stays where no trainer counts them
        if changed := differences(_files(fresh), _files(out)):
            return f"{kind}, {change}, dated {dated}: {changed[:5]} are not those of a fresh run"
        return ""


def _files(folder: Path) -> dict[str, str]:
    """All but folders, of which empty ones may stay."""
    return {path: each for path, each in relative(folder).items() if each != "folder"}


def _set_date(path: Path, chance: random.Random) -> None:
    date = chance.choice(_DATES)
    os.utime(path, ns=(date * 10**9 + chance.randrange(10**9),) * 2)


def _wrong_clock(chance: random.Random) -> None:
    """The clock of this process says another time, goes back, or stands still."""
    start, step = chance.choice([0.0, 1.0, 1e9, 4e9, -5.0]), chance.choice([0.0, -1000.0, 1e-9, 1e6])
    counted = itertools.count()
    time.time = lambda: start + step * next(counted)  # type: ignore[assignment]
    time.time_ns = lambda: int(time.time() * 1e9)  # type: ignore[assignment]


def _replace_picture(photos: Path) -> None:
    save_picture(photos / "new.png", (48, 32), 77)
    os.replace(photos / "new.png", photos / "a.png")


def _replace_by_older(photos: Path) -> None:
    old = (photos / "sub" / "e.jpg").stat()
    save_picture(photos / "new.jpg", (33, 47), 78)
    os.utime(photos / "new.jpg", ns=(old.st_atime_ns, old.st_mtime_ns - 10**12))
    os.replace(photos / "new.jpg", photos / "sub" / "e.jpg")


def _change_caption(photos: Path) -> None:
    (photos / "b.txt").write_text("a Caption\n", encoding="utf-8")


_CHANGES = {
    "nothing": lambda photos: None,
    "a picture replaced": _replace_picture,
    "a picture replaced by an older one": _replace_by_older,
    "a picture gone": lambda photos: (photos / "c.webp").unlink(),
    "a caption of the same length": _change_caption,
    "a caption gone": lambda photos: (photos / "b.txt").unlink(),
    "a mask gone": lambda photos: (photos / "a-masklabel.png").unlink(),
    "an index gone": lambda photos: (photos / "sub" / "metadata.jsonl").unlink(),
}

ATTACKS = (Clock,)
