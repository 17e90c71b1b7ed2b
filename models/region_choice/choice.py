"""Which crop people would choose that has a given ratio and holds a given region, by what the `focus` network saw.

People's crop is modelled as one of a few hundred `Places`, whose probabilities are a softmax over logits (McFadden's
conditional logit, 1974). A place has one from a size prior and from how near to the middle it is, which needs no
pixels; small networks add what they make of the numbers of `features.py`, averaged over themselves and the mirror
image. The value of a box is its expected intersection over union with that crop. The networks were
trained on the network with one digest and judge what that one saw only. Trained by `training/region_choice/train.py`;
see `card.md`.

The names of submodules and buffers are the names of weights in files; they cannot change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ...cropping.boxes import iou_xyxy
from ...cropping.checks import Region, Size
from ...cropping.ratio import Ratio
from ...cropping.size_curve import Ratings
from ...cropping.subject import Subject
from ..crop_choice.features import list_features, mirror
from ..crop_choice.picture import PictureTables
from ..impression import Impression, seen_by
from ..size_prior.prior import SCALES, SizePrior, case_features
from ..state_dict import digest_weights, load_named, shape_of
from .features import region_features, stack_features
from .places import Places

WEIGHTS = Path(__file__).with_name("region_choice.safetensors")
NEAR = 0.12  # from the place nearest to the middle, as a share of the picture: one so far off is e times less likely
FURTHEST = 4.0  # from the mean that a feature counts, in its spread
UNLIKELY = 1e-4  # a probability below which a place is left out of the expectation


class RegionChoice(nn.Module):
    """Logits of places.

    Attributes:
        gist_mean: `[C]`, of the gist.
        components: `[C, P]`, its principal components.
        network: `[32]` bytes, the digest of the network whose gist that is.
        mean, spread: `[F]`, of the features.
        inner, inner_bias: `[E, F, H]` and `[E, 1, H]` of E networks with H hidden units each.
        outer: `[E, H, 1]`.
        direct: `[E, F, 1]`, from the features past the hidden units.
        size_prior: which the networks were trained to correct.
    """

    gist_mean: Tensor
    components: Tensor
    network: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(self, channels: int, components: int, networks: int, hidden: int) -> None:
        super().__init__()
        names = list_region_features(components)
        self.twin, self.sign = mirror(names)
        self.register_buffer("gist_mean", torch.zeros(channels))
        self.register_buffer("components", torch.zeros(channels, components))
        self.register_buffer("network", torch.zeros(32, dtype=torch.uint8))
        self.register_buffer("mean", torch.zeros(len(names)))
        self.register_buffer("spread", torch.ones(len(names)))
        self.inner = nn.Parameter(torch.zeros(networks, len(names), hidden))
        self.inner_bias = nn.Parameter(torch.zeros(networks, 1, hidden))
        self.outer = nn.Parameter(torch.zeros(networks, hidden, 1))
        self.direct = nn.Parameter(torch.zeros(networks, len(names), 1))
        self.size_prior = SizePrior()

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, in hex."""
        return digest_weights(self)

    def forward(self, features: Tensor) -> Tensor:
        """Features `[K, F]` → what is added to the logits, `[K]`, by the picture and its mirror image."""
        both = torch.cat([features, features[:, self.twin] * self.sign])
        given = self.normalise(both)
        logits = (nn.functional.silu(given @ self.inner + self.inner_bias) @ self.outer + given @ self.direct).mean(0)
        return logits.view(2, -1).mean(0)

    def normalise(self, features: Tensor) -> Tensor:
        """Features `[*, F]` with a mean of 0 and a spread of 1."""
        return ((features - self.mean) / self.spread).clamp(-FURTHEST, FURTHEST)

    def choices(
        self,
        seen: Sequence[object],
        subjects: Sequence[Sequence[Subject]],
        size: Size,
        ratio: Ratio,
        region: Region,
    ) -> Ratings | None:
        """How much boxes would overlap people's crops of this ratio that hold this region.

        Args:
            seen: impressions of the network that it was trained on, of each picture; with others it gives None.
            subjects: of each picture.
            size: (width, height) of all pictures.
            ratio: of the crops.
            region: relative, to be held.
        """
        known = seen_by(seen, self.network)
        if known is None:
            return None
        places = Places.around(size, ratio, region)
        tables = [self.tables(*pair, size) for pair in zip(known, subjects, strict=True)]
        likely = [self.probabilities(each, places, size, ratio, region) for each in tables]

        def judge(boxes: Tensor) -> Tensor:
            pairs = zip(likely, boxes.expand(len(likely), -1, -1), strict=True)
            return torch.stack([expected_iou(own, places.boxes, each) for own, each in pairs]).to(boxes.device)

        return judge

    def tables(self, impression: Impression, subjects: Sequence[Subject], size: Size) -> PictureTables:
        """What of a picture the features are computed from."""
        return PictureTables.of(impression, subjects, size, self.components, self.gist_mean)

    @torch.inference_mode()
    def probabilities(self, picture: PictureTables, places: Places, size: Size, ratio: Ratio, region: Region) -> Tensor:
        """Of each place, `[K]` float64; they sum to 1."""
        added = self(stack_features(picture, places, size, ratio, region)).double()
        return (logits_without_pixels(self.size_prior, places, size, ratio, region) + added).softmax(0)


def logits_without_pixels(size_prior: SizePrior, places: Places, size: Size, ratio: Ratio, region: Region) -> Tensor:
    """The logits `[K]` of places, float64: by their size, and how near to the middle of the picture they are."""
    scales = size_prior(torch.tensor([case_features(size, ratio, region)])).double().log_softmax(1)[0]
    nearest = (places.scale[:, None] - SCALES).abs().argmin(1)
    near = (places.moved - places.centred).abs().sum(1) / -NEAR
    _, group = places.scale.unique(return_inverse=True)
    shared = near.new_zeros(len(places)).index_add(0, group, near.exp())[group]
    return scales[nearest] + near - shared.log()


def expected_iou(probabilities: Tensor, places: Tensor, boxes: Tensor) -> Tensor:
    """The expected intersection over union of boxes `[N, 4]` with one of places `[K, 4]` of probabilities `[K]`."""
    likely = probabilities > UNLIKELY
    weights = probabilities[likely] / probabilities[likely].sum()
    return iou_xyxy(boxes.cpu().double()[:, None], places[likely]) @ weights


def list_region_features(components: int) -> list[str]:
    """The names of the features for a gist of so many components, in their order."""
    ratio, size = Ratio(1, 1), (1, 1)
    region = (0.25, 0.25, 0.75, 0.75)
    own = list(
        region_features(PictureTables.blank(components), Places.around(size, ratio, region), size, ratio, region)
    )
    assert own[-len(list_features(components)) :] == list_features(components)
    return own


def load_region_choice(state: Mapping[str, Tensor], what: str) -> RegionChoice:
    """From the tensors of a `RegionChoice`.

    Raises:
        ValueError: when one is missing or of another shape; says `what`.
    """
    networks, _, hidden = shape_of(state, "inner", 3, what)
    channels, components = shape_of(state, "components", 2, what)
    choice = RegionChoice(channels, components, networks, hidden)
    load_named(choice, state, what)
    return choice.eval()


def load_bundled_region_choice() -> RegionChoice:
    """With the weights that come with the package."""
    return load_region_choice(load_file(WEIGHTS), "the region choice")
