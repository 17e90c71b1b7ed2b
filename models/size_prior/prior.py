"""How large people make a crop: learned from where they cut, without the pixels.

People zoom in when the ratio asked for is close to the picture's own, keep the whole picture when it is exactly that,
and take the largest box when the ratio is another one. A network of 24 hidden units gives the probabilities of the
crop's scale; the value of a scale is its expected intersection over union with a crop of people. Trained by
`training/size_prior/train.py`.

The names of submodules and buffers are the names of weights in files; they cannot change.
"""

from __future__ import annotations

from math import exp, log
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ...cropping.checks import Region
from ...cropping.ratio import Ratio
from ...cropping.size_curve import SizeCurve
from ..state_dict import digest_weights, load_named

WEIGHTS = Path(__file__).with_name("size_prior.safetensors")
SCALES = torch.linspace(0.5, 1.0, 26, dtype=torch.float64)  # the sides of a crop as shares of the largest box's
CURVE_POINTS = 101
TOLERANCE = 0.02  # of a scale that is a little too small to hold the region
FEATURES, HIDDEN = 19, 24


class SizePrior(nn.Module):
    """Probabilities of a crop's scale from the picture's size, the ratio and the region to hold; a `SizeModel`."""

    mean: Tensor
    spread: Tensor

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.inner = nn.Linear(FEATURES, hidden)
        self.outer = nn.Linear(hidden, len(SCALES))

    @property
    def digest(self) -> str:
        """See `SizeModel`."""
        return digest_weights(self)

    def forward(self, features: Tensor) -> Tensor:
        """`[N, 19]` features → `[N, 26]` logits of the scales 0.5 to 1."""
        return self.outer(nn.functional.silu(self.inner((features - self.mean) / self.spread)))

    @torch.inference_mode()
    def curve(self, size: tuple[int, int], ratio: Ratio, requested: Region | None) -> SizeCurve:
        """See `SizeModel`."""
        probabilities = self(torch.tensor([case_features(size, ratio, requested)])).double().softmax(1)[0]
        # People cannot have chosen a scale that is too small to hold the region.
        probabilities = probabilities * (smallest_scale(size, ratio, requested) - TOLERANCE < SCALES)
        probabilities = probabilities / probabilities.sum().clamp_min(1e-12)
        return SizeCurve(tuple(expected_iou(probabilities).tolist()))


def expected_iou(probabilities: Tensor) -> Tensor:
    """Expected intersection over union of boxes of 101 scales with one of unknown scale, one inside the other.

    Args:
        probabilities: `[26]`, of the unknown scale, one for each of `SCALES`.

    Returns:
        `[101]`, for scales evenly spaced from 0.5 to 1.
    """
    scales = torch.linspace(0.5, 1.0, CURVE_POINTS, dtype=torch.float64)[:, None]
    return torch.minimum(scales / SCALES, SCALES / scales).square() @ probabilities


def case_features(size: tuple[int, int], ratio: Ratio, requested: Region | None) -> list[float]:
    """The 19 numbers that the network is given of a case; the same for a case and its mirror image.

    Args:
        size: (width, height) of the picture.
        ratio: of the crop.
        requested: the relative region that the crop is to hold, or None.
    """
    shape = log(size[0] / size[1])
    wider = log(ratio.value) - shape
    is_own_ratio = ratio == Ratio.of(size)
    across, down = ratio.largest_in(size)
    x1, y1, x2, y2 = requested or (0.5, 0.5, 0.5, 0.5)
    side, top, bottom = x1 < 0.01 or x2 > 0.99, y1 < 0.01, y2 > 0.99
    return [
        wider,
        abs(wider),
        exp(-abs(wider) / 0.05),
        exp(-abs(wider) / 0.15),
        max(wider, 0.0),
        max(-wider, 0.0),
        shape,
        shape * shape,
        across * down / (size[0] * size[1]),
        float(is_own_ratio),
        float(abs(wider) < 0.003),
        smallest_scale(size, ratio, requested),
        float(requested is None),
        float(side),
        float(top),
        float(bottom),
        float(side and (top or bottom)),
        x2 - x1,
        y2 - y1,
    ]


def smallest_scale(size: tuple[int, int], ratio: Ratio, requested: Region | None) -> float:
    """The side of the smallest box that holds the region, as a share of the largest box's side."""
    if requested is None:
        return 0.0
    across, down = ratio.largest_in(size)
    x1, y1, x2, y2 = requested
    return min(1.0, max((x2 - x1) * size[0] / across, (y2 - y1) * size[1] / down))


def load_bundled_size_prior() -> SizePrior:
    """The prior with the weights that come with the package."""
    prior = SizePrior()
    load_named(prior, load_file(WEIGHTS), "the size prior")
    return prior.eval()
