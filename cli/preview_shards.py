"""`salient-crop preview` over shards of crops."""

from __future__ import annotations

import argparse
from pathlib import Path

from .options import flag_of
from .progress import Reporter
from .sheets import refuse_sheet, write_sheet
from .status import DONE, SOME_FAILED, UsageError

# What is about heat, and links in folders.
_OF_MANIFESTS = {"follow_links": False, "cropper": None}


def is_of_shards(word: str | Path) -> bool:
    """Whether a word names shards of crops, or the place of a run over shards."""
    from ..jobs.shard_sheet import is_shard_output

    try:
        return is_shard_output(word)
    except OSError as error:
        raise UsageError(f"{word}: {error.strerror or error}") from error


def run(chosen: argparse.Namespace, reporter: Reporter, count: int) -> int:
    from ..datasets.manifest import OK
    from ..jobs.contact_sheet import draw_sheet
    from ..jobs.preview import choose_records
    from ..jobs.shard_sheet import collect_shard_tiles, find_written, list_rows, row_assurance

    idle = next((name for name, usual in _OF_MANIFESTS.items() if getattr(chosen, name) != usual), None)
    if idle is not None:
        raise UsageError(f"{flag_of(idle)} is for a manifest, not for shards")
    refuse_sheet(chosen.out, "--out")
    try:
        shards = find_written(chosen.manifest)
        rows = list_rows(shards, lambda place, name: reporter.progress(place, len(shards.names), name, "shard"))
        shown, total = choose_records(rows, row_assurance, chosen.doubtful, chosen.count or count, chosen.seed)
    except OSError as error:
        raise UsageError(f"{error.filename or chosen.manifest}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not shown:
        raise UsageError(f"{chosen.manifest} holds no crops")
    source = None if chosen.source is None else str(chosen.source)
    tiles = collect_shard_tiles(
        shown, shards, lambda place, name: reporter.progress(place, len(shown), name, "crop"), source
    )
    write_sheet(chosen.out, "--out", draw_sheet(tiles))
    reporter.result(f"{len(shown)} of {total} crops in {chosen.out}")
    return DONE if all(each.status == OK for each in shown) else SOME_FAILED
