"""Crafted records: manifests, journals, run records, ledgers, indexes of captions, and files of benchmarks.

Whatever they say, nothing outside the output changes or is shown, and each run ends with a status and a line.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from attack.campaign import Case, SingleAttack, differences, tree
from attack.sandbox import run_command
from attack.world import RUNS, crop_words, finds_secret, make_world
from crafted_json import NUMBERS, OTHERS, RAW, TEXTS, crafted, places

MEMORY = 250_000_000  # bytes by which a run over so few small pictures may grow, whatever its records say
_PATHS = [
    *("../outside/id_rsa", "../photos/b.jpg", "../outside/secret.png", "sub/../../outside/secret.txt", "/etc/passwd"),
    *("mine.txt", "keep/mine.jpg", "manifest.jsonl", ".salient-crop.jsonl", "a.jpg/../../outside/id_rsa", "A.JPG"),
    *(
        "CON",
        "aux.jpg",
        "a.jpg ",
        "a.jpg.",
        "C:\\x.jpg",
        "\\\\host\\share\\x.jpg",
        "a\0.jpg",
        "a\u0308.jpg",
        "\u00e4.jpg",
    ),
    *(
        "\ud800.jpg",
        "\x1b[2J.jpg",
        "a\nfailed: b.jpg: forged",
        "\u202egpj.a",
        "x/" * 2000 + "a.jpg",
        "y" * 300 + ".jpg",
    ),
    *("photos/a.png", "./a.jpg", "a//b.jpg", "", ".", "..", "sub", "1_picture", "1_picture/../../outside/b.jpg"),
]


class Records(SingleAttack):
    name, count, short, batch = "records", 600, 4, 1

    def evidence(self, case: Case) -> Iterable[Path]:
        return (case.scratch / "world",)

    def try_one(self, case: Case) -> str:
        chance, world = case.chance, make_world(case.scratch / "world")
        kinds = ("output", "output", "output", "captions", "benchmark")
        kind = kinds[case.number % len(kinds)]
        if kind == "benchmark":
            commands = _craft_benchmark(world, chance)
        elif kind == "captions":
            commands = _craft_captions(world, chance)
        else:
            run = chance.choice(list(RUNS))
            first = run_command(*crop_words(world / "photos", world / "out", run), folder=case.scratch)
            if complaint := first.complain(1):
                return f"the first run: {complaint}"
            commands = _craft_output(world, run, chance)
        guarded = [world / name for name in ("photos", "masks", "benchmark", "outside", "out/keep")]
        mine = world / "out" / "mine.txt"
        before = tree(*guarded)
        for command in commands:
            ending = run_command(*command, folder=case.scratch)
            self.spend(ending.seconds, ending.memory)
            complaint = ending.complain(0, 1, 2)
            if not complaint and ending.status == 2 and "\nsalient-crop" not in f"\n{ending.err}":
                complaint = f"ended without a word: {ending.err[-200:]!r}"
            if not complaint and ending.memory > MEMORY:
                complaint = f"took {ending.memory / 1e6:.0f} MB"
            if not complaint and (changed := differences(before, tree(*guarded))):
                complaint = f"changed {changed[:3]}"
            if not complaint and mine.exists() and mine.read_text() != "mine":
                complaint = "changed mine.txt"
            complaint = complaint or finds_secret([world / "out", world / "sheets"])
            if complaint:
                return f"{kind}: {' '.join(map(str, command))}: {complaint}"
        return ""


def _craft_output(world: Path, run: str, chance: random.Random) -> list[list[str | Path]]:
    """Crafts a file beside the crops of a finished run; returns the commands that will read it."""
    out, photos = world / "out", world / "photos"
    (out / "keep").mkdir()
    (out / "mine.txt").write_text("mine")
    (out / "keep" / "mine.jpg").write_bytes((photos / "b.jpg").read_bytes())
    manifest = out / "manifest.jsonl"
    record = json.loads((out / "manifest.run.json").read_text())
    name = chance.choice(
        ["manifest.jsonl"] * 4 + ["manifest.run.json"] * 3 + [".salient-crop.jsonl"] * 3 + ["manifest.jsonl.part"] * 3
        + ["manifest.jsonl.measured"]
    )  # fmt: skip
    if name.startswith("manifest.jsonl."):
        _write_journal(out / name, record, manifest)
        (out / "manifest.run.json").unlink()
        if chance.random() < 0.5:
            manifest.unlink()
    (_craft_whole if name == "manifest.run.json" else _craft_lines)(out / name, chance)
    other = chance.choice(list(RUNS))
    commands = [
        crop_words(photos, out, run),
        crop_words(photos, out, run, "--background", "black"),
        crop_words(photos, out, other, *(["--dry-run"] if chance.random() < 0.3 else [])),
    ]
    sheet = ["preview", manifest, "--out", world / "sheets" / "sheet.png", "--workers", "1"]
    if chance.random() < 0.5:
        commands.insert(0, sheet)
    return commands


def _write_journal(path: Path, record: dict[str, Any], manifest: Path) -> None:
    """The journal of a run that was stopped when it had done all."""
    states = record["sources"]
    header = json.dumps({name: record[name] for name in ("folder", "settings")}, sort_keys=True)
    lines = manifest.read_text(encoding="utf-8").splitlines()
    noted = [f"{states.get(json.loads(line)['source'], '-')}\t{line}" for line in lines]
    path.write_text("\n".join([header, *noted]) + "\n", encoding="utf-8")


def _craft_captions(world: Path, chance: random.Random) -> list[list[str | Path]]:
    photos = world / "photos"
    name = chance.choice(["metadata.jsonl", "metadata.jsonl", "meta_cap.json", "meta_lat.json", "b.txt", "a.txt"])
    lines = [json.dumps({"file_name": each, "text": f"about {each}"}) for each in ("a.png", "c.webp", "sub/e.jpg")]
    if name.endswith(".txt"):
        (photos / name).write_bytes(chance.choice(_TEXTS_OF_CAPTIONS))
    elif name.endswith(".jsonl"):
        (photos / name).write_text("\n".join(lines))
        _craft_lines(photos / name, chance)
    else:
        whole = {
            each: {"caption": f"about {each}", "tags": "a, b", "train_resolution": [64, 64]} for each in ("a", "c")
        }
        (photos / name).write_text(json.dumps(whole))
        _craft_whole(photos / name, chance)
    return [crop_words(photos, world / "out", chance.choice(list(RUNS))) for _ in range(2)]


_TEXTS_OF_CAPTIONS = [
    *(b"", b"\0", b"\xff\xfe", b"\xff\xfe\0\xd8", b"\xef\xbb\xbf", b"\xff" * 99, b"\x1b[2J\x1b]0;x\x07", b"a\nb\r\nc"),
    *("\u2028\u202e\U000e0001".encode(), b"x" * 3_000_000, b"\xfe\xff\xd8\0", b"\r" * 500, b"%s {0} $(touch x)"),
]


def _craft_benchmark(world: Path, chance: random.Random) -> list[list[str | Path]]:
    folder = world / "benchmark"
    name = chance.choice(["constraints", "ranking", "boxes", "fixations", "heads"])
    _craft_whole(folder / f"{name}.json", chance)
    words: list[str | Path] = ["evaluate", name, folder if name == "heads" else folder / f"{name}.json"]
    if name in ("boxes", "fixations", "heads"):
        words += ["--cropper", "centre"]
    if name == "boxes":
        words += ["--images", folder / "images"]
    if name == "heads" and chance.random() < 0.5:
        words += ["--sheet", world / "sheets" / "sheet.png"]
    return [[*words, *(["--json"] if chance.random() < 0.5 else [])]]


# How records are changed


def _value(chance: random.Random) -> Any:
    return chance.choice([*_PATHS, *TEXTS, *NUMBERS, *OTHERS])


def _craft_lines(path: Path, chance: random.Random) -> None:
    """Changes a file of lines of JSON; a journal's lines have a state before it."""
    lines: list[str | bytes] = list(path.read_text(encoding="utf-8").split("\n"))
    for _ in range(chance.choice((1, 1, 2, 5))):
        index = chance.randrange(len(lines))
        old = lines[index]
        lines[index] = chance.choice(_CHANGES)(old, chance) if isinstance(old, str) else old
    kind = chance.randrange(8)
    if kind == 0:
        lines *= chance.choice((2, 20))
    elif kind == 1:
        chance.shuffle(lines)
    content = b"\n".join(each.encode("utf-8", "surrogatepass") if isinstance(each, str) else each for each in lines)
    if kind == 2:
        content = content[: chance.randrange(len(content) + 1)]
    elif kind == 3:
        content = b"\xef\xbb\xbf" + content
    path.write_bytes(content)


def _craft_whole(path: Path, chance: random.Random) -> None:
    """Changes a file that is one JSON value."""
    content = path.read_text(encoding="utf-8")
    for _ in range(chance.choice((1, 1, 2, 3))):
        changed = chance.choice(_CHANGES)(content, chance)
        if isinstance(changed, bytes):
            path.write_bytes(changed)
            return
        content = changed
    path.write_bytes(content.encode("utf-8", "surrogatepass"))


def _plant(line: str, chance: random.Random) -> str:
    """A text of it replaced by a path that leads elsewhere."""
    state, value = _parse(line)
    texts = [place for place in places(value) if isinstance(_at(value, place), str)]
    if not texts:
        return line
    *keys, last = chance.choice(texts)
    target = _at(value, keys)
    target[last] = chance.choice(_PATHS)
    return state + json.dumps(value)


def _rename(line: str, chance: random.Random) -> str:
    """A key of it replaced by a path or another text: names of pictures are keys too."""
    state, value = _parse(line)
    tables = [place for place in [(), *places(value)] if isinstance(_at(value, place), dict) and _at(value, place)]
    if not tables:
        return line
    table = _at(value, chance.choice(tables))
    table[chance.choice([*_PATHS, *TEXTS])] = table.pop(chance.choice(list(table)))
    return state + json.dumps(value)


def _craft(line: str, chance: random.Random) -> str:
    state, value = _parse(line)
    return state + (crafted([value], chance) if isinstance(value, (dict, list)) else json.dumps(_value(chance)))


def _correct(line: str, chance: random.Random) -> str:
    """A correction by hand of a crop, in the manifest or in the record of a run."""
    state, value = _parse(line)
    sides = [0, 1, 2, 7, 32, 48, -1, -(10**6), 10**6, 2**31, 2**53, 2**60, 1.5, None, "1"]
    box: Any = [chance.choice(sides[:6] if chance.random() < 0.5 else sides) for _ in range(4)]
    correction = {"decision": chance.choice(["box", "box", "drop", "approve", "none", None, {}]), "box": box}
    crops = value.get("crops") if isinstance(value, dict) else None
    if isinstance(crops, list) and crops:
        index = chance.randrange(len(crops))
        crops[index] = {**(crops[index] if isinstance(crops[index], dict) else {}), "correction": correction}
    elif isinstance(value, dict) and "settings" in value:
        name = chance.choice(["a.png", "sub/d.png", *_PATHS])
        digest = chance.choice(["0" * 32, "", "x", 5])
        value["corrections"] = [
            {"digest": digest, "source": name, "corrections": [correction] * chance.choice((1, 300))}
        ]
    return state + json.dumps(value)


def _repeat_key(line: str, chance: random.Random) -> str:
    """A key twice, with another value first or last."""
    state, value = _parse(line)
    if not isinstance(value, dict) or not value:
        return line
    key = json.dumps(chance.choice(list(value)))
    more, text = f"{key}: {json.dumps(_value(chance))}", json.dumps(value)
    return state + (f"{{{more}, {text[1:]}" if chance.random() < 0.5 else f"{text[:-1]}, {more}}}")


def _change_state(line: str, chance: random.Random) -> str:
    _, tab, rest = line.rpartition("\t")
    return f"{chance.choice(['', '-', '0:0:0', 'x' * 5000, chr(0), '1:2:3 4'])}{tab}{rest}"


def _raw(line: str, chance: random.Random) -> str | bytes:
    state, _ = _parse(line)
    return state + chance.choice([*RAW, "", "[]", "null", "\0", "\u2028", "{}", "{", "9" * 5000, '{"a":' * 3000])


def _bytes(line: str, chance: random.Random) -> bytes:
    return chance.choice(
        [b"\xff\xfe", chance.randbytes(60), b"\0" * 100, line.encode()[: chance.randrange(len(line) + 1)]]
    )


_Change = Callable[[str, random.Random], "str | bytes"]
_CHANGES: tuple[_Change, ...] = (
    *(
        _plant,
        _plant,
        _plant,
        _rename,
        _correct,
        _correct,
        _craft,
        _craft,
        _craft,
        _repeat_key,
        _change_state,
        _raw,
        _bytes,
    ),
)


def _parse(line: str) -> tuple[str, Any]:
    """What stands before the JSON of a line, and its value; None where it is none."""
    state, tab, rest = line.rpartition("\t")
    if "[" * 100 in rest or '{"a":' * 100 in rest:  # it was changed before, and is too deep to be changed again
        return state + tab, None
    try:
        return state + tab, json.loads(rest)
    except (ValueError, RecursionError):
        return state + tab, None


def _at(value: Any, place: Sequence[Any]) -> Any:
    for key in place:
        value = value[key]
    return value


ATTACKS = (Records,)
