"""`salient-crop layouts`: one photograph under many layouts, drawn on a sheet."""

from __future__ import annotations

import argparse
from pathlib import Path

from .options import (
    add_cropper,
    add_device,
    add_layout_frame,
    add_ratios,
    open_cropper,
    open_device,
    parse_regions,
    parse_share,
)
from .progress import Reporter
from .sheets import refuse_sheet, write_sheet
from .status import DONE, UsageError

RATIOS = "2:3,16:9"
AS_IN_CROP = "see `salient-crop crop`"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Draws one photograph under all layouts, or under those that are named, with the crop and the"
        " regions kept free."
    )
    parser.set_defaults(run=run)
    parser.add_argument("photo", metavar="PHOTO", type=Path, help="never changed")
    parser.add_argument("--out", metavar="SHEET", type=Path, required=True, help="the sheet: .png, .jpg or .webp")
    add_ratios(parser, RATIOS)
    parser.add_argument("--min-area", metavar="SHARE", type=parse_share, default=0.6, help=AS_IN_CROP)
    parser.add_argument(
        "--layout",
        metavar="WHERE",
        type=_parse_layout,
        action="append",
        help="one to draw, as in `salient-crop crop`; once more for another one (default: all that have a name)",
    )
    add_layout_frame(parser, AS_IN_CROP)
    parser.add_argument("--layout-hard", action="store_true", help=AS_IN_CROP)
    parser.add_argument("--policy", choices=("shrink", "pad"), default="shrink", help=AS_IN_CROP)
    add_cropper(parser)
    add_device(parser)


def run(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..datasets.find import is_same
    from ..images.errors import PictureError
    from ..images.machine import memory_limit
    from ..images.reader import PictureReader
    from ..jobs.executors.batches import Analyser
    from ..jobs.text_region_study import LAYOUTS, study_text_regions

    if is_same(chosen.out, chosen.photo):
        raise UsageError(f"--out {chosen.out}: the photograph itself, so it is not overwritten")
    refuse_sheet(chosen.out, "--out")
    device = open_device(chosen.device)
    cropper = open_cropper(chosen.cropper, device, chosen.runtime, chosen.precision)
    try:
        with PictureReader(memory_limit()).open(chosen.photo) as picture:
            sheet = study_text_regions(
                picture,
                chosen.ratios,
                chosen.layout_frame or "source",
                chosen.layout_hard,
                chosen.min_area,
                Analyser(cropper, device),
                dict(chosen.layout) if chosen.layout else LAYOUTS,
                chosen.policy,
            )
    except (PictureError, ValueError) as error:
        raise UsageError(str(error)) from error
    write_sheet(chosen.out, "--out", sheet)
    reporter.result(f"{len(chosen.ratios)} ratios under {'each' if chosen.layout else 'every'} layout in {chosen.out}")
    return DONE


def _parse_layout(text: str) -> tuple[str, list[tuple[float, float, float, float]]]:
    return text.strip(), parse_regions(text)
