"""Folders and links placed where runs read and write, before a run and in its midst.

Nothing outside the output changes, nothing that is not a run's is replaced, nothing outside the pictures is read.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attack.campaign import Case, SingleAttack, differences, tree
from attack.events import Events
from attack.sandbox import Ending, run_command
from attack.world import RUNS, crop_words, finds_secret, make_world

LOOKED_OUTSIDE = "looked outside: "


class Watch:
    """Notes which files outside are opened, in a copy of this process."""

    def __init__(self, outside: Path) -> None:
        self._outside = os.path.realpath(outside) + os.sep

    def watch(self) -> None:
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        # A bare name is one in a folder that is held open, and is opened without following links.
        if event != "open" or not isinstance(arguments[0], str | bytes) or os.sep not in os.fsdecode(arguments[0]):
            return
        if len(arguments) > 2 and isinstance(arguments[2], int) and arguments[2] & getattr(os, "O_PATH", 0):
            return
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if (path + os.sep).startswith(self._outside):
            os.write(2, f"{LOOKED_OUTSIDE}{path}\n".encode())


def judge(ending: Ending, before: dict[str, str], after: dict[str, str], shown: Sequence[Path]) -> str:
    """What is wrong with a run; empty where nothing is."""
    looked = next((line for line in ending.err.splitlines() if line.startswith(LOOKED_OUTSIDE)), "")
    if complaint := ending.complain(0, 1, 2):
        return complaint
    if changed := differences(before, after):
        return f"changed {changed[:4]}"
    return looked or finds_secret(shown)


# What may lie somewhere


def _link(target: str) -> Callable[[Path, Path], None]:
    return lambda place, world: place.symlink_to(world / target)


def _hard_link(place: Path, world: Path) -> None:
    os.link(world / "outside" / "linked.txt", place)  # which may be read: it lies inside as much as outside


def _pipe(place: Path, world: Path) -> None:
    os.mkfifo(place)


def _socket(place: Path, world: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(place.parent)  # its path may be too long for a socket
        try:
            made.bind(place.name)
        finally:
            os.chdir(here)


def _folder(place: Path, world: Path) -> None:
    place.mkdir()
    (place / "mine.txt").write_text("mine")


def _twin(place: Path, world: Path) -> None:
    place.with_name(place.name.upper() if place.name.islower() else place.name.lower()).write_text("mine")


def _unreadable(place: Path, world: Path) -> None:
    place.write_text("mine")
    place.chmod(0)


def _mine(place: Path, world: Path) -> None:
    place.write_text("mine")


THINGS: dict[str, Callable[[Path, Path], None]] = {
    "link to a text": _link("outside/secret.txt"),
    "link to a picture": _link("outside/secret.png"),
    "link to lines": _link("outside/secret.jsonl"),
    "link to a folder": _link("outside"),
    "link to nothing": _link("outside/new"),
    "link to itself": lambda place, world: place.symlink_to(place.name),
    "link to what is above": lambda place, world: place.symlink_to(".."),
    "link to an endless device": lambda place, world: place.symlink_to("/dev/zero"),
    "hard link": _hard_link,
    "pipe": _pipe,
    "socket": _socket,
    "folder": _folder,
    "name in other letters": _twin,
    "unreadable file": _unreadable,
    "somebody's file": _mine,
}

# Where it may lie; `*` stands for a crop's name, whatever it is.
READ = (
    *("photos/z.png", "photos/b.jpg", "photos/b.txt", "photos/a-masklabel.png", "photos/metadata.jsonl"),
    *("photos/meta_cap.json", "photos/sub", "photos/sub/metadata.jsonl", "photos/a.caption", "masks/sub/d.png"),
    *("masks/a.png", "photos/b-masklabel.png", "photos/.hidden.png", "photos/1_cat"),
)
WRITTEN = (
    *("out", "out/manifest.jsonl", "out/manifest.jsonl.part", "out/manifest.jsonl.measured", "out/manifest.run.json"),
    *("out/.salient-crop.jsonl", "out/manifest.buckets.txt", "out/manifest.buckets.html", "out/dataset.toml"),
    *(
        "out/a.jpg",
        "out/a.txt",
        "out/b.txt",
        "out/masks",
        "out/masks/a.png",
        "out/sub",
        "out/sub/d.jpg",
        "out/1_picture",
    ),
    *("out/1_picture/a.jpg", "out/1_picture/b.txt", "out/metadata.jsonl", "out/.salient-crop-0123456789abcdef.part"),
    *("out/.salient-crop.lock", "out/sub/.salient-crop-0123456789abcdef.part"),
)
PLACES = READ + WRITTEN


class _WorldAttack(SingleAttack):
    """A class whose cases are a command in a folder of their own."""

    def try_one(self, case: Case) -> str:
        words, what = self.try_in_world(case)
        return f"{what}: {words}" if words else ""

    @abstractmethod
    def try_in_world(self, case: Case) -> tuple[str, str]:
        """What did not hold, empty where all did; and what the case is."""

    def evidence(self, case: Case) -> Iterable[Path]:
        return (case.scratch / "world",)


class Folders(_WorldAttack):
    name, count, short, batch = "folders", 560, 4, 1

    def try_in_world(self, case: Case) -> tuple[str, str]:
        chance, world = case.chance, make_world(case.scratch / "world")
        kind = chance.choice(list(RUNS))
        # Every place with everything in turn, then again with another run; now and then two of them.
        number = case.number * 7919 + case.seed
        chosen = [(PLACES[number % len(PLACES)], list(THINGS)[number // len(PLACES) % len(THINGS)])]
        if chance.random() < 0.2:
            chosen.append((chance.choice(PLACES), chance.choice(list(THINGS))))
        if chance.random() < 0.4:  # into what a run has left
            run_command(*crop_words(world / "photos", world / "out", kind), folder=case.scratch)
        for place, thing in chosen:
            _put(world, place, thing)
        more: list[str | Path] = ["--masks", world / "masks"] if chance.random() < 0.5 else []
        if chance.random() < 0.5:
            more += ["--background", "black"]
        what = f"{kind} {[*map(str, more)]}, {chosen}"
        mine = _not_ours(world)
        before = tree(world / "outside", world / "photos", world / "masks") | mine
        watch = Watch(world / "outside")
        # A manifest that is named to `preview` is read wherever it is.
        follows = (world / "out" / "manifest.jsonl").is_symlink()
        for words in (crop_words(world / "photos", world / "out", kind, *more), _sheet(world)):
            watched = words[0] == "crop" or not follows
            ending = run_command(*words, folder=case.scratch, before=watch.watch if watched else list)
            self.spend(ending.seconds, ending.memory)
            now = tree(world / "outside", world / "photos", world / "masks")
            now |= {path: tree(Path(path).parent).get(path, "gone") for path in mine}
            if complaint := judge(ending, before, now, [world / "out", world / "sheets"]):
                return f"{words[0]}: {complaint}", what
        return "", what


def _put(world: Path, place: str, thing: str) -> None:
    path = world / place
    if place == "out" and thing.startswith("link"):  # its user has named it, wherever it leads
        thing = "somebody's file"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if thing == "name in other letters":
            THINGS[thing](path, world)
            return
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        THINGS[thing](path, world)


def _not_ours(world: Path) -> dict[str, str]:
    """What lies in the output and was not written by a run: links, texts and folders of somebody's."""
    found = {}
    for path, each in tree(world / "out").items():
        name = Path(path)
        is_leftover = name.name.endswith(".part") and name.name.startswith(".salient-crop-")
        if (name.is_symlink() or (name.is_file() and name.read_bytes() == b"mine")) and not is_leftover:
            found[path] = each
    return found


def _sheet(world: Path) -> list[str | Path]:
    return ["preview", world / "out" / "manifest.jsonl", "--out", world / "sheets" / "sheet.png", "--workers", "1"]


class Nested(_WorldAttack):
    """Pictures and crops in one another's folders, and folders that are links."""

    name, count, short, batch = "nested folders", 96, 3, 1

    def try_in_world(self, case: Case) -> tuple[str, str]:
        chance, world = case.chance, make_world(case.scratch / "world")
        kind, names = list(RUNS)[case.number % len(RUNS)], list(_LAYOUTS)
        name = names[case.number // len(RUNS) % len(names)]
        photos, out, more = _LAYOUTS[name](world)
        if chance.random() < 0.3:
            more += ["--dry-run"]
        guarded = [world / each for each in ("photos", "masks", "outside")]
        before = {path: each for path, each in tree(*guarded).items() if each != "folder"}
        for _ in range(2):
            ending = run_command(*crop_words(photos, out, kind, *more), folder=case.scratch)
            self.spend(ending.seconds, ending.memory)
            now = tree(*guarded)
            after = {path: now.get(path, "gone") for path in before}  # crops may come into the same folders
            if complaint := judge(ending, before, after, []):
                return complaint, f"{kind}, {name}"
        return "", f"{kind}, {name}"


def _linked(world: Path, place: str, target: str) -> Path:
    (world / place).symlink_to(world / target)
    return world / place


_Layout = Callable[[Path], "tuple[Path, Path, list[str | Path]]"]
_LAYOUTS: dict[str, _Layout] = {
    "out in the pictures": lambda world: (world / "photos", world / "photos" / "out", []),
    "out is a folder of pictures": lambda world: (world / "photos", world / "photos" / "sub", []),
    "out is the pictures": lambda world: (world / "photos", world / "photos", []),
    "pictures in out": lambda world: (world / "photos" / "sub", world / "photos", []),
    "masks are out": lambda world: (world / "photos", world / "masks", ["--masks", world / "masks"]),
    "masks are the pictures": lambda world: (world / "photos", world / "out", ["--masks", world / "photos"]),
    "out is a link to the pictures": lambda world: (world / "photos", _linked(world, "o", "photos"), []),
    "pictures are a link": lambda world: (_linked(world, "p", "photos"), world / "out", []),
    "out by a way back": lambda world: (world / "photos", world / "photos" / "sub" / ".." / "sub", []),
    "manifest over a caption": lambda world: (
        *(world / "photos", world / "out"),
        ["--manifest", world / "photos" / "b.txt"],
    ),
    "manifest over a picture": lambda world: (
        *(world / "photos", world / "out"),
        ["--manifest", world / "photos" / "b.jpg"],
    ),
    "manifest over a secret": lambda world: (
        *(world / "photos", world / "out"),
        ["--manifest", world / "outside" / "id_rsa"],
    ),
    "manifest in a link": lambda world: (
        *(world / "photos", world / "out"),
        ["--manifest", _linked(world, "m", "outside") / "new.jsonl"],
    ),
    "out is a file": lambda world: (world / "photos", world / "outside" / "id_rsa", []),
    "out below a file": lambda world: (world / "photos", world / "outside" / "id_rsa" / "deep", []),
    "one picture into its folder": lambda world: (world / "photos" / "b.jpg", world / "photos", []),
}


class Races(_WorldAttack):
    """Links put in the place of files and folders at a random moment of a run, and taken away at its next picture."""

    name, count, short, batch = "link races", 240, 4, 1

    def try_in_world(self, case: Case) -> tuple[str, str]:
        chance, world = case.chance, make_world(case.scratch / "world")
        kind = list(RUNS)[case.number % len(RUNS)]
        place = chance.choice(_RACED)
        target = chance.choice(["outside", "outside/secret.txt", "outside/secret.png", "outside/b.jpg", "outside/new"])
        if chance.random() < 0.5:
            run_command(*crop_words(world / "photos", world / "out", kind), folder=case.scratch)
        moment = chance.randrange(1, 900)
        what = f"{kind}, {place} -> {target} at {moment}"
        before = tree(world / "outside")
        # What is opened is noted from the moment on at which the link is there.
        events = Events(moment, lambda _: _swap(world / place, world / target, world / "moved"))
        watch = Watch(world / "outside")

        def begin() -> None:
            watch.watch()
            events.watch()

        words = crop_words(world / "photos", world / "out", kind, "--background", chance.choice(("white", "black")))
        ending = run_command(*words, folder=case.scratch, before=begin)
        self.spend(ending.seconds, ending.memory)
        complaint = judge(ending, before, tree(world / "outside"), [world / "out"])
        if complaint.startswith(LOOKED_OUTSIDE) and complaint.endswith((".png", ".jpg")):
            # Which file was opened is only known once it is: nothing of it may be shown.
            complaint = finds_secret([world / "out"])
        return complaint, what


_RACED = [place for place in PLACES if place not in ("out", "photos/.hidden.png")]
_RACED += ["out/sub", "out/masks", "out/1_picture", "photos/sub", "photos/a.png", "photos/sub/e.jpg"]


def _swap(place: Path, target: Path, moved: Path) -> None:
    """The file or folder goes elsewhere, and a link takes its name: as fast as it can be done."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(place):
            os.rename(place, moved)
        os.symlink(target, place)


ATTACKS = (Folders, Nested, Races)
