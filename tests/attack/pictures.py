"""Mutated pictures of every format: each ends as a crop or as a failure with its reason, within time and memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from attack.bases import base_pictures
from attack.campaign import Attack, Case, Failure
from attack.mutations import mutate
from attack.sandbox import Ending, run_command
from made_pictures import save_picture
from PIL import Image

from salient_crop.datasets.manifest import FAILED, read_manifest

MEMORY = 300_000_000
_SLACK = 64_000_000  # what allocators and libraries keep beside what they need
SECONDS = 140  # for one picture: a decoder is given up after 120
_LINES = re.compile(r"(\d+/\d+ \S+|failed: \S+: .+|dropped: \S+: .+)")


class Pictures(Attack):
    name, count, short, batch = "pictures", 20_000, 100, 50

    def attempt(self, cases: Sequence[Case]) -> Iterator[Failure]:
        folder = cases[0].scratch.parent / "photos"
        folder.mkdir()
        files = {case: self._make(case, folder) for case in cases}
        # One that is whole: were all others broken, the run must still write it.
        whole = save_picture(folder / "whole.png", (48, 32))
        words, ending = self._crop(cases[0], folder, [whole, *files.values()], SECONDS * 2)
        if not words:
            return
        found = False
        for case, file in files.items():  # each again, alone
            alone = case.scratch / "alone"
            alone.mkdir()
            os.link(file, alone / file.name)
            os.link(whole, alone / whole.name)
            words_alone, _ = self._crop(cases[0], alone, [alone / whole.name, alone / file.name], SECONDS)
            if words_alone:
                found = True
                yield Failure(case.number, words_alone, (file,))
        if not found:
            yield Failure(cases[0].number, f"a batch of {len(cases)} from here, and none alone: {words}", (folder,))

    def _make(self, case: Case, folder: Path) -> Path:
        extension, content = mutate(case.chance, base_pictures())
        file = folder / f"{case.number:06}{extension}"
        file.write_bytes(content)
        return file

    def _crop(self, first: Case, folder: Path, files: Sequence[Path], seconds: float) -> tuple[str, Ending]:
        """What is wrong with a run over the folder; empty where nothing is."""
        out = folder.with_name(f"{folder.name} out")
        words = [
            "crop",
            folder,
            "--out",
            out,
            "--cropper",
            "centre",
            "--workers",
            "1",
            "--memory",
            f"{MEMORY // 10**6}MB",
        ]
        words += _SETTINGS[first.number // self.batch % len(_SETTINGS)]
        ending = run_command(*words, folder=folder.parent, seconds=seconds)
        self.spend(ending.seconds, ending.memory)
        return ending.complain(0, 1) or _complain(ending, files, out), ending


_SETTINGS = [
    ["--ratios", "1:1,2:3", "--resolution", "64"],
    ["--ratios", "1:1,3:2", "--each", "--format", "png", "--background", "keep"],
    ["--buckets", "square:256", "--resolution", "256", "--dataset", "kohya", "--duplicates", "skip"],
    ["--ratios", "5:4", "--format", "webp", "--policy", "pad"],
]


def _complain(ending: Ending, files: Sequence[Path], out: Path) -> str:
    if ending.memory > MEMORY + _SLACK:
        return f"took {ending.memory / 1e6:.0f} MB"
    foreign = next((line for line in ending.err.splitlines() if not _LINES.fullmatch(line)), None)
    if foreign is not None:
        return f"printed {foreign[:200]!r}"
    records = {each.source: each for each in read_manifest(out / "manifest.jsonl")}
    if records.keys() != {each.name for each in files}:
        return f"not in the manifest: {sorted({each.name for each in files} ^ records.keys())}"
    for record in records.values():
        if record.status == FAILED and not record.reason:
            return f"{record.source}: failed without a reason"
        for crop in record.crops:
            assert crop.file is not None
            with Image.open(out / crop.file) as image:
                image.load()
                if image.size != crop.target_size[::-1]:
                    return f"{record.source}: its crop is of another size than the manifest says"
    if not any(each.source == "whole.png" and each.crops for each in records.values()):
        return "the whole picture has no crop"
    return ""


ATTACKS = (Pictures,)
