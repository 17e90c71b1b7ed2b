"""The composition head and the size prior: what they promise whatever the weights, and what the bundled ones know."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.box_sets import GridBoxSet, GridSums, ListedBoxSet
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.feasible import find_feasible_boxes
from salient_crop.cropping.grid import SearchGrid, levels
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.objective import Objective
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.search import search
from salient_crop.cropping.size_curve import SizeCurve
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion
from salient_crop.models.analysis import Analysis
from salient_crop.models.composition.head import CompositionHead, bundled_composition, important, mirrored
from salient_crop.models.composition.scene_preference import cubic
from salient_crop.models.selection import best_crops
from salient_crop.models.size_prior.framing import as_people_crop, leave_size_open
from salient_crop.models.size_prior.prior import bundled_size_prior, features

SIZE = (900, 600)
PERSON = torch.tensor([[0.3, 0.2, 0.55, 0.9, 1.0], [0.05, 0.6, 0.3, 0.95, 0.5], [0.6, 0.1, 0.95, 0.5, 0.25]])


@pytest.fixture(scope="module")
def head() -> CompositionHead:
    return bundled_composition()


def boxes(count: int = 200, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    low = torch.rand(count, 2, generator=generator) * 0.4
    return torch.cat([low, 1 - torch.rand(count, 2, generator=generator) * 0.4], 1)


def test_a_mirrored_picture_gets_the_same_scores(head: CompositionHead) -> None:
    seen = head.score(boxes(), PERSON, SIZE)
    assert torch.allclose(seen, head.score(mirrored(boxes()), mirrored(PERSON), SIZE), atol=1e-4)
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


def test_people_do_not_like_people_cut(head: CompositionHead) -> None:
    """The same size of crop, once around the person and once through the middle of them."""
    person = torch.tensor([[0.62, 0.2, 0.82, 0.95, 1.0]])
    around, through = torch.tensor([[0.25, 0.1, 0.95, 1.0], [0.02, 0.1, 0.72, 1.0]]).split(1)
    assert head.score(around, person, SIZE) > head.score(through, person, SIZE) + 0.3


def test_importance_follows_the_kind() -> None:
    person = Subject(0.1, 0.1, 0.4, 0.9, 1.0, "person")
    face = Subject(0.2, 0.1, 0.3, 0.2, 1.0, "face")
    dim, bright = Subject(0.5, 0.5, 0.6, 0.6, 0.1), Subject(0.7, 0.7, 0.9, 0.9, 0.9)
    both = important([face, dim, bright, person])
    assert both[0, :4].tolist() == pytest.approx(person.region)
    assert both[0, 4] == 1
    assert (both[1:, 4] <= 0.5).all()
    assert both[2, :4].tolist() == pytest.approx(bright.region)
    assert important([face])[0, 4] == 1
    assert important([]).shape == (0, 5)


def test_interpolated_ratings_choose_as_well_as_all_of_them(head: CompositionHead) -> None:
    """The search rates some boxes of each scale; rating every box of the lattice finds nothing 0.5 % better."""
    subjects = [Subject(0.55, 0.25, 0.75, 0.8, 1.0, "person"), Subject(0.1, 0.5, 0.4, 0.9, 0.4)]
    size = (240, 160)
    constraint, objective = Constraint(ratios=(Ratio(1, 1),), min_share=0.5), Objective(rater=head)
    heat = torch.rand(16, 24, generator=torch.Generator().manual_seed(2)) + 0.2
    evidence = SearchInputs.from_maps(heat[None])
    evidence = SearchInputs(evidence.heat, None, evidence.subjects, head.ratings([subjects], size))
    judge, lattice = Scorer.of(evidence, size, Ratio(1, 1), constraint, objective), SearchGrid.over(size)
    scales = list(levels(find_feasible_boxes(constraint, Ratio(1, 1), size), lattice))
    tables, best = GridSums(evidence.heat, lattice, scales), []
    for level in scales:
        windows = GridBoxSet(tables, level)
        top, left = (each.reshape(-1) for each in torch.meshgrid(windows.y1, windows.x1, indexing="ij"))
        across, down = windows.x2[0] - windows.x1[0], windows.y2[0] - windows.y1[0]
        every = torch.stack([left, top, left + across, top + down], -1)[None]
        best.append(judge.score(ListedBoxSet(evidence.heat, lattice, every)).max())
    found = search(evidence, size, constraint, objective)[0].score
    assert found >= max(best) * 0.995


def test_a_curve_is_linear_between_its_scales_and_falls_below_them() -> None:
    curve = SizeCurve((0.2, 1.0, 0.6), smallest=0.5)
    shares = torch.tensor([1.0, 0.75**2, 0.875**2, 0.5**2, 0.25**2], dtype=torch.float64)
    assert curve.at(shares).tolist() == pytest.approx([0.6, 1.0, 0.8, 0.2, 0.05])


def test_the_prior_zooms_in_where_the_ratio_is_nearly_the_pictures_own() -> None:
    prior = bundled_size_prior()
    shares = torch.linspace(0.3, 1, 71).square()

    def favourite(ratio: Ratio, held: tuple[float, float, float, float] | None = None) -> float:
        return float(shares[prior.curve((1024, 768), ratio, held).at(shares).argmax()].sqrt())

    left = (0.0, 0.2, 0.1, 0.8)
    assert favourite(Ratio(40, 31), left) < 0.92 < favourite(Ratio(2, 1), left)
    assert favourite(Ratio(4, 3), left) > 0.95
    assert favourite(Ratio(40, 31), (0.0, 0.0, 1.0, 0.97)) > 0.9


def test_the_prior_sees_no_difference_between_a_case_and_its_mirror_image() -> None:
    held = (0.0, 0.2, 0.1, 0.8)
    assert features(SIZE, Ratio(3, 4), held) == pytest.approx(features(SIZE, Ratio(3, 4), (0.9, 0.2, 1.0, 0.8)))


def test_framed_as_people_crop_a_crop_is_smaller_and_still_obeys() -> None:
    heat = torch.ones(20, 30)
    constraint = Constraint(ratios=(Ratio(49, 33),), text_regions=(TextRegion.preset("left", hard=True),))
    kept = best_crops([Analysis(heat)], [SIZE], constraint)[0].box
    framed = best_crops([Analysis(heat)], [SIZE], leave_size_open(constraint), as_people_crop())[0].box
    assert framed.area < 0.95 * kept.area
    assert (framed.x, framed.inside(SIZE)) == (0, True)
    assert framed.y <= 120
    assert framed.bottom >= 480
    assert abs(framed.width * 33 / 49 - framed.height) <= 1
    largest = Constraint(ratios=(Ratio(1, 1),), min_share=1)
    assert leave_size_open(largest) == largest
    chosen = best_crops([Analysis(heat)], [SIZE], largest, as_people_crop())[0].box
    assert chosen.size == (600, 600)


def test_training_and_use_say_the_same_of_a_box(head: CompositionHead) -> None:
    """`forward`, which training sees, and the scene's taste, averaged over a picture and its mirror image, are what
    `score` gives.
    """
    some = boxes(30)

    def said(crops: torch.Tensor, subjects: torch.Tensor) -> torch.Tensor:
        edges, which = crops.T[None].contiguous(), torch.arange(len(crops))[None, :, None].expand(1, -1, 4)
        with torch.no_grad():
            # The table of the edges is interpolated in use, so the edges here lie on its places.
            present = subjects[None, :, 4] > 0
            taste = torch.stack(cubic(crops.unbind(-1)), -1) @ head.taste(subjects[None], present)[0]
            return head(edges, which, subjects[None], present, torch.tensor([1.5]))[0] + taste

    placed = (some * 48).round() / 48
    both = (said(placed, PERSON) + said(mirrored(placed), mirrored(PERSON))) / 2
    assert torch.allclose(both, head.score(placed, PERSON, SIZE), atol=1e-3)
