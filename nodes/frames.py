"""The frames of a clip on a node: batches in, batches out, of one even size that video encoders take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from comfy_api.latest import io
from torch import Tensor

from ..cropping.canvas import CROP
from ..cropping.crop import Crop
from ..cropping.sequence import EACH, FRAMES
from ..images.scenes import sign_frame
from ..images.thumbnail import small_pixels
from ..jobs.on_cut import KEEP
from ..models.analysis import Analysis
from .analyse import AnalysedPicture
from .canvas import AddedCanvas
from .cutting import cut_mask, cut_picture, mark_outside
from .drawing import draw_crop
from .host import to_host
from .panel import FEW
from .sockets import Size
from .sockets.boxes import make_bounding_box
from .sockets.pictures import size_of

PREVIEW_SIDE = 192
"""Short side in pixels of the previews of a clip's frames: there are many."""


def frames_input() -> io.Combo.Input:
    """How the pictures of a batch belong together."""
    return io.Combo.Input(
        "frames",
        options=list(FRAMES),
        default=EACH,
        optional=True,
        tooltip="each: every picture by itself. For the frames of a video, batch in and batch out, with even sizes:"
        " still: one box for all, the best for their sum; follow: a box of one size that moves smoothly with what"
        " matters, and starts anew at a cut.",
    )


@dataclass(frozen=True)
class Frame:
    """What is kept of a frame until its clip is complete: little, as there are many.

    Attributes:
        picture: `[H, W, 3]`, shared with the input.
        analysis: of it.
        sign: see `sign_frame`.
        sketch: uint8 `[h, w, 3]`, to draw the preview on.
    """

    picture: Tensor
    analysis: Analysis
    sign: np.ndarray
    sketch: np.ndarray

    @classmethod
    def of(cls, analysed: AnalysedPicture) -> Frame:
        sketch = analysed.sketch
        return cls(
            analysed.picture,
            analysed.analysis.without_impression(),
            sign_frame(sketch),
            small_pixels(sketch, PREVIEW_SIDE),
        )

    @property
    def analysed(self) -> AnalysedPicture:
        """The frame as a picture that is shown small."""
        return AnalysedPicture(self.picture, self.analysis, self.sketch)


def split_clips(batches: Sequence[Tensor], frames: str, on_cut: str, fit: str = CROP) -> list[range]:
    """The indices of the pictures of each clip: of each batch; of all, where there are single pictures only.

    Raises:
        ValueError: when the pictures of a clip have several sizes, or `on_cut` or `fit` cannot be done to a clip.
    """
    if fit != CROP:
        raise ValueError(f"fit: {fit} is for pictures on their own; with frames {frames}, choose {CROP}")
    if on_cut != KEEP:
        raise ValueError(f"on_cut: {on_cut} is for pictures on their own; with frames {frames}, choose {KEEP}")
    counts = [len(batch) for batch in batches]
    if max(counts) > 1:
        starts = [sum(counts[:index]) for index in range(len(counts))]
        return [range(start, start + count) for start, count in zip(starts, counts, strict=True)]
    sizes = [size_of(batch[0]) for batch in batches]
    for index, size in enumerate(sizes):
        if size != sizes[0]:
            raise ValueError(
                f"image {index}: a frame of {size[0]}×{size[1]} after frames of {sizes[0][0]}×{sizes[0][1]}; the frames"
                " of a clip have one size"
            )
    return [range(len(batches))]


@dataclass(frozen=True)
class ClipCrops:
    """The frames of a clip with their crops, and how they go out.

    Attributes:
        frames, crops: in order.
        masks: of the frames, `[h, w]` each; None where none is connected.
        size: width and height of the results.
    """

    frames: Sequence[Frame]
    crops: Sequence[Crop]
    masks: Sequence[Tensor | None]
    size: Size

    def outputs(self, drawn: bool, canvas: AddedCanvas) -> tuple:
        """What the clip puts on the wires, in the order of the outputs; the last one, its index, is the caller's.

        Masks of which nothing is white are one black frame that is repeated without taking memory.
        """
        picture_size = size_of(self.frames[0].picture)
        boxes = [crop.box for crop in self.crops]
        width, height = self.size
        images = torch.empty(len(boxes), height, width, 3)
        for place, frame, box in zip(images, self.frames, boxes, strict=True):
            place.copy_(cut_picture(frame.picture, box, self.size, canvas.fill))
        masks = added = torch.zeros(1, height, width).expand(len(boxes), -1, -1)
        if any(each is not None for each in self.masks):
            each = zip(self.masks, boxes, strict=True)
            masks = torch.stack([cut_mask(mask, box, picture_size, self.size).cpu() for mask, box in each])
        if not all(box.inside(picture_size) for box in boxes):
            marks = (mark_outside(box, picture_size, self.size, canvas.feather, canvas.overlap) for box in boxes)
            added = torch.stack(list(marks))
        return (
            to_host(images),
            to_host(masks),
            [[make_bounding_box(crop, picture_size, self.size)] for crop in self.crops],
            sum(crop.score for crop in self.crops) / len(self.crops),
            self._draw(picture_size) if drawn else None,
            to_host(added),
            "\n".join(describe_warnings(self.crops)),
        )

    def _draw(self, picture_size: Size) -> Tensor:
        pairs = zip(self.frames, self.crops, strict=True)
        return to_host(torch.stack([draw_crop(frame.sketch, crop.box, picture_size) for frame, crop in pairs]))


def choose_shown(count: int) -> list[int]:
    """The frames of a clip that the panel shows: the first, the last, and some evenly between."""
    shown = min(count, FEW)
    return [round(index * (count - 1) / max(1, shown - 1)) for index in range(shown)]


def describe_warnings(crops: Sequence[Crop]) -> list[str]:
    """The warnings of a clip, one of each kind, in the words of its first frame, with all frames that it is about."""
    frames: dict[str, tuple[str, list[int]]] = {}
    for index, crop in enumerate(crops):
        for warning in crop.warnings:
            found = frames.setdefault(warning.code, (warning.words, []))[1]
            if not found or found[-1] != index:
                found.append(index)
    return [f"{name_frames(indices)}: {words}" for words, indices in frames.values()]


def name_frames(indices: Sequence[int]) -> str:
    """Rising indices in words.

    >>> name_frames([0, 1, 2, 5, 7, 8])
    'frames 0-2, 5, 7-8'
    """
    runs = [[index for _, index in run] for _, run in groupby(enumerate(indices), lambda each: each[1] - each[0])]
    named = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"frame{'s' if len(indices) > 1 else ''} {named}"


def describe_motion(crops: Sequence[Crop], scenes: Sequence[int]) -> str:
    """One line on the panel: how many frames and scenes, and how far the box moves at most from frame to frame."""
    middles = np.array([(2 * box.x + box.width, 2 * box.y + box.height) for box in (crop.box for crop in crops)]) / 2
    steps = np.abs(np.diff(middles, axis=0)).max(1)
    steps[[scene - 1 for scene in scenes[1:]]] = 0
    shots = f" in {len(scenes)} scenes" if len(scenes) > 1 else ""
    moved = f"the box moves by at most {steps.max():g} pixels a frame" if len(steps) and steps.any() else "one box"
    return f"{len(crops)} frames{shots}, {moved}"
