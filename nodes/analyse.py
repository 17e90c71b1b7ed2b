"""Pictures on sockets to analyses, for every node that crops: through the same thumbnails as the command's pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..cropping.checks import show
from ..cropping.subject import Subject
from ..jobs.analyse import batch_size_on, sketch_of_tensor, thumbnail_of_tensor
from ..jobs.steer import Guidance
from ..jobs.words import AS_WITHOUT, ERROR, NOTHING, SKIP
from ..models.analysis import Analysis, measure_detail
from .host import stop_if_interrupted
from .hosted_cropper import HostedCropper, or_default
from .sockets import Size
from .sockets.lists import single_or
from .sockets.masks import read_masks
from .sockets.subjects import read_subjects

NOTHING_FOUND = "neither subjects nor focus hold anything for it"

BATCHES_AT_ONCE = 8
"""How many batches of pictures are reduced to thumbnails ahead on a GPU, so that equal sizes fill its batches."""


@dataclass(frozen=True)
class AnalysedPicture:
    """A picture `[H, W, 3]` and its analysis.

    Attributes:
        seen: the thumbnail that was analysed, uint8 `[h, w, 3]`; None where the cropper reads no pixels.
        left_out: why the picture is left out; empty where it is not.
    """

    picture: Tensor
    analysis: Analysis
    seen: np.ndarray | None = None
    left_out: str = ""

    @cached_property
    def thumbnail(self) -> np.ndarray:
        """uint8 `[h, w, 3]`."""
        return thumbnail_of_tensor(self.picture) if self.seen is None else self.seen

    @cached_property
    def sketch(self) -> np.ndarray:
        """The thumbnail where there is one, else a rougher one that is made sooner: for the panel of a node."""
        made = self.seen is not None or "thumbnail" in vars(self)
        return self.thumbnail if made else sketch_of_tensor(self.picture)


def analyse_batches(
    batches: Sequence[Tensor],
    cropper: Sequence[HostedCropper] | None,
    heatmap: Sequence[Tensor] | None,
    subjects: Sequence[Any] | None = None,
    focus: Sequence[Tensor] | None = None,
    nothing: str = AS_WITHOUT,
) -> Iterator[AnalysedPicture]:
    """Every picture of the batches `[B, H, W, 3]` with its analysis, in order.

    Args:
        cropper, heatmap: as their sockets hold them. The heatmap replaces the heat of the cropper's analysis; alone, it
            is all that is known of the picture. With neither, the default cropper is used.
        subjects: as their socket holds them; they replace those of the cropper.
        focus: as its socket holds it: masks under which heat is raised, see `Guidance`.
        nothing: what becomes of a picture for which neither subjects nor focus, where they are connected, hold
            anything: `as without` them, `skip` or `error`.

    Raises:
        ValueError: when several croppers are connected, or heatmaps, subjects or a focus for neither one nor all
            pictures; or when nothing is there for one and that is an error.
    """
    connected = single_or(cropper, "cropper", None)
    hosted = connected if heatmap and connected is None else or_default(connected)
    heats, given = read_masks(heatmap, batches, "heatmap"), read_subjects(subjects, batches, "subjects")
    focused = read_masks(fill_empty(focus), batches, "focus")
    if nothing not in NOTHING:
        raise ValueError(f"nothing must be one of {', '.join(NOTHING)}, got {show(nothing)}")
    pictures = [picture for batch in batches for picture in batch]
    blind = hosted is not None and not hosted.cropper.reads_pixels
    for start, thumbnails in _chunks(pictures, hosted, no_thumbnail if blind else thumbnail_of_tensor):
        analyses = hosted.analyse(thumbnails) if hosted else [None] * len(thumbnails)
        for index, (thumbnail, analysis) in enumerate(zip(thumbnails, analyses, strict=True), start):
            found, mask, left_out = given[index], focused[index], ""
            if (subjects or focus) and not found and (mask is None or not mask.any()):
                if nothing == ERROR:
                    raise ValueError(f"picture {index}: {NOTHING_FOUND}")
                found, mask, left_out = None, None, NOTHING_FOUND if nothing == SKIP else ""
            combined = Guidance(focus=mask).steer(_combine(thumbnail, analysis, heats[index], found))
            yield AnalysedPicture(pictures[index], combined, None if blind else thumbnail, left_out)


def fill_empty(masks: Sequence[Tensor] | None) -> list[Tensor] | None:
    """Masks in which a value without any, `[0, h, w]`, as a segmenter gives it that found nothing, is a black one."""
    if masks is None:
        return None
    empty = (isinstance(each, Tensor) and each.ndim == 3 and not len(each) and each.numel() == 0 for each in masks)
    return [
        torch.zeros(1, *(max(1, side) for side in each.shape[1:])) if is_empty else each
        for each, is_empty in zip(masks, empty, strict=True)
    ]


def no_thumbnail(picture: Tensor) -> np.ndarray:
    """What a cropper that reads no pixels is given in place of the thumbnail."""
    return np.zeros((1, 1, 3), np.uint8)


def _chunks(
    pictures: Sequence[Tensor], hosted: HostedCropper | None, reduce: Callable[[Tensor], np.ndarray]
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """The thumbnails of the pictures that are analysed together, with the index of the first."""
    batch_size = batch_size_on(hosted.device) if hosted else 1
    count = batch_size * BATCHES_AT_ONCE if batch_size > 1 else 1
    for start in range(0, len(pictures), count):
        thumbnails = []
        for picture in pictures[start : start + count]:
            stop_if_interrupted()
            thumbnails.append(reduce(picture))
        yield start, thumbnails


def _combine(
    thumbnail: np.ndarray, analysis: Analysis | None, heat: Tensor | None, subjects: Sequence[Subject] | None
) -> Analysis:
    if analysis is None:
        assert heat is not None
        image = torch.from_numpy(thumbnail).movedim(-1, 0).float() / 255
        return Analysis(heat, subjects or (), measure_detail(image[None])[0])
    if heat is None and subjects is None:
        return analysis
    return analysis.replace(heatmap=heat, subjects=subjects)


@contextmanager
def naming_picture(index: int, size: Size) -> Iterator[None]:
    """Errors about a picture that is searched alone, "picture 0", name its place among all pictures and its size."""
    try:
        yield
    except ValueError as error:
        reason = str(error).removeprefix("picture 0: ")
        raise type(error)(f"picture {index} ({size[0]}×{size[1]}): {reason}") from error
