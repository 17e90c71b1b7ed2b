"""The composition head in use: all that does not depend on a box is computed once, then any number of boxes is scored.

Each score is the mean over the picture and its mirror image. The two differ only in the weights and tables, so they are
computed side by side, on the same features of the boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from .features import (
    CROP_MIRROR_ORDER,
    CROP_MIRROR_SIGNS,
    JOINT_MIRROR_SIGNS,
    crop_features,
    joint_features,
    mirror_boxes,
)
from .groups import PLACEMENT_MIRROR_ORDER, PLACEMENT_MIRROR_SIGNS, group_features, group_subjects, placement_features
from .scene_preference import MIRROR_ORDER, cubic_monomials

if TYPE_CHECKING:
    from .head import CompositionHead

POSITIONS = 49  # of each edge, in the table
BOXES_PER_CHUNK = 4096  # so that what is computed in between stays in the processor's cache


@dataclass(frozen=True)
class ScoringPlan:
    """All that can be computed of B pictures with M subjects in G groups before a box is known.

    The last dimension of `table`, `weights` and `offset` holds the picture, then its mirror image.

    Attributes:
        subjects: `[B, M, 5]`.
        groups: `[B, G, 4]`.
        shape: `[B]`, width / height.
        table: `[B · 4 · 49, 2 · hidden]`, of edges.
        weights: `[B, 11 + 7 · M + 16 · G, 2 · hidden]`, of the other features.
        offset: `[B, 2 · hidden]`, added for every box.
        preference: `[B, 35]`, coefficients of the monomials, for picture and mirror image together.
    """

    subjects: Tensor
    groups: Tensor
    shape: Tensor
    table: Tensor
    weights: Tensor
    offset: Tensor
    preference: Tensor


@torch.inference_mode()
def build_plan(head: CompositionHead, subjects: Tensor, size: tuple[int, int] | Tensor) -> ScoringPlan:
    """The plan of B pictures with subjects `[B, M, 5]`; `size` as in `CompositionHead.score`."""
    subjects = subjects.to(head.final.weight.device, torch.float32)
    sizes = torch.as_tensor(size, dtype=torch.float32, device=subjects.device).expand(len(subjects), 2)
    shape = sizes[:, 0] / sizes[:, 1]
    both = torch.cat([subjects, mirror_boxes(subjects)])
    present = both[..., 4] > 0
    positions = torch.linspace(0, 1, POSITIONS, device=subjects.device).expand(len(both), 4, -1)
    summaries, joint, scene = head.pool_subjects(positions, both, present, torch.cat([shape, shape]))
    groups, has_members = group_subjects(both, present)
    offset = head.judge_scene(scene) + head.judge_groups(group_features(groups, has_members))
    groups, has_members = groups[: len(subjects)], has_members[: len(subjects)]
    weights = _crop_weights(head, len(subjects)), _joint_weights(head, joint), _group_weights(head, has_members)
    preference, mirrored = head.taste(both, present).chunk(2)
    return ScoringPlan(
        subjects,
        groups,
        shape,
        _edge_table(head, summaries),
        torch.cat(weights, 1),
        torch.cat(offset.chunk(2), -1),
        (preference + mirrored[:, MIRROR_ORDER]) / 2,
    )


def _edge_table(head: CompositionHead, summaries: Tensor) -> Tensor:
    """The contribution of each position of each edge, from summaries `[2 · B, 4, 49, summary]`."""
    picture, mirror = torch.einsum("pevg,egd->pevd", summaries, head.judge_edges).chunk(2)
    # The left edge in the mirror image is the right edge in the picture, with its positions in reverse order.
    sides = [mirror[:, 2].flip(1), mirror[:, 1], mirror[:, 0].flip(1), mirror[:, 3]]
    return torch.cat([picture, torch.stack(sides, 1)], -1).flatten(0, 2)


def _crop_weights(head: CompositionHead, pictures: int) -> Tensor:
    """Of the crop's own features, `[B, 11, 2 · hidden]`."""
    weights = head.judge_own.weight.T
    mirrored = weights[list(CROP_MIRROR_ORDER)] * weights.new_tensor(CROP_MIRROR_SIGNS)[:, None]
    return torch.cat([weights, mirrored], -1).expand(pictures, -1, -1)


def _joint_weights(head: CompositionHead, joint: Tensor) -> Tensor:
    """Of the joint features, `[B, 7 · M, 2 · hidden]`, from the weights of the subjects `[2 · B, M, joint_pools]`."""
    weights = torch.einsum("pmk,kfd->pfmd", joint, head.judge_joint)
    picture, mirror = weights.chunk(2)
    mirror = mirror * weights.new_tensor(JOINT_MIRROR_SIGNS)[:, None, None]
    return torch.cat([picture, mirror], -1).flatten(1, 2)


def _group_weights(head: CompositionHead, has_members: Tensor) -> Tensor:
    """Of the placement features, `[B, 16 · G, 2 · hidden]`; 0 for groups without members."""
    weights = head.judge_standing
    mirrored = weights[:, list(PLACEMENT_MIRROR_ORDER)] * weights.new_tensor(PLACEMENT_MIRROR_SIGNS)[:, None]
    both = torch.cat([weights, mirrored], -1) * has_members[:, :, None, None]
    # As `placement_features` lists them: the first feature of all groups, then the second of all groups.
    return both.transpose(1, 2).flatten(1, 2)


@torch.inference_mode()
def score_boxes(head: CompositionHead, boxes: Tensor, plan: ScoringPlan) -> Tensor:
    """The scores `[B, N]` of boxes `[B, N, 4]` of the pictures of a plan."""
    boxes = boxes.to(plan.table.device, torch.float32)
    count = max(1, BOXES_PER_CHUNK // max(1, len(boxes)))
    chunks = (chunk.permute(2, 0, 1).contiguous() for chunk in boxes.split(count, 1))
    return torch.cat([_score_chunk(head, chunk, plan) for chunk in chunks], 1)


def _score_chunk(head: CompositionHead, edges: Tensor, plan: ScoringPlan) -> Tensor:
    """Scores `[B, N]` of boxes given as rows of edges `[4, B, N]`: long rows keep the arithmetic vectorised."""
    hidden = _read_table(edges, plan).add_(plan.offset[:, None])
    hidden = hidden.baddbmm_(_box_features(edges, plan).permute(1, 2, 0), plan.weights)
    last = F.silu(head.middle(F.silu(hidden, inplace=True).view(*edges.shape[1:], 2, -1)))
    preference = torch.einsum("fbn,bf->bn", torch.stack(cubic_monomials(edges.unbind(0))), plan.preference)
    return head.final(last.mean(2))[..., 0] + preference


def _read_table(edges: Tensor, plan: ScoringPlan) -> Tensor:
    """The sum of the table's rows for the four edges of each box, linear between positions: `[B, N, 2 · hidden]`."""
    at = edges.clamp(0, 1) * (POSITIONS - 1)
    index = at.floor().clamp_max(POSITIONS - 2)
    share = at - index
    start = torch.arange(4 * edges.shape[1], device=edges.device).view(-1, 4).T * POSITIONS
    rows = index.long() + start[..., None]
    return F.embedding_bag(
        torch.cat([rows, rows + 1]).flatten(1).T.contiguous(),
        plan.table,
        mode="sum",
        per_sample_weights=torch.cat([1 - share, share]).flatten(1).T.contiguous(),
    ).view(*edges.shape[1:], -1)


def _box_features(edges: Tensor, plan: ScoringPlan) -> Tensor:
    """All features of boxes, in the order of the plan's weights: `[11 + 7 · M + 16 · G, B, N]`."""
    features = [torch.stack(crop_features(edges.unbind(0), plan.shape[:, None]))]
    crops = edges[:, None].unbind(0)
    if plan.subjects.shape[1]:
        features += joint_features(crops, plan.subjects[..., :4].permute(2, 1, 0)[..., None].unbind(0))
    features += placement_features(crops, plan.groups.permute(2, 1, 0)[..., None].unbind(0))
    return torch.cat(features)
