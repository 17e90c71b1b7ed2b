"""Names and shapes of the published TranSalNet checkpoints, written down from their authors' code."""

from __future__ import annotations

from published_gaic import Shapes, dense, norm, resnet, weight

CHANNELS = {"res": (512, 1024, 2048), "dense": (768, 2112, 2208)}


def densenet() -> Shapes:
    shapes = weight("encoder.encoder.0", 96, 3, 7) | norm("encoder.encoder.1", 96)
    depth = 96
    for layer, count in ((4, 6), (6, 12), (8, 36), (10, 24)):
        if layer > 4:
            between = f"encoder.encoder.{layer - 1}"
            shapes |= norm(f"{between}.norm", depth) | weight(f"{between}.conv", depth // 2, depth, 1)
            depth //= 2
        for k in range(1, count + 1):
            unit = f"encoder.encoder.{layer}.denselayer{k}"
            shapes |= norm(f"{unit}.norm1", depth) | weight(f"{unit}.conv1", 192, depth, 1)
            shapes |= norm(f"{unit}.norm2", 192) | weight(f"{unit}.conv2", 48, 192, 3)
            depth += 48
    return shapes


def linear(name: str, outputs: int, inputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def layer_norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def transformer(name: str, channels: int, cells: int, width: int) -> Shapes:
    shapes = dense(f"{name}.patch_embeddings", width, channels, 1)
    shapes |= {f"{name}.position_embeddings": (1, cells, width)}
    shapes |= layer_norm(f"{name}.transformer_encoder.encoder_norm", width)
    for k in range(2):
        block = f"{name}.transformer_encoder.layer.{k}"
        shapes |= layer_norm(f"{block}.attention_norm", width) | layer_norm(f"{block}.ffn_norm", width)
        for part in ("query", "key", "value", "out"):
            shapes |= linear(f"{block}.attn.{part}", width, width)
        shapes |= linear(f"{block}.ffn.fc1", width * 4, width) | linear(f"{block}.ffn.fc2", width, width * 4)
    return shapes


def decoder(variant: str, frame: tuple[int, int]) -> Shapes:
    shapes: Shapes = {}
    widths = (768, 768, 512, 256, 128, 64, 32, 1)
    for k in range(7):
        shapes |= dense(f"decoder.conv{k + 1}", widths[k + 1], widths[k], 3)
        if k < 6:
            shapes |= norm(f"decoder.batchnorm{k + 1}", widths[k + 1])
    for number, part, channels, width in zip((3, 2, 1), (8, 16, 32), CHANNELS[variant], (512, 768, 768), strict=True):
        cells = (frame[0] // part) * (frame[1] // part)
        shapes |= transformer(f"decoder.TransEncoder{number}", channels, cells, width)
    return shapes


def published(variant: str, frame: tuple[int, int] = (384, 288)) -> Shapes:
    backbone = resnet({k: f"encoder.encoder.{k}" for k in range(8)}) if variant == "res" else densenet()
    return backbone | decoder(variant, frame)
