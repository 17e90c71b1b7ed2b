"""CROP_CONSTRAINT values: constraints whose regions may still wait for the size of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from comfy_api.latest import io
from torch import Tensor

from ...cropping.box import Box
from ...cropping.constraint import Constraint
from ...cropping.margin import Margin
from ...cropping.mask_regions import find_region
from ...cropping.objective import Objective
from ...cropping.text_region import TextRegion
from . import Region, Size, boxes, masks
from .lists import pair_or_unite, pair_with_pictures

CropConstraintType = io.Custom("CROP_CONSTRAINT")
NO_MARGIN = Margin()


@dataclass(frozen=True)
class Regions:
    """Regions on pictures whose size is not known yet.

    Attributes:
        frames: the regions of each picture of a batch, or a single entry for all pictures: boxes in pixels, or relative
            regions.
        size: of the picture that boxes are measured on; None: of whichever picture is cropped.
        margin: around each of them.
    """

    frames: tuple[tuple[Box | Region, ...], ...]
    size: Size | None = None
    margin: Margin = NO_MARGIN

    @property
    def depends_on_size(self) -> bool:
        """Whether there are boxes, or a margin, in pixels of whichever picture is cropped."""
        if self.margin.pixels and any(self.frames):
            return True
        return self.size is None and any(isinstance(each, Box) for frame in self.frames for each in frame)

    def count_outside(self, size: Size) -> int:
        """How many of the boxes lie outside a picture of `size`, and so are left out."""
        every = [each for frame in self.frames for each in frame if isinstance(each, Box)]
        return sum(boxes.relative_region(each, self.size or size) is None for each in every)

    def resolve(self, index: int, count: int, size: Size, name: str) -> tuple[Region, ...]:
        """The relative regions of picture `index` of `count`, of `size`. Boxes outside the picture are left out.

        Several entries for a single picture are all its own.
        """
        entries = pair_or_unite(self.frames, count, name, lambda every: sum(every, ()))[index] or ()
        found = [boxes.relative_region(each, self.size or size) if isinstance(each, Box) else each for each in entries]
        return tuple(self.margin.around(each, size) for each in found if each is not None)


@dataclass(frozen=True)
class PendingText:
    """Text regions on pictures whose size is not known yet; `frame` and `hard` as in `TextRegion`."""

    regions: Regions
    frame: str
    hard: bool


@dataclass(frozen=True)
class PendingConstraint:
    """The value on a CROP_CONSTRAINT wire.

    Attributes:
        base: the constraint, without the regions below.
        objective: how crops that obey it are compared.
        keep, avoid, text_regions: what `for_picture` adds to `base`.
    """

    base: Constraint = field(default_factory=Constraint)
    objective: Objective = field(default_factory=Objective)
    keep: tuple[Regions, ...] = ()
    avoid: tuple[Regions, ...] = ()
    text_regions: tuple[PendingText, ...] = ()

    @property
    def depends_on_size(self) -> bool:
        """Whether there are boxes, or margins, in pixels of whichever picture is cropped."""
        every = (*self.keep, *self.avoid, *(each.regions for each in self.text_regions))
        return any(each.depends_on_size for each in every)

    def relative_part(self) -> PendingConstraint:
        """The constraint without what depends on the size of the picture."""

        def relative(every: Sequence[Regions]) -> tuple[Regions, ...]:
            return tuple(each for each in every if not each.depends_on_size)

        texts = tuple(each for each in self.text_regions if not each.regions.depends_on_size)
        return replace(self, keep=relative(self.keep), avoid=relative(self.avoid), text_regions=texts)

    @property
    def frame_count(self) -> int:
        """How many pictures of a batch its regions are for; 1 where they are the same for all."""
        every = (*self.keep, *self.avoid, *(each.regions for each in self.text_regions))
        return max((len(each.frames) for each in every), default=1)

    def for_picture(self, index: int, count: int, size: Size) -> Constraint:
        """The constraint on picture `index` of `count`, of `size`.

        Raises:
            ValueError: when there are regions for neither one nor `count` pictures.
        """

        def resolve(every: Sequence[Regions], kind: str) -> list[Region]:
            name = f"constraint, {kind} regions"
            return [region for regions in every for region in regions.resolve(index, count, size, name)]

        text_regions = [
            TextRegion(region, text.frame, text.hard)
            for text in self.text_regions
            for region in resolve([text.regions], "layout")
        ]
        return replace(
            self.base,
            keep=(*self.base.keep, *resolve(self.keep, "keep")),
            avoid=(*self.base.avoid, *resolve(self.avoid, "avoid")),
            text_regions=(*self.base.text_regions, *text_regions),
        )


def mask_regions(mask: Tensor | None, name: str, margin: Margin = NO_MARGIN) -> tuple[Regions, ...]:
    """What is white in a MASK value, as one region for each of its masks; nothing where none is connected.

    Raises:
        ValueError: when it is no mask.
    """
    if mask is None:
        return ()
    bounds = [find_region(frame) for frame in masks.read_frames(mask, name)]
    return (Regions(tuple(() if region is None else (region,) for region in bounds), margin=margin),)


def box_regions(value: Any, name: str, size: Size | None = None, margin: Margin = NO_MARGIN) -> tuple[Regions, ...]:
    """The boxes of a BOUNDING_BOX value, measured on a picture of `size`; nothing where none is connected.

    Raises:
        ValueError: when it holds something else.
    """
    return () if value is None else (Regions(tuple(map(tuple, boxes.read_frames(value, name))), size, margin),)


def resolve_constraints(
    values: Sequence[PendingConstraint] | None, sizes: Sequence[Size], default: PendingConstraint
) -> list[Constraint]:
    """The constraint on each picture; `default` for each where nothing is connected.

    A constraint that serves all pictures may have regions for each of them; one of several belongs to its picture.

    Raises:
        ValueError: when there are neither one nor as many constraints, or regions in one, as pictures.
    """
    count = len(sizes)
    shared = values is not None and len(values) == 1
    paired = zip(pair_with_pictures(values, count, "constraint"), sizes, strict=True)
    constraints = []
    for index, (value, size) in enumerate(paired):
        place = (index, count) if shared else (0, 1)
        constraints.append((value or default).for_picture(*place, size))
    return constraints


def resolve_objectives(values: Sequence[PendingConstraint] | None, count: int) -> list[Objective]:
    """How the crops of each of `count` pictures are compared; the default objective where nothing is connected.

    Raises:
        ValueError: when there are neither one nor `count` constraints.
    """
    paired = pair_with_pictures(values, count, "constraint")
    return [Objective() if value is None else value.objective for value in paired]
