"""Malformed files of boxes and masks that say what matters in pictures: each fails its picture alone, or is refused.

One file is changed in each case. Of a picture whose file cannot be used nothing is written, the others have their
crops, and nothing else changes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path

from attack.bases import base_pictures
from attack.campaign import Case, SingleAttack, differences, tree
from attack.mutations import mutate
from attack.sandbox import Ending, run_command
from attack.world import finds_secret
from crafted_json import crafted
from made_pictures import save_picture

from salient_crop.datasets.manifest import FAILED, OK, read_manifest

MEMORY = 300_000_000  # bytes by which a run over so few small pictures may grow, whatever its files say
SIZES = {"a.png": (48, 32), "b.png": (32, 48), "c.jpg": (40, 40)}
_BOX = {"label": "shoe", "points": [[4, 4], [20, 20]], "shape_type": "rectangle"}
_ABOUT_ONE = ("LabelMe", "YOLO", "mask")
_ABOUT_MANY = ("COCO", "lines", "classes")
_SIGNS = b"0123456789.-e[]{},: \n\t\0\xff"


class Annotations(SingleAttack):
    name, count, short, batch = "annotations", 1000, 12, 1

    def evidence(self, case: Case) -> Iterable[Path]:
        return (case.scratch / "notes", case.scratch / "out")

    def try_one(self, case: Case) -> str:
        chance = case.chance
        kinds = _ABOUT_ONE + _ABOUT_MANY
        kind = kinds[case.number % len(kinds)]
        photos, notes, out = (case.scratch / name for name in ("photos", "notes", "out"))
        for seed, (name, size) in enumerate(SIZES.items()):
            save_picture(photos / name, size, seed)
        _annotate(notes, kind, chance)
        before = tree(photos, notes)
        role = chance.choice(("--focus", "--avoid", "--keep"))
        words = ["crop", photos, "--out", out, "--cropper", "centre", "--workers", "1", "--ratios", "1:1", role, notes]
        words += ["--labels", chance.choice(("shoe", "shoe=2", "0"))] if chance.random() < 0.2 else []
        ending = run_command(*words, folder=case.scratch)
        self.spend(ending.seconds, ending.memory)
        complaint = ending.complain(0, 1, 2) or _complain(ending, kind, out)
        if not complaint and (changed := differences(before, tree(photos, notes))):
            complaint = f"changed {changed[:3]}"
        return f"{kind} {role}: {complaint}" if complaint else ""


def _complain(ending: Ending, kind: str, out: Path) -> str:
    if ending.memory > MEMORY:
        return f"took {ending.memory / 1e6:.0f} MB"
    if ending.status == 2:  # what is said of all pictures cannot be used at all
        told = f"\n{ending.err}"
        return "" if "\nsalient-crop" in told and kind in _ABOUT_MANY else f"refused as a whole: {ending.err[-200:]!r}"
    records = {each.source: each for each in read_manifest(out / "manifest.jsonl")}
    if records.keys() != SIZES.keys():
        return f"the manifest has {sorted(records)}"
    for name, record in records.items():
        written = sorted(each.name for each in out.iterdir() if each.stem == Path(name).stem)
        if record.status == FAILED and not record.reason:
            return f"{name} failed without a reason"
        if record.status != OK and written:
            return f"{name}: {record.status}, and yet {written[0]} is written"
        if record.status == OK and not written:
            return f"{name} has no crop"
        if kind in _ABOUT_ONE and name != "a.png" and record.status != OK:
            return f"{name} failed for another's file: {record.reason}"
    return finds_secret([out])


def _annotate(notes: Path, kind: str, chance: random.Random) -> None:
    """A folder of files about all pictures, of which one is changed."""
    notes.mkdir()
    files = {path: content.encode("utf-8", "surrogatepass") for path, content in _whole_files(kind).items()}
    target = _TARGETS[kind]
    if kind == "mask":
        extension, content = mutate(chance, base_pictures())
        files[f"a{extension}"] = content
    elif target.endswith(("json", "jsonl")) and chance.random() < 0.6:
        lines = [json.loads(each) for each in files[target].decode().splitlines()]
        place = chance.randrange(len(lines))
        changed = [json.dumps(each) for each in lines]
        changed[place] = crafted([lines[place]], chance)
        files[target] = "\n".join(changed).encode("utf-8", "surrogatepass")
    else:
        files[target] = _scatter(files[target], chance)
    for name, content in files.items():
        (notes / name).write_bytes(content)


_TARGETS = {
    "LabelMe": "a.json",
    "YOLO": "a.txt",
    "mask": "",
    "COCO": "all.json",
    "lines": "all.jsonl",
    "classes": "classes.txt",
}


def _whole_files(kind: str) -> dict[str, str]:
    """Files of one format about all pictures, by name; of masks, none."""
    if kind == "LabelMe":
        return {
            f"{Path(name).stem}.json": json.dumps(
                {"shapes": [_BOX], "imagePath": name, "imageWidth": width, "imageHeight": height}
            )
            for name, (width, height) in SIZES.items()
        }
    if kind in ("YOLO", "classes"):
        boxes = {f"{Path(name).stem}.txt": "0 0.5 0.5 0.2 0.2\n1 .1 .1 .3 .1 .2 .4\n" for name in SIZES}
        return boxes | {"classes.txt": "shoe\nhat\n"}
    if kind == "COCO":
        images = [
            {"id": number, "file_name": name, "width": width, "height": height}
            for number, (name, (width, height)) in enumerate(SIZES.items())
        ]
        shapes = [
            {"id": each["id"], "image_id": each["id"], "category_id": 1, "bbox": [2, 2, 9, 9]}
            | {"segmentation": [[1, 2, 9, 4, 5, 9]], "iscrowd": 0}
            for each in images
        ]
        categories = [{"id": 1, "name": "shoe"}]
        return {"all.json": json.dumps({"images": images, "annotations": shapes, "categories": categories})}
    if kind == "lines":
        region = {"region": [0.1, 0.2, 0.5, 0.5], "label": "shoe", "weight": 2}
        lines = [
            {"source": name, "size": size, "boxes": [region, {"box": [1, 2, 9, 9]}]} for name, size in SIZES.items()
        ]
        return {"all.jsonl": "\n".join(map(json.dumps, lines))}
    return {}


def _scatter(content: bytes, chance: random.Random) -> bytes:
    """Bytes changed, left out or put in, here and there; or the end cut off."""
    changed = bytearray(content)
    if chance.random() < 0.1:
        return bytes(changed[: chance.randrange(len(changed) + 1)])
    for _ in range(chance.choice((1, 1, 2, 6, 40))):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[place : place + chance.choice((1, 3, 20))]
            case 2:
                changed[place:place] = chance.choice((b"9" * 400, b"1e999", b"nan", b"[" * 3000, b"\xff\xfe", b"-1"))
            case _:
                changed[place:place] = bytes(chance.choice(_SIGNS) for _ in range(3))
    return bytes(changed)


ATTACKS = (Annotations,)
"""The classes of this file."""
