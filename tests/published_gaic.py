"""Names and shapes of the published GAIC checkpoints, written down from their authors' code, to make up weights for."""

from __future__ import annotations

from collections.abc import Iterator

Shapes = dict[str, tuple[int, ...]]


def norm(name: str, channels: int) -> Shapes:
    vectors = {f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {**vectors, f"{name}.num_batches_tracked": ()}


def weight(name: str, outputs: int, inputs: int, kernel: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, kernel, kernel)}


def dense(name: str, outputs: int, inputs: int, kernel: int) -> Shapes:
    return {**weight(name, outputs, inputs, kernel), f"{name}.bias": (outputs,)}


def stage_of(number: int, starts: tuple[int, int, int]) -> int:
    return 3 + sum(number >= start for start in starts[1:])


def mobilenet(nested: bool) -> Shapes:
    """Slices 0-6, 7-13 and 14-17 of the features; `nested` as torchvision has it."""
    shapes = weight("Feat_ext.feature3.0.0.0", 32, 3, 3) | norm("Feat_ext.feature3.0.0.1", 32)
    inputs, number = 32, 1
    for widening, outputs, count in (
        (1, 16, 1),
        (6, 24, 2),
        (6, 32, 3),
        (6, 64, 4),
        (6, 96, 3),
        (6, 160, 3),
        (6, 320, 1),
    ):
        for _ in range(count):
            block = f"Feat_ext.feature{stage_of(number, (0, 7, 14))}.0.{number}.conv"
            wide = inputs * widening
            places = iter(["0.0", "0.1", "1.0", "1.1", "2", "3"] if nested else ["0", "1", "3", "4", "6", "7"])
            if widening == 1:
                places = iter(["0.0", "0.1", "1", "2"] if nested else ["0", "1", "3", "4"])
            else:
                shapes |= weight(f"{block}.{next(places)}", wide, inputs, 1) | norm(f"{block}.{next(places)}", wide)
            shapes |= weight(f"{block}.{next(places)}", wide, 1, 3) | norm(f"{block}.{next(places)}", wide)
            shapes |= weight(f"{block}.{next(places)}", outputs, wide, 1) | norm(f"{block}.{next(places)}", outputs)
            inputs, number = outputs, number + 1
    return shapes


def shufflenet(branch: str) -> Shapes:
    """The authors' "banch" counts its units through the stages, torchvision's "branch" within each."""
    shapes = weight("Feat_ext.feature3.0.0", 24, 3, 3) | norm("Feat_ext.feature3.0.1", 24)
    inputs, number = 24, 0
    for stage, outputs, count in ((3, 116, 4), (4, 232, 8), (5, 464, 4)):
        half = outputs // 2
        for k in range(count):
            unit = f"Feat_ext.feature{stage}.{2 if stage == 3 else 0}.{k if branch == 'branch' else number}"
            if k == 0:
                shapes |= weight(f"{unit}.{branch}1.0", inputs, 1, 3) | norm(f"{unit}.{branch}1.1", inputs)
                shapes |= weight(f"{unit}.{branch}1.2", half, inputs, 1) | norm(f"{unit}.{branch}1.3", half)
            shapes |= weight(f"{unit}.{branch}2.0", half, half if k else inputs, 1) | norm(f"{unit}.{branch}2.1", half)
            shapes |= weight(f"{unit}.{branch}2.3", half, 1, 3) | norm(f"{unit}.{branch}2.4", half)
            shapes |= weight(f"{unit}.{branch}2.5", half, half, 1) | norm(f"{unit}.{branch}2.6", half)
            number += 1
        inputs = outputs
    return shapes


def vgg_convolutions() -> Iterator[tuple[int, int, int]]:
    """(number in the features, outputs, inputs)"""
    number, inputs = 0, 3
    for outputs, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            yield number, outputs, inputs
            number, inputs = number + 2, outputs
        number += 1


def vgg(copied: bool) -> Shapes:
    shapes: Shapes = {}
    for number, outputs, inputs in vgg_convolutions():
        shapes |= dense(f"Feat_ext.feature{stage_of(number, (0, 23, 30))}.0.{number}", outputs, inputs, 3)
        if copied:
            shapes |= dense(f"Feat_ext.feature.0.{number}", outputs, inputs, 3)
    return shapes


def resnet(names: dict[int, str]) -> Shapes:
    """ResNet-50's layers, by what a checkpoint calls torchvision's children 0, 1, 4, 5, 6 and 7."""
    shapes = weight(names[0], 64, 3, 7) | norm(names[1], 64)
    inputs = 64
    for layer, (width, count) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), start=4):
        for k in range(count):
            unit = f"{names[layer]}.{k}"
            if k == 0:
                shapes |= weight(f"{unit}.downsample.0", width * 4, inputs, 1) | norm(f"{unit}.downsample.1", width * 4)
            for place, outputs, depth, kernel in (
                (1, width, inputs, 1),
                (2, width, width, 3),
                (3, width * 4, width, 1),
            ):
                shapes |= weight(f"{unit}.conv{place}", outputs, depth, kernel) | norm(f"{unit}.bn{place}", outputs)
            inputs = width * 4
    return shapes


RESNET_STAGES = {0: "3.0", 1: "3.1", 4: "3.4", 5: "3.5", 6: "4.0", 7: "5.0"}


def head(depth: int, reduced: int, last: int) -> Shapes:
    return (
        dense("DimRed", reduced, depth, 1)
        | dense("FC_layers.0.0", 768, reduced * 2, 9)
        | dense("FC_layers.1.0", 128, 768, 1)
        | dense(f"FC_layers.{last}", 1, 128, 1)
    )


PUBLISHED: dict[str, Shapes] = {
    "official mobilenetv2": mobilenet(nested=False) | head(448, 8, last=3),
    "official mobilenetv2, no dropout": mobilenet(nested=False) | head(448, 8, last=2),
    "official mobilenetv2, single": mobilenet(nested=False) | head(96, 8, last=3),
    "official shufflenetv2": shufflenet("banch") | head(812, 8, last=3),
    "official vgg16": vgg(copied=True) | head(1536, 8, last=3),
    "bo-zhang mobilenetv2": mobilenet(nested=True) | head(448, 16, last=2),
    "bo-zhang shufflenetv2": shufflenet("branch") | head(812, 32, last=2),
    "bo-zhang vgg16": vgg(copied=False) | head(1536, 32, last=2),
    "bo-zhang resnet50": resnet({child: f"Feat_ext.feature{stage}" for child, stage in RESNET_STAGES.items()})
    | head(3584, 32, last=2),
}
