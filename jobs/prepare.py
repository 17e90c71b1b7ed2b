"""From what a user asks for to a run: the one place where the command and Python make their settings."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from ..bucketing.solver.policy import MAX_COUNT
from ..cropping.canvas import AUTO, CROP
from ..cropping.checks import check_count
from ..cropping.constraint import Constraint
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.sequence import EACH, with_even_sides
from ..images.budget import check_memory
from ..images.colour import RGB
from ..images.fill import Fill
from ..models.base import Cropper
from .bucket_options import BucketOptions
from .defaults import BACKGROUND, default_workers
from .face_settings import FaceSettings
from .guides import NO_GUIDES, ROLES, Guides
from .on_cut import KEEP
from .per_subject import PerSubject
from .run import FolderRun, read_sizes
from .settings import CropSettings
from .sources import resolve_sources
from .words import WordSettings

NO_BUCKETS = BucketOptions()


def prepare_run(
    pictures: Sequence[str | PathLike[str]],
    out: Path | None,
    cropper: Cropper,
    constraint: Constraint,
    *,
    checkpoint: str | None = None,
    device: str = "cpu",
    objective: Objective = DEFAULT_OBJECTIVE,
    each: bool = False,
    per_subject: PerSubject | None = None,
    on_cut: str = KEEP,
    frames: str = EACH,
    resolution: int | None = None,
    enlarge: bool = True,
    format: str = "jpg",
    quality: int | None = None,
    name: str | None = None,
    background: RGB | None = BACKGROUND,
    fit: str = CROP,
    fit_side: str = AUTO,
    fill: Fill = None,
    buckets: BucketOptions = NO_BUCKETS,
    masks: Path | None = None,
    caption_framing: bool = False,
    guides: Guides = NO_GUIDES,
    save_heatmaps: bool = False,
    words: WordSettings | None = None,
    follow_links: bool = False,
    dry_run: bool = False,
    faces: FaceSettings | None = None,
    manifest: Path | None = None,
    workers: int | None = None,
    memory: int | None = None,
) -> FolderRun:
    """The run over the pictures that were named.

    Args:
        pictures: see `resolve_sources`. What lies in `out`, `masks` or `guides` matches no pattern.
        out: where the crops go; None only in a dry run with a manifest.
        cropper: with its weights on `device`.
        resolution: with buckets, the pixel budget; see `BucketOptions.settings`.
        manifest: None for `manifest.jsonl` in `out`.
        workers: None for the number that suits the device.
        memory: see `FolderRun`.

    The other arguments are fields of `CropSettings`.

    Raises:
        ValueError: when something cannot be used; the message names the argument.
        OSError: when the pictures of a grid that is made from them cannot be listed.
    """
    if manifest is None:
        if out is None:
            raise ValueError("out: name a folder for the crops; only a dry run with a manifest can do without")
        manifest = out / "manifest.jsonl"
    if workers is not None:
        check_count("workers", workers, MAX_COUNT)
    if memory is not None:
        check_memory(memory)
    if masks is not None and not masks.is_dir():
        raise ValueError(f"masks: {masks} is not a folder")
    named = [role for role in ROLES if guides.path(role) is not None]
    guides.refuse_idle(named, by_word=words is not None)
    for role in ROLES:
        path = guides.path(role)
        if path is not None and not path.exists():
            raise ValueError(f"{role}: {path} is neither a folder nor a file")
    exclude = [folder for folder in (out, masks, *guides.paths) if folder is not None]
    sources = resolve_sources(pictures, exclude)
    bucket_settings = buckets.settings(
        resolution, enlarge, lambda: read_sizes(sources.folder, exclude, follow_links, sources.names)
    )
    settings = CropSettings.for_cropper(
        cropper,
        constraint if frames == EACH else with_even_sides(constraint),
        device=device,
        checkpoint=checkpoint,
        objective=objective,
        each=each,
        per_subject=per_subject,
        on_cut=on_cut,
        frames=frames,
        resolution=resolution if bucket_settings is None else None,
        enlarge=enlarge,
        format=format,
        quality=quality,
        name=name,
        background=background,
        fit=fit,
        fit_side=fit_side,
        fill=fill,
        masks=masks,
        caption_framing=caption_framing,
        guides=guides,
        save_heatmaps=save_heatmaps,
        words=words,
        follow_links=follow_links,
        dry_run=dry_run,
        buckets=bucket_settings,
        dataset=buckets.dataset_format(bucket_settings),
        faces=faces,
    )
    return FolderRun(
        sources.folder,
        out,
        manifest,
        settings,
        default_workers(device) if workers is None else workers,
        sources.names,
        memory,
    )
