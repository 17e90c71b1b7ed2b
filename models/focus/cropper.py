"""The bundled `focus` cropper: where people look, what the subject is and where the heads are, from one pass of one
small network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, sqrt
from pathlib import Path

import torch
from safetensors.torch import load_file
from scipy.ndimage import find_objects, label
from torch import Tensor
from torch.nn import functional as F

from ...cropping.box_sums import normalise
from ...cropping.reweight import coverage
from ...cropping.subject import Subject
from ..analysis import Analysis, measure_detail
from ..base import Architecture, Cropper, validate_images
from ..state_dict import load_named
from .network import STRIDE, FocusNetwork, Outputs

WEIGHTS = Path(__file__).with_name("focus.safetensors")
AREA = 352 * 448  # pixels that the network sees, whatever the shape of the picture

MOST_HEADS = 100
SURE = 0.3  # least certainty of a head
OVERLAP = 0.45  # of two boxes' joint area, from which they are the same head
LEAST_SUBJECT = 0.01  # of the picture's area

# Calibrated on pictures that the network was not trained on; see card.md.
PERSON_SAY, THING_SAY = 0.37, 0.1  # how much of a crop follows the extent rather than attention: of a person, of things
EXTENT = 0.002  # the weight of the box around a subject: its shape already counts, so the box only breaks ties
HEAD_FIRST = 2.0  # how much more a cell of the head counts in the extent than one of the body
MARGIN = 0.03  # of a head's own size, added above and beside it: where its hair ends is no surer than that
HEAD, LONE_HEAD = 0.023, 0.5  # a head's weight: for itself, and, where it is alone, for the attention it draws


def working_size(width: int, height: int, area: int = AREA) -> tuple[int, int]:
    """The (width, height) at which a picture is analysed: its own shape in about `area` pixels, in multiples of 32.

    The shape is kept to within half of 32 pixels a side, and to at most 6 : 1.
    """
    ratio = min(max(width / height, 1 / 6), 6.0)
    across, down = sqrt(area * ratio), sqrt(area / ratio)
    return max(STRIDE, round(across / STRIDE) * STRIDE), max(STRIDE, round(down / STRIDE) * STRIDE)


class FocusCropper(Cropper):
    """Attention, subject and heads from `FocusNetwork`; runs in half precision on CUDA."""

    name = "focus"

    def __init__(self, network: FocusNetwork) -> None:
        self.network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.module = self.network

    @torch.inference_mode()
    def analyse(self, images: Tensor) -> list[Analysis]:
        """`[B, 3, H, W]` RGB in 0..1 → B analyses; the heatmap has one cell for 8 pixels of the working size."""
        images = validate_images(images).to(self.network.prior.weight.device)
        width, height = working_size(images.shape[-1], images.shape[-2])
        shown = F.interpolate(images, (height, width), mode="bilinear", antialias=True).clamp(0, 1)
        with torch.autocast("cuda", torch.float16, enabled=shown.is_cuda):
            outputs = self.network(shown.contiguous(memory_format=torch.channels_last))
        outputs = Outputs(*(each.float() for each in outputs))
        attention = outputs.attention.flatten(1).softmax(1).view_as(outputs.attention)
        extents = outputs.subject.sigmoid()
        details = measure_detail(images)
        return [analysis_of(*each) for each in zip(attention, extents, heads_of(outputs), details, strict=True)]


class FocusAnalysis(Analysis):
    """Its crops follow the attention, and the more so the extent of the subject, the more the picture is one person's.

    Attributes:
        extent: `[h, w]` ≥ 0, how surely each cell belongs to the subject, and the more where it is a head.
        say: 0..1, how much of a crop's worth lies in keeping that extent.
    """

    def __init__(
        self, heatmap: Tensor, subjects: Sequence[Subject], detail: Tensor | None, extent: Tensor, say: float
    ) -> None:
        super().__init__(heatmap, subjects, detail)
        self.extent, self.say = extent, say

    @property
    def value(self) -> Tensor:
        return torch.lerp(self.heatmap, normalise(self.extent[None].to(self.heatmap))[0], self.say)

    def replaced(self, heatmap: Tensor | None = None, subjects: Sequence[Subject] | None = None) -> Analysis:
        if heatmap is not None:
            return super().replaced(heatmap, subjects)
        return FocusAnalysis(
            self.heatmap, self.subjects if subjects is None else subjects, self.detail, self.extent, self.say
        )


def analysis_of(
    attention: Tensor, extent: Tensor, heads: Sequence[Sequence[float]], detail: Tensor | None = None
) -> FocusAnalysis:
    """What the three outputs say of one picture: attention `[h, w]` that sums to 1, extent `[h, w]` in 0..1, heads."""
    subjects = subjects_of(attention.cpu(), extent.cpu(), heads)
    say = extent_say(attention, extent, heads)
    return FocusAnalysis(attention, subjects, detail, heads_first(extent, heads), say)


def heads_first(extent: Tensor, heads: Sequence[Sequence[float]]) -> Tensor:
    """The extent `[h, w]` with the cells under heads raised, so that a body is not kept at the cost of its head."""
    boxes = extent.new_tensor([head[:4] for head in heads]).view(-1, 4).clamp(0, 1)
    return extent * (1 + HEAD_FIRST * coverage(boxes, *extent.shape))


def extent_say(attention: Tensor, extent: Tensor, heads: Sequence[Sequence[float]]) -> float:
    """How much of a crop's worth lies in keeping the extent, 0..1: much where it is one person's, little else.

    The less of the attention a lone person's body draws, the more has to be said for it.
    """
    if not heads:
        return THING_SAY * extent.amax().item()
    drawn = (attention * extent).sum().clamp_min(0.05).item()
    return min(1.0, PERSON_SAY * loneliness(heads) / drawn)


def loneliness(heads: Sequence[Sequence[float]]) -> float:
    """1 for one head that is surely there, less the more others there are beside the largest; 0 without any."""
    sizes = [(x2 - x1) * (y2 - y1) * sure for x1, y1, x2, y2, sure in heads]
    if not sizes:
        return 0.0
    alone = sum(size * size for size in sizes) / sum(sizes) ** 2
    return alone * alone * min(1.0, max(head[4] for head in heads) / 0.6)


def heads_of(outputs: Outputs) -> list[list[tuple[float, ...]]]:
    """Heads in every picture, the most certain first: relative x1, y1, x2, y2 and certainty."""
    certainty = outputs.centres.sigmoid()
    peak = certainty == F.max_pool2d(certainty[:, None], 3, 1, 1)[:, 0]
    batch, height, width = certainty.shape
    best, where = (certainty * peak).flatten(1).topk(min(MOST_HEADS, height * width))
    row, column = where // width, where % width
    reach = outputs.reach.flatten(2).gather(2, where[:, None].expand(batch, 4, -1)).clamp(-3, 6).exp()
    x, y = column + 0.5, row + 0.5
    boxes = torch.stack([x - reach[:, 0], y - reach[:, 1], x + reach[:, 2], y + reach[:, 3]], 2)
    boxes = boxes / boxes.new_tensor([width, height, width, height])
    return [
        _distinct([(*box, sure) for box, sure in zip(found, sures, strict=True) if sure >= SURE])
        for found, sures in zip(boxes.tolist(), best.tolist(), strict=True)
    ]


def _distinct(heads: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    kept: list[tuple[float, ...]] = []
    for head in heads:
        if all(_overlap(head, other) < OVERLAP for other in kept):
            kept.append(head)
    return kept


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return across * down / (areas - across * down)


def subjects_of(attention: Tensor, extent: Tensor, heads: Sequence[Sequence[float]]) -> list[Subject]:
    """Heads, and each connected part of the extent, as subjects; attention and extent are `[h, w]` on the processor."""
    subjects = []
    alone = loneliness(heads)
    for x1, y1, x2, y2, sure in heads:
        across, down = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
        box = max(x1 - across, 0.0), max(y1 - down, 0.0), min(x2 + across, 1.0), min(y2, 1.0)
        if box[2] > box[0] and box[3] > box[1]:
            subjects.append(Subject(*box, weight=_head_weight(box, sure, attention, alone), kind="face"))
    height, width = extent.shape
    parts, _ = label(extent.numpy() > 0.5)
    for down, across in find_objects(parts):
        box = across.start / width, down.start / height, across.stop / width, down.stop / height
        if (box[2] - box[0]) * (box[3] - box[1]) >= LEAST_SUBJECT:
            kind = "person" if any(_holds(box, head) for head in heads) else "object"
            subjects.append(Subject(*box, weight=EXTENT, kind=kind))
    return subjects


def _head_weight(box: Sequence[float], sure: float, attention: Tensor, alone: float) -> float:
    """A head that draws the eyes must not be cut at all; one of many tiny ones may be, where much speaks for it."""
    height, width = attention.shape
    x1, y1, x2, y2 = box
    rows = slice(floor(y1 * height), ceil(y2 * height))
    heat = attention[rows, floor(x1 * width) : ceil(x2 * width)].sum().item()
    large = (x2 - x1) * (y2 - y1) / 0.02
    own = HEAD * sure * large ** (0.5 if large > 1 else 0.25)
    return min(1.0, own + LONE_HEAD * alone * heat)


def _holds(box: Sequence[float], head: Sequence[float]) -> bool:
    x, y = (head[0] + head[2]) / 2, (head[1] + head[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def detect(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of a `FocusNetwork`."""
    return {"gist.place.weight", "prior.weight", "heads.out.weight"} <= state.keys()


def load(state: Mapping[str, Tensor]) -> FocusCropper:
    """A cropper from the weights that `training/focus` writes; the decoder's widths are read from the shapes.

    Raises:
        ValueError: when a tensor is missing or of the wrong shape.
    """
    deciding = ("up4.coarse.weight", "up8.coarse.weight", "up16.coarse.weight", "gist.place.weight")
    quarter, eighth, sixteenth, last = (len(state.get(name, ())) or 8 for name in deciding)
    network = FocusNetwork((quarter, eighth, sixteenth, last))
    load_named(network, state, "a focus checkpoint")
    return FocusCropper(network)


def bundled() -> FocusCropper:
    """The cropper with the weights that come with the package."""
    return load(load_file(WEIGHTS))


ARCHITECTURE = Architecture("focus", detect, load)
