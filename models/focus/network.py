"""The network of the `focus` cropper: MobileNetV2 and a light decoder with three outputs.

The backbone is MobileNetV2 (Sandler et al., 2018) up to its last residual; the decoder goes from 1/32 back to 1/4 of
the picture in the way of feature pyramids (Lin et al., 2017). Attention and subject are read at 1/8, heads at 1/4 as
centre points with their four distances (CenterNet, Zhou et al., 2019; TTFNet, Liu et al., 2020). There is no
normalisation: that of the ImageNet weights is folded into the convolutions, and the decoder has none.

The names of submodules are the names of weights in checkpoints; they cannot change.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..backbones.imagenet import standardise

STRIDE = 32  # both sides of the input are multiples of it
POSITION_CHANNELS = 5
NO_ANIMAL = -20.0  # logit of a network that knows people only

# Expansion, channels, how many, stride of the first: the published table.
_RESIDUALS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
_OUTPUT_LAYERS = (3, 6, 13, 17)  # the last ones at 1/4, 1/8, 1/16, 1/32, counted from 1
_CHANNELS = (24, 32, 96, 320)


class Outputs(NamedTuple):
    """The outputs for `[B, 3, H, W]`.

    Attributes:
        attention: `[B, H/8, W/8]` logits of a softmax over the picture.
        subject: `[B, H/8, W/8]` logits of a sigmoid in each cell.
        centres: `[B, H/4, W/4]` logits: is the centre of a head in this cell?
        reach: `[B, 4, H/4, W/4]` logarithms of the distances, in cells of 4 pixels, from the middle of the cell to the
            head's left, top, right and bottom.
        animal: `[B, H/4, W/4]` logits: is the head an animal's?
        gist: `[B, C, H/32, W/32]`, the features of the whole picture that the decoder begins with, or None.
    """

    attention: Tensor
    subject: Tensor
    centres: Tensor
    reach: Tensor
    animal: Tensor
    gist: Tensor | None = None

    def in_single_precision(self) -> Outputs:
        """The same numbers as float32."""
        return Outputs(
            self.attention.float(),
            self.subject.float(),
            self.centres.float(),
            self.reach.float(),
            self.animal.float(),
            None if self.gist is None else self.gist.float(),
        )


def convolution(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size at stride 1."""
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups)


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution, projection; added to the input where the shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.widen = convolution(inputs, wide) if expansion > 1 else None
        self.filter = convolution(wide, wide, 3, stride, groups=wide)
        self.narrow = convolution(wide, outputs)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.widen is None else F.relu6(self.widen(x), inplace=True)
        narrow = self.narrow(F.relu6(self.filter(wide), inplace=True))
        return x + narrow if self.adds else narrow


class Backbone(nn.Module):
    """`[B, 3, H, W]` → four maps at 1/4, 1/8, 1/16 and 1/32 with 24, 32, 96 and 320 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(3, 32, 3, 2)
        layers, inputs = [], 32
        for expansion, outputs, count, stride in _RESIDUALS:
            for index in range(count):
                layers.append(InvertedResidual(inputs, outputs, stride if index == 0 else 1, expansion))
                inputs = outputs
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.relu6(self.stem(x), inplace=True)
        maps = []
        for number, layer in enumerate(self.layers, start=1):
            x = layer(x)
            if number in _OUTPUT_LAYERS:
                maps.append(x)
        return maps


class SeparableResidual(nn.Module):
    """A depthwise, then a pointwise convolution (Xception, Chollet, 2017), added to the input."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.around = convolution(channels, channels, kernel, groups=channels)
        self.across = convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.relu(self.across(self.around(x)), inplace=True)


class UpsampleFusion(nn.Module):
    """One step up the pyramid: the coarser map, projected and doubled in size, plus the finer map, projected."""

    def __init__(self, coarse: int, fine: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.coarse = convolution(coarse, channels)
        self.fine = convolution(fine, channels)
        self.mix = SeparableResidual(channels, kernel)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        up = F.interpolate(self.coarse(coarse), scale_factor=2, mode="bilinear")
        return self.mix(F.relu(up + self.fine(fine), inplace=True))


class GlobalContext(nn.Module):
    """The coarsest map, projected, plus its mean over the picture and an encoding of each cell's position."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.here = convolution(inputs, channels)
        self.whole = convolution(inputs, channels)
        self.place = convolution(POSITION_CHANNELS, channels)
        self.mixes = nn.Sequential(SeparableResidual(channels, 5), SeparableResidual(channels, 5))

    def forward(self, x: Tensor) -> Tensor:
        whole = self.whole(x.mean((2, 3), keepdim=True))
        return self.mixes(F.relu(self.here(x) + whole + self.place(encode_position(x)), inplace=True))


def encode_position(like: Tensor) -> Tensor:
    """`[1, 5, h, w]` for a map `[*, h, w]`: x, y (−1..1 from edge to edge), their squares and their product."""
    height, width = like.shape[-2:]
    x = ((torch.arange(width, device=like.device) + 0.5) * (2 / width) - 1).expand(height, width)
    y = ((torch.arange(height, device=like.device) + 0.5) * (2 / height) - 1)[:, None].expand(height, width)
    return torch.stack([x, y, x * x, y * y, x * y])[None].to(like.dtype)


class OutputHead(nn.Module):
    """From features to a few numbers in each cell."""

    def __init__(self, channels: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.mix = SeparableResidual(channels, kernel)
        self.out = convolution(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.mix(x))


class FocusNetwork(nn.Module):
    """`[B, 3, H, W]` RGB in 0..1, H and W multiples of 32 → `Outputs`.

    Args:
        widths: channels of the decoder at 1/4, 1/8, 1/16 and 1/32.
        animals: whether it tells the heads of animals from those of people; without, all heads are people's.
    """

    def __init__(self, widths: tuple[int, int, int, int] = (40, 80, 128, 160), animals: bool = True) -> None:
        super().__init__()
        quarter, eighth, sixteenth, last = widths
        self.backbone = Backbone()
        self.gist = GlobalContext(_CHANNELS[3], last)
        self.up16 = UpsampleFusion(last, _CHANNELS[2], sixteenth, 5)
        self.up8 = UpsampleFusion(sixteenth, _CHANNELS[1], eighth, 5)
        self.up4 = UpsampleFusion(eighth, _CHANNELS[0], quarter, 5)
        self.attention = OutputHead(eighth, 1)
        self.prior = convolution(POSITION_CHANNELS, 1)  # the centre bias: people look at the middle of any picture
        self.subject = OutputHead(eighth, 1)
        # Almost no cell is the centre of a head. With this bias at the start, the first steps need not learn that.
        bias = [-4.6, 1.5, 1.5, 1.5, 1.5, *([0.0] if animals else [])]
        self.heads = OutputHead(quarter, len(bias))
        self.heads.out.bias = nn.Parameter(torch.tensor(bias))

    def forward(self, images: Tensor) -> Outputs:
        quarter, eighth, sixteenth, last = self.backbone(standardise(images))
        gist = self.gist(last)
        eighth = self.up8(self.up16(gist, sixteenth), eighth)
        heads = self.heads(self.up4(eighth, quarter))
        attention = self.attention(eighth) + self.prior(encode_position(eighth))
        animal = heads[:, 5] if heads.shape[1] > 5 else torch.full_like(heads[:, 0], NO_ANIMAL)
        return Outputs(attention[:, 0], self.subject(eighth)[:, 0], heads[:, 0], heads[:, 1:5], animal, gist)
