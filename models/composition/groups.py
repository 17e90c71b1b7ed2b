"""Groups of subjects that the composition head treats as one box, and the numbers about them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .features import MIN_SIDE
from .scene_preference import main_subjects

GROUPS = 4
GROUP, PLACEMENT = 6, 16  # how many features there are of each kind
# How the mirror image changes the placement features: their order and signs.
PLACEMENT_MIRROR_ORDER = (2, 1, 0, *range(3, PLACEMENT))
PLACEMENT_MIRROR_SIGNS = (*[1] * 8, -1, *[1] * 7)


def group_subjects(subjects: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """The four groups of a picture: main subjects, most important and largest of the others, all subjects.

    Args:
        subjects: `[P, M, 5]`.
        present: `[P, M]`, which of them count.

    Returns:
        The boxes `[P, 4, 4]` around the members of each group, and which groups have any, `[P, 4]` of 0 and 1. The box
        of a group without members is the whole picture.
    """
    main = main_subjects(subjects, present)
    others = present & ~main
    area = (subjects[..., 2] - subjects[..., 0]) * (subjects[..., 3] - subjects[..., 1])
    members = [main, _argmax_mask(subjects[..., 4], others), _argmax_mask(area, others), present]
    boxes = torch.stack([_bounding_boxes(subjects[..., :4], each) for each in members], 1)
    return boxes, torch.stack([each.any(1) for each in members], 1).to(subjects.dtype)


def _argmax_mask(values: Tensor, among: Tensor) -> Tensor:
    """The mask `[P, M]` of the one with the highest value, of none where `among` has none."""
    if not values.shape[1]:
        return among
    best = values.masked_fill(~among, -1.0).argmax(1, keepdim=True)
    return torch.zeros_like(among).scatter(1, best, True) & among


def _bounding_boxes(boxes: Tensor, members: Tensor) -> Tensor:
    """The box `[P, 4]` around the members of `[P, M, 4]`; the whole picture where there are none."""
    whole = boxes.new_tensor([0.0, 0.0, 1.0, 1.0]).expand(len(boxes), 1, 4)
    low = torch.cat([boxes[..., :2].masked_fill(~members[..., None], 2.0), whole[..., 2:] * 2], 1).amin(1)
    high = torch.cat([boxes[..., 2:].masked_fill(~members[..., None], -1.0), whole[..., :2] - 1], 1).amax(1)
    return torch.where(members.any(1, keepdim=True), torch.cat([low, high], -1), whole[:, 0])


def group_features(groups: Tensor, present: Tensor) -> Tensor:
    """Places and sizes of groups `[P, G, 4]` in the picture, 0 for groups that are not present: `[P, 6 · G]`."""
    x1, y1, x2, y2 = groups.unbind(-1)
    width, height = x2 - x1, y2 - y1
    features = [width, height, width * height, (x1 + x2) - 1, (y1 + y2) - 1, torch.ones_like(x1)]
    return (torch.stack(features, -1) * present[..., None]).flatten(1)


def placement_features(crop: Sequence[Tensor], group: Sequence[Tensor]) -> list[Tensor]:
    """Each group in each crop: margins on all sides, how much is visible, size, place, distance from the thirds.

    Both are given by their edges x1, y1, x2, y2, whose shapes broadcast. Returns 16 features of the broadcast shape.
    """
    x1, y1, x2, y2 = crop
    left, top, right, bottom = group
    # Reciprocals of the crop's sides are computed once: a division costs as much as several multiplications.
    per_width, per_height = 1 / (x2 - x1), 1 / (y2 - y1)
    group_width, group_height = (right - left).clamp_min(MIN_SIDE), (bottom - top).clamp_min(MIN_SIDE)
    near_x, near_y = (left - x1) * per_width, (top - y1) * per_height
    far_x, far_y = (x2 - right) * per_width, (y2 - bottom) * per_height
    visible_across = (torch.minimum(x2, right) - torch.maximum(x1, left)).clamp_min(0) * (1 / group_width)
    visible_down = (torch.minimum(y2, bottom) - torch.maximum(y1, top)).clamp_min(0) * (1 / group_height)
    visible = visible_across * visible_down * 2
    # The margin before a group less the margin after it is twice the distance of its middle from the crop's middle.
    across, down = (near_x - far_x) * 2, (near_y - far_y) * 2
    off_across, off_down = across.abs(), down.abs()
    return [
        near_x * 4,
        near_y * 4,
        far_x * 4,
        far_y * 4,
        visible_across,
        visible_down,
        visible,
        visible * (group_width * group_height * per_width * per_height),
        across,
        down,
        off_across,
        off_down,
        (off_across * 1.5 - 1).abs(),
        (off_down * 1.5 - 1).abs(),
        (group_width * per_width).clamp_max(2),
        (group_height * per_height).clamp_max(2),
    ]
