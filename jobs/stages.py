"""What happens to one picture, as plain functions over its record: choose, plan, write.

Nothing here knows of other pictures, of order or of threads, so the same functions serve one streaming pass, two, or
many machines.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import torch

from ..cropping.constraint import UnsatisfiableError
from ..cropping.crop import Crop
from ..datasets.atomic import write_picture
from ..datasets.find import leads_outside
from ..datasets.formats import DatasetFormat
from ..datasets.formats.plain import Plain
from ..datasets.manifest import FAILED, OK, CropRecord, PictureRecord
from ..datasets.sidecars import Sidecars
from ..images.decode import Picture
from ..images.errors import PictureError
from ..models.analysis import Analysis
from ..models.selection import best_crops_for_constraints
from .analyse import ANALYSIS_SIDE
from .executors.batches import Analyser
from .settings import CropRequest

BLACK = (0, 0, 0)  # beyond a mask there is nothing

Size = tuple[int, int]

# Errors that the next picture would meet as well.
HOPELESS = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))


def choose_crops(analysis: Analysis, size: Size, request: CropRequest) -> list[Crop]:
    """The crops of a picture: the best one, or with `each` the best of each ratio.

    Raises:
        UnsatisfiableError: when it has none and the policy is `error`.
    """
    with torch.inference_mode():
        found = best_crops_for_constraints([analysis], [size], request.constraints(), request.objective)
    return [crops[0] for crops in found]


def plan(
    record: PictureRecord, crops: Sequence[Crop], files: Sequence[str | None], request: CropRequest
) -> PictureRecord:
    """The record with its crops: where each goes, and at which size."""
    assert record.size is not None
    planned = [
        crop_record(crop, record.size, request.size_of(crop.box.size, crop.ratio), file)
        for crop, file in zip(crops, files, strict=True)
    ]
    return PictureRecord(record.source, record.size, OK, crops=tuple(planned))


def crop_record(
    crop: Crop, picture_size: Size, target: Size, file: str | None, bucket: Size | None = None
) -> CropRecord:
    """One crop as the manifest tells it. Numbers are rounded, so that a manifest reads the same on every machine."""
    box = crop.box
    scale = max(target[0] / box.width, target[1] / box.height)
    # Where the target's ratio is not quite the box's, the edges are left out evenly (see Picture.crop).
    left = box.x + (box.width - target[0] / scale) / 2
    top = box.y + (box.height - target[1] / scale) / 2
    return CropRecord(
        file=file,
        ratio=str(crop.ratio),
        bucket=bucket,
        box=(box.x, box.y, box.width, box.height),
        score=_rounded(crop.score),
        terms={name: _rounded(value) for name, value in crop.terms.items()},
        kept=_rounded(crop.kept),
        crop_coords=(round(top * scale), round(left * scale)),
        original_size=(picture_size[1], picture_size[0]),
        target_size=(target[1], target[0]),
    )


def write(
    picture: Picture,
    record: PictureRecord,
    out: Path,
    request: CropRequest,
    sidecars: Sidecars,
    dataset: DatasetFormat | None = None,
) -> None:
    """Writes the crops of a planned record, with its caption and its mask where the dataset format has them.

    Args:
        dataset: the format of `out`; plain where it is None.

    Raises:
        PictureError: when the picture, its caption or its mask cannot be read.
        OSError: when a crop cannot be written.
    """
    dataset = dataset or Plain()
    mask = sidecars.open_mask(picture)
    files = [(crop, crop.file) for crop in record.crops if crop.file is not None]
    for crop, file in files:
        height, width = crop.target_size
        write_picture(out / file, picture.crop(crop.box, (width, height), request.background))
        if mask is not None:
            write_picture(out / dataset.mask_path(file), mask.crop(crop.box, (width, height), BLACK))
    dataset.write_captions(out, [file for _, file in files], picture.path, sidecars)


def crop_picture(
    folder: Path,
    source: str,
    files: Sequence[str],
    analyser: Analyser,
    request: CropRequest,
    out: Path | None,
    follow_links: bool = False,
    sidecars: Sidecars | None = None,
) -> PictureRecord:
    """One picture from end to end. What goes wrong with it is told by its record.

    Args:
        folder, source: the picture is `folder / source`.
        files: where its crops go, relative to `out`.
        out: None writes nothing and leaves the crops' `file` empty.
        companions: of all pictures of the folder; without, they are looked for anew.

    Raises:
        OSError: only what would stop every other picture too, such as a full disk.
    """
    path = folder / source
    record = PictureRecord(source, None, FAILED)
    try:
        if not follow_links and leads_outside(path, folder):
            raise PictureError(path, "a link that leads out of the folder")
        picture = Picture(path)
        record = PictureRecord(source, picture.info.size, FAILED)
        crops = _crops_of(picture, analyser, request)
        planned = plan(record, crops, files if out is not None else [None] * len(crops), request)
        if out is not None:
            write(picture, planned, out, request, sidecars or Sidecars(folder))
        return planned
    except PictureError as error:
        return record.as_failed(error.reason_for(path))
    except OSError as error:
        if error.errno in HOPELESS:
            raise
        return record.as_failed(f"its crop cannot be written: {error.strerror or error}")


def _crops_of(picture: Picture, analyser: Analyser, request: CropRequest) -> list[Crop]:
    thumbnail = picture.small(ANALYSIS_SIDE)
    try:
        return choose_crops(analyser.analyse(thumbnail), picture.info.size, request)
    except UnsatisfiableError as error:
        raise PictureError(picture.path, str(error).removeprefix("picture 0: ")) from error
    except (ArithmeticError, MemoryError, RuntimeError, ValueError) as error:
        raise PictureError(picture.path, f"could not be analysed: {error}") from error


def _rounded(value: float) -> float:
    return round(float(value), 6)
