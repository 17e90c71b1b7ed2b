"""What is counted and told of a shard while it is worked on."""

from __future__ import annotations

from collections import Counter

from ..datasets.manifest import FAILED, PictureRecord
from ..datasets.shards.samples import LostMember
from ..datasets.staged import StagedFile
from .run import Tally
from .shard_work import CAPTIONS, LOST, TORN, ShardResult, ShardTask

NAMED_PROBLEMS = 10  # in the words of a run; the records of a shard have all of them


class ShardReport:
    """Counts pictures one by one.

    Args:
        task: whose shard they are in.
    """

    def __init__(self, task: ShardTask) -> None:
        self._task, self._tally = task, Tally()
        self._counts: Counter[str] = Counter({TORN: 0, LOST: 0, CAPTIONS: 0})
        self._problems: list[str] = []

    def add(self, record: PictureRecord, has_caption: bool = False) -> None:
        """Counts a picture."""
        self._tally.add(record)
        self._counts[CAPTIONS] += has_caption
        if record.status == FAILED:
            self._note(f"{record.source}: {record.reason}")

    def add_lost(self, member: LostMember) -> None:
        """Counts what belongs to no sample."""
        self._counts[TORN if member.torn else LOST] += 1
        self._note(f"{self._task.shard}{member.name and '/'}{member.name}: {member.reason}")

    def result(self, files: tuple[StagedFile, ...], source_size: int) -> ShardResult:
        """The answer, once all is written."""
        outcome = self._tally.outcome()
        return ShardResult(
            self._task,
            files,
            source_size,
            {**self._tally.counts, **self._counts},
            outcome.ratio_error,
            outcome.first_warned,
            tuple(self._problems),
        )

    def _note(self, problem: str) -> None:
        if len(self._problems) < NAMED_PROBLEMS:
            self._problems.append(problem)
