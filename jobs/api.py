"""Whole folders from Python: what `salient-crop crop` does, in one call, with its flags as keywords."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

from ..cropping.canvas import AUTO, CROP
from ..cropping.checks import Size, check_kind, show
from ..cropping.constraint import Constraint
from ..cropping.margin import Margin
from ..cropping.model_sizes import Shape
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.sequence import EACH
from ..datasets.manifest import read_manifest
from ..images.budget import read_memory
from ..images.colour import RGB, parse_colour
from ..images.fill import parse_fill
from ..models.base import Cropper
from ..models.runtime.choice import AUTO as AUTO_RUNTIME
from ..models.runtime.choice import FLOAT32
from .bucket_options import BucketOptions
from .defaults import KEEP_MOST, RAY, THREADS
from .engine_choice import check_engine, engine_for, find_worker_device
from .executors.batches import Analyser
from .folder import crop_folder as crop_run
from .framing import resolve_asked
from .guides import Guides, parse_labels
from .on_cut import KEEP
from .per_subject import PerSubject
from .picture import open_cropper
from .picture_engine import open_picture_engine
from .prepare import prepare_run
from .progress import Progress, Step
from .run import Outcome, RunError
from .steer import STRENGTH
from .trainer import complete_report
from .words import make_word_settings, parse_words

if TYPE_CHECKING:
    from ..bucketing.report import BucketReport

Words: TypeAlias = "str | PathLike[str] | Sequence[str | PathLike[str]]"
"""One folder, one picture or pattern, or several pictures and patterns; see `resolve_sources`."""


def crop_folder(
    pictures: Words,
    out: str | PathLike[str] | None,
    ratios: str | Shape | Iterable[str | Shape] | None = None,
    *,
    cropper: str | PathLike[str] | Cropper = "focus",
    constraint: Constraint | None = None,
    objective: Objective = DEFAULT_OBJECTIVE,
    framing: str = KEEP_MOST,
    each: bool = False,
    per_subject: str | PerSubject | None = None,
    on_cut: str = KEEP,
    frames: str = EACH,
    resolution: int | None = None,
    enlarge: bool = True,
    format: str = "jpg",
    quality: int | None = None,
    name: str | None = None,
    background: str | RGB | None = "white",
    fit: str = CROP,
    fit_side: str = AUTO,
    fill: str | RGB | None = None,
    buckets: str | None = None,
    batch_size: int | None = None,
    smallest: int | None = None,
    remainder: str | None = None,
    most_enlarged: float | None = None,
    duplicates: str | None = None,
    dataset: str | None = None,
    concept: str | None = None,
    repeats: int | None = None,
    step: int | None = None,
    masks: str | PathLike[str] | None = None,
    caption_framing: bool = False,
    focus: str | PathLike[str] | None = None,
    avoid: str | PathLike[str] | None = None,
    keep: str | PathLike[str] | None = None,
    labels: str = "",
    margin: str = "",
    focus_strength: float = STRENGTH,
    save_heatmaps: bool = False,
    subject: str = "",
    subject_model: str | PathLike[str] | None = None,
    subject_threshold: float | None = None,
    subject_nothing: str | None = None,
    follow_links: bool = False,
    dry_run: bool = False,
    manifest: str | PathLike[str] | None = None,
    engine: str = THREADS,
    address: str | None = None,
    gpus_per_worker: float | None = None,
    workers: int | None = None,
    memory: int | str | None = None,
    device: str = "auto",
    runtime: str = AUTO_RUNTIME,
    precision: str = FLOAT32,
    progress: Progress | None = None,
) -> Outcome:
    """Crops pictures into a folder, and writes `manifest.jsonl` in it.

    Stopped at any point and called again, it goes on where it was. A picture that cannot be read fails alone, and the
    manifest says why.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     outcome = crop_folder("samples/c*.jpg", out, "1:1", cropper="centre", resolution=64)
    >>> outcome.crops, outcome.failed
    (2, 0)

    Args:
        pictures: one folder, with all below it; or one or several pictures and patterns such as `photos/**/*.jpg`.
        out: folder for the crops, in the same tree; None only with `dry_run` and `manifest`.
        ratios: one or several, of which each picture gets the best-scoring one. The name of a model such as `sdxl`
            stands for its size nearest to the picture, in exact pixels. None takes those of the constraint, or 1:1, 2:3
            and 3:2 where there is none. Not with buckets, which have ratios of their own.
        cropper: the name of a bundled cropper, the path of a checkpoint, or one that is loaded.
        constraint: all else that every crop must obey. None: at least 0.6 of the largest box of its ratio; with
            buckets, all of it.
        objective: how crops that obey are compared.
        framing: `keep the most`: the larger the better; `as people crop`: as close as people go, where they would place
            the crop. The latter replaces the objective's models of size and composition, and leaves the size open where
            there is no constraint, or its `min_share` is left at its default.
        each: one crop for every ratio, instead of the best of them.
        per_subject: a crop of each `head`, `person`, `animal`, `object` or `prompt` of a picture, instead of one of the
            picture; a `PerSubject` says more. Pictures without any are left out.
        on_cut: where the best crop cuts off the head of somebody whom the picture is about: `keep` it with its warning,
            `drop` it (with buckets, the picture stays out of that bucket), or `pad` the canvas so that the head fits.
        frames: `still` or `follow` for folders of frames: each folder is a clip, in the natural order of its names, and
            is cropped by one box, or by a box of one size that follows what matters; sides are even.
        resolution: crops are resized to about resolution² pixels; with buckets, the pixel budget (1024 where None).
        enlarge: whether a crop with fewer pixels is enlarged. False with buckets means `most_enlarged=1`.
        format: `jpg`, `png` or `webp`.
        quality: of a jpg or webp, 1 to 100; None for 95 and 92.
        name: pattern of the crops' names with the fields {name}, {index}, {index:04}, {subject}, {ratio}, {width},
            {height} and {bucket}; None for the names of their pictures. Folders stay; `{index}` counts the pictures
            from 1.
        background: under transparent pixels and padding: a name, `#rrggbb` or (r, g, b); None keeps them transparent.
        fit: `whole`: the whole picture, extended to the ratio; `subject`: a crop as long as all subjects and regions to
            keep stay whole, else extended; `crop`: neither.
        fit_side: where canvas is added: `auto` (where the text is, or else where the subjects are not), `even`, `left`,
            `right`, `top` or `bottom`.
        fill: of canvas that is added: a colour, `edge`, `blur` or `mirror`; None for the background.
        buckets: a bucket grid such as `auto:3`, whose sizes the crops get; None: no buckets.
        batch_size, smallest, remainder, most_enlarged, duplicates: with buckets, see `BucketSettings`.
        dataset, concept, repeats, step: with buckets, the layout of `out` for a trainer, see `DatasetFormat`.
        masks: folder of masks of the same names, to be cropped along.
        caption_framing: put into each crop's caption how much of its main person it shows: `close-up`, `portrait`,
            `half figure`, `full figure` or `wide`.
        focus: folder of masks of the same names, or of boxes (JSON lines, COCO, LabelMe, YOLO), of what matters: heat
            is raised there, and boxes are subjects. Or one file of boxes for many pictures. See `AnnotationFolder`.
        avoid: the same, of what crops should leave out.
        keep: the same, of what every crop must hold.
        labels: only boxes with one of these labels count, such as `"necklace, shoe=0.5, avoid:logo"`: with a weight,
            and for one of the three alone.
        margin: around what must be kept: a share of its own size, `"10%"`, or pixels, `"24px"`.
        focus_strength: the share of all heat that the focus takes, 0..1.
        save_heatmaps: also write the heat that crops were searched on, into `out/heatmaps`.
        subject: what to look for, such as `"necklace, red shoe"`: what is found is focused on, and is a subject.
        subject_model: folder of the detector that looks for it, OWLv2 or Grounding DINO for `transformers`.
        subject_threshold: least confidence of what it finds, 0..1; None for what is usual for the model.
        subject_nothing: where nothing is found: `as without` (also None), `skip` the picture, or `error`.
        follow_links: also read what links lead to outside the folder.
        dry_run: write the manifest, and no pixels.
        manifest: None for `manifest.jsonl` in `out`.
        engine: `threads` of this process; `processes` of this machine, which together are faster; or workers on a
            `ray` cluster, whose nodes all see the pictures and `out` under the same path; see `docs/scale.md`. The
            latter two without clips, and without looking for words. `auto` is processes for many pictures on a CPU.
            Where they are not forked (on Windows, for one) processes import the script that started them, so a script
            that asks for them must start its work below `if __name__ == "__main__":`.
        address: of the cluster, as `ray.init` takes it; None for the one that this process is connected to, or a new
            one here.
        gpus_per_worker: with `ray`; None for none.
        workers: pictures at once, with `ray` workers; None for one for every core, or GPU.
        memory: that all pictures in work may take together while they are decoded, with `ray` in one worker, in bytes
            or as `"4GB"`; those that need more fail, and say how much. None: half of what this process may use, with
            `ray` of its share of that.
        device: `auto`, `cpu` or `cuda`. A cropper that is loaded stays where it is.
        runtime, precision: of the network on a CPU, see `load_cropper`; not of a cropper that is loaded.
        progress: called after every step; an exception that it raises stops the run.

    Returns:
        How many pictures were cropped and how many failed, and with buckets the report of the plan.

    Raises:
        TypeError, ValueError: when an argument cannot be used; the message names it.
        FileNotFoundError: when the cropper is neither a bundled name nor a file.
        RunError: when there are no pictures, or something lies where crops would go.
        OSError: when something can no longer be written.
    """
    if ratios is not None and buckets is not None:
        raise ValueError("ratios: does nothing with buckets, which have ratios of their own")
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, got {show(progress)}")
    options = BucketOptions(
        buckets, batch_size, smallest, remainder, most_enlarged, duplicates, dataset, concept, repeats, step
    )
    check_engine(engine, address, gpus_per_worker)
    engine = engine_for(cropper, engine)
    of_workers, here = find_worker_device(device, engine, gpus_per_worker)
    loaded = open_cropper(cropper, here, runtime, precision)
    where = of_workers if engine == RAY else str(loaded.device or here)
    asked, objective = resolve_asked(constraint, ratios, buckets is not None, framing, objective)
    run = prepare_run(
        as_words("pictures", pictures),
        as_path("out", out),
        loaded,
        asked,
        checkpoint=None if isinstance(cropper, Cropper) else fspath(cropper),
        device=where,
        objective=objective,
        each=each,
        per_subject=PerSubject(per_subject) if isinstance(per_subject, str) else per_subject,
        on_cut=on_cut,
        frames=frames,
        resolution=resolution,
        enlarge=enlarge,
        format=format,
        quality=quality,
        name=name,
        background=parse_colour(background),
        fit=fit,
        fit_side=fit_side,
        fill=parse_fill(fill),
        buckets=options,
        masks=as_path("masks", masks),
        caption_framing=caption_framing,
        guides=Guides(
            as_path("focus", focus),
            as_path("avoid", avoid),
            as_path("keep", keep),
            parse_labels(labels),
            Margin.parse(margin),
            focus_strength,
        ),
        save_heatmaps=save_heatmaps,
        words=make_word_settings(
            parse_words(subject) if subject else (),
            as_path("subject_model", subject_model),
            subject_threshold,
            subject_nothing,
        ),
        follow_links=follow_links,
        dry_run=dry_run,
        manifest=as_path("manifest", manifest),
        workers=workers,
        memory=read_memory(memory),
    )
    asked_engine = engine, address, gpus_per_worker, workers
    with Analyser(loaded, here) as analyser, open_picture_engine(run, analyser, *asked_engine) as pool:
        return crop_run(run, analyser, ignore_progress if progress is None else progress, pool)


def plan_buckets(pictures: Words | Sequence[Size], buckets: str = "auto:3", **options: Any) -> BucketReport:
    """How pictures would be sorted into buckets, beside what kohya's defaults would do; nothing is written.

    >>> report = plan_buckets([(1000, 1500)] * 10 + [(1500, 1000)] * 6, "auto:2", batch_size=2)
    >>> report.planned.counts
    {(832, 1216): 10, (1216, 832): 6}
    >>> print(report)  # doctest: +ELLIPSIS
    16 pictures in 2 buckets; no plan loses less
                                       planned   kohya default
    buckets                                  2               2
    ...

    Args:
        pictures: as `crop_folder` takes them; or a list of sizes (width, height) in pixels, of which each part is then
            worth the same.
        buckets: a bucket grid, see `parse_grid`.
        options: of pictures, the other keywords of `crop_folder`, such as `cropper`, `batch_size` or `resolution`; of
            sizes, those that concern buckets.

    Raises:
        TypeError, ValueError: when an argument cannot be used; the message names it.
        RunError: when there are no pictures, or none can be read.
    """
    if _are_sizes(pictures):
        return _plan_sizes(pictures, buckets, **options)
    with TemporaryDirectory(prefix="salient-crop-") as folder:
        manifest = Path(folder, "manifest.jsonl")
        outcome = crop_folder(cast(Words, pictures), None, buckets=buckets, dry_run=True, manifest=manifest, **options)
        if outcome.report is None:
            reasons = (f"{each.source}: {each.reason}" for each in read_manifest(manifest))
            raise RunError(f"there was no picture to sort into buckets; {next(reasons)}")
    return outcome.report


def _plan_sizes(
    sizes: Sequence[Size], buckets: str, resolution: int | None = None, enlarge: bool = True, **options: Any
) -> BucketReport:
    from .sizes import plan_sizes  # the solver comes with it

    check_kind("buckets", buckets, str)
    chosen = BucketOptions(buckets, **options)
    settings = chosen.settings(resolution, enlarge, lambda: list(sizes))
    assert settings is not None
    return complete_report(plan_sizes(sizes, settings), chosen.dataset_format(settings), settings.resolution)


def _are_sizes(pictures: Any) -> TypeGuard[Sequence[Size]]:
    return isinstance(pictures, Sequence) and not isinstance(pictures, str) and _is_size(next(iter(pictures), None))


def _is_size(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2


def as_words(name: str, value: Words) -> list[str | PathLike[str]]:
    """The paths and patterns of an argument as a list.

    Raises:
        TypeError: naming the argument that is none.
    """
    if isinstance(value, str | PathLike):
        return [value]
    if not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected a path, a pattern or several, got {type(value).__name__}")
    words = list(value)
    for each in words:
        if not isinstance(each, str | PathLike):
            raise TypeError(f"{name}: expected paths and patterns, got {show(each)} among them")
    return words


def as_path(name: str, value: str | PathLike[str] | None) -> Path | None:
    """The path of an argument; None for none.

    Raises:
        TypeError, ValueError: naming the argument that is no path, or empty.
    """
    if value is None:
        return None
    if not isinstance(value, str | PathLike):
        raise TypeError(f"{name} must be a path, got {show(value)}")
    if not fspath(value):
        raise ValueError(f"{name}: the path is empty; the working directory is .")
    return Path(value)


def ignore_progress(step: Step) -> None:
    """Progress that nobody looks at."""
