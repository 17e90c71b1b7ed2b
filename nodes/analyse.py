"""Pictures on sockets to analyses, for every node that crops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor

from ..models.analysis import Analysis, measure_detail
from .hosted_cropper import HostedCropper, or_default
from .sockets import Size
from .sockets.lists import require_single
from .sockets.masks import read_masks


def analyse_batches(
    batches: Sequence[Tensor], cropper: Sequence[HostedCropper] | None, heatmap: Sequence[Tensor] | None
) -> Iterator[tuple[Tensor, Analysis]]:
    """Every picture `[H, W, 3]` of the batches `[B, H, W, 3]` with its analysis.

    Args:
        cropper, heatmap: as their sockets hold them. The heatmap replaces the heat of the cropper's analysis; alone, it
            is all that is known of the picture. With neither, the default cropper is used.
    """
    connected = require_single(cropper, "cropper") if cropper else None
    hosted = connected if heatmap and connected is None else or_default(connected)
    heats = iter(read_masks(heatmap, batches, "heatmap"))
    for batch in batches:
        analyses = hosted.analyse(batch) if hosted else [None] * len(batch)
        for picture, analysis in zip(batch, analyses, strict=True):
            yield picture, _combine(picture, analysis, next(heats))


def _combine(picture: Tensor, analysis: Analysis | None, heat: Tensor | None) -> Analysis:
    if analysis is None:
        assert heat is not None
        return Analysis(heat, detail=measure_detail(picture.movedim(-1, 0)[None])[0])
    return analysis if heat is None else analysis.replaced(heatmap=heat)


@contextmanager
def naming_picture(index: int, size: Size) -> Iterator[None]:
    """Errors about a picture that is searched alone, "picture 0", name its place among all pictures and its size."""
    try:
        yield
    except ValueError as error:
        reason = str(error).removeprefix("picture 0: ")
        raise type(error)(f"picture {index} ({size[0]}×{size[1]}): {reason}") from error
