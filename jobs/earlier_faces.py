"""The faces that an earlier run has found, which are framed anew without looking for any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from ..datasets.manifest import CropRecord, PictureRecord, format_line
from .embeddings import Person


@dataclass(frozen=True)
class EarlierFaces:
    """What an earlier run has found.

    Attributes:
        records: of that run, by source.
        person: whom faces are compared with; None for nobody.
    """

    records: Mapping[str, PictureRecord]
    person: Person | None = None

    def mark(self, source: str) -> str:
        """Changes whenever what was found in a picture does, though the picture is the same."""
        return f"faces:{blake2b(format_line(self.records[source]).encode(), digest_size=8).hexdigest()}"

    def find(self, source: str) -> PictureRecord:
        """What was found in a picture; each face with how much it is like the person."""
        record = self.records[source]
        return replace(record, crops=tuple(map(self._compare, record.crops)))

    def _compare(self, crop: CropRecord) -> CropRecord:
        if crop.face is None or self.person is None:
            return crop
        likeness = self.person.likeness(crop.file)
        return replace(crop, face=replace(crop.face, likeness=None if likeness is None else round(float(likeness), 4)))
