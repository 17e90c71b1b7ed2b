"""The crops of a manifest as the page lists them: one item for each that a person can decide on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..cropping.correction import Correction
from ..datasets.corrections import format_correction
from ..datasets.manifest import CropRecord, PictureRecord


@dataclass(frozen=True, slots=True)
class Item:
    """One crop of one picture, or a picture that has none.

    Attributes:
        record: of the picture.
        place: of the crop among those of the record; -1 where it has none.
    """

    record: PictureRecord
    place: int

    @property
    def crop(self) -> CropRecord | None:
        return None if self.place < 0 else self.record.crops[self.place]

    @property
    def saved(self) -> Correction | None:
        """What the manifest says was decided."""
        return None if self.crop is None else self.crop.correction

    def describe(self, decided: Correction | None) -> dict[str, Any]:
        """As JSON for the page.

        Args:
            decided: about this crop, saved or not.
        """
        record, crop = self.record, self.crop
        described: dict[str, Any] = {
            "name": record.source,
            "size": record.size,
            "status": record.status,
            "reason": record.reason,
            "correction": None if decided is None else format_correction(decided),
            "saved": None if self.saved is None else format_correction(self.saved),
        }
        if crop is not None:
            described |= {
                "ratio": crop.ratio,
                "bucket": crop.bucket,
                "box": crop.box,
                "kept": crop.kept,
                "confidence": crop.confidence,
                "warnings": [{"code": each.code, "words": each.words, "region": each.region} for each in crop.warnings],
            }
        return described


def list_items(records: Sequence[PictureRecord]) -> list[Item]:
    """The items of a manifest, in its order. The crops of a picture that fills a batch several times are one."""
    return [Item(record, place) for record in records for place in _places(record)]


def _places(record: PictureRecord) -> Iterator[int]:
    if not record.crops:
        yield -1
    seen = set()
    for place, crop in enumerate(record.crops):
        if (crop.ratio, crop.bucket, crop.box) not in seen:
            seen.add((crop.ratio, crop.bucket, crop.box))
            yield place
