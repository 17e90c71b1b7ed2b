"""TranSalNet's network: a convolutional backbone, transformers over three of its maps, and a decoder.

From "TranSalNet: Towards perceptually relevant visual saliency prediction" (Lou, Lin, Marshall, Saupe, Liu;
Neurocomputing 2022). The modules carry the names of the published checkpoints, which therefore load as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..backbones import bottlenecks, conv_norm

FRAME = (384, 288)  # width, height: the position embeddings know no other size
LAYERS = 2
HEAD_WIDTH = 64


# --- backbones --------------------------------------------------------------------------------------------------------


class DenseLayer(nn.Module):
    """Adds `growth` channels, found from all that came before."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, growth * 4, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(growth * 4)
        self.conv2 = nn.Conv2d(growth * 4, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv1(F.relu(self.norm1(x)))
        return torch.cat((x, self.conv2(F.relu(self.norm2(new)))), dim=1)


def _dense_block(inputs: int, count: int, growth: int = 48) -> nn.Sequential:
    block = nn.Sequential()
    for k in range(count):
        block.add_module(f"denselayer{k + 1}", DenseLayer(inputs + k * growth, growth))
    return block


def _transition(inputs: int) -> nn.Sequential:
    block = nn.Sequential()
    block.add_module("norm", nn.BatchNorm2d(inputs))
    block.add_module("relu", nn.ReLU(inplace=True))
    block.add_module("conv", nn.Conv2d(inputs, inputs // 2, 1, bias=False))
    block.add_module("pool", nn.AvgPool2d(2))
    return block


def _resnet() -> list[nn.Module]:
    stem = [*conv_norm(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return [
        *stem,
        bottlenecks(64, 64, 3, 1),
        bottlenecks(256, 128, 4, 2),
        bottlenecks(512, 256, 6, 2),
        bottlenecks(1024, 512, 3, 2),
    ]


def _densenet() -> list[nn.Module]:
    stem = [*conv_norm(3, 96, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return [
        *stem,
        _dense_block(96, 6),
        _transition(384),
        _dense_block(192, 12),
        _transition(768),
        _dense_block(384, 36),
        _transition(2112),
        _dense_block(1056, 24),
    ]


@dataclass(frozen=True)
class Variant:
    """A backbone: its layers in a row, which of them are read (1/8, 1/16, 1/32), and how deep those are."""

    name: str
    read: tuple[int, int, int]
    channels: tuple[int, int, int]

    def layers(self) -> list[nn.Module]:
        return _resnet() if self is RES else _densenet()


RES = Variant("res", (5, 6, 7), (512, 1024, 2048))
DENSE = Variant("dense", (6, 8, 10), (768, 2112, 2208))


class Encoder(nn.Module):
    def __init__(self, variant: Variant) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(variant.layers())
        self.read = variant.read

    def forward(self, images: Tensor) -> list[Tensor]:
        maps, x = [], images
        for number, layer in enumerate(self.encoder):
            x = layer(x)
            if number in self.read:
                maps.append(x)
        return maps


# --- transformers over the maps ---------------------------------------------------------------------------------------


class Attention(nn.Module):
    """Multi-head self-attention over [B, N, width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // HEAD_WIDTH
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self._split(each(x)) for each in (self.query, self.key, self.value))
        return self.out(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, HEAD_WIDTH)).transpose(1, 2)


class Perceptron(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, width * 4)
        self.fc2 = nn.Linear(width * 4, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Attention, then a perceptron, each normalised before and added to what went in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width)
        self.ffn_norm = nn.LayerNorm(width, eps=1e-6)
        self.ffn = Perceptron(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.attention_norm(x))
        return x + self.ffn(self.ffn_norm(x))


class Transformer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Block(width) for _ in range(LAYERS))
        self.encoder_norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.layer:
            x = block(x)
        return self.encoder_norm(x)


class MapTransformer(nn.Module):
    """A transformer over the cells of a map of `cells` cells: [B, channels, h, w] -> [B, width, h, w]."""

    def __init__(self, channels: int, cells: int, width: int) -> None:
        super().__init__()
        self.patch_embeddings = nn.Conv2d(channels, width, 1)
        self.position_embeddings = nn.Parameter(torch.zeros(1, cells, width))
        self.transformer_encoder = Transformer(width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embeddings(x)
        tokens = x.flatten(2).transpose(1, 2) + self.position_embeddings
        return self.transformer_encoder(tokens).transpose(1, 2).unflatten(2, x.shape[-2:])


class Decoder(nn.Module):
    """From the coarsest map to the finest, each weighed by the next, up to the size of the picture."""

    def __init__(self, channels: tuple[int, int, int], cells: tuple[int, int, int]) -> None:
        super().__init__()
        widths = (768, 768, 512, 256, 128, 64, 32)
        for k in range(6):
            self.add_module(f"conv{k + 1}", nn.Conv2d(widths[k], widths[k + 1], 3, padding=1))
            self.add_module(f"batchnorm{k + 1}", nn.BatchNorm2d(widths[k + 1]))
        self.conv7 = nn.Conv2d(widths[6], 1, 3, padding=1)
        self.TransEncoder1 = MapTransformer(channels[2], cells[2], 768)
        self.TransEncoder2 = MapTransformer(channels[1], cells[1], 768)
        self.TransEncoder3 = MapTransformer(channels[0], cells[0], 512)

    def forward(self, maps: list[Tensor]) -> Tensor:
        eighth, sixteenth, last = maps
        x = self._step(1, self.TransEncoder1(last))
        x = self._step(2, F.relu(_doubled(x) * self.TransEncoder2(sixteenth)))
        x = self._step(3, F.relu(_doubled(x) * self.TransEncoder3(eighth)))
        for number in (4, 5, 6):
            # The fourth works at the size of the third's doubled output, the fifth and sixth double again.
            x = self._step(number, _doubled(x))
        return torch.sigmoid(self.conv7(x))

    def _step(self, number: int, x: Tensor) -> Tensor:
        convolution, norm = self.get_submodule(f"conv{number}"), self.get_submodule(f"batchnorm{number}")
        return F.relu(norm(convolution(x)))


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


class TranSalNet(nn.Module):
    """[B, 3, 288, 384] RGB in 0..1 -> [B, 1, 288, 384] saliency in 0..1.

    frame: another (width, height), divisible by 32, for which the position embeddings are then made.
    """

    def __init__(self, variant: Variant, frame: tuple[int, int] = FRAME) -> None:
        super().__init__()
        eighth, sixteenth, last = (frame[0] // part * (frame[1] // part) for part in (8, 16, 32))
        self.encoder = Encoder(variant)
        self.decoder = Decoder(variant.channels, (eighth, sixteenth, last))

    def forward(self, images: Tensor) -> Tensor:
        return self.decoder(self.encoder(images))
