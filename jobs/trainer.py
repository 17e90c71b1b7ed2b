"""What a trainer makes of a plan: sizes that it would crop again, and what it must be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..bucketing.report import BucketReport
from ..bucketing.sizes import format_size
from ..cropping.checks import Size
from ..datasets.formats import DatasetFormat


def complete_report(report: BucketReport, dataset: DatasetFormat, resolution: int) -> BucketReport:
    """The report with what concerns the trainer that the data set is for."""
    sizes = list(report.planned.counts)
    return replace(
        report,
        recropped=list_recropped(dataset, sizes, resolution),
        trainer_settings=dataset.trainer_settings(sizes, resolution) if sizes else [],
    )


def list_recropped(dataset: DatasetFormat, sizes: Iterable[Size], resolution: int) -> list[str]:
    """A line for each size that the trainer would crop again."""
    steps = f" in steps of {dataset.rule_step}" if dataset.usual_step else ""
    return [
        f"{format_size(size)} to {format_size(to)}, at {resolution}{steps}"
        for size, to in dataset.recropped_sizes(sizes, resolution).items()
    ]
