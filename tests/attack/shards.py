"""Malformed shards: tars, compressed or not, and parquet files that were changed, tars with names that lead elsewhere.

Beside each lies a whole shard. That one has all its crops, and nothing else changes. What is written of a changed one
leads nowhere, and where nothing could be done of it, the run says so. A sheet of crops in shards that were changed is
drawn, or refused.
"""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from attack.bases import base_pictures
from attack.campaign import Case, SingleAttack, differences, tree
from attack.mutations import mutate
from attack.sandbox import Ending, run_command
from attack.world import finds_secret
from made_pictures import save_picture

MEMORY = 350_000_000  # bytes by which a run over so few small pictures may grow, whatever its shards say
_BLOCK = 512
_NAMES = [
    *("../outside/a.png", "/etc/passwd", "deep/../../a.png", "a.png", "A.PNG", "a~2.png", ".a.png", "a.", "..png"),
    *("\x1b[2J.png", "a\nfailed: b.png: forged.png", "\u202egpj.png", "x" * 400 + ".png", "y/" * 90 + "a.png"),
    *("caf\udce9.png", "a.json", "a.salient_crop.json", "a.txt", "1x1/a.png"),
]
_KINDS = ("bytes", "names", "pictures", "end", "parquet", "compressed", "sheet")
_TYPES = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE, tarfile.GNUTYPE_SPARSE]
_TYPES += [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, b"V", b"\xff"]


class Shards(SingleAttack):
    name, count, short, batch = "shards", 500, len(_KINDS), 1

    def evidence(self, case: Case) -> Iterable[Path]:
        return (case.scratch / "shards", case.scratch / "out")

    def try_one(self, case: Case) -> str:
        chance = case.chance
        kind = _KINDS[case.number % len(_KINDS)]
        shards, out = case.scratch / "shards", case.scratch / "out"
        shards.mkdir(parents=True)
        pictures = [save_picture(case.scratch / f"{seed}.png", (48, 32), seed).read_bytes() for seed in range(3)]
        (shards / "whole.tar").write_bytes(
            _tar([("a.png", pictures[0]), ("a.txt", b"a caption"), ("b.png", pictures[1])])
        )
        extension = {"parquet": "parquet", "compressed": "tar.gz"}.get(kind, "tar")
        (shards / f"changed.{extension}").write_bytes(_changed(kind, pictures, chance))
        before = tree(shards)
        words = ["--ratios", "1:1", "--workers", "2", *(["--each"] if chance.random() < 0.2 else [])]
        words = ["--buckets", "64x64,96x64", "--resolution", "512"] if chance.random() < 0.2 else words
        named = [shards / "whole.tar", shards / f"changed.{extension}"]
        ending = run_command("crop", *named, "--out", out, "--cropper", "centre", *words, folder=case.scratch)
        self.spend(ending.seconds, ending.memory)
        complaint = ending.complain(0, 1) or _complain(ending, out)
        if not complaint and (changed := differences(before, tree(shards))):
            complaint = f"changed {changed[:3]}"
        if not complaint and kind == "sheet":
            complaint = self._look(case, out)
        return f"{kind}: {complaint}" if complaint else ""

    def _look(self, case: Case, out: Path) -> str:
        """Draws a sheet of crops of which one file was changed; no crop changes by it."""
        changed = case.chance.choice(sorted(each for each in out.iterdir() if not each.name.startswith(".")))
        changed.write_bytes(_flipped(changed.read_bytes(), case.chance))
        before, source = tree(out), case.chance.choice(([], ["--source", case.scratch / "shards"]))
        ending = run_command("preview", out, "--out", case.scratch / "sheet.png", *source, folder=case.scratch)
        self.spend(ending.seconds, ending.memory)
        if ending.memory > MEMORY:
            return f"took {ending.memory / 1e6:.0f} MB"
        return ending.complain(0, 1, 2) or ("changed the crops" if differences(before, tree(out)) else "")


def _complain(ending: Ending, out: Path) -> str:
    if ending.memory > MEMORY:
        return f"took {ending.memory / 1e6:.0f} MB"
    if parts := [path.name for path in out.rglob("*.part")]:
        return f"left {parts[0]}"
    with tarfile.open(out / "whole.tar") as tar:
        crops = [name for name in tar.getnames() if name.endswith((".jpg", ".txt"))]
    if len({Path(name).name for name in crops}) != 3:
        return f"the whole shard has {crops}"
    if (out / "changed.tar").exists():
        with tarfile.open(out / "changed.tar") as tar:
            led = [
                each for each in tar if not each.isfile() or each.name.startswith("/") or ".." in each.name.split("/")
            ]
        if led:
            return f"wrote a member {led[0].name!r} of type {led[0].type!r}"
    is_done = (out / "changed.done.json").exists()
    if not is_done and (ending.status == 0 or "changed" not in ending.err):
        return "a shard is not done, and nothing says so"
    return finds_secret([out])


def _tar(members: Iterable[tuple[str, bytes]], format: int = tarfile.GNU_FORMAT) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=format, errors="surrogateescape") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return written.getvalue()


def _changed(kind: str, pictures: list[bytes], chance: random.Random) -> bytes:
    members = [(f"{key}.png", content) for key, content in zip("abc", pictures, strict=True)]
    members += [("c.json", b'{"id": 1}'), ("c.txt", b"c")]
    format = chance.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    if kind == "parquet":
        return _flipped(_parquet(pictures), chance)
    if kind == "pictures":
        changed = [mutate(chance, base_pictures()) for _ in range(3)]
        return _tar([(f"{key}{each[0]}", each[1]) for key, each in zip("abc", changed, strict=True)])
    if kind == "names":
        return _tar([(chance.choice(_NAMES), content) for content in pictures for _ in range(2)])
    content = _tar(members, format)
    if kind == "sheet":
        return content
    if kind == "compressed":
        return _compressed(content, chance)
    if kind == "end":
        return content[: chance.randrange(len(content))] + (content if chance.random() < 0.2 else b"")
    return _rewritten(content, chance) if chance.random() < 0.5 else _flipped(content, chance)


def _compressed(content: bytes, chance: random.Random) -> bytes:
    """A changed tar that is compressed, one that was changed after, or one that is far larger than it looks."""
    way = chance.randrange(5)
    if way == 0:
        return gzip.compress(_rewritten(content, chance))
    if way == 1:
        large = io.BytesIO()
        with gzip.open(large, "wb", compresslevel=1) as packed:
            packed.write(content[: -2 * _BLOCK])
            for _ in range(16):
                packed.write(bytes(1 << 24))
        return large.getvalue()
    return _flipped(gzip.compress(content), chance)


def _parquet(pictures: list[bytes]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    column = [{"bytes": each, "path": None} for each in pictures]
    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"image": column, "caption": ["a", "b", "c"]}), written)
    return written.getvalue()


def _flipped(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 2, 5, 50))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.choice((len(changed), chance.randrange(1, len(changed))))])


def _rewritten(content: bytes, chance: random.Random) -> bytes:
    """A header with another type, size or name, and a right checksum."""
    changed = bytearray(content)
    starts = [
        place for place in range(0, len(content) - _BLOCK, _BLOCK) if content[place + 257 : place + 262] == b"ustar"
    ]
    place = chance.choice(starts)
    header = tarfile.TarInfo(chance.choice(_NAMES)[:90])
    header.type = chance.choice(_TYPES)
    header.size = chance.choice((0, 1, _BLOCK, 1 << 20, (1 << 33) - 1, 1 << 60))
    header.linkname = "/etc/passwd"
    changed[place : place + _BLOCK] = header.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")[-_BLOCK:]
    return bytes(changed)


# Without pyarrow there are no shards to attack.
ATTACKS = (Shards,) if find_spec("pyarrow") else ()
