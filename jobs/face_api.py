"""Face squares from Python: what `salient-crop faces` does, in one call, with its flags as keywords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from ..cropping.checks import show
from ..cropping.face_framing import FaceFraming
from ..images.budget import read_memory
from ..images.colour import RGB, parse_colour
from ..images.fill import parse_fill
from ..models.base import Cropper
from ..models.landmarks.loading import load_bundled_finder
from ..models.runtime.choice import AUTO as AUTO_RUNTIME
from ..models.runtime.choice import FLOAT32
from .api import Words, as_path, as_words, ignore_progress
from .defaults import RAY, THREADS
from .embeddings import Embed
from .engine_choice import check_engine, engine_for, find_worker_device
from .executors.batches import Analyser
from .face_folder import extract_faces
from .face_settings import LEAST_ALIKE, LEAST_CERTAIN, SIZE, FaceSettings
from .picture import open_cropper
from .picture_engine import open_picture_engine
from .prepare_faces import find_earlier, prepare_face_run, prepare_person
from .progress import Progress
from .run import Outcome


def crop_faces(
    pictures: Words,
    out: str | PathLike[str] | None,
    framing: str = "face",
    *,
    padding: float = 0.0,
    shift: float = 0.0,
    upright: bool = False,
    size: int = SIZE,
    cropper: str | PathLike[str] | Cropper = "focus",
    least_size: float = 0.0,
    most_enlarged: float | None = None,
    most_blurred: float = 1.0,
    least_certain: float = LEAST_CERTAIN,
    most_yaw: float | None = None,
    most_pitch: float | None = None,
    most_roll: float | None = None,
    same_as: str | Sequence[str] = (),
    embeddings: str | PathLike[str] | Mapping[str, Any] | None = None,
    embed: Embed | None = None,
    least_alike: float = LEAST_ALIKE,
    sort: str = "",
    spread: int | None = None,
    padding_masks: bool = False,
    format: str = "jpg",
    quality: int | None = None,
    background: str | RGB = "white",
    fill: str | RGB | None = None,
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
    """Cuts an aligned square around every face of pictures, and writes `manifest.jsonl` beside them.

    Stopped at any point and called again, it goes on where it was. Given the manifest of an earlier run, it frames,
    chooses and sorts its faces anew, and looks for none again.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     outcome = crop_faces("samples/astronaut.jpg", out, "head", size=64)
    >>> outcome.crops
    1

    Args:
        pictures: see `crop_folder`; or one `manifest.jsonl` of an earlier run.
        out: folder for the squares; None only with `dry_run` and `manifest`.
        framing: `face`, `whole face`, `head`, `half figure`, or a type of DeepFaceLab (`dfl:whole_face`) or faceswap
            (`faceswap:head`); see `FRAMINGS`.
        padding, shift, upright: see `FaceFraming`.
        size: pixels a side.
        cropper: that finds heads; see `crop_folder`.
        least_size, most_enlarged, most_blurred, least_certain, most_yaw, most_pitch, most_roll: which faces are left
            out; see `FaceSettings`.
        same_as: of the faces of a manifest, only those of the person on these squares, named as the manifest has them.
        embeddings: the vectors of its squares that tell: a file (lines of JSON or safetensors, see `read_embeddings`),
            or vectors by the names of the squares.
        embed: makes such a vector of a square, uint8 `[n, n, 3]`; in place of `embeddings`.
        least_alike: the cosine between two vectors from which two faces are one person's.
        sort, spread, padding_masks: see `FaceSettings`.
        format, quality, background, fill, follow_links, dry_run, manifest, engine, address, gpus_per_worker, workers,
            memory, device, runtime, precision, progress: see `crop_folder`.

    Raises:
        TypeError, ValueError: when an argument cannot be used; the message names it.
        FileNotFoundError: when the cropper is neither a bundled name nor a file.
        RunError: when there are no pictures, or something lies where squares would go.
        OSError: when something can no longer be written.
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, got {show(progress)}")
    words = as_words("pictures", pictures)
    check_engine(engine, address, gpus_per_worker)
    engine = engine_for(cropper, engine)
    of_workers, here = find_worker_device(device, engine, gpus_per_worker)
    loaded = open_cropper(cropper, here, runtime, precision)
    where = of_workers if engine == RAY else str(loaded.device or here)
    finder, shown_by = load_bundled_finder(), (same_as,) if isinstance(same_as, str) else tuple(same_as)
    person = prepare_person(words, shown_by, embeddings, embed)
    asked = FaceSettings(
        finder.digest,
        FaceFraming(framing, padding, shift, upright),
        size,
        least_size,
        most_enlarged,
        most_blurred,
        least_certain,
        most_yaw,
        most_pitch,
        most_roll,
        sort,
        spread,
        shown_by,
        least_alike,
        "" if person is None else person.embeddings.digest,
        padding_masks,
    )
    run = prepare_face_run(
        words,
        as_path("out", out),
        loaded,
        asked,
        checkpoint=None if isinstance(cropper, Cropper) else fspath(cropper),
        device=where,
        format=format,
        quality=quality,
        background=parse_colour(background),
        fill=parse_fill(fill),
        follow_links=follow_links,
        dry_run=dry_run,
        manifest=as_path("manifest", manifest),
        workers=workers,
        memory=read_memory(memory),
    )
    earlier, asked_engine = find_earlier(words, person), (engine, address, gpus_per_worker, workers)
    with Analyser(loaded, here) as analyser, open_picture_engine(run, analyser, *asked_engine, finder) as pool:
        return extract_faces(run, pool, ignore_progress if progress is None else progress, earlier)
