"""TranSalNet: where people look.

"TranSalNet: Towards perceptually relevant visual saliency prediction" (Lou, Lin, Marshall, Saupe, Liu; Neurocomputing
2022). The saliency baseline of "Image Cropping under Design Constraints" is built on this network.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..analysis import Analysis, measure_detail
from ..base import Cropper, validate_images
from ..runtime.network_pass import NetworkPass
from .network import FRAME, TranSalNet
from .preprocess import cut_from_frame, letterbox


class TranSalNetCropper(Cropper):
    """TranSalNet with loaded weights.

    Pictures go in as RGB, as in the authors' training loader (their test notebook reads files as BGR, which no part of
    the training does).

    Args:
        network: with its weights.
        frame: (width, height) of the pictures that it was made for.
    """

    name = "transalnet"
    network_pass: NetworkPass[Tensor]

    def __init__(self, network: TranSalNet, frame: tuple[int, int] = FRAME) -> None:
        self.module = network.eval()
        self.network, self.frame = network, frame
        self.network_pass = NetworkPass(network, network)

    @torch.no_grad()
    def analyse(self, images: Tensor) -> list[Analysis]:
        """`[B, 3, H, W]` RGB in 0..1 → B analyses; the heatmap has the shape that the picture takes in the frame."""
        images = validate_images(images).to(self.network.decoder.conv7.weight)
        framed, box = letterbox(images, self.frame)
        heatmaps = cut_from_frame(self.network_pass(framed)[:, 0], box)
        details = measure_detail(images)
        return [Analysis(heatmap, detail=detail) for heatmap, detail in zip(heatmaps, details, strict=True)]
