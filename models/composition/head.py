"""How people would rate a crop, from where its edges lie among the subjects: no pixels, learned from rated crops.

Two scores are added. One is for the scene as a whole (`scene_preference.py`). The other, here, is for single subjects
and edges: a set network over subjects, whatever their order. What a single edge of a crop means for the subjects (how
far inside or outside each lies, how much of it is cut) depends on that edge alone, so in use it is computed once a
picture at 49 positions of each edge and read from that table (`scoring.py`). Only what depends on two edges at once
(how much of a subject is visible, where in the crop it lies) is computed for each box. The score of a crop equals that
of its mirror image.

Trained on GAICD's ratings (Zeng et al., "Grid Anchor based Image Cropping", 2020) by `training/composition/train.py`;
see `card.md`. The names of submodules and parameters are the names of weights in files; they cannot change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...cropping.subject import Subject
from ..state_dict import digest_weights
from .features import CONTEXT, CROP, EDGE, JOINT, context_features, crop_features, edge_features, joint_features
from .groups import GROUP, GROUPS, PLACEMENT, group_features, group_subjects, placement_features
from .scene_preference import ScenePreference
from .scoring import build_plan, score_boxes
from .subjects import encode_subjects

MASKED = -1e4  # a logit that a softmax turns into 0


class CompositionHead(nn.Module):
    """Scores crops as people would rate them, in standard deviations of a photograph's ratings.

    Args:
        width: of the hidden layer over pairs of an edge and a subject.
        summary: numbers that sum up all subjects for one edge.
        context: numbers that describe a subject among the others.
        pools: attention poolings over the subjects, for the edges.
        joint_pools: the same for the joint features.
        hidden, last: widths of the layers that give the score.
        dropout: in training.
    """

    def __init__(
        self,
        width: int = 32,
        summary: int = 24,
        context: int = 32,
        pools: int = 4,
        joint_pools: int = 4,
        hidden: int = 64,
        last: int = 32,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.pools = pools
        self.about = nn.Sequential(nn.Linear(CONTEXT, context), nn.SiLU(), nn.Linear(context, context), nn.SiLU())
        self.attend = nn.Linear(context, pools + joint_pools)
        self.edge = nn.Parameter(torch.zeros(4, EDGE, width))
        self.edge_context = nn.Parameter(torch.zeros(4, context, width))
        self.edge_bias = nn.Parameter(torch.zeros(4, 1, 1, width))
        self.tell = nn.Parameter(torch.zeros(4, pools * width, summary))
        self.scene = nn.Linear(2 * context, context)
        self.judge_edges = nn.Parameter(torch.zeros(4, summary, hidden))
        self.judge_own = nn.Linear(CROP, hidden, bias=False)
        self.judge_joint = nn.Parameter(torch.zeros(joint_pools, JOINT, hidden))
        self.judge_standing = nn.Parameter(torch.zeros(GROUPS, PLACEMENT, hidden))
        self.judge_groups = nn.Linear(GROUPS * GROUP, hidden, bias=False)
        self.judge_scene = nn.Linear(context, hidden)
        self.middle = nn.Linear(hidden, last)
        self.final = nn.Linear(last, 1)
        self.dropout = nn.Dropout(dropout)
        self.taste = ScenePreference()

    @property
    def digest(self) -> str:
        """See `CropRater`."""
        return digest_weights(self)

    def score(self, boxes: Tensor, subjects: Tensor, size: tuple[int, int] | Tensor) -> Tensor:
        """How good crops are: 0 is a photograph's average crop, 1 a standard deviation better.

        Args:
            boxes: `[N, 4]` or `[B, N, 4]`, relative x1, y1, x2, y2 in 0..1.
            subjects: `[M, 5]` or `[B, M, 5]`, relative x1, y1, x2, y2 and importance: 1 for a person (or what else the
                picture is of), from 0.5 down for objects, 0 for an empty slot. Any number, none too, in any order.
            size: (width, height) of the picture; `[B, 2]` where the pictures differ.

        Returns:
            `[N]` or `[B, N]`, float32, on the head's device.

        Raises:
            ValueError: when the shapes do not fit.
        """
        if boxes.ndim != subjects.ndim or boxes.ndim not in (2, 3) or boxes.shape[-1] != 4 or subjects.shape[-1] != 5:
            raise ValueError(
                f"expected boxes [N, 4] and subjects [M, 5], or both with a batch, got {list(boxes.shape)} and "
                f"{list(subjects.shape)}"
            )
        if boxes.ndim == 2:
            return score_boxes(self, boxes[None], build_plan(self, subjects[None], size))[0]
        return score_boxes(self, boxes, build_plan(self, subjects, size))

    def ratings(self, subjects: Sequence[Sequence[Subject]], size: tuple[int, int]) -> Callable[[Tensor], Tensor]:
        """See `CropRater`: boxes `[B, N, 4]` of pictures with these subjects → the share, 0..1, of a photograph's crops
        that people would like less.
        """
        encoded = [encode_subjects(each) for each in subjects]
        most = max((len(each) for each in encoded), default=0)
        padded = torch.stack([F.pad(each, (0, 0, 0, most - len(each))) for each in encoded])
        plan = build_plan(self, padded, size)
        return lambda boxes: torch.special.ndtr(score_boxes(self, boxes, plan))

    def forward(self, edges: Tensor, which: Tensor, subjects: Tensor, present: Tensor, shape: Tensor) -> Tensor:
        """Scores for training, where the boxes of a picture share a few edges; without the preference for the scene as
        a whole, which is trained apart.

        Args:
            edges: `[P, 4, V]`, the places of left, top, right and bottom edges that occur.
            which: `[P, N, 4]`, the edges of every box, as indices of `edges`.
            subjects: `[P, M, 5]`.
            present: `[P, M]`, which of them count.
            shape: `[P]`, width / height of the pictures.

        Returns:
            `[P, N]`, not averaged with the mirror images'.
        """
        summaries, joint_weights, scene = self.pool_subjects(edges, subjects, present, shape)
        table = torch.einsum("pevg,egd->pevd", summaries, self.judge_edges)
        read = [table[:, e].gather(1, which[..., e, None].expand(-1, -1, table.shape[-1])) for e in range(4)]
        boxes = torch.stack([edges[:, e].gather(1, which[..., e]) for e in range(4)], -1)
        own = torch.stack(crop_features(boxes.unbind(-1), shape[:, None]), -1)
        joint = joint_features(boxes[..., None].unbind(-2), subjects[:, None, :, :4].unbind(-1))
        pooled = torch.einsum("pnmf,pmk->pnkf", torch.stack(joint, -1), joint_weights)
        hidden = sum(read) + self.judge_own(own) + self.judge_scene(scene)[:, None]
        hidden = hidden + torch.einsum("pnkf,kfd->pnd", pooled, self.judge_joint)
        groups, has_members = group_subjects(subjects, present)
        placement = placement_features(boxes[..., None].unbind(-2), groups[:, None].unbind(-1))
        placed = torch.stack(placement, -1) * has_members[:, None, :, None]
        hidden = hidden + torch.einsum("pngf,gfd->pnd", placed, self.judge_standing)
        hidden = hidden + self.judge_groups(group_features(groups, has_members))[:, None]
        return self.final(F.silu(self.middle(self.dropout(F.silu(hidden)))))[..., 0]

    def pool_subjects(
        self, edges: Tensor, subjects: Tensor, present: Tensor, shape: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Sums up the subjects; arguments as in `forward`.

        Returns:
            For each edge, `[P, 4, V, summary]`; the weights of the subjects in the joint features,
            `[P, M, joint_pools]`; and for the scene, `[P, context]`.
        """
        about = self.about(context_features(subjects, present, shape))
        # Without subjects there is nothing to weight: all sums are 0.
        weights = self.attend(about).masked_fill(~present[..., None], MASKED).softmax(1) * present[..., None]
        count = present.sum(1, keepdim=True).clamp_min(1)
        mean = (about * present[..., None]).sum(1) / count
        peak = (about.masked_fill(~present[..., None], MASKED)).amax(1) if about.shape[1] else torch.zeros_like(mean)
        scene = self.scene(torch.cat([mean, peak.clamp_min(-1)], -1))
        pairs = torch.einsum("pevmf,efh->pevmh", edge_features(edges, subjects), self.edge)
        pairs = pairs + torch.einsum("pmc,ech->pemh", about, self.edge_context)[:, :, None] + self.edge_bias
        pooled = torch.einsum("pevmh,pmk->pevkh", self.dropout(F.silu(pairs)), weights[..., : self.pools]).flatten(3)
        return torch.einsum("pevx,exg->pevg", pooled, self.tell), weights[..., self.pools :], scene
