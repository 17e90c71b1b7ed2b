"""Which shards of a run are done, by the marks beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..datasets.shards.addresses import file_state
from ..datasets.shards.marker import SUFFIX, Marker
from ..datasets.shards.measured import measured_file
from ..datasets.shards.names import beside, join
from ..datasets.shards.output import ShardOutput
from .run import RunError
from .run_record import NAMED
from .settings import describe_differences
from .shard_work import ShardResult, ShardWork

_PLAN = "plan"


class ShardState:
    """Reads and writes the marks in the output of a run.

    Args:
        work: what workers are told of the run.
        output: of the run.

    Attributes:
        plan: the identity of the plan that crops are written by; empty without buckets.
    """

    def __init__(self, work: ShardWork, output: ShardOutput) -> None:
        self._work, self.output = work, output
        identity = {**work.settings.identity(), "image_column": work.image}
        self._identity: dict[str, Any] = json.loads(json.dumps(identity))
        self.plan = ""
        self._marks: dict[str, Marker | None] = {}

    def format_identity(self) -> bytes:
        """The settings of the run, as it notes them."""
        return json.dumps({"settings": self._identity}, indent=2, sort_keys=True).encode() + b"\n"

    def refuse_others(self, shards: Iterable[str]) -> None:
        """Makes sure that what is marked as done was made with the same settings.

        Raises:
            RunError: naming the first that was not, and how they differ.
        """
        for shard in shards:
            marker = self._read(beside(shard, SUFFIX))
            if marker is None:
                continue
            before = {name: value for name, value in marker.settings.items() if name != _PLAN}
            if differences := describe_differences(before, self._identity):
                named = ", ".join(differences[:NAMED])
                raise RunError(
                    f"{join(self.output.root, beside(shard, SUFFIX))}: made with other settings ({named});"
                    " choose another --out, or remove what is there"
                )

    def find_done(self, shards: Iterable[str]) -> dict[str, Marker]:
        """The marks of those shards that are done as this run would do them, and have not changed since."""
        settings = self._settings()
        return self._find({shard: beside(shard, SUFFIX) for shard in shards}, settings)

    def find_measured(self, shards: Iterable[str]) -> dict[str, Marker]:
        """The same of those that are measured."""
        return self._find({shard: _measured_marker(shard) for shard in shards}, self._identity)

    def mark_done(self, result: ShardResult) -> None:
        self._mark(beside(result.task.shard, SUFFIX), result, self._settings())

    def mark_measured(self, result: ShardResult) -> None:
        self._mark(_measured_marker(result.task.shard), result, self._identity)

    def _settings(self) -> dict[str, Any]:
        return {**self._identity, _PLAN: self.plan} if self.plan else self._identity

    def _mark(self, file: str, result: ShardResult, settings: dict[str, Any]) -> None:
        marker = Marker(
            shard=result.task.shard,
            source_size=result.source_size,
            files={each.file: each.digest for each in result.files},
            settings=settings,
            counts={**result.counts, "ratio_error": result.ratio_error},
            problems=result.problems,
        )
        self.output.write(file, marker.format())
        self._marks.pop(file, None)

    def _find(self, marks: dict[str, str], settings: dict[str, Any]) -> dict[str, Marker]:
        found = {}
        for shard, file in marks.items():
            marker = self._read(file)
            if marker is not None and marker.settings == settings and self._is_current(shard, file, marker):
                found[shard] = marker
        return found

    def _is_current(self, shard: str, file: str, marker: Marker) -> bool:
        try:
            source = file_state(self._work.address(shard))
        except OSError:
            return True  # what was done of it stays, and a later run may do without it
        unchanged = source.size == marker.source_size and source.modified <= self.output.modified(file)
        return unchanged and all(map(self.output.has, marker.files))

    def _read(self, file: str) -> Marker | None:
        if file not in self._marks:
            self._marks[file] = self._parse(file)
        return self._marks[file]

    def _parse(self, file: str) -> Marker | None:
        content = self.output.read(file)
        if content is None:
            return None
        try:
            return Marker.parse(content)
        except ValueError as error:
            raise RunError(
                f"{join(self.output.root, file)}: not what a run notes of a shard ({error}); remove it, then the"
                " shard is done again"
            ) from None


def _measured_marker(shard: str) -> str:
    return beside(measured_file(shard), SUFFIX)
