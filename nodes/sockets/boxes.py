"""BOUNDING_BOX values: dicts of x, y, width and height in pixels, alone or in lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import torch
from comfy_api.latest import io
from torch import Tensor

from ...cropping.box import Box
from ...cropping.checks import show
from ...cropping.crop import Crop
from ...jobs.output_size import ratio_error
from . import Region, Size
from .lists import chain_lists, pair_or_unite

MAX_BOXES = 1000
"""On one picture: each is a term of the score of every crop. Detectors find a hundred."""

Parsed = TypeVar("Parsed")
Frame: TypeAlias = "list[Mapping[str, Any]]"
"""The boxes of one picture."""


def box_input(name: str, tooltip: str, optional: bool = True) -> io.BoundingBox.Input:
    """A socket for boxes. It is never a widget, because a widget would always hold a box."""
    return io.BoundingBox.Input(name, optional=optional, force_input=True, socketless=False, tooltip=tooltip)


def read_boxes(values: Sequence[Any] | None, batches: Sequence[Tensor], name: str) -> list[list[Box]]:
    """The boxes of every picture of the batches; empty lists where nothing is connected.

    Raises:
        ValueError: when there are neither one value nor as many as batches, or its lists do not match a batch.
    """
    return _read_each(values, batches, name, _parse)


def read_labelled_boxes(
    values: Sequence[Any] | None, batches: Sequence[Tensor], name: str
) -> list[list[tuple[Box, str]]]:
    """As `read_boxes`, each box with its label; empty where it has none."""
    return _read_each(values, batches, name, _parse_labelled)


def _read_each(
    values: Sequence[Any] | None, batches: Sequence[Tensor], name: str, parse: Callable[[Any, str], Parsed | None]
) -> list[list[Parsed]]:
    frames = [_read_frames(value, name, parse) for value in values or ()]
    boxes: list[list[Parsed]] = []
    paired = pair_or_unite(frames, len(batches), name, chain_lists)
    for value, batch in zip(paired, batches, strict=True):
        boxes += [each or [] for each in pair_or_unite(value, len(batch), name, chain_lists)]
    return boxes


def read_frames(value: Any, name: str) -> list[list[Box]]:
    """One BOUNDING_BOX value as lists of boxes: one list for each picture of a batch, or a single one for all.

    Raises:
        ValueError: when it has none of the three shapes.
    """
    return _read_frames(value, name, _parse)


def _read_frames(value: Any, name: str, parse: Callable[[Any, str], Parsed | None]) -> list[list[Parsed]]:
    if isinstance(value, Mapping):
        return [_parse_all([value], name, parse)]
    if _is_list(value):
        if value and all(_is_list(each) for each in value):
            return [_parse_all(each, name, parse) for each in value]
        return [_parse_all(value, name, parse)]
    raise ValueError(f"{name}: expected a bounding box, a list of them or a list of lists, got {show(value)}")


def flatten_boxes(values: Sequence[Any], name: str, depth: int = 3) -> list[Mapping[str, Any]]:
    """All boxes of BOUNDING_BOX values, in order, whichever of the three shapes the values have.

    Args:
        depth: how many lists may lie in each other.

    Raises:
        ValueError: when there is something else among them.
    """
    found: list[Mapping[str, Any]] = []
    for value in values:
        if isinstance(value, Mapping):
            found.append(value)
        elif _is_list(value) and depth > 1:
            found += flatten_boxes(value, name, depth - 1)
        else:
            raise ValueError(f"{name}: expected a bounding box, a list of them or a list of lists, got {show(value)}")
    return found


def group_boxes(values: Sequence[Any], name: str) -> list[Frame]:
    """The boxes of each picture, in order: a box alone, or a list of boxes, is one picture's, and a list of lists is a
    batch's.

    Raises:
        ValueError: when there is something else among them.
    """
    found: list[Frame] = []
    for value in values:
        is_batch = _is_list(value) and len(value) and all(map(_is_list, value))
        found += [flatten_boxes([each], name) for each in (value if is_batch else [value])]
    for boxes in found:
        _refuse_too_many(boxes, name)
    return found


def share_boxes(frames: Sequence[Frame], count: int, name: str) -> list[Frame]:
    """The boxes of each of `count` pictures.

    All are a single picture's. Of several pictures, boxes that tell their picture (see `told_places`) belong to it;
    otherwise there is one for each picture, or a list for each; or one, or one list, serves all.

    Args:
        frames: see `group_boxes`.

    Raises:
        ValueError: when the counts do not match.
    """
    boxes = [box for frame in frames for box in frame]
    if count == 1:
        return [boxes]
    told = told_places(boxes, count)
    if told is not None:
        return [[boxes[each] for each in indices] for indices in told]
    if len(frames) == 1:
        return [[box] for box in boxes] if len(boxes) == count else [*frames] * count
    if len(frames) != count:
        raise ValueError(
            f"{name}: boxes for {len(frames)} pictures, but there are {count}; connect one or a list for all, or"
            " one of them for each"
        )
    return list(frames)


def told_places(boxes: Sequence[Mapping[str, Any]], count: int) -> list[list[int]] | None:
    """For each of `count` pictures, the indices of the boxes that say that they are of it (see `make_bounding_box`);
    None unless all of them say of which of so many pictures they are.
    """
    places = [_place_of(box, count) for box in boxes]
    if not places or None in places:
        return None
    return [[each for each, place in enumerate(places) if place == index] for index in range(count)]


def fit_box(value: Mapping[str, Any], size: Size, name: str = "box") -> Box:
    """A bounding box on a picture of `size`. A box with its `picture_size` in its metadata is scaled to `size`.

    Raises:
        ValueError: when it is no box, or has no area.
    """
    if not value:
        raise ValueError(f"{name}: no box arrived for this picture; the node before found none")
    box = _parse(value, name)
    if box is None:
        raise ValueError(f"{name}: the box has no area: {show(value)}")
    picture_size = _size_in(value, "picture_size")
    return box if picture_size is None else _scale(box, picture_size, size)


def cut_size_of(value: Mapping[str, Any]) -> Size | None:
    """Width and height that the crop of a box was cut out at, where it tells them."""
    return _size_in(value, "crop_size")


def make_bounding_box(
    crop: Crop, size: Size, crop_size: Size, place: tuple[int, int] | None = None, **more: Any
) -> dict[str, Any]:
    """A crop of a picture of `size` as a BOUNDING_BOX, with its ratio, score, terms and warnings.

    Args:
        crop: the crop.
        size: width and height of its picture.
        crop_size: width and height that it was cut out at; by how much it is wider (> 0) or taller than the ratio, as a
            share, is told.
        place: the index of the picture among how many: a picture may have several boxes, or none, and boxes may come in
            another order than pictures.
        more: of the metadata.
    """
    told = {} if place is None else {"picture_index": place[0], "picture_count": place[1]}
    return {
        "x": crop.box.x,
        "y": crop.box.y,
        "width": crop.box.width,
        "height": crop.box.height,
        "score": crop.score,
        "label": str(crop.ratio),
        "metadata": {
            "picture_size": list(size),
            "crop_size": list(crop_size),
            "kept": crop.kept,
            "ratio_error": ratio_error(crop_size, crop.ratio),
            "confidence": crop.confidence,
            "framing": crop.framing,
            "terms": dict(crop.terms),
            "warnings": [{"code": each.code, "words": each.words, "region": each.region} for each in crop.warnings],
            **told,
            **more,
        },
    }


def relative_regions(boxes: Sequence[Box], size: Size) -> Tensor:
    """Boxes as regions `[N, 4]` relative to a picture of `size`, clipped to it; boxes wholly outside are left out."""
    regions = [region for box in boxes if (region := relative_region(box, size)) is not None]
    return torch.tensor(regions, dtype=torch.float64).reshape(-1, 4)


def relative_region(box: Box, size: Size) -> Region | None:
    """The part of a box that lies on a picture of `size`, relative to the picture; None where it lies outside."""
    try:
        return box.clipped(size).relative(size)
    except ValueError:
        return None


def _parse_all(values: Sequence[Any], name: str, parse: Callable[[Any, str], Parsed | None]) -> list[Parsed]:
    _refuse_too_many(values, name)
    boxes = (parse(value, name) for value in values)
    return [box for box in boxes if box is not None]


def _refuse_too_many(boxes: Sequence[Any], name: str) -> None:
    if len(boxes) > MAX_BOXES:
        raise ValueError(f"{name}: {len(boxes)} boxes on one picture, over the limit of {MAX_BOXES}")


def _parse_labelled(value: Any, name: str) -> tuple[Box, str] | None:
    box = _parse(value, name)
    label = value.get("label") if isinstance(value, Mapping) else None
    return None if box is None else (box, label if isinstance(label, str) else "")


def _parse(value: Any, name: str) -> Box | None:
    """The smallest box of whole pixels around a bounding box; None for one without area: detectors may emit such."""
    try:
        x, y, width, height = (float(value[key]) for key in ("x", "y", "width", "height"))
    except (KeyError, OverflowError, TypeError, ValueError):
        x = y = width = height = math.nan
    if not all(map(math.isfinite, (x, y, width, height))):
        raise ValueError(f"{name}: a bounding box needs the numbers x, y, width and height, got {show(value)}")
    if width <= 0 or height <= 0:
        return None
    left, top = math.floor(x), math.floor(y)
    return Box(left, top, math.ceil(x + width) - left, math.ceil(y + height) - top)


def _place_of(value: Mapping[str, Any], count: int) -> int | None:
    """Which of `count` pictures a box says that it is of; None where it says nothing, or was found among others."""
    metadata = value.get("metadata")
    told = metadata if isinstance(metadata, Mapping) else {}
    index, among = told.get("picture_index"), told.get("picture_count")
    is_one = type(index) is int and type(among) is int and among == count and 0 <= index < count
    return index if is_one else None


def _size_in(value: Mapping[str, Any], key: str) -> Size | None:
    """A size in a box's metadata, where this pack made the box."""
    metadata = value.get("metadata")
    size = metadata.get(key) if isinstance(metadata, Mapping) else None
    if not isinstance(size, Sequence) or len(size) != 2:
        return None
    width, height = size
    return (width, height) if all(isinstance(each, int) and each > 0 for each in size) else None


def _scale(box: Box, old: Size, new: Size) -> Box:
    if old == new:
        return box
    across, down = new[0] / old[0], new[1] / old[1]
    width, height = max(1, round(box.width * across)), max(1, round(box.height * down))
    return Box(round(box.x * across), round(box.y * down), width, height)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
