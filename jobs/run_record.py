"""What is noted beside a manifest: where its pictures are, and the settings that its crops were made with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..datasets.atomic import write_atomic
from ..datasets.json_values import parse_json
from ..datasets.open_folder import open_folder
from .journal import read_identity
from .run import FolderRun
from .settings import describe_differences

_LONGEST_PATH = 4096  # characters of what somebody may have written into a record
NAMED = 6  # of the settings that differ

PART, MEASURED = ".part", ".measured"
"""Endings of the journals: finished pictures, and pictures measured in every bucket."""


def run_identity(run: FolderRun) -> dict[str, Any]:
    """What decides whether crops of an earlier run are still right, as JSON values: the folder and the settings.

    The folder is relative to the manifest, so that both can move together.
    """
    return {"folder": _relative_to(run.manifest, run.folder), "settings": run.settings.identity()}


def measuring_identity(run: FolderRun) -> dict[str, Any]:
    """The same for what was measured in every bucket. Where that is kept, a run that writes crops takes over what one
    that only looked has measured."""
    identity = run_identity(run)
    written = {} if run.measurements is None else dict.fromkeys(("dry_run", "save_heatmaps"), False)
    return {**identity, "settings": {**identity["settings"], **written}}


def write_run_record(
    run: FolderRun,
    states: Mapping[str, str] = MappingProxyType({}),
    corrections: Sequence[Mapping[str, Any]] = (),
    report: Mapping[str, Any] | None = None,
) -> None:
    """Notes the run's identity beside its manifest, and the cropper as `load_cropper` finds it, for previews.

    Args:
        run: that is finished.
        states: of each picture when it was done, see `state_of`.
        corrections: all that are known, see `format_corrections`.
        report: of a bucket run, see `note_report`.
    """
    settings = run.settings
    cropper = settings.checkpoint or settings.cropper
    record: dict[str, Any] = {
        **run_identity(run),
        "cropper": cropper,
        "sources": dict(states),
        "corrections": list(corrections),
    }
    if report is not None:
        record["report"] = report
    write_atomic(record_file(run.manifest), json.dumps(record, indent=2, sort_keys=True).encode() + b"\n")


def read_run_record(manifest: Path) -> dict[str, Any]:
    """What is noted beside a manifest; empty where nothing can be read."""
    return _read_record(record_file(manifest))


def is_run_record(path: Path) -> bool:
    """Whether a file is what a run notes beside its manifest."""
    record = _read_record(path)
    return isinstance(record.get("folder"), str) and "cropper" in record


def read_states(manifest: Path) -> dict[str, str]:
    """The state in which the last finished run found each of its pictures; empty where it noted none."""
    states = read_run_record(manifest).get("sources")
    return states if isinstance(states, dict) else {}


def record_file(manifest: Path) -> Path:
    """Where the record of a manifest's run lies: `manifest.run.json` beside `manifest.jsonl`."""
    return manifest.with_name(manifest.stem + ".run.json")


def journal_file(manifest: Path, suffix: str = PART) -> Path:
    """Where a journal of a run that is not finished lies, beside its manifest."""
    return manifest.with_name(manifest.name + suffix)


def measured_file(run: FolderRun) -> Path:
    """Where the journal of the pictures that a run has measured in every bucket lies."""
    return run.measurements or journal_file(run.manifest, MEASURED)


def report_files(manifest: Path) -> tuple[Path, Path]:
    """Where the report of a bucket run lies, beside its manifest: as text, and as a page with its chart."""
    return manifest.with_name(manifest.stem + ".buckets.txt"), manifest.with_name(manifest.stem + ".buckets.html")


def source_folder(manifest: Path) -> Path | None:
    """The folder that a manifest's pictures are relative to, as its run noted it."""
    folder = read_run_record(manifest).get("folder")
    return manifest.parent.resolve() / folder if isinstance(folder, str) else None


def noted_cropper(manifest: Path) -> str | None:
    """The cropper of a manifest's run, as `load_cropper` finds it; None where none is noted."""
    cropper = read_run_record(manifest).get("cropper")
    return cropper if isinstance(cropper, str) and len(cropper) <= _LONGEST_PATH else None


def is_unchanged(run: FolderRun) -> bool:
    """Whether the last finished run with this manifest had the same identity."""
    record = read_run_record(run.manifest)
    return {name: record.get(name) for name in ("folder", "settings")} == _as_json(run_identity(run))


def describe_change(run: FolderRun) -> list[str]:
    """One sentence about the settings that differ from the last run with this manifest; nothing where none does.

    Call it before the journals of the run are opened: a run that was stopped left its identity in them only.
    """
    journals = (journal_file(run.manifest), journal_file(run.manifest, MEASURED))
    records = [read_run_record(run.manifest), *map(read_identity, journals)]
    before = next((each for each in records if each), None)
    if before is None:
        return []
    now = _as_json(run_identity(run))
    if not isinstance(before.get("settings"), Mapping):
        return ["the last run noted its settings in an older form; all pictures are done again"]
    changes = describe_differences(_flat(before), _flat(now))
    if not changes:
        return []
    named = ", ".join(changes[:NAMED]) + (f" and {len(changes) - NAMED} more" if len(changes) > NAMED else "")
    return [f"settings differ from the last run ({named}); all pictures are done again"]


def _read_record(path: Path) -> dict[str, Any]:
    """The record in a file; empty where it cannot be read or is none."""
    try:
        with open_folder(path.parent) as folder, folder.read(path.name) as file:
            record = parse_json(file.read())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _relative_to(manifest: Path, folder: Path) -> str:
    """A folder as the record of a manifest's run names it."""
    try:
        return Path(os.path.relpath(folder.resolve(), manifest.parent.resolve())).as_posix()
    except ValueError:  # another drive
        return folder.resolve().as_posix()


def _flat(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {"folder": identity.get("folder"), **identity["settings"]}


def _as_json(identity: Mapping[str, Any]) -> dict[str, Any]:
    """As it reads back from a file."""
    return json.loads(json.dumps(identity))
