"""The chooser of `framing: as people crop`: one model for free crops, another for those that have to hold a region."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ...cropping.checks import Region, Size
from ...cropping.ratio import Ratio
from ...cropping.size_curve import Choices, Ratings
from ...cropping.subject import Subject
from ..crop_choice.choice import CropChoice, load_bundled_crop_choice
from .choice import RegionChoice, load_bundled_region_choice


@dataclass(frozen=True)
class PeoplesChoice:
    """A `CropChooser`.

    Attributes:
        free: of crops that need not hold anything.
        holding: of crops that have to hold a region.
    """

    free: CropChoice
    holding: RegionChoice

    @property
    def digest(self) -> str:
        """See `CropChooser`."""
        return hashlib.sha256(f"{self.free.digest} {self.holding.digest}".encode()).hexdigest()

    def choices(self, seen: Sequence[object], subjects: Sequence[Sequence[Subject]], size: Size) -> Choices:
        """See `CropChooser`; impressions of other networks than the models were trained on say nothing."""

        @cache
        def choose(ratio: Ratio, region: Region | None) -> Ratings | None:
            if region is None:
                return self.free.choices(seen, subjects, size)
            return self.holding.choices(seen, subjects, size, ratio, region)

        return choose


def load_bundled_choice() -> PeoplesChoice:
    """With the weights that come with the package."""
    return PeoplesChoice(load_bundled_crop_choice(), load_bundled_region_choice())
