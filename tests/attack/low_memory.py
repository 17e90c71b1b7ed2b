"""Runs that may take hardly any memory: pictures fail by name, and are done once there is more."""

from __future__ import annotations

from pathlib import Path

from attack.campaign import Case, SingleAttack, differences
from attack.kills import relative, undisturbed
from attack.sandbox import run_command
from attack.world import RUNS, crop_words


class LowMemory(SingleAttack):
    name, count, short, batch = "low memory", 120, 2, 1

    def try_one(self, case: Case) -> str:
        kind, chance = list(RUNS)[case.number % len(RUNS)], case.chance
        photos, expected, _ = undisturbed(kind, "")
        out = photos.parent / f"low-{case.seed}-{case.number}"
        if case.number % 2:
            # With less, Python itself waits for ever for a thread that could not begin.
            room = chance.choice((20, 30, 50, 80, 100, 150, 200, 400)) * 1_000_000
            what = f"{kind}, {room} bytes more than it begins with"
            ending = run_command(*crop_words(photos, out, kind), folder=case.scratch, before=lambda: _limit(room))
        else:
            memory = chance.choice(("1KB", "1MB", "8MB", "9MB", "12MB", "20MB"))
            what = f"{kind}, --memory {memory}"
            ending = run_command(*crop_words(photos, out, kind, "--memory", memory), folder=case.scratch)
        if complaint := ending.complain(1, 2):
            return f"{what}: {complaint}"
        ending = run_command(*crop_words(photos, out, kind), folder=case.scratch)
        self.spend(ending.seconds, ending.memory)
        if complaint := ending.complain(1):
            return f"{what}, then without a limit: {complaint}"
        if changed := differences(expected, relative(out)):
            return f"{what}, then without a limit: {changed[:5]} differ from an undisturbed run"
        return ""


def _limit(room: int) -> None:
    """This process, and those that it starts, get so many bytes of address space more than it has now."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + room
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


ATTACKS = (LowMemory,)
