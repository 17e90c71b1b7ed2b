"""How people would rate a crop from where its edges lie among the subjects: no pixels, learned from rated crops.

Two opinions are added. One is of the scene as a whole (`scene_taste.py`). The other, here, is of single subjects and
edges: a set network over subjects, whatever their order. What a single edge of a crop does to the subjects (how far
inside or outside each lies, how much of it is cut) depends on that edge alone, so it is worked out once a picture at 49
places of every edge and read from that table; only what depends on two edges at once (how much of a subject shows,
where in the crop it stands) is worked out for every box. The score of a crop and that of its mirror image are the same.

Trained on GAICD's ratings (Zeng et al., "Grid Anchor based Image Cropping", 2020) by `training/composition/train.py`;
see `card.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from ...cropping.subject import Subject
from ..state_dict import digest_weights, load_named
from .scene_preference import MIRRORED, ScenePreference, cubic, main_subjects

WEIGHTS = Path(__file__).with_name("composition.safetensors")
PLACES = 49  # of the table of each edge
CHUNK = 4096  # boxes worked out at once, so that what is in between stays in the processor's cache
CONTEXT, EDGE, OWN, JOINT, STANDING = 18, 7, 11, 7, 16  # numbers of features
GROUPS = 4  # what is looked at as one: the main subjects, the first of the others, the largest, all together
LEAST = 0.005  # a subject's least width and height, relative
MOST_LISTED = 10
# Which features change places or sign in the mirror: of the joint ones, and of a crop's own.
ACROSS = 3
OWN_MIRRORED = (2, 1, 0, 3, 4, 5, 6, 7, 8, 9, 10)
OWN_SIGNS = (1, 1, 1, 1, 1, 1, 1, -1, 1, 1, 1)
STANDING_MIRRORED = (2, 1, 0, *range(3, STANDING))
STANDING_SIGNS = (*[1] * 8, -1, *[1] * 7)


class CompositionHead(nn.Module):
    """Scores crops as people would rate them, in standard deviations of a photograph's ratings.

    Args:
        width: of what an edge says of a subject, and how many ways of weighing the subjects (`ways`) and how many
            numbers (`told`) sum it up; `joint_ways` likewise for what needs two edges; `hidden` and `last` are the
            widths of the layers that judge.
    """

    def __init__(
        self,
        width: int = 32,
        told: int = 24,
        context: int = 32,
        ways: int = 4,
        joint_ways: int = 4,
        hidden: int = 64,
        last: int = 32,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.ways, self.joint_ways = ways, joint_ways
        self.about = nn.Sequential(nn.Linear(CONTEXT, context), nn.SiLU(), nn.Linear(context, context), nn.SiLU())
        self.attend = nn.Linear(context, ways + joint_ways)
        self.edge = nn.Parameter(torch.zeros(4, EDGE, width))
        self.edge_context = nn.Parameter(torch.zeros(4, context, width))
        self.edge_bias = nn.Parameter(torch.zeros(4, 1, 1, width))
        self.tell = nn.Parameter(torch.zeros(4, ways * width, told))
        self.scene = nn.Linear(2 * context, context)
        self.judge_edges = nn.Parameter(torch.zeros(4, told, hidden))
        self.judge_own = nn.Linear(OWN, hidden, bias=False)
        self.judge_joint = nn.Parameter(torch.zeros(joint_ways, JOINT, hidden))
        self.judge_standing = nn.Parameter(torch.zeros(GROUPS, STANDING, hidden))
        self.judge_groups = nn.Linear(GROUPS * 6, hidden, bias=False)
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
            return self.judge(boxes[None], self.plan(subjects[None], size))[0]
        return self.judge(boxes, self.plan(subjects, size))

    @torch.inference_mode()
    def plan(self, subjects: Tensor, size: tuple[int, int] | Tensor) -> ScoringPlan:
        """All that can be worked out of B pictures before a box is known, from subjects `[B, M, 5]`; for each picture
        and, side by side with it, for its mirror image as seen from the picture.
        """
        subjects = subjects.to(self.final.weight.device, torch.float32)
        sizes = torch.as_tensor(size, dtype=torch.float32, device=subjects.device).expand(len(subjects), 2)
        shape = sizes[:, 0] / sizes[:, 1]
        both = torch.cat([subjects, mirrored(subjects)])
        places = torch.linspace(0, 1, PLACES, device=subjects.device).expand(len(both), 4, -1)
        told, joint, scene = self._subjects_say(places, both, both[..., 4] > 0, torch.cat([shape, shape]))
        seen, mirror = torch.einsum("pevg,egd->pevd", told, self.judge_edges).chunk(2)
        # What the mirror image's left edge meets is met, in reverse order, by the picture's right edge.
        sides = [mirror[:, 2].flip(1), mirror[:, 1], mirror[:, 0].flip(1), mirror[:, 3]]
        table = torch.cat([seen, torch.stack(sides, 1)], -1).flatten(0, 2)
        weights = torch.einsum("pmk,kfd->pfmd", joint, self.judge_joint)
        weights[len(subjects) :, ACROSS] *= -1
        own = self.judge_own.weight.T
        mirror_own = own[list(OWN_MIRRORED)] * own.new_tensor(OWN_SIGNS)[:, None]
        own = torch.cat([own, mirror_own], -1).expand(len(subjects), -1, -1)
        groups, there = grouped(both, both[..., 4] > 0)
        mirror_standing = self.judge_standing[:, list(STANDING_MIRRORED)] * own.new_tensor(STANDING_SIGNS)[:, None]
        standing = torch.cat([self.judge_standing, mirror_standing], -1) * there[: len(subjects), :, None, None]
        # As `joint_features` and `standing_features` list them: the first feature of all, then the second of all.
        standing = standing.transpose(1, 2).flatten(1, 2)
        features = torch.cat([own, torch.cat(weights.flatten(1, 2).chunk(2), -1), standing], 1)
        offset = self.judge_scene(scene) + self.judge_groups(group_features(groups, there))
        seen, mirror = self.taste(both, both[..., 4] > 0).chunk(2)
        taste = (seen + mirror[:, MIRRORED]) / 2
        return ScoringPlan(
            subjects, groups[: len(subjects)], shape, table, features, torch.cat(offset.chunk(2), -1), taste
        )

    @torch.inference_mode()
    def judge(self, boxes: Tensor, plan: ScoringPlan) -> Tensor:
        """The scores `[B, N]` of boxes `[B, N, 4]` of the pictures of a plan."""
        boxes = boxes.to(plan.table.device, torch.float32)
        most = max(1, CHUNK // max(1, len(boxes)))
        return torch.cat([self._judged(part.permute(2, 0, 1).contiguous(), plan) for part in boxes.split(most, 1)], 1)

    def _judged(self, edges: Tensor, plan: ScoringPlan) -> Tensor:
        """Scores `[B, N]` of boxes given as rows of edges `[4, B, N]`: long rows keep the arithmetic vectorised."""
        at = edges.clamp(0, 1) * (PLACES - 1)
        index = at.floor().clamp_max(PLACES - 2)
        share = at - index
        start = torch.arange(4 * edges.shape[1], device=edges.device).view(-1, 4).T * PLACES
        rows = index.long() + start[..., None]
        first = F.embedding_bag(
            torch.cat([rows, rows + 1]).flatten(1).T.contiguous(),
            plan.table,
            mode="sum",
            per_sample_weights=torch.cat([1 - share, share]).flatten(1).T.contiguous(),
        ).view(*edges.shape[1:], -1)
        features = torch.stack(own_features(edges.unbind(0), plan.shape[:, None]))
        if plan.subjects.shape[1]:
            subjects = plan.subjects[..., :4].permute(2, 1, 0)[..., None]
            features = torch.cat([features, *joint_features(edges[:, None].unbind(0), subjects.unbind(0))])
        groups = plan.groups.permute(2, 1, 0)[..., None]
        features = torch.cat([features, *standing_features(edges[:, None].unbind(0), groups.unbind(0))])
        first = first.add_(plan.offset[:, None]).baddbmm_(features.permute(1, 2, 0), plan.features)
        last = F.silu(self.middle(F.silu(first, inplace=True).view(*edges.shape[1:], 2, -1)))
        taste = torch.einsum("fbn,bf->bn", torch.stack(cubic(edges.unbind(0))), plan.taste)
        return self.final(last.mean(2))[..., 0] + taste

    def ratings(self, subjects: Sequence[Sequence[Subject]], size: tuple[int, int]) -> Callable[[Tensor], Tensor]:
        """See `CropRater`: boxes `[B, N, 4]` of pictures with these subjects → the share, 0..1, of a photograph's crops
        that people would like less.
        """
        listed = [important(each) for each in subjects]
        most = max((len(each) for each in listed), default=0)
        padded = torch.stack([F.pad(each, (0, 0, 0, most - len(each))) for each in listed])
        plan = self.plan(padded, size)
        return lambda boxes: torch.special.ndtr(self.judge(boxes, plan))

    def forward(self, edges: Tensor, which: Tensor, subjects: Tensor, present: Tensor, shape: Tensor) -> Tensor:
        """Scores for training, where the boxes of a picture share a few edges; without the scene's taste, which is
        taught apart.

        Args:
            edges: `[P, 4, V]` the places of left, top, right and bottom edges that occur.
            which: `[P, N, 4]` the edges of every box, as indices of `edges`.
            subjects: `[P, M, 5]`.
            present: `[P, M]` which of them count.
            shape: `[P]` width / height of the pictures.

        Returns:
            `[P, N]`, not averaged with the mirror images'.
        """
        told, joint, scene = self._subjects_say(edges, subjects, present, shape)
        table = torch.einsum("pevg,egd->pevd", told, self.judge_edges)
        picked = [table[:, e].gather(1, which[..., e, None].expand(-1, -1, table.shape[-1])) for e in range(4)]
        boxes = torch.stack([edges[:, e].gather(1, which[..., e]) for e in range(4)], -1)
        own = torch.stack(own_features(boxes.unbind(-1), shape[:, None]), -1)
        both = joint_features(boxes[..., None].unbind(-2), subjects[:, None, :, :4].unbind(-1))
        pooled = torch.einsum("pnmf,pmk->pnkf", torch.stack(both, -1), joint)
        first = sum(picked) + self.judge_own(own) + self.judge_scene(scene)[:, None]
        first = first + torch.einsum("pnkf,kfd->pnd", pooled, self.judge_joint)
        groups, there = grouped(subjects, present)
        stood = standing_features(boxes[..., None].unbind(-2), groups[:, None].unbind(-1))
        standing = torch.stack(stood, -1) * there[:, None, :, None]
        first = first + torch.einsum("pngf,gfd->pnd", standing, self.judge_standing)
        first = first + self.judge_groups(group_features(groups, there))[:, None]
        return self.final(F.silu(self.middle(self.dropout(F.silu(first)))))[..., 0]

    def _subjects_say(
        self, edges: Tensor, subjects: Tensor, present: Tensor, shape: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What the subjects make of edges `[P, 4, V, told]`, weights for the joint features, and the scene."""
        about = self.about(context_features(subjects, present, shape))
        # A picture without subjects weighs none of them: all sums are 0.
        weights = self.attend(about).masked_fill(~present[..., None], -1e4).softmax(1) * present[..., None]
        counted = present.sum(1, keepdim=True).clamp_min(1)
        mean = (about * present[..., None]).sum(1) / counted
        most = (about.masked_fill(~present[..., None], -1e4)).amax(1) if about.shape[1] else torch.zeros_like(mean)
        scene = self.scene(torch.cat([mean, most.clamp_min(-1)], -1))
        heard = torch.einsum("pevmf,efh->pevmh", edge_features(edges, subjects), self.edge)
        heard = heard + torch.einsum("pmc,ech->pemh", about, self.edge_context)[:, :, None] + self.edge_bias
        pooled = torch.einsum("pevmh,pmk->pevkh", self.dropout(F.silu(heard)), weights[..., : self.ways]).flatten(3)
        return torch.einsum("pevx,exg->pevg", pooled, self.tell), weights[..., self.ways :], scene


@dataclass(frozen=True)
class ScoringPlan:
    """Of B pictures with M subjects in G groups, each beside its mirror image: the edges' table
    `[B · 4 · 49, 2 · hidden]`, weights `[B, 11 + 7 · M + 16 · G, 2 · hidden]` of the other features, what is always
    added, `[B, 2 · hidden]`, and the scene's taste `[B, 35]`.
    """

    subjects: Tensor
    groups: Tensor
    shape: Tensor
    table: Tensor
    features: Tensor
    offset: Tensor
    taste: Tensor


def mirrored(boxes: Tensor) -> Tensor:
    """Boxes or subjects `[*, 4 or more]` as they lie in the picture's mirror image."""
    x1, y1, x2, y2 = boxes[..., :4].unbind(-1)
    return torch.cat([torch.stack([1 - x2, y1, 1 - x1, y2], -1), boxes[..., 4:]], -1)


def context_features(subjects: Tensor, present: Tensor, shape: Tensor) -> Tensor:
    """What a subject is among the others, whatever the crop: `[P, M, 18]`."""
    x1, y1, x2, y2, importance = subjects.unbind(-1)
    width, height = (x2 - x1).clamp_min(LEAST), (y2 - y1).clamp_min(LEAST)
    size = width * height
    larger = ((size[:, None] > size[..., None]) & present[:, None]).sum(-1) / 10
    across = torch.minimum(x2[..., None], x2[:, None]) - torch.maximum(x1[..., None], x1[:, None])
    down = torch.minimum(y2[..., None], y2[:, None]) - torch.maximum(y1[..., None], y1[:, None])
    others = present[:, None] & ~torch.eye(size.shape[1], dtype=torch.bool, device=size.device)
    shared = across.clamp_min(0) * down.clamp_min(0) * others
    features = [
        x1,
        y1,
        x2,
        y2,
        width,
        height,
        size,
        size.log() / 3,
        (width / height).clamp(0.05, 20).log(),
        ((x1 + x2) / 2 - 0.5).abs(),
        ((y1 + y2) / 2 - 0.5).abs(),
        larger,
        (shared / size[..., None]).sum(-1) / 5,
        (shared / size[:, None]).sum(-1) / 5,
        (importance >= 1).to(size.dtype),
        importance,
        importance**4,
        shape.log()[:, None].expand_as(size),
    ]
    return torch.stack(features, -1)


def edge_features(edges: Tensor, subjects: Tensor) -> Tensor:
    """How subjects lie to the left, top, right and bottom edges `[P, 4, V]` of crops: `[P, 4, V, M, 7]`.

    Distances are positive inwards: of a subject's near side (all of it is inside) and of its far side (some of it is).
    """
    near = subjects[..., :4].transpose(1, 2)[:, :, None]
    far = subjects[..., [2, 3, 0, 1]].transpose(1, 2)[:, :, None]
    inwards = torch.tensor([1.0, 1.0, -1.0, -1.0], device=edges.device)[:, None, None]
    whole, some = (near - edges[..., None]) * inwards, (far - edges[..., None]) * inwards
    cut = (-whole / (some - whole).clamp_min(0.01)).clamp(0, 1)
    features = [
        whole * 3,
        whole.clamp(-0.1, 0.1) * 10,
        whole.clamp(-0.03, 0.03) * 30,
        some * 3,
        some.clamp(-0.1, 0.1) * 10,
        cut * 2,
        4 * cut * (1 - cut),
    ]
    return torch.stack(features, -1)


def joint_features(crop: Sequence[Tensor], subject: Sequence[Tensor]) -> list[Tensor]:
    """What takes two edges of a crop: how much of a subject shows, and where in the crop it stands.

    Both are given by their edges x1, y1, x2, y2, of shapes that broadcast; so are the 7 features.
    """
    x1, y1, x2, y2 = crop
    left, top, right, bottom = subject
    inside = (torch.minimum(x2, right) - torch.maximum(x1, left)).clamp_min(0)
    inside = inside * (torch.minimum(y2, bottom) - torch.maximum(y1, top)).clamp_min(0)
    shown = inside / ((right - left).clamp_min(0.01) * (bottom - top).clamp_min(0.01))
    width, height = x2 - x1, y2 - y1
    across, down = ((left + right) / 2 - x1) / width - 0.5, ((top + bottom) / 2 - y1) / height - 0.5
    return [shown, 4 * shown * (1 - shown), inside / (width * height), across, down, 4 * across**2, 4 * down**2]


def grouped(subjects: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes `[P, 4, 4]` around the main subjects, the most important of the others, the largest and all subjects
    `[P, M, 5]`, and which of these there are, `[P, 4]` in 0 or 1.
    """
    main = main_subjects(subjects, present)
    others = present & ~main
    area = (subjects[..., 2] - subjects[..., 0]) * (subjects[..., 3] - subjects[..., 1])
    members = [main, _only(subjects[..., 4], others), _only(area, others), present]
    boxes = torch.stack([_around(subjects[..., :4], each) for each in members], 1)
    return boxes, torch.stack([each.any(1) for each in members], 1).to(subjects.dtype)


def _only(worth: Tensor, among: Tensor) -> Tensor:
    """The mask `[P, M]` of the one with the highest worth, or of none."""
    if not worth.shape[1]:
        return among
    best = worth.masked_fill(~among, -1.0).argmax(1, keepdim=True)
    return torch.zeros_like(among).scatter(1, best, True) & among


def _around(boxes: Tensor, members: Tensor) -> Tensor:
    """The box `[P, 4]` around the members of `[P, M, 4]`; the whole picture where there are none."""
    whole = boxes.new_tensor([0.0, 0.0, 1.0, 1.0]).expand(len(boxes), 1, 4)
    low = torch.cat([boxes[..., :2].masked_fill(~members[..., None], 2.0), whole[..., 2:] * 2], 1).amin(1)
    high = torch.cat([boxes[..., 2:].masked_fill(~members[..., None], -1.0), whole[..., :2] - 1], 1).amax(1)
    return torch.where(members.any(1, keepdim=True), torch.cat([low, high], -1), whole[:, 0])


def group_features(groups: Tensor, there: Tensor) -> Tensor:
    """Where groups `[P, G, 4]` lie in the picture, 6 features each, 0 for those that are not there: `[P, 6 · G]`."""
    x1, y1, x2, y2 = groups.unbind(-1)
    width, height = x2 - x1, y2 - y1
    features = [width, height, width * height, (x1 + x2) - 1, (y1 + y2) - 1, torch.ones_like(x1)]
    return (torch.stack(features, -1) * there[..., None]).flatten(1)


def standing_features(crop: Sequence[Tensor], group: Sequence[Tensor]) -> list[Tensor]:
    """How a group of subjects stands in a crop: room on every side, size, place, distance from the thirds.

    Both are given by their edges x1, y1, x2, y2, of shapes that broadcast; so are the 16 features.
    """
    x1, y1, x2, y2 = crop
    left, top, right, bottom = group
    # Reciprocals of the crop's sides are worked out once: a division costs as much as several multiplications.
    per_width, per_height = 1 / (x2 - x1), 1 / (y2 - y1)
    wide, high = (right - left).clamp_min(LEAST), (bottom - top).clamp_min(LEAST)
    near_x, near_y = (left - x1) * per_width, (top - y1) * per_height
    far_x, far_y = (x2 - right) * per_width, (y2 - bottom) * per_height
    shown_across = (torch.minimum(x2, right) - torch.maximum(x1, left)).clamp_min(0) * (1 / wide)
    shown_down = (torch.minimum(y2, bottom) - torch.maximum(y1, top)).clamp_min(0) * (1 / high)
    shown = shown_across * shown_down * 2
    # The room before a group less the room after it is twice the way of its middle from the crop's.
    across, down = (near_x - far_x) * 2, (near_y - far_y) * 2
    off_across, off_down = across.abs(), down.abs()
    return [
        near_x * 4,
        near_y * 4,
        far_x * 4,
        far_y * 4,
        shown_across,
        shown_down,
        shown,
        shown * (wide * high * per_width * per_height),
        across,
        down,
        off_across,
        off_down,
        (off_across * 1.5 - 1).abs(),
        (off_down * 1.5 - 1).abs(),
        (wide * per_width).clamp_max(2),
        (high * per_height).clamp_max(2),
    ]


def own_features(crop: Sequence[Tensor], shape: Tensor) -> list[Tensor]:
    """Where a crop lies in the picture and what shape both have, 11 features; the crop is given by its edges."""
    x1, y1, x2, y2 = crop
    width, height = x2 - x1, y2 - y1
    return [
        x1 * 4,
        y1 * 4,
        (1 - x2) * 4,
        (1 - y2) * 4,
        width * 2,
        height * 2,
        width * height * 2,
        (x1 + x2 - 1) * 4,
        (y1 + y2 - 1) * 4,
        (width / height * shape).log() * 2,
        shape.log().expand_as(width),
    ]


def listed_importance(place: int) -> float:
    """The importance of a detector's `place`-th object, the most certain first."""
    return 0.5 * (1 - min(place, MOST_LISTED - 1) / MOST_LISTED)


def important(subjects: Sequence[Subject]) -> Tensor:
    """Subjects as `CompositionHead.score` takes them, `[M, 5]`.

    Persons and what was prompted for are what the picture is of; where there are neither, heads are. Objects follow by
    their weight.
    """
    main = [each for each in subjects if each.kind in ("person", "prompt")]
    heads = [each for each in subjects if each.kind == "face"]
    objects = sorted((each for each in subjects if each.kind == "object"), key=lambda each: -each.weight)
    listed = (heads if main else []) + objects
    rows = [(*each.region, 1.0) for each in main or heads]
    rows += [(*each.region, listed_importance(place)) for place, each in enumerate(listed)]
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 5)


def load_composition(path: Path) -> CompositionHead:
    """A head from a safetensors file; its widths are read from the shapes.

    Raises:
        ValueError: when the file is not such a head's.
    """
    state = load_file(path)
    try:
        _, _, width = state["edge"].shape
        joint_ways, _, hidden = state["judge_joint"].shape
        _, mixed, told = state["tell"].shape
        context, last = len(state["scene.bias"]), len(state["middle.bias"])
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} holds no composition head: {error}") from error
    head = CompositionHead(width, told, context, mixed // width, joint_ways, hidden, last)
    load_named(head, state, f"{path}:")
    return head.eval()


def bundled_composition() -> CompositionHead:
    """The head with the weights that come with the package."""
    return load_composition(WEIGHTS)
