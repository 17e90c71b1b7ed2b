"""What matters in a single picture, as a Python program says it: a mask, boxes, or where the files of either lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor

from ..cropping.checks import Region, check_region
from ..datasets.annotations.boxes import MAX_BOXES, LabelledRegion
from ..datasets.annotations.folder import AnnotationFolder
from ..images.decode import Picture
from ..images.source import PictureSource, open_picture
from .guides import KEEP, Guides, make_guidance, read_mask
from .steer import Guidance

Guide: TypeAlias = "PictureSource | Sequence[Region] | None"
"""A mask as `open_picture` takes it; a list of relative boxes, left, top, right, bottom; or the path of a folder or a
file of boxes, as `crop_folder` takes it."""

OF_BOXES = (".json", ".jsonl")


def read_given(
    given: Mapping[str, Guide], picture: Picture, path: Path | None, guides: Guides, open_file: Callable[..., Picture]
) -> Guidance:
    """The guidance of a picture.

    Args:
        given: what was given for focus, avoid and keep, by these names.
        picture: is open.
        path: of its file; None where it has none, and then nothing can be found by its name.
        guides: how boxes count.
        open_file: opens the file of a mask.

    Raises:
        TypeError, ValueError: when something given cannot be used; names it.
        PictureError: when a mask, or a file of boxes, cannot be read.
    """
    masks: dict[str, Tensor | None] = {}
    boxes: dict[str, tuple[LabelledRegion, ...]] = {}
    for role, value in given.items():
        if value is None:
            continue
        whole = role == KEEP
        if isinstance(value, str | os.PathLike) and _holds_boxes(Path(value)):
            if path is None:
                raise ValueError(f"{role}: {value} is found by the name of the picture, and this one has no file")
            folder = AnnotationFolder(Path(value), path.parent)
            found = folder.read(picture, path.name)
            boxes[role] = guides.choose(found.boxes, role)
            masks[role] = (
                None if found.mask is None else read_mask(folder.open_mask(picture, found.mask), picture, whole)
            )
        elif isinstance(value, list | tuple):
            if len(value) > MAX_BOXES:
                raise ValueError(f"{role}: {len(value)} boxes, over the limit of {MAX_BOXES}")
            boxes[role] = tuple(LabelledRegion(check_region(role, each)) for each in value)
        else:
            masks[role] = read_mask(_open(value, role, open_file), picture, whole)
    return make_guidance(masks, boxes, picture, guides)


def _holds_boxes(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() in OF_BOXES


def _open(value: Any, role: str, open_file: Callable[..., Picture]) -> Picture:
    if str(getattr(value, "dtype", "")).removeprefix("torch.") == "bool":  # as comparisons and segmenters give them
        value = value.astype(np.float32) if isinstance(value, np.ndarray) else value.float()
    try:
        return open_picture(value, open_file)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{role}: {str(error).removeprefix('picture: ')}") from None
