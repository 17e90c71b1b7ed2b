"""The bucket widgets that Bucket Sort and Crop Folder share, and the settings that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comfy_api.latest import io

from ..bucketing.grids import parse_grid
from ..bucketing.report import BucketReport
from ..bucketing.sizes import format_size
from ..bucketing.solver.policy import REMAINDERS
from ..jobs.settings import BucketSettings
from .panel import Bar
from .sockets import Size

BUCKETS_TOOLTIP = (
    "auto:3 chooses up to three sizes that lose least; sdxl, kohya:1024, novelai, onetrainer, square:1024 and"
    " quantile:3 are grids of that name; or write sizes yourself: 832x1216,1024x1024. auto:3:sdxl chooses from a grid."
)


def bucket_inputs(default: str, more: str = "") -> list:
    """The widgets; `default` is the text in `buckets`, and `more` is added to its tooltip."""
    return [
        io.String.Input("buckets", default=default, tooltip=BUCKETS_TOOLTIP + more),
        io.Int.Input(
            "resolution",
            default=1024,
            min=64,
            max=8192,
            step=64,
            tooltip="Side of the square whose pixels a bucket may have, for grids that don't say it themselves.",
        ),
        io.Int.Input(
            "batch_size",
            default=1,
            min=1,
            max=1024,
            tooltip="Makes every bucket's count a multiple, so that no batch is left ragged.",
        ),
        io.Combo.Input(
            "remainder",
            options=list(REMAINDERS),
            default="keep",
            tooltip="Where the batch size does not divide the number of pictures: keep them as one smaller batch,"
            " repeat a few, or drop a few. The report names them.",
        ),
        io.Int.Input(
            "smallest",
            default=2,
            min=1,
            max=100_000,
            advanced=True,
            tooltip="No bucket is used for fewer pictures than this.",
        ),
        io.Float.Input(
            "most_enlarged",
            default=0.0,
            min=0.0,
            max=16.0,
            step=0.1,
            advanced=True,
            tooltip="A picture never goes where it would have to be enlarged more than so many times; 0: no limit.",
        ),
    ]


def step_input() -> Any:
    """The widget for `DatasetFormat.step`."""
    return io.Int.Input(
        "step",
        default=0,
        min=0,
        max=1024,
        optional=True,
        advanced=True,
        tooltip="What the trainer rounds sides to for the model that is trained: OneTrainer 8 for SD 1.5 and 2, 16"
        " PixArt, 32 Sana, 128 Würstchen, else 64; ai-toolkit and ComfyUI 8, 16 or 32. 0: its usual one.",
    )


def bucket_settings(
    buckets: str,
    resolution: int,
    batch_size: int,
    remainder: str,
    smallest: int,
    most_enlarged: float,
    sizes: Sequence[Size],
    duplicates: str = "use",
) -> BucketSettings:
    """The settings that the values of the widgets stand for.

    Raises:
        ValueError: naming the widget, when the buckets cannot be read.
    """
    try:
        grid = parse_grid(buckets, resolution, sizes)
    except ValueError as error:
        raise ValueError(f"buckets: {error}") from None
    return BucketSettings(
        grid,
        grid.resolution or resolution,
        batch_size,
        smallest,
        remainder,
        most_enlarged or None,
        duplicates=duplicates,
    )


def bucket_bars(report: BucketReport) -> list[Bar]:
    """A bar for each bucket, with kohya's defaults beside it."""
    planned, baseline = report.planned.counts, report.baseline.counts
    return [Bar(format_size(size), planned.get(size, 0), baseline.get(size, 0)) for size in report.sizes]
