"""What a plan did to the pictures, beside what kohya's defaults would have done to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..cropping.checks import LIMIT, check_count, check_tuple
from ..printable import escape
from .sizes import Size, format_size, sort_sizes
from .solver.plan import EXACT_GAP, REMAINDER, TOO_FEW, TOO_SMALL, BucketPlan
from .solver.policy import MAX_COUNT

BEHEADED = "beheaded"  # why a picture is left out, beside those of the planner

_REASONS = {
    BEHEADED: "a head would be cut off in every crop that was asked for",
    TOO_SMALL: "would have to be enlarged beyond the limit in every bucket",
    REMAINDER: "the number of pictures is no multiple of the batch size",
    TOO_FEW: "no bucket that it may go to gets enough pictures",
}


@dataclass(frozen=True, slots=True)
class Placement:
    """One picture in one bucket, of the plan or of a trainer.

    Attributes:
        bucket: (width, height) in pixels.
        heat_lost, area_lost: shares in 0..1 of the picture's heat and area that the crop leaves out.
        scale: bucket pixels over crop pixels along a side; the crop is enlarged where it is above 1.
        head_cut: whether the crop cuts off the head of somebody whom the picture is about.
    """

    bucket: Size
    heat_lost: float
    area_lost: float
    scale: float
    head_cut: bool = False


@dataclass(frozen=True)
class GridStatistics:
    """Statistics of one way to place pictures in buckets.

    Attributes:
        counts: places of each bucket used, from the narrowest to the widest.
        heat_lost, area_lost: means over the pictures placed, 0..1; 0 where there are none.
        upscaled: pictures whose crop is enlarged.
        empty_slots: places that are missing to full batches, over all buckets.
        heads_cut: pictures whose crop cuts off the head of somebody whom they are about.
    """

    counts: dict[Size, int]
    heat_lost: float
    area_lost: float
    upscaled: int
    empty_slots: int
    heads_cut: int = 0

    @classmethod
    def of(cls, placed: Sequence[Placement], batch_size: int, times: Sequence[int] | None = None) -> GridStatistics:
        """Statistics of pictures in batches of `batch_size`.

        Args:
            placed: where each picture is.
            times: how often each picture is used, for its bucket's count; once where it is None.

        Raises:
            TypeError: when one is of another type; the message names the argument.
            ValueError: when `times` has another length than `placed` or a number below 0, or the batch size is below 1.
        """
        check_count("batch_size", batch_size, MAX_COUNT)
        placed = check_tuple("placed", placed, Placement)
        times = None if times is None else [check_count("times", each, LIMIT, least=0) for each in times]
        if times is not None and len(times) != len(placed):
            raise ValueError(f"times must have one number a picture, got {len(times)} for {len(placed)} pictures")
        counts: Counter[Size] = Counter()
        for each, number in zip(placed, times or [1] * len(placed), strict=True):
            counts[each.bucket] += number
        pictures = max(1, len(placed))
        return cls(
            {size: counts[size] for size in sort_sizes(counts)},
            sum(each.heat_lost for each in placed) / pictures,
            sum(each.area_lost for each in placed) / pictures,
            sum(each.scale > 1 for each in placed),
            sum(-count % batch_size for count in counts.values()),
            sum(each.head_cut for each in placed),
        )

    @property
    def singletons(self) -> int:
        """Buckets with a single place."""
        return sum(count == 1 for count in self.counts.values())


@dataclass(frozen=True)
class BucketReport:
    """A plan and the baseline, and what happened to single pictures.

    Attributes:
        baseline: kohya's default grid and centre crop.
        planned: the plan.
        batch_size: that the counts of the plan are multiples of.
        gap: proven optimality gap of the plan, relative to its loss, 0..1.
        moved, repeated, left_out: a line for each picture, with its name and the reason.
        heads_cut: a line for each picture whose crop cuts off the head of somebody whom the picture is about.
        caption_checks: a line for each picture whose caption may mention a subject that the crop leaves out.
        duplicates: a line for each picture that is there twice, used or not.
        recropped: a line for each size that the trainer would crop again.
        trainer_settings: what the trainer must be told so that it crops no other size.
        corrected: pictures that a person corrected after the plan was made, which then proves nothing more.
    """

    baseline: GridStatistics
    planned: GridStatistics
    batch_size: int
    gap: float
    moved: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    heads_cut: list[str] = field(default_factory=list)
    caption_checks: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    recropped: list[str] = field(default_factory=list)
    trainer_settings: list[str] = field(default_factory=list)
    corrected: int = 0

    @property
    def sizes(self) -> list[Size]:
        """Every bucket that the plan or the baseline uses, from the narrowest to the widest."""
        return sort_sizes([*self.planned.counts, *self.baseline.counts])

    def __str__(self) -> str:
        return self.format_text()

    def format_text(self) -> str:
        """The report as lines for a terminal or a text node, without a line feed at the end."""
        return "\n".join([self._headline(), *self._figures(), "", *self._counts(), *self._lines()])

    def _headline(self) -> str:
        proof = "no plan loses less" if self.gap <= EXACT_GAP else f"no plan loses more than {self.gap:.2%} less"
        if self.corrected:
            proof = f"{self.corrected} corrected by hand"
        return f"{sum(self.planned.counts.values())} pictures in {len(self.planned.counts)} buckets; {proof}"

    def _figures(self) -> list[str]:
        planned, baseline = self.planned, self.baseline
        rows: list[tuple[object, object, object]] = [
            ("", "planned", "kohya default"),
            ("buckets", len(planned.counts), len(baseline.counts)),
            ("with one picture", planned.singletons, baseline.singletons),
        ]
        if self.batch_size > 1:
            name = f"places empty in batches of {self.batch_size}"
            rows.append((name, planned.empty_slots, baseline.empty_slots))
        rows += [
            ("heat lost, mean", f"{planned.heat_lost:.1%}", f"{baseline.heat_lost:.1%}"),
            ("area lost, mean", f"{planned.area_lost:.1%}", f"{baseline.area_lost:.1%}"),
            ("enlarged", planned.upscaled, baseline.upscaled),
            ("with a head cut off", planned.heads_cut, baseline.heads_cut),
            ("moved", len(self.moved), ""),
            ("repeated", len(self.repeated), ""),
            ("left out", len(self.left_out), ""),
        ]
        return [_format_row(*row) for row in rows]

    def _counts(self) -> list[str]:
        planned, baseline = self.planned.counts, self.baseline.counts
        rows = [(format_size(size), planned.get(size, ""), baseline.get(size, "")) for size in self.sizes]
        return [_format_row(*row) for row in [("bucket", "planned", "kohya default"), *rows]]

    def _lines(self) -> list[str]:
        titled = {
            "moved": self.moved,
            "repeated": self.repeated,
            "left out": self.left_out,
            "head cut off": self.heads_cut,
            "duplicate": self.duplicates,
            "check the caption": self.caption_checks,
            "the trainer would crop": self.recropped,
            "tell the trainer": self.trainer_settings,
        }
        # A name may hold ends of lines, and would forge others.
        return [escape(f"{title}: {line}") for title, lines in titled.items() for line in lines]


def build_report(
    plan: BucketPlan,
    buckets: Sequence[Size],
    names: Sequence[str],
    placements: Sequence[Placement | None],
    baseline: Sequence[Placement],
) -> BucketReport:
    """The report of a plan of N pictures.

    Args:
        buckets: the sizes that the plan chose from.
        names: of the pictures, as the report calls them.
        placements: where each picture is, None for those left out.
        baseline: where each would be by kohya's defaults.

    Raises:
        ValueError: when `names`, `placements` or `baseline` have another length than the plan; the message says which.
    """
    pictures = len(plan.assignment)
    for name, values in (("names", names), ("placements", placements), ("baseline", baseline)):
        if len(values) != pictures:
            raise ValueError(f"{name} must have one entry a picture, got {len(values)} for {pictures} pictures")
    batch_size = plan.policy.batch_size
    times = [1 + int(more) for each, more in zip(placements, plan.repeats, strict=True) if each is not None]
    return BucketReport(
        baseline=GridStatistics.of(baseline, batch_size),
        planned=GridStatistics.of([each for each in placements if each is not None], batch_size, times),
        batch_size=batch_size,
        gap=plan.gap,
        moved=_describe_moved(plan, buckets, names),
        repeated=_describe_repeated(plan, buckets, names),
        left_out=[f"{names[index]}: {describe_left_out(reason)}" for index, reason in plan.left_out.items()],
    )


def describe_left_out(reason: str) -> str:
    """The words for `BEHEADED`, or a reason of `BucketPlan.left_out`."""
    return _REASONS[reason]


def _describe_moved(plan: BucketPlan, buckets: Sequence[Size], names: Sequence[str]) -> list[str]:
    counts = plan.counts()
    lines = []
    for index in plan.moved:
        given, preferred = int(plan.assignment[index]), int(plan.preferred[index])
        lines.append(
            f"{names[index]}: to {format_size(buckets[given])}, now {counts[given]} pictures,"
            f" rather than {format_size(buckets[preferred])}, now {counts[preferred]}"
        )
    return lines


def _describe_repeated(plan: BucketPlan, buckets: Sequence[Size], names: Sequence[str]) -> list[str]:
    return [
        f"{names[index]}: used {1 + int(plan.repeats[index])} times,"
        f" so that {format_size(buckets[plan.assignment[index]])} fills batches of {plan.policy.batch_size}"
        for index in plan.repeats.nonzero()[0].tolist()
    ]


def _format_row(name: object, planned: object, baseline: object) -> str:
    return f"{name!s:<32}{planned!s:>10}{baseline!s:>16}".rstrip()
