"""Columns of pictures in, columns with crops out: a stage of any engine that hands on batches.

`CropBatch` and `MeasureBatch` import no engine. An object of theirs is what Ray Data's `map_batches`, `datasets.map`
with `batched=True` and a step of a webdataset pipeline want: picklable by its arguments, its weights loaded where it is
first called, and never stopped by a bad picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from functools import cached_property
from os import PathLike, fspath
from typing import Any

import numpy as np
from PIL import Image

from ..bucketing.sizes import format_size, parse_size
from ..cropping.box import Box
from ..cropping.canvas import AUTO, CROP
from ..cropping.checks import Size, check_count, check_kind, show
from ..cropping.constraint import Constraint
from ..cropping.crop import CropWarning
from ..cropping.model_sizes import Shape
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.ratio import Ratio
from ..images.budget import read_memory
from ..images.colour import RGB, parse_colour
from ..images.decode import Picture
from ..images.encode import FORMATS, WITH_ALPHA, encode
from ..images.errors import PictureError
from ..images.fill import parse_fill
from ..images.reader import PictureReader
from ..images.source import open_picture
from ..models.analysis import Analysis
from ..models.base import Cropper
from ..models.registry import check_loaded
from ..models.runtime.choice import AUTO as AUTO_RUNTIME
from ..models.runtime.choice import FLOAT32, check_runtime
from ..models.selection import SearchBatch
from .bucket_options import BucketOptions
from .bucket_stages import constraint_for, crop_for_bucket, measure_picture, picture_losses
from .defaults import KEEP_MOST
from .device import find_device
from .executors.batches import Analyser
from .executors.threads import map_in_order, single_threaded_torch
from .framing import resolve_asked
from .on_cut import KEEP, ON_CUT, HeadCutError, choose_crop, is_dropped
from .picture import crop_opened, open_cropper
from .settings import BucketSettings, CropSettings
from .stages import PICTURE_ERRORS, describe_error
from .thumbnails import thumbnail_for
from .warnings import summarise_warnings

Columns = Mapping[str, Any]
"""The rows of a batch, by column: a list or an array of one length for each name."""

NO_BUCKET = ""
ROW_ERRORS = (*PICTURE_ERRORS, PictureError, HeadCutError, OSError, TypeError)


@dataclass(frozen=True, kw_only=True)
class BatchStage(ABC):
    """What `CropBatch` and `MeasureBatch` have in common.

    Attributes:
        cropper: the name of a bundled cropper, the path of a checkpoint, or one that is loaded.
        buckets: a bucket grid that does not depend on the pictures, such as `auto:3` or `832x1216,1024x1024`; None: no
            buckets.
        constraint: all that every crop must obey. None: at least 0.6 of the largest box of its ratio; with buckets, all
            of it.
        objective: how crops that obey are compared.
        framing: `keep the most` or `as people crop`, see `salient_crop.crop`.
        on_cut: where the best crop cuts off a head: `keep`, `drop` (the row has an error) or `pad`.
        resolution: crops are resized to about resolution² pixels; with buckets, the pixel budget.
        enlarge: whether a crop with fewer pixels is enlarged.
        most_enlarged: with buckets, see `BucketSettings`.
        background, fit, fit_side, fill: see `salient_crop.crop`.
        image: name of the column of pictures: the bytes of files, arrays `[H, W, C]`, PIL images, paths, or dicts with
            `bytes` or `path`, as `datasets` has undecoded pictures.
        prefix: before the names of the columns that are added.
        workers: pictures at once, in threads of this process; an engine has processes of its own.
        memory: that pictures in work may take together, see `salient_crop.crop_folder`.
        device: `auto`, `cpu` or `cuda`. A cropper that is loaded stays where it is.
        runtime, precision: of the network on a CPU, see `load_cropper`; not of a cropper that is loaded.
            `auto` is what each worker has.

    Raises:
        TypeError, ValueError: when an argument cannot be used; the message names it.
    """

    cropper: str | PathLike[str] | Cropper = "focus"
    buckets: str | None = None
    constraint: Constraint | None = None
    objective: Objective = DEFAULT_OBJECTIVE
    framing: str = KEEP_MOST
    on_cut: str = KEEP
    resolution: int | None = None
    enlarge: bool = True
    most_enlarged: float | None = None
    background: str | RGB | None = "white"
    fit: str = CROP
    fit_side: str = AUTO
    fill: str | RGB | None = None
    image: str = "image"
    prefix: str = ""
    workers: int = 1
    memory: int | str | None = None
    device: str = "auto"
    runtime: str = AUTO_RUNTIME
    precision: str = FLOAT32

    def __post_init__(self) -> None:
        check_count("workers", self.workers, 1024)
        check_runtime(self.runtime, self.precision)
        if isinstance(self.cropper, Cropper):
            check_loaded(self.cropper, self.runtime, self.precision)
        if self.on_cut not in ON_CUT:
            raise ValueError(f"on_cut must be one of {', '.join(ON_CUT)}, got {show(self.on_cut)}")
        for name in ("image", "prefix"):
            check_kind(name, getattr(self, name), str)
        read_memory(self.memory)
        self._asked()
        _ = self._bucket_settings  # what cannot be used is refused here

    def __reduce__(self) -> tuple[Any, ...]:
        """By its arguments: what is loaded stays behind."""
        return _make, (type(self), {each.name: getattr(self, each.name) for each in fields(self)})

    def __call__(self, batch: Columns) -> dict[str, Any]:
        """The columns of the batch as they are, and those that are added, as lists.

        Raises:
            ValueError: when the batch has no column of pictures, or one of the names that are added; or the runtime is
                not there.
            FileNotFoundError: when the cropper is neither a bundled name nor a file.
        """
        columns = dict(batch)
        inputs = self._inputs(columns)
        with (
            Analyser(self._cropper, self._settings.device) as analyser,
            PictureReader(read_memory(self.memory)) as reader,
            single_threaded_torch(),
        ):

            def work(row: tuple[Any, Any]) -> dict[str, Any]:
                return self._try_row(analyser, reader, *row)

            rows = list(map_in_order(work, inputs, self.workers))
        return columns | {self.prefix + name: [row[name] for row in rows] for name in self._added()}

    @abstractmethod
    def _added(self) -> Mapping[str, Any]:
        """The columns that are added, each with its value in a row that failed."""

    @abstractmethod
    def _row(self, picture: Picture, analysis: Analysis, bucket: Size | None) -> dict[str, Any]:
        """The values of the added columns for one picture."""

    def _asked(self) -> tuple[Constraint, Objective]:
        """What is asked of every crop."""
        with_buckets = self.buckets is not None
        return resolve_asked(self.constraint, self._ratios, with_buckets, self.framing, self.objective)

    @property
    def _ratios(self) -> str | Shape | Iterable[str | Shape] | None:
        """Ratios that go before those of the constraint; None for its own."""
        return None

    @cached_property
    def _bucket_settings(self) -> BucketSettings | None:
        options = BucketOptions(self.buckets, most_enlarged=self.most_enlarged)
        return options.settings(self.resolution, self.enlarge, _no_sizes)

    def _inputs(self, columns: Columns) -> Iterable[tuple[Any, Any]]:
        """The picture of each row, and the bucket that it is for, or None."""
        if self.image not in columns:
            raise ValueError(f"image: the batch has no column {self.image!r}; it has {', '.join(map(repr, columns))}")
        read = self._planned_column
        taken = [name for each in self._added() if (name := self.prefix + each) in columns and name != read]
        if taken:
            raise ValueError(f"prefix: the batch has a column {taken[0]!r} of its own; choose another prefix")
        images = columns[self.image]
        _check_columns(columns, self.image)
        buckets = [each or NO_BUCKET for each in columns[read]] if read in columns else [None] * len(images)
        return zip(images, buckets, strict=True)

    @property
    def _planned_column(self) -> str:
        """The column that says where each picture goes, where there is one."""
        return ""

    def _try_row(self, analyser: Analyser, reader: PictureReader, image: Any, bucket: Any) -> dict[str, Any]:
        try:
            if bucket == NO_BUCKET:
                raise ValueError("the plan has no bucket for it")
            with ExitStack() as files:
                picture = open_picture(
                    _unwrapped(image), lambda *file, **more: files.enter_context(reader.open(*file, **more))
                )
                wanted = None if bucket is None else self._find_bucket(bucket)
                return {
                    "error": "",
                    **self._row(picture, analyser.analyse(thumbnail_for(picture, self._settings)), wanted),
                }
        except ROW_ERRORS as error:
            reason = error.reason_for(error.path) if isinstance(error, PictureError) else describe_error(error)
            return {**self._added(), "error": reason}

    def _find_bucket(self, name: Any) -> Size:
        """The bucket of a name.

        Raises:
            ValueError: when the grid has none.
        """
        size, buckets = parse_size(str(name)), self._bucket_settings
        if buckets is not None and size not in buckets.grid.sizes:
            raise ValueError(f"bucket: {name} is none of {self.buckets}")
        return size

    @cached_property
    def _cropper(self) -> Cropper:
        return open_cropper(self.cropper, find_device(self.device), self.runtime, self.precision)

    @cached_property
    def _settings(self) -> CropSettings:
        constraint, objective = self._asked()
        buckets = self._bucket_settings
        return CropSettings.for_cropper(
            self._cropper,
            constraint,
            device=self._cropper.device or find_device(self.device),
            checkpoint=None if isinstance(self.cropper, Cropper) else fspath(self.cropper),
            objective=objective,
            on_cut=self.on_cut,
            resolution=None if buckets else self.resolution,
            enlarge=self.enlarge,
            format="png",
            background=parse_colour(self.background),
            fit=self.fit,
            fit_side=self.fit_side,
            fill=parse_fill(self.fill),
            buckets=buckets,
        )


@dataclass(frozen=True, kw_only=True)
class CropBatch(BatchStage):
    """The best crop of every picture of a batch.

    >>> stage = CropBatch(cropper="centre", ratios="1:1", resolution=64)
    >>> found = stage({"image": ["samples/cat.jpg", b"no picture"], "caption": ["a cat", ""]})
    >>> found["box"], found["ratio"], found["caption"]
    ([[75, 0, 300, 300], None], ['1:1', ''], ['a cat', ''])
    >>> found["error"]
    ['', 'not a picture in a format that can be read here']

    It adds `crop` (the bytes of a file, or an array where `format` is None), `box` (x, y, width, height in pixels of
    the picture as it is seen), `ratio`, `bucket` (such as `832x1216`), `score`, `confidence`, `warnings` (in words) and
    `error`, which is empty where all went well. In a row that failed, the others hold nothing.

    With buckets, a column `bucket` says where each picture goes, as `assign_buckets` planned it (a row without one has
    an error); where there is none, each goes where it loses least. Bytes are those that `crop_folder` writes from the
    same file and settings.

    Attributes:
        ratios: one or several, of which each picture gets the best; None: those of the constraint, or 1:1, 2:3, 3:2.
        format: of the crops: `jpg`, `png` or `webp`; None for arrays uint8 `[h, w, 3 or 4]`.
        quality: of a jpg or webp, 1 to 100; None for 95 and 92.

    The others are those of `BatchStage`.
    """

    ratios: str | Shape | Iterable[str | Shape] | None = None
    format: str | None = "jpg"
    quality: int | None = None

    def __post_init__(self) -> None:
        if self.ratios is not None and self.buckets is not None:
            raise ValueError("ratios: does nothing with buckets, which have ratios of their own")
        if self.format is not None and self.format not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, or None, got {show(self.format)}")
        if parse_colour(self.background) is None and self.format not in (None, *WITH_ALPHA):
            raise ValueError(f"background: a {self.format} cannot be transparent")
        if self.quality is not None:
            check_count("quality", self.quality, 100)
        super().__post_init__()

    @property
    def _ratios(self) -> str | Shape | Iterable[str | Shape] | None:
        return self.ratios

    def _added(self) -> Mapping[str, Any]:
        return {
            "crop": None,
            "box": None,
            "ratio": "",
            "bucket": NO_BUCKET,
            "score": float("nan"),
            "confidence": float("nan"),
            "warnings": [],
            "error": "",
        }

    @property
    def _planned_column(self) -> str:
        return "bucket" if self.buckets is not None else ""

    def _row(self, picture: Picture, analysis: Analysis, bucket: Size | None) -> dict[str, Any]:
        if self._settings.buckets is None:
            found = crop_opened(picture, analysis, self._settings)
            pixels = np.asarray(found.image)
            described = _describe(found.box, str(found.ratio), NO_BUCKET, found.score, found.confidence, found.warnings)
        else:
            described, pixels = self._cut_for_bucket(picture, analysis, bucket, self._settings.buckets)
        crop = pixels if self.format is None else encode(pixels, self.format, self.quality)
        return {"crop": crop, **described}

    def _cut_for_bucket(
        self, picture: Picture, analysis: Analysis, bucket: Size | None, buckets: BucketSettings
    ) -> tuple[dict[str, Any], np.ndarray]:
        settings, size = self._settings, picture.info.size
        asked = settings.objective, settings.on_cut
        if bucket is None:
            measured = measure_picture(analysis, size, settings.constraint, buckets, *asked, canvas=settings.canvas)
            losses = picture_losses(measured, size, buckets)
            if not np.isfinite(losses).any():
                raise HeadCutError("every bucket would cut off a head, or enlarge it too much")
            bucket = buckets.grid.sizes[int(losses.argmin())]
            record = crop_for_bucket(measured, bucket)
            box, found = Box(*record.box), (record.score, record.confidence, record.warnings)
        else:
            constraint = constraint_for(bucket, settings.constraint, buckets)
            crop = choose_crop(SearchBatch.of([analysis], size), constraint, *asked, canvas=settings.canvas)
            if is_dropped(crop, settings.on_cut):
                raise HeadCutError(summarise_warnings(crop.warnings))
            box, found = crop.box, (crop.score, crop.confidence, crop.warnings)
        pixels = picture.crop(box.as_list(), bucket, settings.background, settings.fill)
        return _describe(box, str(Ratio.of(bucket)), format_size(bucket), *found), pixels


@dataclass(frozen=True, kw_only=True)
class MeasureBatch(BatchStage):
    """What every picture of a batch loses in each bucket: the first pass over pictures that are to be sorted.

    >>> stage = MeasureBatch(cropper="centre", buckets="512x512,512x768", resolution=512)
    >>> measured = stage({"image": ["samples/cat.jpg"]})
    >>> measured["size"], [round(loss, 2) for loss in measured["losses"][0]]
    ([[451, 300]], [0.77, 0.48])
    >>> assign_buckets(measured["losses"], "512x512,512x768", resolution=512)
    ['512x512']

    It adds `size` (width, height), `losses` (one for each size of the grid, from the narrowest to the widest; infinite
    where the picture must not go) and `error`. `assign_buckets` makes a plan of the losses of all pictures, whose
    buckets are a column for `CropBatch`.
    """

    def __post_init__(self) -> None:
        if self.buckets is None:
            raise ValueError("buckets: name a grid such as auto:3; there is nothing to measure without")
        super().__post_init__()

    def _added(self) -> Mapping[str, Any]:
        settings = self._bucket_settings
        assert settings is not None
        return {"size": None, "losses": [float("inf")] * len(settings.grid.sizes), "error": ""}

    def _row(self, picture: Picture, analysis: Analysis, bucket: Size | None) -> dict[str, Any]:
        settings, size = self._settings, picture.info.size
        assert settings.buckets is not None
        asked = settings.constraint, settings.buckets, settings.objective, settings.on_cut
        measured = measure_picture(analysis, size, *asked, canvas=settings.canvas)
        return {"size": list(size), "losses": picture_losses(measured, size, settings.buckets).tolist()}


def assign_buckets(
    losses: Sequence[Sequence[float]] | np.ndarray,
    buckets: str,
    *,
    resolution: int | None = None,
    batch_size: int | None = None,
    smallest: int | None = None,
    remainder: str | None = None,
) -> list[str]:
    """The bucket of each picture, such as `832x1216`, so that all lose least; empty where it has none.

    Args:
        losses: `[N, M]`, as `MeasureBatch` found them for the same `buckets` and `resolution`.
        buckets: the grid.
        resolution: its pixel budget; 1024 where None.
        batch_size, smallest, remainder: what the counts must meet, see `BucketSettings`. A picture that would be used
            twice (`repeat`) is listed once.

    Raises:
        TypeError, ValueError: when an argument cannot be used, or the losses are none of this grid.
    """
    options = BucketOptions(buckets, batch_size, smallest, remainder)
    settings = options.settings(resolution, True, _no_sizes)
    if settings is None:
        raise ValueError("buckets: name a grid such as auto:3")
    table, sizes = np.asarray(losses, np.float64), settings.grid.sizes
    if table.ndim != 2 or table.shape[1] != len(sizes):
        raise ValueError(f"losses: {buckets} has {len(sizes)} sizes, got losses of shape {list(table.shape)}")
    from ..bucketing.solver.planner import plan_assignment  # SciPy comes with it; what crops needs none

    columns = plan_assignment(table, settings.policy()).assignment
    return [format_size(sizes[column]) if column >= 0 else NO_BUCKET for column in columns]


def _describe(
    box: Box,
    ratio: str,
    bucket: str,
    score: float,
    confidence: float | None,
    warnings: Sequence[CropWarning],
) -> dict[str, Any]:
    return {
        "box": box.as_list(),
        "ratio": ratio,
        "bucket": bucket,
        "score": float(score),
        "confidence": float("nan") if confidence is None else float(confidence),
        "warnings": [each.words for each in warnings],
    }


def _check_columns(columns: Columns, image: str) -> None:
    """Refuses what is no batch: a single row, as an engine gives that was not told of batches.

    Raises:
        ValueError: naming the column.
    """
    batched = "; with datasets, map(…, batched=True)"
    pictures = columns[image]
    if isinstance(pictures, str | bytes | PathLike | Mapping | Image.Image) or not hasattr(pictures, "__len__"):
        kind = type(pictures).__name__
        raise ValueError(f"image: column {image!r} must be a list of pictures, got one ({kind}){batched}")
    if getattr(pictures, "ndim", 1) == 3 and pictures.shape[2] in (1, 3, 4):
        raise ValueError(
            f"image: column {image!r} is one picture, {list(pictures.shape)}, and no list of them{batched}"
        )
    for name, values in columns.items():
        if isinstance(values, str | bytes) or not hasattr(values, "__len__") or len(values) != len(pictures):
            raise ValueError(f"batch: column {name!r} must have {len(pictures)} rows, as column {image!r} has{batched}")


def _unwrapped(image: Any) -> Any:
    """The picture of a row; `datasets` has undecoded ones as a dict."""
    if isinstance(image, Mapping):
        image = image.get("bytes") or image.get("path")
    if image is None:
        raise ValueError("there is no picture")
    return image


def _no_sizes() -> list[Size]:
    raise ValueError("buckets: a grid made from the pictures' sizes needs all of them at once; name a grid or sizes")


def _make(kind: type[BatchStage], arguments: Mapping[str, Any]) -> BatchStage:
    return kind(**arguments)
