"""`salient-crop review`: the crops of a manifest looked at and corrected in a browser."""

from __future__ import annotations

import argparse
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..models.runtime.choice import AUTO, FLOAT32
from .options import (
    add_cropper,
    add_device,
    add_memory,
    add_workers,
    find_manifest,
    open_cropper,
    open_device,
    parse_port,
)
from .preview_shards import is_of_shards
from .progress import Reporter
from .status import DONE, UsageError

if TYPE_CHECKING:
    from ..jobs.run import FolderRun
    from ..jobs.settings import CropSettings
    from ..models.base import Cropper


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Opens a page that only this machine can reach, with all crops of a run, the doubtful ones first."
        " Approve them, drag them, leave pictures out; on saving, only the crops that were changed are written again,"
        " and every later run into the folder honours it. Ctrl-C ends it; what is not saved yet waits beside the"
        " manifest."
    )
    parser.set_defaults(run=run)
    parser.add_argument("manifest", metavar="MANIFEST|CROPS", type=Path, help="of a run, or its folder of crops")
    parser.add_argument("--port", metavar="N", type=parse_port, default=0, help="of the page (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address, and open no browser")
    parser.add_argument("--source", metavar="FOLDER", type=Path, help="where the pictures are, if they were moved")
    parser.add_argument(
        "--out", metavar="OUT", type=Path, help="where the crops are, if not in the folder of the manifest"
    )
    parser.add_argument(
        "--follow-links", action="store_true", help="also read what links lead to outside the folder, as the run did"
    )
    add_cropper(parser, "the run's own, where its file was moved")
    add_workers(parser)
    add_memory(parser)
    add_device(parser)


def run(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..jobs.executors.batches import Analyser
    from ..review.server import ReviewServer
    from ..review.session import ReviewSession

    reviewed, cropper, device = reopen(chosen)
    with Analyser(cropper, device) as analyser, reviewed.reader:
        try:
            session = ReviewSession(reviewed, analyser)
        except (OSError, ValueError) as error:
            raise UsageError(str(error)) from error
        try:
            server = ReviewServer(session, chosen.port)
        except OSError as error:
            raise UsageError(f"--port {chosen.port}: {error.strerror or error}") from error
        with server:
            reporter.result(f"{len(session.items)} crops on {server.address}")
            reporter.note("only this machine can open this address; Ctrl-C ends it")
            if not chosen.no_browser:
                webbrowser.open(server.address)
            with suppress(KeyboardInterrupt):
                server.serve_forever(poll_interval=0.2)
        if waiting := session.close():
            reporter.note(f"{waiting} decisions are not saved; the same command goes on with them")
    return DONE


def reopen(chosen: argparse.Namespace) -> tuple[FolderRun, Cropper, str]:
    """The run of the manifest, its cropper and device.

    Raises:
        UsageError: when it cannot be reviewed.
    """
    from ..jobs.defaults import default_workers
    from ..jobs.reopen import reopen_run
    from ..jobs.run import RunError
    from ..jobs.run_record import noted_cropper

    if is_of_shards(chosen.manifest):
        raise UsageError(
            f"{chosen.manifest}: crops in shards are not corrected one by one; `salient-crop preview` shows them, and"
            " pictures whose crops you want to correct are cropped from a folder (tar -xf)"
        )
    chosen.manifest = find_manifest(chosen.manifest)
    device = open_device(chosen.device)
    try:
        workers = chosen.workers or default_workers(device)
        reviewed = reopen_run(chosen.manifest, chosen.source, chosen.out, chosen.follow_links, workers, chosen.memory)
    except OSError as error:
        raise UsageError(f"{chosen.manifest}: {error.strerror or error}") from error
    except (RunError, ValueError) as error:
        raise UsageError(str(error)) from error
    runtime = _choose_runtime(chosen, reviewed.settings, device)
    cropper = open_cropper(chosen.cropper or noted_cropper(chosen.manifest), device, *runtime)
    if (cropper.name, cropper.digest) != (reviewed.settings.cropper, reviewed.settings.weights):
        raise UsageError(
            f"{chosen.manifest}: its crops were made with other weights than those of this {cropper.name};"
            " name them with --cropper FILE, or run the same crop command again first"
        )
    return reviewed, cropper, device


def _choose_runtime(chosen: argparse.Namespace, settings: CropSettings, device: str) -> tuple[str, str]:
    """The runtime and the precision that are asked for, or else those of the run."""
    from ..jobs.reopen import noted_runtime

    noted = noted_runtime(settings, device)
    if noted is None or (chosen.runtime, chosen.precision) != (AUTO, FLOAT32):
        return chosen.runtime, chosen.precision
    return noted.name, noted.precision
