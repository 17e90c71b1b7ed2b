"""TranSalNet: where people look.

"TranSalNet: Towards perceptually relevant visual saliency prediction" (Lou, Lin, Marshall, Saupe, Liu; Neurocomputing
2022). Both published variants are read by their keys: TranSalNet_Res (ResNet-50) and TranSalNet_Dense (DenseNet-161).
The saliency baseline of "Image Cropping under Design Constraints" stands on this network.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from ..analysis import Analysis, measure_detail
from ..base import Architecture, Cropper, validate_images
from ..state_dict import load_named
from .network import DENSE, FRAME, RES, TranSalNet

PADDING = 1 / 255


class TranSalNetCropper(Cropper):
    """TranSalNet with loaded weights.

    Pictures are fitted into the frame of 4 : 3 and padded with near-black, as the authors' `preprocess_img` does, and
    go in as RGB, as in their training loader (their test notebook reads files as BGR, which no part of the training
    does).
    """

    name = "transalnet"

    def __init__(self, network: TranSalNet, frame: tuple[int, int] = FRAME) -> None:
        self.module = network.eval()
        self.network, self.frame = network, frame

    @torch.no_grad()
    def analyse(self, images: Tensor) -> list[Analysis]:
        """[B, 3, H, W] RGB in 0..1 -> B analyses; the heatmap has the shape that the picture takes in the frame."""
        images = validate_images(images).to(self.network.decoder.conv7.weight)
        left, top, width, height = placed((images.shape[-1], images.shape[-2]), self.frame)
        fitted = F.interpolate(images, (height, width), mode="bilinear", antialias=True)
        framed = fitted.new_full((len(images), 3, self.frame[1], self.frame[0]), PADDING)
        framed[..., top : top + height, left : left + width] = fitted
        saliency = self.network(framed)[:, 0, top : top + height, left : left + width]
        return [Analysis(heat, detail=detail) for heat, detail in zip(saliency, measure_detail(images), strict=True)]


def placed(size: tuple[int, int], frame: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where a picture of `size` comes to lie in the frame: left, top, width, height. Sizes are (width, height)."""
    width, height = frame
    if size[1] * width > size[0] * height:
        width = max(1, size[0] * height // size[1])
    else:
        height = max(1, size[1] * width // size[0])
    return (frame[0] - width) // 2, (frame[1] - height) // 2, width, height


# --- checkpoints ------------------------------------------------------------------------------------------------------


def detect(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of a TranSalNet."""
    return {"decoder.TransEncoder1.position_embeddings", "encoder.encoder.0.weight"} <= state.keys()


def load(state: Mapping[str, Tensor], frame: tuple[int, int] = FRAME) -> TranSalNetCropper:
    """A cropper from a published state dict of either variant; `frame` (width, height) is what it was trained at.

    Raises:
        ValueError: when a tensor is missing or of the wrong shape.
    """
    dense = any(".denselayer1." in name for name in state)
    network = TranSalNet(DENSE if dense else RES, frame)
    load_named(network, state, "a TranSalNet checkpoint")
    return TranSalNetCropper(network, frame)


ARCHITECTURE = Architecture("transalnet", detect, load)
