"""Two runs into one folder at once: the second is refused by name, and the first one's tree is whole."""

from __future__ import annotations

import time
from pathlib import Path

from attack.campaign import Case, SingleAttack, differences
from attack.events import Events
from attack.kills import relative, undisturbed
from attack.sandbox import run_command, start_command
from attack.world import RUNS, crop_words


class TwoRuns(SingleAttack):
    name, count, short, batch = "two runs at once", 60, 3, 1

    def try_one(self, case: Case) -> str:
        kind, chance = list(RUNS)[case.number % len(RUNS)], case.chance
        other = chance.choice(list(RUNS))
        photos, expected, moments = undisturbed(kind, "")
        out = photos.parent / f"two-{case.seed}-{case.number}"
        moment = chance.randrange(1, moments + 1)
        stands, goes_on = case.scratch / "stands", case.scratch / "goes-on"

        def wait(_: str) -> None:
            stands.touch()
            while not goes_on.exists():
                time.sleep(0.002)

        events, second = Events(moment, wait), case.scratch / "second"
        second.mkdir()
        first = start_command(
            *crop_words(photos, out, kind), folder=case.scratch, before=events.watch, after=stands.touch
        )
        _wait_for(stands)
        is_locked = (out / "manifest.jsonl.part").exists() or (out / "manifest.jsonl.measured").exists()
        ending = run_command(*crop_words(photos, out, other), folder=second)
        goes_on.touch()
        ended = first.finish(120)
        what = f"{kind}, at {moment} beside {other}"
        self.spend(ended.seconds, ended.memory)
        for complaint in (ending.complain(1, 2), ended.complain(1, 2)):
            if complaint:
                return f"{what}: {complaint}"
        if is_locked and ending.status != 2:
            return f"{what}: the second was not refused: {ending.err[-200:]!r}"
        # Once the first has let go of the folder, the second may begin, and be refused for what it finds there.
        was_busy = "another run is writing into it" in ending.err
        if was_busy and ended.status == 1 and (changed := differences(expected, relative(out))):
            return f"{what}: {changed[:5]} differ from an undisturbed run"
        if {ending.status, ended.status} == {2}:
            return f"{what}: both were refused: {ended.err[-200:]!r}, {ending.err[-200:]!r}"
        return ""


def _wait_for(file: Path) -> None:
    for _ in range(50_000):
        if file.exists():
            return
        time.sleep(0.002)


ATTACKS = (TwoRuns,)
