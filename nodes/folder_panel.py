"""The panel of Crop Folder: a sheet that grows while the run goes on, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import comfy.utils

from ..cropping.box import Box
from ..datasets.find import leads_outside
from ..datasets.manifest import OK, PictureRecord, read_manifest
from ..images.errors import PictureError
from ..images.reader import PictureReader
from ..jobs.preview import sample_records
from ..jobs.progress import COMPARING, CROPPING, MEASURING, WRITING, Step
from ..jobs.run import FolderRun
from ..jobs.stages import PICTURE_ERRORS
from ..printable import escape
from .host import send_panel, stop_if_interrupted
from .panel import KEY, SMALL_SIDE, Bar, Panel, Tile

MOST_TILES = 24
SECONDS = 0.4
"""Between two states of the panel that are sent."""

STAGES = {COMPARING: "looking for duplicates", MEASURING: "measuring", CROPPING: "cropping", WRITING: "writing"}


T = TypeVar("T")


class EvenSample(Generic[T]):
    """At most `most` things out of a row of unknown length, evenly spread over those that have come so far."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._every = 1
        self._count = 0
        self.kept: list[T] = []

    def offer(self, make: Callable[[], T]) -> None:
        """The next thing, which is made only where it is kept."""
        if self._count % self._every == 0 and len(self.kept) == self._most:
            self.kept, self._every = self.kept[::2], self._every * 2
        if self._count % self._every == 0:
            self.kept.append(make())
        self._count += 1


class GrowingSheet:
    """Shows the progress of a run: call it with every step.

    The pictures shown are evenly spread over those that are done, so that few are opened a second time.

    Args:
        run: whose pictures are shown.
        node: to show them on; None where nobody looks.
    """

    def __init__(self, run: FolderRun, node: str | None) -> None:
        self._run, self._node = run, node
        self._bar: comfy.utils.ProgressBar | None = None
        self._tiles: EvenSample[Tile] = EvenSample(MOST_TILES)
        self._sent = 0.0

    def __call__(self, step: Step) -> None:
        """Moves the node's bar, shows what is done, and stops the run where the user interrupts."""
        stop_if_interrupted()
        if self._bar is None:
            self._bar = comfy.utils.ProgressBar(step.total)
        self._bar.update_absolute(step.done, step.total)
        if self._node is None:
            return
        if step.stage in (CROPPING, WRITING):
            self._tiles.offer(lambda: record_tile(step.record, self._run, self._run.reader))
        now = time.monotonic()
        if now - self._sent >= SECONDS or step.place == step.pictures:
            self._sent = now
            send_panel(self._node, KEY, self._content(step))

    def _content(self, step: Step) -> dict[str, Any]:
        panel = Panel(MOST_TILES)
        for tile in self._tiles.kept:
            panel.add(tile)
        words = f"{STAGES[step.stage]}: {step.place} of {step.pictures} pictures ({escape(step.record.source)})"
        return panel.content(words[0].upper() + words[1:])


def finished_panel(run: FolderRun, words: str, warnings: Sequence[str], bars: Sequence[Bar] = ()) -> dict[str, Any]:
    """The panel of a run that is done, as the `ui` of the node's output: some pictures, evenly spread, with words."""
    panel = Panel(MOST_TILES)
    records, total = sample_records(read_manifest(run.manifest), MOST_TILES)
    with PictureReader(run.memory) as reader:
        for record in records:
            stop_if_interrupted()
            panel.add(record_tile(record, run, reader))
    panel.count = total
    return panel.show(words, warnings, bars)


def record_tile(record: PictureRecord, run: FolderRun, reader: PictureReader) -> Tile:
    """The tile of a record: its picture with the first of its crops, or the reason why there is none."""
    path = run.folder / record.source
    name = escape(record.source)
    if record.status != OK or not record.crops or record.size is None:
        return Tile(record.size or (1, 1), name=name, warnings=[escape(f"{record.status}: {record.reason}")])
    try:
        if not run.settings.follow_links and leads_outside(path, run.folder):
            raise PictureError(path, "a link that leads out of the folder")
        with reader.open(path) as picture:
            pixels = picture.small(SMALL_SIDE)
    except (PictureError, *PICTURE_ERRORS) as error:
        return Tile(record.size, name=name, warnings=[f"cannot be shown: {escape(str(error))}"])
    crop = record.crops[0]
    size = f"{crop.target_size[1]}×{crop.target_size[0]}"
    words = f"{crop.ratio}, {size}, keeps {crop.kept:.0%} of the interest."
    return Tile(
        record.size,
        lambda: pixels,
        Box(*crop.box),
        name=name,
        words=words,
        warnings=[each.words for each in crop.warnings],
    )
