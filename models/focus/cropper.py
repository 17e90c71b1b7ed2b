"""The bundled `focus` cropper: where people look, what the subject is and where the heads are, from one pass of one
small network.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..analysis import Analysis, measure_detail
from ..base import Cropper, validate_images
from ..impression import Impression
from ..runtime.network_pass import NetworkPass
from .analysis import build_analysis
from .network import FocusNetwork, Outputs
from .preprocess import resize_to_working_size
from .subjects import decode_heads


class FocusCropper(Cropper):
    """Attention, subject and heads from `FocusNetwork`; runs in half precision on CUDA."""

    name = "focus"
    network_pass: NetworkPass[Outputs]

    def __init__(self, network: FocusNetwork) -> None:
        self.network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.module = self.network
        self.network_pass = NetworkPass(self.network, self._run)

    @torch.inference_mode()
    def analyse(self, images: Tensor) -> list[Analysis]:
        """`[B, 3, H, W]` RGB in 0..1 → B analyses; the heatmap has one cell for 8 pixels of the working size."""
        # Planes are resized, and measured, in two thirds of the time of interleaved pixels, to the same values.
        images = validate_images(images).to(self.network.prior.weight.device).contiguous()
        outputs = self.network_pass(resize_to_working_size(images))
        attention = outputs.attention.flatten(1).softmax(1).view_as(outputs.attention)
        extents, heads, details = outputs.subject.sigmoid(), decode_heads(outputs), measure_detail(images)
        assert outputs.gist is not None
        maps = zip(attention, extents, details, outputs.gist, strict=True)
        seen = [Impression(*each, self.digest) for each in maps]
        return [build_analysis(*each) for each in zip(attention, extents, heads, details, seen, strict=True)]

    def _run(self, images: Tensor) -> Outputs:
        """The outputs in single precision."""
        with torch.autocast("cuda", torch.float16, enabled=images.is_cuda):
            outputs = self.network(images.contiguous(memory_format=torch.channels_last))
        return outputs.in_single_precision()
