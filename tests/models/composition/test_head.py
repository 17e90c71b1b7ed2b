"""The composition head: what it promises whatever the weights, and what the bundled ones know."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from salient_crop.cropping.box_sets import ListedBoxSet
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.feasible import find_feasible_boxes
from salient_crop.cropping.grid import SearchGrid, list_scales
from salient_crop.cropping.grid_box_set import GridBoxSet, GridSums
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.objective import Objective
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.search import search
from salient_crop.cropping.subject import Subject
from salient_crop.models.composition.features import mirror_boxes
from salient_crop.models.composition.head import CompositionHead
from salient_crop.models.composition.scene_preference import cubic_monomials

SIZE = (900, 600)
PERSON = torch.tensor([[0.3, 0.2, 0.55, 0.9, 1.0], [0.05, 0.6, 0.3, 0.95, 0.5], [0.6, 0.1, 0.95, 0.5, 0.25]])


def boxes(count: int = 200, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    low = torch.rand(count, 2, generator=generator) * 0.4
    return torch.cat([low, 1 - torch.rand(count, 2, generator=generator) * 0.4], 1)


def test_a_mirrored_picture_gets_the_same_scores(head: CompositionHead) -> None:
    seen = head.score(boxes(), PERSON, SIZE)
    assert torch.allclose(seen, head.score(mirror_boxes(boxes()), mirror_boxes(PERSON), SIZE), atol=1e-4)
    assert seen.std() > 0.1


def test_neither_order_nor_empty_slots_nor_batching_matter(head: CompositionHead) -> None:
    seen = head.score(boxes(), PERSON, SIZE)
    empty = torch.tensor([[0.0, 0.0, 1.0, 1.0, 0.0]])
    shuffled = torch.cat([PERSON[[2, 0]], empty, PERSON[[1]]])
    assert torch.allclose(seen, head.score(boxes(), shuffled, SIZE), atol=1e-4)
    other = torch.tensor([[0.7, 0.1, 0.9, 0.4, 0.5]]).expand(3, 5)
    other = torch.cat([other[:1], empty.expand(2, 5)])
    both = head.score(boxes().expand(2, -1, -1), torch.stack([PERSON, other]), torch.tensor([SIZE, (400, 700)]))
    assert torch.allclose(both[0], seen, atol=1e-4)
    assert torch.allclose(both[1], head.score(boxes(), other[:1], (400, 700)), atol=1e-4)


def test_a_picture_without_subjects_is_scored_too(head: CompositionHead) -> None:
    scores = head.score(boxes(), torch.zeros(0, 5), SIZE)
    assert torch.isfinite(scores).all()
    assert scores.shape == (200,)


def test_more_boxes_than_fit_the_cache_are_scored_as_few_are(head: CompositionHead) -> None:
    many = boxes(9000)
    assert torch.allclose(head.score(many, PERSON, SIZE)[8990:], head.score(many[8990:], PERSON, SIZE), atol=1e-5)


def test_shapes_that_do_not_fit_are_refused_by_name(head: CompositionHead) -> None:
    with pytest.raises(ValueError, match=r"\[M, 5\]"):
        head.score(boxes(), PERSON[:, :4], SIZE)


def test_the_head_is_small(head: CompositionHead) -> None:
    assert sum(each.numel() * each.element_size() for each in head.state_dict().values()) <= 200 * 1024


def test_a_crop_through_a_person_scores_below_one_around_them(head: CompositionHead) -> None:
    """The same size of crop, once around the person and once through the middle of them."""
    person = torch.tensor([[0.62, 0.2, 0.82, 0.95, 1.0]])
    around, through = torch.tensor([[0.25, 0.1, 0.95, 1.0], [0.02, 0.1, 0.72, 1.0]]).split(1)
    assert head.score(around, person, SIZE) > head.score(through, person, SIZE) + 0.3


def test_interpolated_ratings_choose_as_well_as_all_of_them(head: CompositionHead) -> None:
    """The search rates some boxes of each scale; rating every box of the grid finds nothing 0.5 % better."""
    subjects = [Subject(0.55, 0.25, 0.75, 0.8, 1.0, "person"), Subject(0.1, 0.5, 0.4, 0.9, 0.4)]
    size = (240, 160)
    constraint, objective = Constraint(ratios=(Ratio(1, 1),), min_share=0.5), Objective(rater=head)
    heat = torch.rand(16, 24, generator=torch.Generator().manual_seed(2)) + 0.2
    inputs = replace(SearchInputs.from_maps(heat[None]), ratings=head.ratings([subjects], size))
    scorer, grid = Scorer.of(inputs, size, Ratio(1, 1), constraint, objective), SearchGrid.over(size)
    scales = list(list_scales(find_feasible_boxes(constraint, Ratio(1, 1), size), grid))
    sums, best = GridSums(inputs.heat, grid, scales), []
    for scale in scales:
        positions = GridBoxSet(sums, scale)
        top, left = (each.reshape(-1) for each in torch.meshgrid(positions.y1, positions.x1, indexing="ij"))
        across, down = positions.x2[0] - positions.x1[0], positions.y2[0] - positions.y1[0]
        every = torch.stack([left, top, left + across, top + down], -1)[None]
        best.append(scorer.score(ListedBoxSet(inputs.heat, grid, every)).max())
    found = search(inputs, size, constraint, objective)[0].score
    assert found >= max(best) * 0.995


def test_training_and_use_give_the_same_scores(head: CompositionHead) -> None:
    """`score` is `forward`, which training uses, and the preference, averaged over a picture and its mirror image."""

    def score(crops: torch.Tensor, subjects: torch.Tensor) -> torch.Tensor:
        edges, which = crops.T[None].contiguous(), torch.arange(len(crops))[None, :, None].expand(1, -1, 4)
        with torch.no_grad():
            present = subjects[None, :, 4] > 0
            preference = torch.stack(cubic_monomials(crops.unbind(-1)), -1) @ head.taste(subjects[None], present)[0]
            return head(edges, which, subjects[None], present, torch.tensor([1.5]))[0] + preference

    # In use the table of the edges is interpolated, so the edges here lie on its positions.
    placed = (boxes(30) * 48).round() / 48
    both = (score(placed, PERSON) + score(mirror_boxes(placed), mirror_boxes(PERSON))) / 2
    assert torch.allclose(both, head.score(placed, PERSON, SIZE), atol=1e-3)
