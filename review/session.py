"""What the page and its server share: the items, what was decided about them, and how far saving is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from hashlib import blake2b
from threading import RLock
from typing import Any

from ..cropping.correction import Correction, is_near
from ..datasets.corrections import read_correction
from ..datasets.json_values import MalformedValue, optional
from ..datasets.manifest import read_manifest
from ..jobs.executors.batches import Analyser
from ..jobs.progress import Step
from ..jobs.run import FolderRun, RunError
from ..jobs.save_corrections import Saved, save_corrections
from ..printable import escape
from .decision_log import Decision, DecisionLog
from .items import Item, list_items

ALTERED = "another run has written into the folder since this page was opened; load it again"


class ReviewSession:
    """One manifest under review. May be used by several threads.

    Decisions that an earlier session left are found again, where their pictures are still the same.

    Args:
        run: a finished one, see `reopen_run`.
        analyser: of the run's cropper.

    Attributes:
        items: of the manifest; their index is all by which the page names them.

    Raises:
        OSError, ValueError: when the manifest or the log of decisions cannot be read.
    """

    def __init__(self, run: FolderRun, analyser: Analyser) -> None:
        self.run, self.analyser = run, analyser
        self._lock, self._saving = RLock(), RLock()
        self._log = DecisionLog(run.manifest)
        self._progress: dict[str, int] = {}
        self._decided: dict[int, Correction | None] = {}
        self.items: list[Item] = []
        self._load()

    def describe(self) -> dict[str, Any]:
        """All items as JSON for the page."""
        with self._lock:
            items = [item.describe(self._correction(index)) for index, item in enumerate(self.items)]
            return {
                "manifest": escape(str(self.run.manifest)),
                "buckets": self.run.settings.buckets is not None,
                "writes": self.run.output is not None,
                "items": items,
            }

    def decide(self, index: int, value: Any) -> None:
        """Notes a decision about an item.

        Args:
            index: of the item.
            value: a correction as JSON, see `read_correction`; None for what the search finds.

        Raises:
            ValueError: when there is no such crop, or the correction is malformed or of another picture.
        """
        correction = optional(read_correction)(value)
        with self._lock:
            item = self._item(index)
            size, digest = item.record.size, item.record.digest
            if item.crop is None or size is None or digest is None:
                raise MalformedValue(f"picture {index} has no crop to decide on")
            if correction is not None and not is_near(correction.box, size):
                raise MalformedValue(f"the box {correction.box.as_list()} is not in a picture of {size[0]}×{size[1]}")
            self._log.add(Decision(item.record.source, digest, item.place, correction))
            self._note(index, correction)

    def save(self) -> dict[str, Any]:
        """Writes the crops of all pictures with decisions that are not saved; see `save_corrections`.

        Returns:
            As JSON: how many pictures were `saved`, and why others `failed`.

        Raises:
            RunError: when another run is writing into the folder, or has.
            OSError, ValueError: when something can no longer be read or written.
        """
        with self._saving:
            with self._lock:
                if self._fingerprint() != self._seen:
                    raise RunError(ALTERED)
                decided = dict(self._decided)
            by_source: dict[str, dict[int, Correction | None]] = defaultdict(dict)
            for index, correction in decided.items():
                by_source[self.items[index].record.source][self.items[index].place] = correction
            saved = Saved()
            if by_source:
                saved = save_corrections(self.run, by_source, self.analyser, self._step)
            with self._lock:
                self._settle(saved, decided)
                self._progress = {}
            return {"saved": len(saved.records), "failed": dict(saved.failed)}

    def progress(self) -> dict[str, int]:
        """How far saving is: `done` of `total` pictures; empty where nothing is being saved."""
        return dict(self._progress)

    def close(self) -> int:
        """How many decisions wait in the log to be saved."""
        with self._lock:
            self._log.close()
            return len(self._decided)

    def item(self, index: int) -> Item:
        """The item of an index.

        Raises:
            ValueError: when there is none.
        """
        with self._lock:
            return self._item(index)

    def _item(self, index: int) -> Item:
        if not 0 <= index < len(self.items):
            raise MalformedValue(f"there is no picture {index}")
        return self.items[index]

    def _load(self) -> None:
        """Reads the manifest, and the decisions that are still about its pictures."""
        self._seen = self._fingerprint()
        self.items = list_items(list(read_manifest(self.run.manifest)))
        index_of = {(each.record.source, each.record.digest, each.place): at for at, each in enumerate(self.items)}
        for decision in self._log.read():
            index = index_of.get((decision.source, decision.digest, decision.place))
            if index is not None and decision.place >= 0:
                self._note(index, decision.correction)

    def _note(self, index: int, correction: Correction | None) -> None:
        if correction == self.items[index].saved:
            self._decided.pop(index, None)
        else:
            self._decided[index] = correction

    def _correction(self, index: int) -> Correction | None:
        return self._decided.get(index, self.items[index].saved)

    def _settle(self, saved: Saved, decided: Mapping[int, Correction | None]) -> None:
        """Shows what was written, and keeps only those decisions that are not."""
        for index in decided:
            item = self.items[index]
            record = saved.records.get(item.record.source)
            if record is not None and self._decided.get(index) == decided[index]:
                self._decided.pop(index, None)
        self.items = [
            Item(record, min(item.place, len(record.crops) - 1))
            if (record := saved.records.get(item.record.source)) is not None
            else item
            for item in self.items
        ]
        left = [self._as_decision(index, correction) for index, correction in self._decided.items()]
        self._log.clear(left)
        self._seen = self._fingerprint()

    def _as_decision(self, index: int, correction: Correction | None) -> Decision:
        item = self.items[index]
        assert item.record.digest is not None
        return Decision(item.record.source, item.record.digest, item.place, correction)

    def _fingerprint(self) -> str:
        return blake2b(self.run.manifest.read_bytes()).hexdigest()

    def _step(self, step: Step) -> None:
        self._progress = {"done": step.done, "total": step.total}
