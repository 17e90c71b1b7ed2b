"""The contract of a subject detector, and the one that every cropper gives."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor

from ...cropping.subject import Subject
from ..base import Cropper


@runtime_checkable
class SubjectDetector(Protocol):
    """Pictures → subjects, in one batched pass."""

    def detect(self, images: Tensor) -> list[tuple[Subject, ...]]:
        """The subjects of each of `[B, 3, H, W]` RGB images with values in 0..1; a picture may have none.

        The result does not depend on what else is in the batch.

        Raises:
            ValueError: when `images` are not such a batch.
        """


class CropperDetector:
    """The subjects that a cropper finds on its way to a crop; a `SubjectDetector`."""

    def __init__(self, cropper: Cropper) -> None:
        self.cropper = cropper

    def detect(self, images: Tensor) -> list[tuple[Subject, ...]]:
        return [analysis.subjects for analysis in self.cropper.analyse(images)]
