"""Between the two passes of a bucket run over shards: what was measured is gathered, planned, and noted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from ..bucketing.sizes import format_size
from ..bucketing.solver.plan import EXACT_GAP
from ..bucketing.solver.planner import plan_assignment
from ..datasets.json_values import parse_json
from ..datasets.shards.marker import Marker
from ..datasets.shards.measured import measured_file, read_losses
from ..datasets.shards.plan import PLAN, ShardPlan, read_plan, write_plan
from .run import RunError
from .settings import BucketSettings
from .shard_state import ShardState
from .shard_work import Placement, ShardWork

SUMMARY = "plan.json"


@dataclass(frozen=True)
class PlanSummary:
    """A plan, in numbers.

    Attributes:
        counts: places of each bucket used, such as `832x1216`, from the narrowest to the widest.
        left_out: pictures without a bucket, by the reason.
        loss: sum over all pictures placed.
        gap: proven: no plan loses less by more than this share.
    """

    counts: Mapping[str, int]
    left_out: Mapping[str, int]
    loss: float
    gap: float

    def format_text(self) -> list[str]:
        """The lines of a report."""
        proof = "no plan loses less" if self.gap <= EXACT_GAP else f"no plan loses more than {self.gap:.2%} less"
        head = f"{sum(self.counts.values())} pictures in {len(self.counts)} buckets; {proof}"
        return [head, *(f"{name:<16}{count:>10}" for name, count in self.counts.items())]


@dataclass(frozen=True)
class PlannedShards:
    """The plan of a run.

    Attributes:
        plan: where every picture goes.
        summary: of it.
        identity: of what it was made from.
    """

    plan: ShardPlan
    summary: PlanSummary
    identity: str

    def placement(self, shard: str) -> Placement:
        """Where the pictures of a shard go."""
        place = self.plan.slices[shard]
        left_out = np.nonzero(self.plan.columns[place] < 0)[0].tolist()
        reasons = {each: reason for each in left_out if (reason := self.plan.reasons.get(place.start + each))}
        return Placement(self.plan.columns[place], self.plan.uses[place], reasons)


def plan_shards(
    work: ShardWork, state: ShardState, shards: Sequence[str], measure: Callable[[Sequence[str]], None]
) -> PlannedShards:
    """Measures what is not measured yet, and plans all pictures together.

    Args:
        work: what workers are told of the run.
        state: of the run.
        shards: to be sorted.
        measure: measures shards, and leaves out those that cannot be read.

    Raises:
        RunError: when what was measured cannot be read.
        OSError: when the plan cannot be written.
    """
    known = state.find_measured(shards)
    measure([shard for shard in shards if shard not in known])
    measured = state.find_measured(shards)
    settings = work.settings.buckets
    assert settings is not None
    sizes = [format_size(each) for each in settings.grid.sizes]
    rows = {shard: int(marker.counts["pictures"]) for shard, marker in measured.items()}
    identity = _identity(measured, settings)
    output = state.output
    summary = _read_summary(output.read(SUMMARY), identity)
    if summary is not None:
        try:
            with output.open(PLAN) as stream:
                return PlannedShards(read_plan(stream, rows, sizes), summary, identity)
        except (OSError, ValueError):
            pass  # it is made anew
    plan, summary = _plan(state, measured, rows, settings, sizes)
    with output.stage(PLAN) as staging:
        write_plan(staging.stream, plan, sizes)
    output.take(staging.result)
    output.write(SUMMARY, _format_summary(summary, identity))
    return PlannedShards(plan, summary, identity)


def _plan(
    state: ShardState,
    measured: Mapping[str, Marker],
    rows: Mapping[str, int],
    settings: BucketSettings,
    sizes: Sequence[str],
) -> tuple[ShardPlan, PlanSummary]:
    losses, usable = _gather(state, measured, rows, len(sizes))
    found = plan_assignment(losses, settings.policy())
    columns, uses = np.full(len(usable), -1, np.int16), np.zeros(len(usable), np.int16)
    columns[usable] = found.assignment
    uses[usable] = np.where(found.assignment < 0, 0, 1 + found.repeats)
    places = np.nonzero(usable)[0]
    reasons = {int(places[index]): reason for index, reason in found.left_out.items()}
    counts = {sizes[column]: count for column, count in found.counts().items()}
    summary = PlanSummary(counts, dict(sorted(Counter(reasons.values()).items())), found.loss, found.gap)
    return ShardPlan(dict(rows), columns, uses, reasons), summary


def _gather(
    state: ShardState, measured: Mapping[str, Marker], rows: Mapping[str, int], buckets: int
) -> tuple[np.ndarray, np.ndarray]:
    """What all pictures that can be sorted lose, float64 `[n, M]`, and which of all they are, bool `[N]`."""
    usable = np.zeros(sum(rows.values()), bool)
    counts = [each.counts for each in measured.values()]
    losses = np.empty((sum(int(each["pictures"] - each["failed"] - each["dropped"]) for each in counts), buckets))
    row = first = 0
    for shard in measured:
        file = measured_file(shard)
        try:
            with state.output.open(file) as stream:
                of_shard, table = read_losses(stream, buckets)
            usable[row : row + rows[shard]] = of_shard
            losses[first : first + int(of_shard.sum())] = table[of_shard]
        except (OSError, ValueError) as error:
            raise RunError(f"{file}: {error}; remove it, then it is measured again") from error
        row, first = row + rows[shard], first + int(of_shard.sum())
    return losses, usable


def _identity(measured: Mapping[str, Marker], settings: BucketSettings) -> str:
    """Of all that a plan depends on."""
    files = {shard: dict(marker.files) for shard, marker in measured.items()}
    policy = settings.policy()
    asked = [policy.max_buckets, policy.batch_size, policy.smallest, policy.remainder]
    return blake2b(json.dumps([files, asked], sort_keys=True).encode(), digest_size=16).hexdigest()


def _format_summary(summary: PlanSummary, identity: str) -> bytes:
    value = {
        "measured": identity,
        "counts": dict(summary.counts),
        "left_out": dict(summary.left_out),
        "loss": summary.loss,
        "gap": summary.gap,
    }
    return json.dumps(value, indent=2).encode() + b"\n"


def _read_summary(content: bytes | None, identity: str) -> PlanSummary | None:
    """The summary of the plan with this identity; None where another one is noted, or none."""
    try:
        value: Any = parse_json(content or b"")
        if value["measured"] != identity:
            return None
        counts = {str(name): int(number) for name, number in value["counts"].items()}
        left_out = {str(name): int(number) for name, number in value["left_out"].items()}
        return PlanSummary(counts, left_out, float(value["loss"]), float(value["gap"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
