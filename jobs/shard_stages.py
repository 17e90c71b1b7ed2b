"""What happens to one picture of a shard: the functions of a folder run (`stages`, `bucket_stages`), on its bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..cropping.checks import Size
from ..cropping.ratio import Ratio
from ..datasets.hashing import hash_bytes
from ..datasets.manifest import FAILED, OK, PictureRecord
from ..images.decode import Picture
from ..images.reader import PictureReader
from .bucket_stages import crop_in_bucket, picture_losses
from .buckets import CHANGED_MEANWHILE, measure_seen
from .executors.batches import Analyser
from .settings import CropSettings
from .stages import Seen, analysing, fail_alone, plan_picture, render_crop
from .steer import NO_GUIDANCE
from .thumbnails import thumbnail_for


@dataclass(frozen=True)
class PictureStages:
    """The stages of a run over shards.

    Attributes:
        settings: of the run.
        analyser: for them.
        reader: opens the pictures.
    """

    settings: CropSettings
    analyser: Analyser
    reader: PictureReader

    def crop(self, source: str, content: bytes, name: str) -> tuple[PictureRecord, list[bytes]]:
        """The record of a picture, and the bytes of each of its crops that has a file.

        Args:
            source: that the record names it by.
            content: the bytes of its file.
            name: of its crops, see `CropSettings.file_of`.
        """
        crops: list[bytes] = []

        def work(picture: Picture, record: PictureRecord) -> PictureRecord:
            seen = self._look_at(picture)
            with analysing(picture):
                planned = plan_picture(record, seen, (), name, self.settings)
            crops.extend(self._render(picture, planned))
            return planned

        return self._attempt(source, content, work), crops

    def measure(self, source: str, content: bytes) -> tuple[PictureRecord, np.ndarray]:
        """The record of a picture with a crop for every bucket, and what it loses in each, float64 `[M]`."""

        def work(picture: Picture, record: PictureRecord) -> PictureRecord:
            seen = self._look_at(picture)
            with analysing(picture):
                return measure_seen(record, seen, (), self.settings)

        record, buckets = self._attempt(source, content, work), self.settings.buckets
        assert buckets is not None
        if record.status != OK or record.size is None:
            return record, np.full(len(buckets.grid.sizes), np.inf)
        return record, picture_losses(record.crops, record.size, buckets)

    def write(
        self, measured: PictureRecord, content: bytes, bucket: Size | None, reason: str, name: str, uses: int
    ) -> tuple[PictureRecord, list[bytes]]:
        """The record of a picture in its bucket, and the bytes of its crop as often as it is used.

        Args:
            measured: its record, as `measure` gave it.
            content: the bytes of its file.
            bucket: that it goes to; None where it is left out.
            reason: why it is, see `crop_in_bucket`.
            name: of its crops.
            uses: how often it is used.
        """
        if measured.status != OK:
            return replace(measured, crops=()), []
        if measured.digest != hash_bytes(content):
            return measured.as_failed(CHANGED_MEANWHILE), []
        file = None if bucket is None else self.settings.file_of(name, Ratio.of(bucket), bucket)
        planned = crop_in_bucket(measured, bucket, reason, [file] * uses)
        if not planned.crops:
            return planned, []
        crops: list[bytes] = []

        def work(picture: Picture, record: PictureRecord) -> PictureRecord:
            crops.extend(self._render(picture, replace(record, crops=record.crops[:1])) * uses)
            return record

        path = Path(planned.source)
        return fail_alone(self.reader.open(path, content), path, planned, work), crops

    def _look_at(self, picture: Picture) -> Seen:
        thumbnail = thumbnail_for(picture, self.settings)
        with analysing(picture):
            analysis = self.analyser.analyse(thumbnail)
        return Seen(analysis, NO_GUIDANCE, (thumbnail.shape[1], thumbnail.shape[0]))

    def _attempt(
        self, source: str, content: bytes, work: Callable[[Picture, PictureRecord], PictureRecord]
    ) -> PictureRecord:
        path, record = Path(source), PictureRecord(source, None, FAILED, digest=hash_bytes(content))
        return fail_alone(self.reader.open(path, content), path, record, work)

    def _render(self, picture: Picture, record: PictureRecord) -> list[bytes]:
        return [render_crop(picture, crop, self.settings) for crop in record.crops if crop.file is not None]
