"""How much a box would overlap people's crops of a picture, judged by what the `focus` network saw in it.

Boosted trees over the numbers of `features.py`; the value of a box is the mean over the picture and its mirror image.
They were trained on the network with one digest and judge what that one saw only. Trained by
`training/crop_choice/train.py`; see `card.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ...cropping.size_curve import Ratings
from ...cropping.subject import Subject
from ..impression import Impression, seen_by
from ..state_dict import digest_weights, shape_of
from .features import box_features, list_features, mirror
from .picture import PictureTables
from .trees import Trees, load_trees

WEIGHTS = Path(__file__).with_name("crop_choice.safetensors")
PREFIX = "trees."


class CropChoice:
    """Of free crops.

    Args:
        mean: `[C]`, of the gist.
        components: `[C, K]`, its principal components, scaled to a spread of 1.
        network: `[32]` bytes, the digest of the network whose gist that is.
        trees: over the features.
    """

    def __init__(self, mean: Tensor, components: Tensor, network: Tensor, trees: Trees) -> None:
        self.mean, self.components, self.network, self.trees = mean, components, network, trees
        self._twin, self._sign = mirror(list_features(components.shape[1]))

    def state(self) -> dict[str, Tensor]:
        """The weights by name, as they are stored."""
        trees = {f"{PREFIX}{name}": value for name, value in self.trees.state_dict().items()}
        return {"mean": self.mean, "components": self.components, "network": self.network, **trees}

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, in hex."""
        return digest_weights(self.state())

    def choices(
        self, seen: Sequence[object], subjects: Sequence[Sequence[Subject]], size: tuple[int, int]
    ) -> Ratings | None:
        """How much boxes of any ratio would overlap people's crops, in pictures of (width, height) `size`.

        Args:
            seen: impressions of the network that it was trained on, of each picture; with others it gives None.
            subjects: of each picture.
        """
        known = seen_by(seen, self.network)
        if known is None:
            return None
        pictures = [self.tables(*each, size) for each in zip(known, subjects, strict=True)]

        def judge(boxes: Tensor) -> Tensor:
            pairs = zip(pictures, boxes.expand(len(pictures), -1, -1), strict=True)
            return torch.stack([self.value(*pair) for pair in pairs]).to(boxes.device)

        return judge

    def tables(self, impression: Impression, subjects: Sequence[Subject], size: tuple[int, int]) -> PictureTables:
        """What of a picture of (width, height) `size` the trees are asked about."""
        return PictureTables.of(impression, subjects, size, self.components, self.mean)

    @torch.inference_mode()
    def value(self, picture: PictureTables, boxes: Tensor) -> Tensor:
        """The expected intersection over union of boxes `[N, 4]` with the most similar of ten people's crops: `[N]`."""
        features = torch.stack(list(box_features(picture, boxes).values()), 1).float()
        both = self.trees(features) + self.trees(features[:, self._twin] * self._sign)
        return (both / 2).clamp(0, 1)


def load_crop_choice(state: Mapping[str, Tensor], what: str) -> CropChoice:
    """From the tensors of `CropChoice.state`.

    Raises:
        ValueError: when one is missing or of another shape; says `what`.
    """
    channels, components = shape_of(state, "components", 2, what)
    if shape_of(state, "mean", 1, what) != (channels,) or shape_of(state, "network", 1, what) != (32,):
        raise ValueError(f"{what} has the wrong shape of mean or network; is the file whole?")
    of_trees = {name.removeprefix(PREFIX): value for name, value in state.items() if name.startswith(PREFIX)}
    trees = load_trees(of_trees, len(list_features(components)), what)
    return CropChoice(state["mean"], state["components"], state["network"], trees)


def load_bundled_crop_choice() -> CropChoice:
    """With the weights that come with the package."""
    return load_crop_choice(load_file(WEIGHTS), "the crop choice")
