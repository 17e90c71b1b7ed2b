"""Everything that travels on a wire: the pack's own socket types, and what ComfyUI's mean here.

    IMAGE            [B, H, W, 3 or 4] floats in 0..1, of any precision, on any device. Pictures of differing size
                     travel as a list of [1, H, W, 3].
    MASK             [B, H, W], or [H, W], of any size: a mask belongs to a picture by its place in the list or batch.
    BOUNDING_BOX     {x, y, width, height, ...} in pixels; taken as one dict, a list of them (all on one picture) or a
                     list of lists (one for each picture of a batch); given as one dict for each picture.
    SALIENT_CROPPER  a `HostedCropper`.
    CROP_CONSTRAINT  a `PendingConstraint`: a `Constraint`, an `Objective`, and regions that become relative once the
                     size of the picture is known.

Nodes that take lists get every socket as a list (ComfyUI's `is_input_list`), and pair them here: one value serves all
pictures, otherwise there must be as many as pictures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import Any, TypeVar

import torch
from comfy_api.latest import io
from torch import Tensor

from ..cropping.box import Box
from ..cropping.constraint import Constraint
from ..cropping.crop import Crop
from ..cropping.objective import Objective
from ..cropping.ratio import Ratio
from ..cropping.text_region import TextRegion

SalientCropper = io.Custom("SALIENT_CROPPER")
CropConstraint = io.Custom("CROP_CONSTRAINT")

Size = tuple[int, int]
Region = tuple[float, float, float, float]
Value = TypeVar("Value")


def box_input(name: str, tooltip: str, optional: bool = True) -> io.BoundingBox.Input:
    """A socket for boxes (never a widget: that would always hold a box)."""
    return io.BoundingBox.Input(name, optional=optional, force_input=True, socketless=False, tooltip=tooltip)


def cropper_input() -> Any:
    """The socket for a cropper, which the bundled default stands in for."""
    return SalientCropper.Input(
        "cropper", optional=True, tooltip="From Load Cropper. Not connected: the bundled default, focus."
    )


# Lists in step


def only(values: Sequence[Value], name: str) -> Value:
    """The one value of a socket that serves all pictures.

    Raises:
        ValueError: when several are connected.
    """
    if len(values) != 1:
        raise ValueError(f"{name}: {len(values)} values are connected, but one has to serve all pictures")
    return values[0]


def in_step(values: Sequence[Value] | None, count: int, name: str) -> list[Value | None]:
    """One value for each of `count` pictures: the one for all, or one each; None for each where nothing is connected.

    Raises:
        ValueError: when there are neither one nor `count`.
    """
    if not values:
        return [None] * count
    if len(values) not in (1, count):
        raise ValueError(f"{name}: {len(values)} values for {count} pictures; connect one for all, or one for each")
    return [*values] * (count if len(values) == 1 else 1)


# Pictures and masks


def as_batches(images: Sequence[Tensor], name: str = "image") -> list[Tensor]:
    """IMAGE values as `[B, H, W, 3]` float32 each.

    Raises:
        ValueError: when there is none, or one has another shape, or no pixels.
    """
    if not images:
        raise ValueError(f"{name}: an empty list arrived; the node before found no picture")
    for index, image in enumerate(images):
        if image.ndim != 4 or image.shape[-1] < 3 or 0 in image.shape:
            raise ValueError(f"{name} {index}: expected [B, H, W, 3] with at least one pixel, got {list(image.shape)}")
    return [image[..., :3].float() for image in images]


def size_of(picture: Tensor) -> Size:
    """(width, height) of a picture `[H, W, C]`."""
    return picture.shape[1], picture.shape[0]


def masks_of(masks: Sequence[Tensor] | None, batches: Sequence[Tensor], name: str) -> list[Tensor | None]:
    """The mask `[h, w]` in 0..1 of every picture of the batches; None for each where nothing is connected.

    Raises:
        ValueError: when there are neither one nor as many as pictures.
    """
    counts = [len(batch) for batch in batches]
    if not masks:
        return [None] * sum(counts)
    frames = [_frames(mask, f"{name} {index}") for index, mask in enumerate(masks)]
    if len(frames) == len(batches):
        paired = zip(frames, counts, strict=True)
        return [each for value, count in paired for each in in_step(list(value), count, name)]
    every = [each for value in frames for each in value]
    return in_step(every, sum(counts), name)


def _frames(mask: Tensor, name: str) -> Tensor:
    if mask.ndim == 2:
        mask = mask[None]
    if mask.ndim != 3 or 0 in mask.shape:
        raise ValueError(f"{name}: expected a mask [B, H, W] with at least one pixel, got {list(mask.shape)}")
    return mask.float().clamp(0, 1)


def blank_for(masks: Sequence[Tensor], name: str) -> list[Tensor]:
    """Grey pictures `[B, H, W, 3]` as large as the masks."""
    frames = [_frames(mask, f"{name} {index}") for index, mask in enumerate(masks)]
    return [torch.full((*mask.shape, 3), 0.5) for mask in frames]


def mask_region(mask: Tensor) -> Region | None:
    """Around all of a mask `[h, w]` above a half: relative x1, y1, x2, y2; None where there is nothing."""
    chosen = mask > 0.5
    if not chosen.any():
        return None
    height, width = mask.shape
    columns, rows = chosen.any(0).nonzero().flatten().tolist(), chosen.any(1).nonzero().flatten().tolist()
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


# Boxes


def as_frames(value: Any, name: str) -> list[list[Box]]:
    """One BOUNDING_BOX value as lists of boxes, one list for each picture of a batch, or one that is for all of them.

    Raises:
        ValueError: when it is none of the three shapes.
    """
    if isinstance(value, Mapping):
        return [_boxes([value], name)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if value and all(isinstance(each, Sequence) for each in value):
            return [_boxes(each, name) for each in value]
        return [_boxes(value, name)]
    raise ValueError(f"{name}: expected a bounding box, a list of them or a list of lists, got {value!r}")


def boxes_of(values: Sequence[Any] | None, batches: Sequence[Tensor], name: str) -> list[list[Box]]:
    """The boxes of every picture of the batches; empty lists where nothing is connected.

    Raises:
        ValueError: when there are neither one value nor as many as batches, or its lists do not match a batch.
    """
    paired = zip(in_step(values, len(batches), name), batches, strict=True)
    boxes = []
    for value, batch in paired:
        frames = [[]] if value is None else as_frames(value, name)
        boxes += in_step(frames, len(batch), name)
    return [each or [] for each in boxes]


def _boxes(values: Sequence[Any], name: str) -> list[Box]:
    boxes = [_box(value, name) for value in values]
    return [box for box in boxes if box is not None]


def _box(value: Any, name: str) -> Box | None:
    """The smallest whole-pixel box around a bounding box; None for one without area, as detectors now and then give."""
    try:
        x, y, width, height = (float(value[key]) for key in ("x", "y", "width", "height"))
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{name}: a bounding box needs the numbers x, y, width and height, got {value!r}") from None
    if width <= 0 or height <= 0:
        return None
    left, top = floor(x), floor(y)
    return Box(left, top, ceil(x + width) - left, ceil(y + height) - top)


def box_dict(crop: Crop, size: Size) -> dict[str, Any]:
    """A crop of a picture of `size` as a BOUNDING_BOX, with its ratio, its score and why it won beside it."""
    return {
        **plain_box(crop.box),
        "score": crop.score,
        "label": str(crop.ratio),
        "metadata": {"picture_size": list(size), "kept": crop.kept, "terms": dict(crop.terms)},
    }


def plain_box(box: Box) -> dict[str, int]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def box_dicts(values: Sequence[Any], name: str) -> list[Mapping[str, Any]]:
    """All boxes of BOUNDING_BOX values, in order, whichever of the three shapes they have.

    Raises:
        ValueError: when there is something else among them.
    """
    found: list[Mapping[str, Any]] = []
    for value in values:
        if isinstance(value, Mapping):
            found.append(value)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            found += box_dicts(value, name)
        else:
            raise ValueError(f"{name}: expected a bounding box, a list of them or a list of lists, got {value!r}")
    return found


def box_for(value: Mapping[str, Any], size: Size, name: str = "box") -> Box:
    """A bounding box on a picture of `size`; one that knows the size of the picture it was found on is scaled to it.

    Raises:
        ValueError: when it is no box, or has no area.
    """
    if not value:
        raise ValueError(f"{name}: no box arrived for this picture; the node before found none")
    box = _box(value, name)
    if box is None:
        raise ValueError(f"{name}: the box has no area: {value!r}")
    known = (value.get("metadata") or {}).get("picture_size")
    return box if known is None else _scaled(box, (int(known[0]), int(known[1])), size)


def _scaled(box: Box, old: Size, new: Size) -> Box:
    if old == new:
        return box
    across, down = new[0] / old[0], new[1] / old[1]
    width, height = max(1, round(box.width * across)), max(1, round(box.height * down))
    return Box(round(box.x * across), round(box.y * down), width, height)


# Constraints


@dataclass(frozen=True)
class Regions:
    """Regions of pictures that are not known yet.

    Attributes:
        frames: what each picture of a batch has, or one entry for all: boxes in pixels, or relative regions.
        size: of the picture that boxes are measured on; None: of whichever is cropped.
    """

    frames: tuple[tuple[Box | Region, ...], ...]
    size: Size | None = None

    def of(self, index: int, count: int, size: Size, name: str) -> tuple[Region, ...]:
        """The relative regions of picture `index` of `count`, of `size`; what lies outside the picture is left out."""
        entries = in_step(self.frames, count, name)[index] or ()
        found = [_relative(each, self.size or size) if isinstance(each, Box) else each for each in entries]
        return tuple(each for each in found if each is not None)


def _relative(box: Box, size: Size) -> Region | None:
    try:
        return box.clipped(size).relative(size)
    except ValueError:
        return None


@dataclass(frozen=True)
class PendingConstraint:
    """The value on a CROP_CONSTRAINT wire: a constraint whose regions may still wait for the size of the picture, and
    how crops that obey it are compared."""

    base: Constraint = field(default_factory=Constraint)
    objective: Objective = field(default_factory=Objective)
    keep: tuple[Regions, ...] = ()
    avoid: tuple[Regions, ...] = ()
    text_regions: tuple[tuple[Regions, str, bool], ...] = ()  # regions, frame, hard

    def for_picture(self, index: int, count: int, size: Size) -> Constraint:
        """The constraint on picture `index` of `count`, of `size`.

        Raises:
            ValueError: when there are regions for neither one nor `count` pictures.
        """
        keep = [region for each in self.keep for region in each.of(index, count, size, "keep regions")]
        avoid = [region for each in self.avoid for region in each.of(index, count, size, "avoid regions")]
        text_regions = [
            TextRegion(region, frame, hard)
            for regions, frame, hard in self.text_regions
            for region in regions.of(index, count, size, "layout regions")
        ]
        return replace(
            self.base,
            keep=(*self.base.keep, *keep),
            avoid=(*self.base.avoid, *avoid),
            text_regions=(*self.base.text_regions, *text_regions),
        )


def objectives_for(rules: Sequence[PendingConstraint] | None, count: int) -> list[Objective]:
    """How the crops of each of `count` pictures are compared; without a constraint, by the default objective.

    Raises:
        ValueError: when there are constraints for neither one nor `count` pictures.
    """
    return [Objective() if rule is None else rule.objective for rule in in_step(rules, count, "constraint")]


def regions_from(mask: Tensor | None, boxes: Any, name: str, size: Size | None = None) -> tuple[Regions, ...]:
    """What a MASK and a BOUNDING_BOX socket together point out; nothing where neither is connected."""
    found = []
    if mask is not None:
        around = [mask_region(frame) for frame in _frames(mask, name)]
        found.append(Regions(tuple(() if region is None else (region,) for region in around)))
    if boxes is not None:
        found.append(Regions(tuple(tuple(frame) for frame in as_frames(boxes, name)), size))
    return tuple(found)


def parse_ratios(text: str, name: str = "ratio") -> tuple[Ratio, ...]:
    """`2:3` or `1:1, 2:3` as ratios; nothing where the text is empty.

    Raises:
        ValueError: naming the socket, when a part is no ratio. Nor is a whole number one: `2;3` would mean 2:1 and 3:1.
    """
    parts = [part for part in re.split(r"[,;\s]+", re.sub(r"\s*([:x×/])\s*", r"\1", text)) if part]
    for part in parts:
        if part.isdecimal():
            raise ValueError(f"{name}: {part!r} in {text!r} is half a ratio; write width:height, such as 2:3")
    try:
        return tuple(Ratio.parse(part) for part in parts)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def boxes_as_regions(boxes: Sequence[Box], size: Size) -> Tensor:
    """Pixel boxes as relative regions `[N, 4]`, clipped to a picture of `size`; those wholly outside are left out."""
    regions = [region for box in boxes if (region := _relative(box, size)) is not None]
    return torch.tensor(regions, dtype=torch.float64).reshape(-1, 4)
