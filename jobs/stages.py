"""What happens to one picture, as plain functions over its record: choose crops, plan them, write them.

Nothing here knows of other pictures, of order or of threads, so the same functions serve one streaming pass, two
passes, or many machines.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..cropping.canvas import NO_CANVAS, Canvas, added_share
from ..cropping.checks import Size
from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.correction import Correction
from ..cropping.crop import Crop, CropWarning
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.ratio import Ratio
from ..datasets.captions import caption_paths
from ..datasets.deduplicate import hash_file
from ..datasets.find import LEADS_OUTSIDE, is_inside, leads_outside
from ..datasets.manifest import DROPPED, FAILED, OK, CropRecord, PictureRecord
from ..datasets.output_folder import NotOursError
from ..images.decode import Picture
from ..images.encode import encode
from ..images.errors import PictureError
from ..models.analysis import Analysis
from ..models.selection import SearchBatch
from ..printable import first_line
from .corrections import BY_HAND, NO_CORRECTIONS, Corrections, pick_corrections
from .executors.batches import Analyser
from .heatmaps import draw_heatmap
from .on_cut import KEEP, choose_crop, is_dropped
from .output_size import ratio_error
from .run import FolderRun
from .settings import CropSettings
from .steer import NO_GUIDANCE, Guidance
from .subject_crops import SubjectCrops, choose_subject_crops
from .thumbnails import thumbnail_for
from .warnings import summarise_warnings
from .words import ERROR, SKIP

BLACK = (0, 0, 0)  # of a mask, outside its picture


PICTURE_ERRORS = (ArithmeticError, MemoryError, RuntimeError, ValueError)
"""What one picture may bring about where nobody thought of it. Anything else is our mistake, and is not hidden."""

DISK_ERRORS = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))
"""Errors that every other picture would meet too."""


def crop_picture(
    run: FolderRun,
    source: str,
    name: str,
    analyser: Analyser,
    corrections: Corrections = NO_CORRECTIONS,
    heatmap: str | None = None,
) -> PictureRecord:
    """Crops one picture from end to end. What is wrong with it becomes the reason of its record.

    Args:
        run: the run that it belongs to.
        source: of the picture, relative to the run's folder.
        name: of its crops, see `OutputNames`; a dry run writes none.
        analyser: for the run's settings.
        corrections: of the run's pictures.
        heatmap: where its heat is written, see `OutputNames`; None where it is not.

    Raises:
        OSError: only what would stop every other picture too, such as a full disk.
    """

    def crop(picture: Picture, record: PictureRecord) -> PictureRecord:
        settings = run.settings
        record = replace(record, digest=hash_file(picture.path))
        seen = look_at(run, picture, source, analyser, record.digest)
        decided = corrections.of(source, record.digest)
        with analysing(picture):
            planned = plan_picture(record, seen, decided, name if run.output else None, settings)
        write_heatmap(run, heatmap, seen)
        write_crops(run, picture, planned)
        _remove_others(run, run.settings.files(name), planned)
        return planned

    return with_picture(run, PictureRecord(source, None, FAILED), crop)


def plan_picture(
    record: PictureRecord, seen: Seen, corrections: Sequence[Correction], name: str | None, settings: CropSettings
) -> PictureRecord:
    """The record of a picture with its crops: one for each constraint, or for each subject.

    Args:
        record: of the picture.
        seen: what the crops are searched on.
        corrections: of the picture.
        name: of the crops, see `OutputNames`; None where none is written.
        settings: of the run.

    Raises:
        UnsatisfiableError: when there is no crop and the policy is `error`.
    """
    size = record.size
    assert size is not None
    if seen.left_out:
        return replace(record, status=DROPPED, reason=seen.left_out, crops=())
    constraints = [seen.guidance.constrain(each) for each in settings.constraints()]
    if settings.per_subject is None:
        corrected = pick_corrections(corrections, settings.constraints(), size)
        crops = choose_crops(
            seen.analysis, size, constraints, settings.objective, settings.on_cut, corrected, settings.canvas
        )
        return plan_record(record, crops, name, settings)
    found = choose_subject_crops(
        seen.analysis,
        size,
        constraints,
        settings.per_subject,
        settings.objective,
        settings.on_cut,
        corrections,
        lambda crop, place: settings.enlargement(crop, size, place),
    )
    return plan_subjects(record, found, name, settings)


@dataclass(frozen=True)
class Seen:
    """What a crop is searched on.

    Attributes:
        analysis: of the picture, steered by the guidance.
        guidance: what the user says matters in it.
        size: width and height of the thumbnail that was analysed.
        left_out: why the picture is left out; empty where it is not.
    """

    analysis: Analysis
    guidance: Guidance
    size: Size
    left_out: str = ""


def look_at(run: FolderRun, picture: Picture, source: str, analyser: Analyser, digest: str | None = None) -> Seen:
    """Analyses a picture of a run, as the user says what matters in it.

    Args:
        run: the run.
        picture: one of its pictures.
        source: of the picture, relative to the run's folder.
        analyser: for the run's settings.
        digest: of the picture's file; None where nobody has computed it.

    Raises:
        PictureError: when the picture, or a mask or a file of boxes for it, cannot be read.
    """
    thumbnail = thumbnail_for(picture, run.settings)
    guidance = NO_GUIDANCE if run.guides is None else run.guides.read(picture, source)
    left_out, words = "", run.settings.words
    if run.finder is not None and words is not None:
        found = run.finder.find(picture, digest or hash_file(picture.path))
        guidance = guidance.also_focus(found, run.settings.guides.strength)
        if not found and words.nothing == ERROR:
            raise PictureError(picture.path, words.describe_nothing())
        left_out = words.describe_nothing() if not found and words.nothing == SKIP else ""
    with analysing(picture):
        analysis = guidance.steer(analyser.analyse(thumbnail))
    return Seen(analysis, guidance, (thumbnail.shape[1], thumbnail.shape[0]), left_out)


def write_planned(run: FolderRun, record: PictureRecord) -> PictureRecord:
    """Writes the crops of a planned record. What is wrong with the picture becomes the reason of the record returned.

    Raises:
        OSError: only what would stop every other picture too, such as a full disk.
    """

    def write(picture: Picture, planned: PictureRecord) -> PictureRecord:
        write_crops(run, picture, planned)
        return planned

    return with_picture(run, record, write) if run.output and record.status == OK else record


def choose_crops(
    analysis: Analysis,
    size: Size,
    constraints: Sequence[Constraint],
    objective: Objective = DEFAULT_OBJECTIVE,
    on_cut: str = KEEP,
    corrections: Sequence[Correction | None] | None = None,
    canvas: Canvas = NO_CANVAS,
) -> list[Crop]:
    """The best crop of a picture under each constraint, with its warnings and its confidence.

    Args:
        analysis: of the picture.
        size: its width and height in pixels.
        constraints: one for each crop; see `CropSettings.constraints`.
        objective: how crops are compared.
        on_cut: what to do where a crop cuts off a head, see `choose_crop`.
        corrections: what a person decided about each crop; None where nobody did about any.
        canvas: when canvas is added, and where.

    Raises:
        UnsatisfiableError: when there is no crop and the policy is `error`.
    """
    batch = SearchBatch.of([analysis], size)
    return [
        choose_crop(batch, constraint, objective, on_cut, correction, canvas)
        for constraint, correction in zip(constraints, corrections or [None] * len(constraints), strict=True)
    ]


def plan_record(
    record: PictureRecord, crops: Sequence[Crop], name: str | None, settings: CropSettings
) -> PictureRecord:
    """The record with its crops: the file and the size of each.

    Crops that cut off a head are left out where the settings ask for it; those that a person dropped stay listed,
    without a file. A picture without any other is dropped.

    Args:
        record: of the picture.
        crops: one for each of the settings' `constraints`.
        name: of the crops, see `OutputNames`; None where none is written.
        settings: of the run.
    """
    assert record.size is not None
    planned = [
        plan_crop(crop, record.size, name, settings, place)
        for place, crop in enumerate(crops)
        if crop.correction is not None or not is_dropped(crop, settings.on_cut)
    ]
    if not planned:
        return replace(record, status=DROPPED, reason=summarise_warnings(crops[0].warnings), crops=())
    if all(each.is_dropped for each in planned):
        return replace(record, status=DROPPED, reason=BY_HAND, crops=tuple(planned))
    return replace(record, status=OK, crops=tuple(planned))


def plan_subjects(
    record: PictureRecord, found: SubjectCrops, name: str | None, settings: CropSettings
) -> PictureRecord:
    """The record with the crops of its subjects; a picture without any is dropped, and the reason says why.

    The number of a subject is the same in each ratio.

    Args:
        record, name, settings: as for `plan_record`.
        found: the crops, one of each subject for each of the settings' `constraints`.

    Raises:
        UnsatisfiableError: when no subject has a crop because of the policy `error`.
    """
    assert record.size is not None
    if not found.found and found.unsatisfiable is not None:
        raise found.unsatisfiable
    planned = [
        plan_crop(crop, record.size, name, settings, place, number)
        for place in range(len(settings.constraints()))
        for number, each in enumerate(found.found, 1)
        if (crop := each.crops[place]) is not None
    ]
    reason = found.describe_left_out() or None
    if not planned:
        return replace(record, status=DROPPED, reason=reason, crops=())
    if all(each.is_dropped for each in planned):
        return replace(record, status=DROPPED, reason=BY_HAND, crops=tuple(planned))
    return replace(record, status=OK, reason=reason, crops=tuple(planned))


def plan_crop(
    crop: Crop, picture_size: Size, name: str | None, settings: CropSettings, place: int = 0, number: int | None = None
) -> CropRecord:
    """The record of one crop, with its file and its size.

    Args:
        crop: that was chosen.
        picture_size: width and height of its picture.
        name: see `plan_record`.
        settings: of the run.
        place: which of the settings' `constraints` it was chosen under.
        number: of its subject, from 1; None where the crop is of the picture.
    """
    shape = settings.shape_of(crop.ratio, picture_size, place)
    target = settings.size_of(crop.box.size, shape, picture_size)
    file = None if name is None else settings.file_of(name, shape, target, number)
    asked = replace(crop, ratio=shape) if isinstance(shape, Ratio) else crop
    return crop_record(asked, picture_size, target, file)


def crop_record(
    crop: Crop, picture_size: Size, target: Size, file: str | None, bucket: Size | None = None
) -> CropRecord:
    """One crop as the manifest lists it. Numbers are rounded, so that a manifest reads the same on every machine.

    Args:
        crop: to be listed.
        picture_size: width and height of the picture in pixels.
        target: width and height that the crop is written at.
        file: where it is written; None where it is not, as one that a person dropped is never.
        bucket: width and height of its bucket, or None.
    """
    box = crop.box
    scale = max(target[0] / box.width, target[1] / box.height)
    # Where the target's ratio is not quite the box's, the edges are left out evenly (see Picture.crop).
    left = box.x + (box.width - target[0] / scale) / 2
    top = box.y + (box.height - target[1] / scale) / 2
    return CropRecord(
        file=None if crop.correction and crop.correction.is_drop else file,
        ratio=str(crop.ratio),
        bucket=bucket,
        box=(box.x, box.y, box.width, box.height),
        score=_rounded(crop.score),
        terms={name: _rounded(value) for name, value in crop.terms.items()},
        kept=_rounded(crop.kept),
        crop_coords=(round(top * scale), round(left * scale)),
        original_size=(picture_size[1], picture_size[0]),
        target_size=(target[1], target[0]),
        warnings=tuple(_rounded_warning(each) for each in crop.warnings),
        confidence=None if crop.confidence is None else _rounded(crop.confidence),
        correction=crop.correction,
        ratio_error=_rounded(ratio_error(target, crop.ratio)),
        added=_rounded(added_share(box, picture_size)),
        framing=crop.framing,
        subject=None if crop.subject is None else replace(crop.subject, confidence=_rounded(crop.subject.confidence)),
    )


def write_crops(run: FolderRun, picture: Picture, record: PictureRecord) -> None:
    """Writes the crops of a planned record, with its caption and its mask where the dataset format has them.

    Raises:
        PictureError: when the picture, its caption or its mask cannot be read.
        OSError: when a crop cannot be written.
    """
    out, dataset = run.writer, run.settings.dataset
    if out is None:
        return
    mask = run.sidecars.open_mask(picture)
    crops = [(crop, crop.file) for crop in record.crops if crop.file is not None]
    # Crops last: a caption or a mask that is in the way leaves the picture without a crop.
    words = {file: crop.framing for crop, file in crops if crop.framing and run.settings.caption_framing}
    dataset.write_captions(out, [file for _, file in crops], picture.path, run.sidecars, words)
    for crop, file in crops:
        mask_file, (height, width) = dataset.mask_path(file), crop.target_size
        if mask is None:
            out.remove(mask_file)
        else:
            out.write(mask_file, encode(mask.crop(crop.box, (width, height), BLACK), mask_file))
        out.write(file, render_crop(picture, crop, run.settings))


def render_crop(picture: Picture, crop: CropRecord, settings: CropSettings) -> bytes:
    """The bytes of the file of a planned crop.

    Args:
        picture: that it is a crop of, open.
        crop: with the file that it will be written to.
        settings: of the run.

    Raises:
        PictureError: when the picture cannot be decoded.
    """
    assert crop.file is not None
    height, width = crop.target_size
    pixels = picture.crop(crop.box, (width, height), settings.background, settings.fill)
    return encode(pixels, crop.file, settings.quality)


def write_heatmap(run: FolderRun, file: str | None, seen: Seen) -> None:
    """Writes the heat that crops were searched on, as a grey picture as large as the thumbnail; see `OutputNames`.

    Raises:
        OSError: when it cannot be written.
    """
    if run.writer is not None and file is not None:
        run.writer.write(file, encode(draw_heatmap(seen.analysis.value, seen.size), file))


def remove_crop(run: FolderRun, file: str) -> None:
    """Removes a crop that is no longer wanted, with its mask and captions, so that no trainer finds it.

    What no run has written, or somebody has changed since, stays.
    """
    if run.writer is not None:
        run.writer.remove(file, run.settings.dataset.mask_path(file), *caption_paths(file))


def with_picture(
    run: FolderRun, record: PictureRecord, work: Callable[[Picture, PictureRecord], PictureRecord]
) -> PictureRecord:
    """Opens one picture and works on it. What is wrong with this picture alone becomes the reason of its record.

    Args:
        run: the run that it belongs to.
        record: of the picture.
        work: (the open picture, the record with its size) → the record of the finished work.

    Raises:
        OSError: only what would stop every other picture too.
    """
    return fail_alone(open_source(run, record.source), run.folder / record.source, record, work)


def fail_alone(
    opening: AbstractContextManager[Picture],
    path: Path,
    record: PictureRecord,
    work: Callable[[Picture, PictureRecord], PictureRecord],
) -> PictureRecord:
    """Works on one picture. What is wrong with it alone becomes the reason of its record.

    Args:
        opening: opens it.
        path: that it is opened by.
        record, work: see `with_picture`.

    Raises:
        OSError: only what would stop every other picture too.
    """
    try:
        with opening as picture:
            record = replace(record, size=picture.info.size)
            return work(picture, record)
    except PictureError as error:
        return record.as_failed(error.reason_for(path))
    except OSError as error:
        if error.errno in DISK_ERRORS:
            raise
        return record.as_failed(describe_unwritten(error))
    except PICTURE_ERRORS as error:
        return record.as_failed(f"could not be cropped: {describe_error(error)}")


def describe_error(error: Exception) -> str:
    """What went wrong with a picture, in a few words for its reason."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    return first_line(error)  # PyTorch adds where in its code it happened


def describe_unwritten(error: OSError) -> str:
    """Why a crop could not be written, for the reason of its picture."""
    advice = "; move it away, and run again" if isinstance(error, NotOursError) else ""
    return f"its crop cannot be written: {error.strerror or error}{advice}"


@contextmanager
def open_source(run: FolderRun, source: str) -> Iterator[Picture]:
    """Opens a picture of the run's folder, within the run's budget of memory.

    Raises:
        PictureError: when it cannot be read, or is a link out of the folder that is not to be followed.
    """
    path = run.folder / source
    if not run.settings.follow_links and leads_outside(path, run.folder):
        raise PictureError(path, LEADS_OUTSIDE)
    with run.reader.open(path) as picture:
        if not run.settings.follow_links and not is_inside(path, run.folder, picture.identity):
            raise PictureError(path, LEADS_OUTSIDE)
        yield picture


@contextmanager
def analysing(picture: Picture) -> Iterator[None]:
    """Turns what goes wrong while a picture is analysed and its crops are searched into a `PictureError`."""
    try:
        yield
    except UnsatisfiableError as error:
        raise PictureError(picture.path, str(error).removeprefix("picture 0: ")) from error
    except PICTURE_ERRORS as error:
        raise PictureError(picture.path, f"could not be analysed: {describe_error(error)}") from error


def _remove_others(run: FolderRun, files: Sequence[str], record: PictureRecord) -> None:
    """Removes what an earlier run wrote for crops that are now left out."""
    if run.output is None:
        return
    for file in set(files) - {crop.file for crop in record.crops}:
        remove_crop(run, file)


def _rounded_warning(warning: CropWarning) -> CropWarning:
    if warning.region is None:
        return warning
    x1, y1, x2, y2 = warning.region
    return replace(warning, region=(_rounded(x1), _rounded(y1), _rounded(x2), _rounded(y2)))


def _rounded(value: float) -> float:
    return round(float(value), 6)
