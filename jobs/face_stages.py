"""What happens to the faces of one picture: find them, choose among them, cut their squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import Tensor

from ..cropping.box import Box
from ..cropping.checks import Region, Size
from ..cropping.face import Points
from ..cropping.face_framing import Square
from ..cropping.subject import Subject
from ..datasets.deduplicate import hash_file
from ..datasets.face_record import FaceRecord
from ..datasets.manifest import DROPPED, FAILED, OK, CropRecord, PictureRecord
from ..images.colour import WHITE
from ..images.cut import OutsideError
from ..images.decode import Picture
from ..images.encode import encode
from ..images.errors import PictureError
from ..images.warp import Read, plan_warp, warp
from ..models.landmarks.loading import LandmarkFinder
from .analyse import ANALYSIS_SIDE
from .executors.batches import Analyser
from .face_search import FoundFace, find_faces, measure_face_blur
from .face_settings import MOST_FACES, FaceSettings
from .head_search import CloserLook, ReadPixels, find_heads
from .run import FolderRun
from .settings import CropSettings
from .stages import analysing, with_picture

NO_FACE = "no face found in it"
CHANGED = "changed since its faces were found; run over the folder again"


def faces_of(settings: CropSettings) -> FaceSettings:
    """What is asked of faces.

    Raises:
        ValueError: when the settings are those of crops.
    """
    if settings.faces is None:
        raise ValueError("settings: they ask for no faces")
    return settings.faces


def find_in_picture(
    picture: Picture, record: PictureRecord, analyser: Analyser, finder: LandmarkFinder, settings: FaceSettings
) -> PictureRecord:
    """The record of an open picture, with its faces.

    Args:
        picture: that is looked at.
        record: of it, with its size.
        analyser: of the cropper that finds heads.
        finder: of the points of faces.
        settings: of the run.

    Raises:
        PictureError: when the picture cannot be read.
    """

    def find_subjects(thumbnail: np.ndarray) -> Sequence[Subject]:
        return analyser.analyse(thumbnail).subjects

    size, read = picture.info.size, read_picture(picture)
    thumbnail, digest = picture.small(ANALYSIS_SIDE), hash_file(picture.path)
    with analysing(picture):
        heads = find_heads(find_subjects(thumbnail), size, CloserLook(read_pixels(picture), find_subjects))
        found = find_faces(read, size, heads[:MOST_FACES], finder, settings.least_certain)
        crops = [describe_face(read, size, each, settings) for each in found]
    return _with_faces(replace(record, digest=digest), [each for each in crops if each is not None], NO_FACE)


def frame_anew(picture: Picture, record: PictureRecord, before: PictureRecord, settings: FaceSettings) -> PictureRecord:
    """The record of an open picture, with the faces that an earlier run has found in it.

    Args:
        picture, record, settings: see `find_in_picture`.
        before: the record of the earlier run.

    Raises:
        PictureError: when the picture cannot be read, or has changed since.
    """
    if before.status == FAILED:
        raise PictureError(picture.path, before.reason or NO_FACE)
    if before.size != picture.info.size or before.digest != hash_file(picture.path):
        raise PictureError(picture.path, CHANGED)
    crops = [reframe(each.face, picture.info.size, settings) for each in before.crops if each.face]
    kept = [each for each in crops if each is not None]
    return _with_faces(replace(record, digest=before.digest), kept, before.reason or NO_FACE)


def look_at_faces(
    run: FolderRun, source: str, look: Callable[[Picture, PictureRecord], PictureRecord]
) -> PictureRecord:
    """The record of a picture with all its faces, without files. What is wrong with it becomes its reason.

    Raises:
        OSError: only what would stop every other picture too.
    """
    return with_picture(run, PictureRecord(source, None, FAILED), look)


def write_faces(run: FolderRun, record: PictureRecord) -> PictureRecord:
    """Writes the squares of a record that name their files; see `look_at_faces`."""

    def write(picture: Picture, planned: PictureRecord) -> PictureRecord:
        write_squares(run, picture, planned)
        return planned

    return with_picture(run, record, write) if run.output and record.status == OK else record


def write_squares(run: FolderRun, picture: Picture, record: PictureRecord) -> None:
    """Cuts the squares of an open picture, each in one warp from its pixels, and writes them with their masks.

    Raises:
        PictureError: when the picture cannot be read.
        OSError: when a square cannot be written.
    """
    out, settings = run.written, run.settings
    if out is None or settings.faces is None:
        return
    read = read_picture(picture)
    for crop in record.crops:
        if crop.face is None or crop.file is None:
            continue
        plan = plan_warp(crop.face.similarity, crop.target_size[0], picture.info.size)
        square, outside = warp(read, plan, settings.background or WHITE, settings.fill)
        mask = settings.dataset.mask_path(crop.file)
        if settings.faces.padding_masks:
            out.write(mask, encode(_as_levels(outside[..., None].expand(-1, -1, 3)), mask))
        else:
            out.remove(mask)
        out.write(crop.file, encode(_as_levels(square), crop.file, settings.quality))


def read_picture(picture: Picture) -> Read:
    """Reads an open picture as floats; what is transparent lies on white."""
    read = read_pixels(picture)
    return lambda box, size: torch.from_numpy(read(box, size).astype(np.float32)).div_(255)


def read_pixels(picture: Picture) -> ReadPixels:
    """Reads an open picture; what is transparent lies on white."""
    return lambda box, size: picture.crop(box.as_list(), size)


def describe_face(read: Read, size: Size, found: FoundFace, settings: FaceSettings) -> CropRecord | None:
    """A face with its square; None where the square lies beside the picture."""
    face, pose = found.face, found.face.pose
    record = FaceRecord(
        points=face.points,
        head=found.head,
        matrix=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        size=face.size,
        scale=1.0,
        yaw=_rounded(pose.yaw),
        pitch=_rounded(pose.pitch),
        roll=_rounded(face.roll),
        blur=_rounded(measure_face_blur(read, size, face)),
        certainty=_rounded(found.certainty),
        spread=_rounded(found.spread),
    )
    return reframe(record, size, settings)


def reframe(record: FaceRecord, size: Size, settings: FaceSettings) -> CropRecord | None:
    """A face with the square that the settings ask for; None where that lies beside the picture."""
    points = cast(Points, tuple((_rounded(x), _rounded(y)) for x, y in record.points))
    record = replace(record, points=points)  # so that framing anew what a manifest holds gives the same square
    square = settings.framing.square(record.face, record.head, settings.size)
    try:
        plan = plan_warp(square.to_pixels(settings.size), settings.size, size)
    except OutsideError:
        return None
    box = _box_around(square)
    side = settings.size
    framed = replace(
        record,
        head=None if record.head is None else cast(Region, tuple(map(_rounded, record.head))),
        matrix=plan.matrix.rows(),
        size=_rounded(record.face.size),
        scale=_rounded(square.side / side),
        padding=_rounded(square.share_outside(size)),
    )
    return CropRecord(
        file=None,
        ratio="1:1",
        bucket=None,
        box=(box.x, box.y, box.width, box.height),
        score=record.certainty,
        terms={},
        kept=0.0,
        crop_coords=(round(box.y * side / square.side), round(box.x * side / square.side)),
        original_size=(size[1], size[0]),
        target_size=(side, side),
        face=framed,
    )


def find_fault(face: FaceRecord, settings: FaceSettings) -> str:
    """Why a face is left out, in words; empty where it passes."""
    if face.certainty < settings.least_certain:
        return "not certain enough"
    if face.size < settings.least_size:
        return "too small"
    if settings.most_enlarged is not None and face.scale * settings.most_enlarged < 1:
        return "enlarged too much"
    if face.blur > settings.most_blurred:
        return "too blurred"
    for name in ("yaw", "pitch", "roll"):
        most = getattr(settings, f"most_{name}")
        if most is not None and abs(getattr(face, name)) > most:
            return f"too much {name}"
    if settings.same_as and face.likeness is None:
        return "without an embedding"
    if settings.same_as and face.likeness is not None and face.likeness < settings.least_alike:
        return "of somebody else"
    return ""


def keep_passing(record: PictureRecord, settings: FaceSettings) -> PictureRecord:
    """The record with those of its faces that pass; dropped where none does, with the reasons."""
    if record.status != OK:
        return record
    faults = [find_fault(crop.face, settings) for crop in record.crops if crop.face is not None]
    kept = [crop for crop, fault in zip(record.crops, faults, strict=True) if not fault]
    counts = {fault: faults.count(fault) for fault in dict.fromkeys(faults) if fault}
    return _with_faces(record, kept, ", ".join(f"{count} {fault}" for fault, count in counts.items()))


def _with_faces(record: PictureRecord, crops: Sequence[CropRecord], reason: str) -> PictureRecord:
    if not crops:
        return replace(record, status=DROPPED, reason=reason, crops=())
    return replace(record, status=OK, reason=None, crops=tuple(crops))


def _box_around(square: Square) -> Box:
    across, down = zip(*square.corners(), strict=True)
    return Box.from_relative((min(across), min(down), max(across), max(down)), (1, 1))


def _as_levels(pixels: Tensor) -> np.ndarray:
    return (pixels * 255).round().byte().numpy()


def _rounded(value: float) -> float:
    return round(float(value), 4)
