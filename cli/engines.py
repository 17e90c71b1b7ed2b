"""The flags that say what works on pictures and shards: threads, processes, or workers on a Ray cluster."""

from __future__ import annotations

import argparse

from ..jobs.defaults import AUTO, ENGINES, MANY_PICTURES, RAY
from .options import flag_of, name_flag, parse_factor
from .status import UsageError


def add_engine(parser: argparse.ArgumentParser, work: str, limits: str = "") -> None:
    """Adds the flags.

    Args:
        parser: of the command.
        work: what is worked on, in words.
        limits: what only threads can do, in words.
    """
    group = parser.add_argument_group(
        "several processes or machines",
        f"With --engine ray, all nodes must see the folders of the pictures and of what is written, under the same"
        f" paths.{limits and ' '}{limits}",
    )
    group.add_argument(
        "--engine",
        choices=ENGINES,
        default=AUTO,
        help=f"what works on {work}: threads of this process, processes of this machine, which together search faster,"
        " or workers on a Ray cluster (pip install 'salient-crop[ray]'), one for every core or GPU, or --workers N."
        f" Default: auto, which is processes for {MANY_PICTURES} pictures or more on a CPU, else threads",
    )
    group.add_argument("--address", metavar="ADDRESS", help="of the cluster; auto: the one here (default: a new one)")
    group.add_argument(
        "--gpus-per-worker",
        metavar="X",
        type=parse_factor,
        help="with --engine ray, GPUs for each worker, such as 1 or 0.5 (default: none)",
    )


def worker_device(chosen: argparse.Namespace) -> tuple[str, str]:
    """The device that pictures are analysed on, and that of this process; the same without Ray.

    Raises:
        UsageError: when it is not there, or flags of engines do not go together.
    """
    from ..jobs.engine_choice import find_worker_device

    if chosen.engine != RAY:
        idle = next((name for name in ("address", "gpus_per_worker") if getattr(chosen, name) is not None), None)
        if idle is not None:
            raise UsageError(f"{flag_of(idle)} does nothing without --engine {RAY}")
    try:
        return find_worker_device(chosen.device, chosen.engine, chosen.gpus_per_worker)
    except ValueError as error:
        raise UsageError(name_flag(str(error), chosen)) from error
