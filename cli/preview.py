"""`salient-crop preview`: the contact sheet of a manifest."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from . import preview_shards
from .options import (
    add_cropper,
    add_device,
    add_workers,
    find_manifest,
    open_cropper,
    open_device,
    parse_out,
    parse_positive,
    parse_seed,
)
from .progress import Reporter
from .sheets import refuse_sheet, write_sheet
from .status import DONE, SOME_FAILED, UsageError

COUNT = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Draws every picture with its heat and boxes, and its crops beside it. Of shards, draws the crops, each beside"
        " its place in its picture."
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "manifest",
        metavar="MANIFEST|CROPS|SHARDS",
        type=parse_out,
        help="of a run; or the folder or address of the crops of a run over shards, or some of these, such as"
        " 'crops/{00000..00009}.tar'",
    )
    parser.add_argument("--out", metavar="SHEET", type=Path, required=True, help="the sheet: .png, .jpg or .webp")
    parser.add_argument(
        "--source",
        metavar="FOLDER",
        type=parse_out,
        help="where the pictures are, if they were moved; of crops in shards, folder or address of the shards that they"
        " were cut from: without it, the sheet shows only the places of the crops",
    )
    parser.add_argument("--follow-links", action="store_true", help="also show what links lead to outside the folder")
    add_cropper(parser, "whose heat to show (default: the manifest's own)")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--count",
        metavar="N",
        type=parse_positive,
        help=f"show at most so many pictures, evenly spread (default {COUNT}); of shards, crops",
    )
    shown.add_argument(
        "--doubtful",
        metavar="N",
        type=parse_positive,
        help="show the N pictures whose crops are least sure, those with a cut head first",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=parse_seed,
        help="choose those that are shown at random, by this number",
    )
    add_workers(parser)
    add_device(parser)


def run(chosen: argparse.Namespace, reporter: Reporter) -> int:
    if chosen.seed is not None and chosen.doubtful:
        raise UsageError("--seed does nothing with --doubtful, which leaves no choice")
    if preview_shards.is_of_shards(chosen.manifest):
        return preview_shards.run(chosen, reporter, COUNT)
    chosen.manifest = find_manifest(chosen.manifest)
    return _draw_manifest(chosen, reporter)


def _draw_manifest(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..datasets.manifest import OK
    from ..images.machine import available_cores
    from ..jobs.contact_sheet import draw_sheet
    from ..jobs.executors.batches import Analyser
    from ..jobs.preview import assurance_of, choose_records, collect_tiles, list_records
    from ..jobs.progress import Step
    from ..jobs.reopen import noted_ground, noted_guides
    from ..jobs.run_record import noted_cropper, source_folder

    try:
        every = list_records(chosen.manifest)
        records, total = choose_records(every, assurance_of, chosen.doubtful, chosen.count or COUNT, chosen.seed)
    except OSError as error:
        raise UsageError(f"{chosen.manifest}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(str(error)) from error
    folder = chosen.source or source_folder(chosen.manifest)
    if folder is None or not os.path.isdir(folder):
        raise UsageError(f"the pictures of {chosen.manifest} are not where they were; --source FOLDER says where")
    if not records:
        raise UsageError(f"{chosen.manifest} lists no pictures")
    refuse_sheet_over_picture(chosen.out, folder, chosen.manifest)
    refuse_sheet(chosen.out, "--out")
    device = open_device(chosen.device)
    cropper = open_cropper(chosen.cropper or noted_cropper(chosen.manifest), device, chosen.runtime, chosen.precision)
    workers = chosen.workers or available_cores()

    def progress(step: Step) -> None:
        reporter.progress(step.done, step.total, step.record.source)

    with Analyser(cropper, device) as analyser:
        guides = noted_guides(chosen.manifest, folder, chosen.follow_links)
        ground = noted_ground(chosen.manifest)
        tiles = collect_tiles(records, folder, analyser, workers, progress, chosen.follow_links, guides, ground)
    write_sheet(chosen.out, "--out", draw_sheet(tiles))
    reporter.result(f"{len(records)} of {total} pictures in {chosen.out}")
    return DONE if all(record.status == OK for record in records) else SOME_FAILED


def refuse_sheet_over_picture(sheet: Path, folder: Path, manifest: Path) -> None:
    """Refuses to draw the sheet over a picture that the manifest lists, or over a crop beside it.

    Raises:
        UsageError: when it would be.
    """
    from ..datasets.find import is_same
    from ..jobs.preview import list_records

    if not sheet.exists():
        return
    for record in list_records(manifest):
        crops = (manifest.parent / crop.file for crop in record.crops if crop.file is not None)
        if any(is_same(sheet, picture) for picture in (folder / record.source, *crops)):
            raise UsageError(f"--out {sheet}: one of the pictures themselves, so it is not overwritten")
