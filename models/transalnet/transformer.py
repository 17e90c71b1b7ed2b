"""Transformers over the cells of a feature map, as TranSalNet's checkpoints name their weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LAYERS = 2
HEAD_WIDTH = 64  # channels of one attention head


class Attention(nn.Module):
    """Multi-head self-attention over `[B, N, width]`."""

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
    """Two layers, the hidden one four times as wide; for each token alone."""

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
    """`[B, N, width]` tokens → the same shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Block(width) for _ in range(LAYERS))
        self.encoder_norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.layer:
            x = block(x)
        return self.encoder_norm(x)


class MapTransformer(nn.Module):
    """A transformer over the cells of a map of `cells` cells: `[B, channels, h, w]` → `[B, width, h, w]`."""

    def __init__(self, channels: int, cells: int, width: int) -> None:
        super().__init__()
        self.patch_embeddings = nn.Conv2d(channels, width, 1)
        self.position_embeddings = nn.Parameter(torch.zeros(1, cells, width))
        self.transformer_encoder = Transformer(width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embeddings(x)
        tokens = x.flatten(2).transpose(1, 2) + self.position_embeddings
        return self.transformer_encoder(tokens).transpose(1, 2).unflatten(2, x.shape[-2:])
