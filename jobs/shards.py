"""Crops shards of pictures into shards of crops: one pass over them, or with buckets two with a plan between.

What happens to one shard is `ShardWorker`'s; how shards are spread is an engine's. Here is what one process does for
all of them: it refuses what would be written over, passes over what is done, gives finished files their names, and
marks the shard as done. The same files come out whatever the engine and the number of its workers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..datasets.folder_lock import FolderBusyError
from ..datasets.shards.marker import SUFFIX
from ..datasets.shards.names import PARQUET, TAR, beside, crops_file, join, kind_of
from ..datasets.shards.output import RemoteOutput, ShardOutput, open_output
from .run import COUNTED, NAMED_WARNINGS, Outcome, RunError, make_outcome
from .shard_plan import PlanSummary, plan_shards
from .shard_state import ShardState
from .shard_work import CAPTIONS, LOST, TORN, ShardResult, ShardTask, ShardWork

RECORD = "shards.run.json"
"""What a run notes of itself in its output, before anything else."""

ShardEngine: TypeAlias = Callable[[Iterable[ShardTask]], Iterator[ShardResult]]
"""Works on shards, each by a `ShardWorker`, and gives the results as they come."""


@dataclass(frozen=True)
class ShardRun:
    """A run over shards.

    Attributes:
        work: what workers are told of it.
        shards: their names, sorted, relative to `work.root`.
    """

    work: ShardWork
    shards: tuple[str, ...]


@dataclass(frozen=True)
class ShardStep:
    """A shard has passed one stage.

    Attributes:
        done: steps so far, over all stages.
        total: steps of the whole run.
        result: of the shard.
    """

    done: int
    total: int
    result: ShardResult


@dataclass(frozen=True)
class ShardOutcome:
    """How a run over shards ended.

    Attributes:
        shards: that were named.
        resumed: that an earlier run had done.
        unreadable: of which nothing could be done, each as `name: reason`.
        torn: that end too early, or go on as none.
        lost: what in tars belongs to no sample.
        captions: pictures with one.
        pictures: what became of them.
        plan: of a bucket run.
    """

    shards: int
    resumed: int
    unreadable: tuple[str, ...]
    torn: int
    lost: int
    captions: int
    pictures: Outcome
    plan: PlanSummary | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every shard was read to its end, and every picture could be cropped, or was left out as asked."""
        return not (self.unreadable or self.torn or self.pictures.failed)


def crop_shards(run: ShardRun, engine: ShardEngine, progress: Callable[[ShardStep], None]) -> ShardOutcome:
    """Crops every picture of every shard.

    A shard that is done is marked, see `Marker`, and passed over by later runs of the same settings. Stopped at any
    point and run again, it goes on with the shards that are not done, and ends with the same bytes. Without buckets,
    the memory that it takes does not depend on the number of pictures; with buckets it grows by some 8 bytes for each
    picture and bucket.

    Args:
        run: where and how.
        engine: works on the shards.
        progress: called after every shard, in every stage.

    Raises:
        RunError: when a shard would be written over, or something that no run of ours wrote; when shards there were
            made with other settings; or when another run is writing there.
        OSError: when something can no longer be written.
    """
    _refuse_clashes(run)
    try:
        with open_output(run.work.out) as output:
            return _ShardJob(run, output, engine, progress).crop()
    except FolderBusyError as error:
        raise RunError(f"{error.filename}: {error.strerror}, or choose another --out") from error


def written_files(shard: str) -> list[str]:
    """What is written of a shard beside its mark."""
    own = crops_file(shard)
    return [own, beside(shard, PARQUET)] if kind_of(shard) == TAR else [own]


class _ShardJob:
    def __init__(
        self, run: ShardRun, output: ShardOutput, engine: ShardEngine, progress: Callable[[ShardStep], None]
    ) -> None:
        self._run, self._output, self._engine, self._progress = run, output, engine, progress
        self._state = ShardState(run.work, output)
        self._unreadable: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._ratio_error = 0.0
        self._warned: list[str] = []
        self._done, self._total = 0, len(run.shards) * (1 if run.work.settings.buckets is None else 2)

    def crop(self) -> ShardOutcome:
        shards = self._run.shards
        self._refuse_obstacles()
        self._state.refuse_others(shards)
        self._output.write(RECORD, self._state.format_identity())
        plan = None
        if self._run.work.settings.buckets is not None:
            plan = plan_shards(self._run.work, self._state, shards, self._measure)
            self._state.plan = plan.identity
        usable = [shard for shard in shards if shard not in self._unreadable]
        marked = self._state.find_done(usable)
        for marker in marked.values():
            self._count(marker.counts, float(marker.counts.get("ratio_error", 0.0)))
        self._done += len(marked) + len(self._unreadable) * (plan is not None)
        tasks = (
            ShardTask(each, placement=plan.placement(each) if plan else None) for each in usable if each not in marked
        )
        for result in self._work(tasks):
            self._state.mark_done(result)
            self._count(result.counts, result.ratio_error)
            self._warned += result.warned[: NAMED_WARNINGS - len(self._warned)]
        return self._outcome(len(marked), plan.summary if plan else None)

    def _measure(self, shards: Iterable[str]) -> None:
        """Measures the pictures of shards; those that cannot be read are noted."""
        self._done = len(self._run.shards) - len(list(shards))
        for result in self._work(ShardTask(each, measures=True) for each in shards):
            self._state.mark_measured(result)

    def _work(self, tasks: Iterable[ShardTask]) -> Iterator[ShardResult]:
        """The results of shards that could be read, their files with their names."""
        for result in self._engine(tasks):
            for staged in result.files:
                self._output.take(staged)
            if result.error:
                self._unreadable[result.task.shard] = result.error
            else:
                yield result
            self._done += 1
            self._progress(ShardStep(self._done, self._total, result))

    def _refuse_obstacles(self) -> None:
        """Makes sure that the place is a run's, or empty, and that nothing of others is in the way.

        Raises:
            RunError: naming what is.
        """
        output = self._output
        if isinstance(output, RemoteOutput) and output.read(RECORD) is None and not output.is_empty():
            raise RunError(
                f"{output.root}: holds files already, and no run of this command wrote them; choose another --out"
            )
        for file in (
            RECORD,
            *(file for shard in self._run.shards for file in (*written_files(shard), beside(shard, SUFFIX))),
        ):
            if obstacle := output.find_obstacle(file):
                raise RunError(f"{join(output.root, file)}: {obstacle}; move it away, or choose another folder")

    def _count(self, counts: Mapping[str, Any], ratio_error: float) -> None:
        self._counts.update({name: int(counts.get(name, 0)) for name in (*COUNTED, TORN, LOST, CAPTIONS)})
        self._ratio_error = max(self._ratio_error, ratio_error)

    def _outcome(self, resumed: int, plan: PlanSummary | None) -> ShardOutcome:
        return ShardOutcome(
            shards=len(self._run.shards),
            resumed=resumed,
            unreadable=tuple(f"{shard}: {reason}" for shard, reason in self._unreadable.items()),
            torn=self._counts[TORN],
            lost=self._counts[LOST],
            captions=self._counts[CAPTIONS],
            pictures=make_outcome(self._counts, 0, tuple(self._warned), (), self._ratio_error),
            plan=plan,
        )


def _refuse_clashes(run: ShardRun) -> None:
    """Refuses to write over shards that are read, and to write two things to one name."""
    sources = {run.work.address(shard) for shard in run.shards}
    taken: dict[str, str] = {}
    for shard in run.shards:
        for file in written_files(shard):
            if join(run.work.out, file) in sources:
                raise RunError(
                    f"{run.work.out}: the crops would overwrite their shards; choose another folder for --out"
                )
            if file in taken:
                raise RunError(f"{taken[file]} and {shard} would both be written to {file}; crop them in two runs")
            taken[file] = shard
