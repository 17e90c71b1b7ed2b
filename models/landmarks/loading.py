"""The network of face points with the bundled weights."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ..state_dict import digest_weights, load_named
from .network import LandmarkNetwork, Landmarks, read_outputs

WEIGHTS = Path(__file__).with_name("landmarks.safetensors")
_MIRRORED = [1, 0, 2, 4, 3]  # the points of a mirrored face, in the order of the face itself


class LandmarkFinder:
    """Five points in squares that hold about one face.

    Attributes:
        digest: SHA-256, in hex, of the weights.
    """

    def __init__(self, network: LandmarkNetwork) -> None:
        self._network = network.eval()
        self.digest = digest_weights(network)

    @torch.inference_mode()
    def find(self, images: Tensor) -> Landmarks:
        """What is found in brightness `[B, 1, 64, 64]`: the mean over each and its mirror image."""
        both = torch.cat([images, images.flip(3)])
        (points, mirrored), spreads, certainties = (each.chunk(2) for each in read_outputs(self._network(both)))
        across, down = mirrored[:, _MIRRORED].unbind(2)
        points = (points + torch.stack([1 - across, down], 2)) / 2
        return Landmarks(points, (spreads[0] + spreads[1]) / 2, (certainties[0] + certainties[1]) / 2)


def load_bundled_finder() -> LandmarkFinder:
    """The finder with the weights that come with the package."""
    network = LandmarkNetwork()
    load_named(network, load_file(WEIGHTS), "the bundled landmarks")
    return LandmarkFinder(network)
