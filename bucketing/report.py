"""What a plan did to a folder, beside what kohya's own defaults would have done to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .sizes import Size, format_size
from .solver.planner import REMAINDER, TOO_FEW, TOO_SMALL, BucketPlan

_WHY = {
    TOO_SMALL: "would have to be enlarged beyond the limit in every bucket",
    REMAINDER: "the number of pictures is no multiple of the batch size",
    TOO_FEW: "no bucket that it may go to gets enough pictures",
}


@dataclass(frozen=True, slots=True)
class Placement:
    """One picture in one bucket, ours or a trainer's.

    Attributes:
        bucket: width and height.
        heat_lost, area_lost: shares in 0..1.
        scale: bucket pixels over crop pixels, along a side; above 1 the picture is enlarged.
    """

    bucket: Size
    heat_lost: float
    area_lost: float
    scale: float


@dataclass(frozen=True)
class GridStatistics:
    """One way of sorting pictures, summed up. Losses are means over the pictures placed."""

    counts: dict[Size, int]
    heat_lost: float
    area_lost: float
    upscaled: int
    empty_slots: int
    """Places missing to full batches, over all buckets."""

    @classmethod
    def of(cls, placed: Sequence[Placement], batch_size: int, places: Sequence[int] | None = None) -> GridStatistics:
        """Sums up; `places` says how often each picture is used, once where it is None."""
        counts: Counter[Size] = Counter()
        for each, times in zip(placed, places or [1] * len(placed), strict=True):
            counts[each.bucket] += times
        number = max(1, len(placed))
        return cls(
            dict(sorted(counts.items(), key=lambda item: item[0][0] / item[0][1])),
            sum(each.heat_lost for each in placed) / number,
            sum(each.area_lost for each in placed) / number,
            sum(each.scale > 1 for each in placed),
            sum(-count % batch_size for count in counts.values()),
        )

    @property
    def singletons(self) -> int:
        """Buckets with a single picture."""
        return sum(count == 1 for count in self.counts.values())


@dataclass(frozen=True)
class BucketReport:
    """Both sortings and what happened to single pictures.

    Attributes:
        baseline: kohya's default grid and centre crop.
        planned: the plan.
        batch_size: that counts were to be multiples of.
        gap: proven: no better plan saves a larger share of the loss.
        moved, repeated, left_out: one line for each picture, with its name and why.
        duplicates: one line for each picture that is there twice, used or not.
        recropped: one line for each size that the trainer would crop once more.
        caption_checks: one line for each picture whose caption may tell of a subject that the crop left out.
    """

    baseline: GridStatistics
    planned: GridStatistics
    batch_size: int
    gap: float
    moved: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    caption_checks: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    recropped: list[str] = field(default_factory=list)

    def format_text(self) -> str:
        """The report as lines for a terminal or a text node."""
        proof = "no plan loses less" if self.gap <= 1e-6 else f"no plan loses more than {self.gap:.2%} less"
        lines = [
            f"{sum(self.planned.counts.values())} pictures in {len(self.planned.counts)} buckets; {proof}",
            _row("", "planned", "kohya default"),
            _row("buckets", len(self.planned.counts), len(self.baseline.counts)),
            _row("with one picture", self.planned.singletons, self.baseline.singletons),
        ]
        if self.batch_size > 1:
            name = f"places empty in batches of {self.batch_size}"
            lines.append(_row(name, self.planned.empty_slots, self.baseline.empty_slots))
        lines += [
            _row("heat lost, mean", f"{self.planned.heat_lost:.1%}", f"{self.baseline.heat_lost:.1%}"),
            _row("area lost, mean", f"{self.planned.area_lost:.1%}", f"{self.baseline.area_lost:.1%}"),
            _row("enlarged", self.planned.upscaled, self.baseline.upscaled),
            _row("moved", len(self.moved), ""),
            _row("repeated", len(self.repeated), ""),
            _row("left out", len(self.left_out), ""),
            "",
            _row("bucket", "planned", "kohya default"),
        ]
        sizes = sorted({*self.planned.counts, *self.baseline.counts}, key=lambda size: (size[0] / size[1], size))
        lines += [
            _row(format_size(size), self.planned.counts.get(size, ""), self.baseline.counts.get(size, ""))
            for size in sizes
        ]
        for title, entries in (
            ("moved", self.moved),
            ("repeated", self.repeated),
            ("left out", self.left_out),
            ("duplicate", self.duplicates),
            ("check the caption", self.caption_checks),
            ("the trainer would crop", self.recropped),
        ):
            lines += [f"{title}: {entry}" for entry in entries]
        return "\n".join(lines)


def build_report(
    plan: BucketPlan,
    buckets: Sequence[Size],
    names: Sequence[str],
    placements: Sequence[Placement | None],
    baseline: Sequence[Placement],
) -> BucketReport:
    """The report of a plan over `buckets`.

    Args:
        names: of the pictures, as the report calls them.
        placements: where each picture went; None for those left out.
        baseline: where kohya would have put each.
    """
    batch = plan.policy.batch_size
    kept = [index for index, each in enumerate(placements) if each is not None]
    placed = [each for each in placements if each is not None]
    counts = {format_size(buckets[bucket]): count for bucket, count in plan.counts().items()}
    return BucketReport(
        baseline=GridStatistics.of(baseline, batch),
        planned=GridStatistics.of(placed, batch, [1 + int(plan.repeats[index]) for index in kept]),
        batch_size=batch,
        gap=plan.gap,
        moved=[_moved(plan, buckets, names, index, counts) for index in plan.moved],
        repeated=[_repeated(plan, buckets, names, int(index)) for index in plan.repeats.nonzero()[0]],
        left_out=[f"{names[index]}: {describe_left_out(reason)}" for index, reason in plan.left_out.items()],
    )


def describe_left_out(reason: str) -> str:
    """The words for a planner's reason."""
    return _WHY[reason]


def _moved(plan: BucketPlan, buckets: Sequence[Size], names: Sequence[str], index: int, counts: dict[str, int]) -> str:
    wished, given = (format_size(buckets[each[index]]) for each in (plan.preferred, plan.assignment))
    return f"{names[index]}: to {given}, now {counts[given]} pictures, rather than {wished}, now {counts[wished]}"


def _repeated(plan: BucketPlan, buckets: Sequence[Size], names: Sequence[str], index: int) -> str:
    bucket = format_size(buckets[plan.assignment[index]])
    times, batch = 1 + int(plan.repeats[index]), plan.policy.batch_size
    return f"{names[index]}: used {times} times, so that {bucket} fills batches of {batch}"


def _row(name: object, first: object, second: object) -> str:
    return f"{name!s:<32}{first!s:>10}{second!s:>16}".rstrip()
