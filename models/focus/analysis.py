"""What the `focus` cropper found in a picture: attention, and the extent of the subject."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...cropping.box_sums import normalise
from ...cropping.boxes import rasterize_xyxy
from ...cropping.subject import Subject
from ..analysis import Analysis
from ..detectors.centre_points import Detection
from ..impression import Impression
from .subjects import build_subjects, head_dominance

# Calibrated on pictures that the network was not trained on; see card.md.
PERSON_SHARE, OBJECT_SHARE = 0.17, 0.1  # of the searched map that is extent rather than attention
HEAD_FACTOR = 2.0  # times the extent that is added where a cell belongs to a head
MIN_ATTENTION = 0.05  # on the subject, below which the share of the extent grows no further

# What the network learned of three sets of photographs holds less for other kinds of pictures, where people look at the
# middle more than it thinks ("Modeling Saliency Dataset Bias", Kümmerer et al., 2025). So the heatmap, which predicts
# where people look, is hedged: its peaks are sharpened by a power, and a share of it is a Gaussian around the middle.
# The search, which compares places of one picture, reads the network's own word.
SHARPNESS = 1.18
CENTRE_SHARE = 0.27
CENTRE_WIDTH = 0.22  # standard deviation, as a share of the picture's width and height


class FocusAnalysis(Analysis):
    """The search reads a mixture of the attention (`heatmap`) and of the subject's extent.

    Attributes:
        attention: `[h, w]`, sums to 1: where people look, as the network says; the heatmap is that, hedged.
        extent: `[h, w]` ≥ 0, the probability that a cell belongs to a subject, raised where it is a head.
        extent_share: 0..1, of the extent in the mixture; high in a picture of one person.
        impression: what the network saw, where it was given.
    """

    def __init__(
        self,
        attention: Tensor,
        subjects: Sequence[Subject],
        detail: Tensor | None,
        extent: Tensor,
        extent_share: float,
        impression: Impression | None = None,
    ) -> None:
        super().__init__(hedge(attention), subjects, detail)
        self.impression = impression
        self.attention, self.extent, self.extent_share = attention, extent, extent_share

    @property
    def value(self) -> Tensor:
        attention, extent = (normalise(each[None].to(self.heatmap))[0] for each in (self.attention, self.extent))
        return torch.lerp(attention, extent, self.extent_share)

    def replace(self, heatmap: Tensor | None = None, subjects: Sequence[Subject] | None = None) -> Analysis:
        """As `Analysis.replace`; with another heatmap, the extent is dropped too."""
        if heatmap is not None:
            return super().replace(heatmap, subjects)
        return FocusAnalysis(
            self.attention,
            self.subjects if subjects is None else subjects,
            self.detail,
            self.extent,
            self.extent_share,
            self.impression,
        )


def build_analysis(
    attention: Tensor,
    extent: Tensor,
    heads: Sequence[Detection],
    detail: Tensor | None = None,
    impression: Impression | None = None,
) -> FocusAnalysis:
    """The analysis of one picture.

    Args:
        attention: `[h, w]`, sums to 1.
        extent: `[h, w]` in 0..1: the probability that a cell belongs to a subject.
        heads: of the picture.
        detail: as in `Analysis`.
        impression: of the same maps.
    """
    subjects = build_subjects(attention.cpu(), extent.cpu(), heads)
    share = compute_extent_share(attention, extent, heads)
    return FocusAnalysis(attention, subjects, detail, raise_heads(extent, heads), share, impression)


def hedge(attention: Tensor) -> Tensor:
    """Attention `[h, w]` that sums to 1, sharpened, and mixed with a Gaussian around the middle: sums to 1 too."""
    across, down = (
        ((torch.arange(cells, device=attention.device) + 0.5) / cells - 0.5) / CENTRE_WIDTH
        for cells in (attention.shape[1], attention.shape[0])
    )
    middle = torch.exp(-(across.square() + down.square()[:, None]) / 2).to(attention)
    sharpened = attention.pow(SHARPNESS)
    return torch.lerp(sharpened / sharpened.sum(), middle / middle.sum(), CENTRE_SHARE)


def raise_heads(extent: Tensor, heads: Sequence[Detection]) -> Tensor:
    """The extent `[h, w]` with the cells of heads raised, so that a body is not kept at the cost of its head."""
    boxes = extent.new_tensor([head[:4] for head in heads]).view(-1, 4).clamp(0, 1)
    return extent * (1 + HEAD_FACTOR * rasterize_xyxy(boxes, *extent.shape))


def compute_extent_share(attention: Tensor, extent: Tensor, heads: Sequence[Detection]) -> float:
    """The share of the extent in the searched map, 0..1.

    It is large for a single person, and larger where that person draws little of the attention; small for objects and
    crowds.
    """
    if not heads:
        return OBJECT_SHARE * extent.amax().item()
    attracted = (attention * extent).sum().clamp_min(MIN_ATTENTION).item()
    return min(1.0, PERSON_SHARE * head_dominance(heads) / attracted)
