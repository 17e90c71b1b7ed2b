"""From analyses to crops: every picture gets its own best crop, whatever else is in the call."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from salient_crop.cropping.constraint import Constraint, UnsatisfiableError
from salient_crop.cropping.heads import share_of_head
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.models.analysis import Analysis
from salient_crop.models.baselines.centre import CentreAnalysis
from salient_crop.models.selection import SearchBatch, best_crops, best_crops_for_constraints

SQUARE, TALL = Constraint((Ratio(1, 1),), min_share=1.0), Constraint((Ratio(2, 3),), min_share=1.0)


def spot(x: float, y: float, shape: tuple[int, int] = (20, 30), detail: bool = False) -> Analysis:
    """Heat around one place, relative."""
    down, across = torch.linspace(0, 1, shape[0])[:, None] - y, torch.linspace(0, 1, shape[1]) - x
    heat = torch.exp(-(across.square() + down.square()) / 0.01)
    return Analysis(heat, detail=torch.ones(4, 4) if detail else None)


class HalfProposing(Analysis):
    """Breaks the contract: proposes boxes for the picture's own ratio only."""

    def propose_boxes(self, ratio, min_share, size, held=None):
        return torch.tensor([[0.0, 0.0, 1.0, 1.0]]) if ratio == Ratio.of(size) else None


class ByX(Analysis):
    """Proposes boxes at three places and likes the last one."""

    def propose_boxes(self, ratio, min_share, size, held=None) -> Tensor:
        return torch.tensor([[0.0, 0.0, 0.4, 0.6], [0.2, 0.0, 0.6, 0.6], [0.6, 0.4, 1.0, 1.0]], dtype=torch.float64)

    def score(self, boxes: Tensor) -> Tensor:
        return boxes[:, 0]


MIXED = [
    (spot(0.1, 0.5), (900, 600)),
    (CentreAnalysis(torch.ones(8, 8)), (900, 600)),
    (spot(0.9, 0.5), (900, 600)),
    (spot(0.5, 0.9), (600, 900)),
    (spot(0.1, 0.5, (10, 15)), (900, 600)),
    (spot(0.9, 0.5, detail=True), (900, 600)),
    (ByX(torch.ones(8, 8)), (900, 600)),
]


def test_nothing_gives_nothing() -> None:
    assert best_crops([], [], SQUARE) == []
    assert best_crops_for_constraints([], [], [SQUARE, TALL]) == [[], []]
    assert best_crops_for_constraints([spot(0.1, 0.5)], [(900, 600)], []) == []


def test_each_picture_gets_the_crop_it_gets_alone_and_in_order() -> None:
    analyses, sizes = zip(*MIXED, strict=True)
    together = best_crops(analyses, sizes, SQUARE)
    for crop, analysis, size in zip(together, analyses, sizes, strict=True):
        assert crop == best_crops([analysis], [size], SQUARE)[0]
    assert [crop.box.x for crop in together[:3]] == [0, 150, 300]
    assert together[3].box.bottom == 900


def test_several_constraints_give_what_each_gives_alone() -> None:
    analyses, sizes = zip(*MIXED, strict=True)
    assert best_crops_for_constraints(analyses, sizes, [SQUARE, TALL]) == [
        best_crops(analyses, sizes, SQUARE),
        best_crops(analyses, sizes, TALL),
    ]


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 analyses but 1 sizes"):
        best_crops([spot(0.1, 0.5)] * 2, [(900, 600)], SQUARE)


def test_the_picture_that_cannot_be_cropped_is_named() -> None:
    wide = Constraint((Ratio(1, 1),), min_size=(700, 700), policy="error")
    analyses, sizes = [spot(0.1, 0.5)] * 3, [(900, 900), (900, 600), (800, 800)]
    with pytest.raises(UnsatisfiableError, match="picture 1: "):
        best_crops(analyses, sizes, wide)


def test_the_best_proposal_is_taken_over_all_ratios() -> None:
    crop = best_crops([ByX(torch.ones(8, 8))], [(900, 600)], Constraint((Ratio(1, 1), Ratio(2, 3)), min_share=0.2))[0]
    assert crop.box.x >= 500
    own = best_crops([ByX(torch.ones(8, 8))], [(900, 600)], Constraint(min_share=0.2))[0]
    assert own.ratio == Ratio(3, 2), "without ratios, the picture's own"


def test_an_analysis_that_proposes_for_some_ratios_only_is_refused() -> None:
    with pytest.raises(TypeError, match="HalfProposing proposes boxes for some ratios only, not for 1:1"):
        best_crops([HalfProposing(torch.ones(4, 4))], [(900, 600)], SQUARE)


class Subjects:
    """Rates crops that begin right of the first subject's left edge."""

    digest = ""

    def ratings(self, subjects: Sequence[Sequence[Subject]], size: tuple[int, int]):
        self.given = subjects, size
        return lambda boxes: boxes[..., 0] * torch.tensor([len(each) for each in subjects])[:, None]


def test_a_rater_is_given_the_subjects_of_all_pictures_of_a_batch() -> None:
    person = Subject(0.1, 0.2, 0.4, 0.9, kind="person")
    batch = SearchBatch.of([Analysis(torch.ones(6, 9), [person]), Analysis(torch.ones(6, 9))], (900, 600))
    rater = Subjects()
    objective = Objective(ObjectiveWeights(composition=1.0, cut=0.0), rater=rater)
    rated, plain = batch.best_crops(SQUARE, objective)
    assert rater.given == ([(person,), ()], (900, 600))
    assert (rated.box.x, plain.box.x) == (300, 150)
    assert batch.inputs_for(Objective()) is batch.inputs


def test_detail_is_known_only_where_all_pictures_of_a_batch_have_it() -> None:
    with_detail, without = spot(0.5, 0.5, detail=True), spot(0.5, 0.5)
    assert SearchBatch.of([with_detail, with_detail], (90, 60)).inputs.detail is not None
    assert SearchBatch.of([with_detail, without], (90, 60)).inputs.detail is None


def lying(*head: float) -> Subject:
    """A person all over the picture, whom every crop shows."""
    return Subject(0.0, 0.0, 1.0, 1.0, kind="person", head=head)


LOW = lying(0.45, 0.7, 0.55, 0.9)  # no proposal of `ByX` holds it


def test_a_head_that_no_proposal_holds_is_held_by_one_that_is_moved() -> None:
    small = Constraint((Ratio(1, 1),), min_share=0.2)
    (without,), (crop,) = (
        SearchBatch.of([ByX(torch.ones(8, 8), subjects)], (900, 600)).best_crops(small) for subjects in ([], [LOW])
    )
    assert without.box.x >= 500
    # The one that it likes best, at 540, moved to the left edge of the head, at 405.
    assert crop.box.as_list() == [405, 240, 360, 360]
    assert share_of_head(LOW, crop.box.relative((900, 600))) == 1


def test_of_two_heads_that_no_proposal_holds_both_are_held_where_one_box_can() -> None:
    heads = [lying(0.45, 0.45, 0.5, 0.55), lying(0.55, 0.85, 0.6, 0.95)]
    batch = SearchBatch.of([ByX(torch.ones(8, 8), heads)], (900, 600))
    (crop,) = batch.best_crops(Constraint((Ratio(1, 1),), min_share=0.2))
    assert [share_of_head(each, crop.box.relative((900, 600))) for each in heads] == [1, 1]


class Parts(Analysis):
    """Proposes boxes all over the picture and scores them by parts of the heat; or proposes none."""

    def __init__(self, heatmap: Tensor, proposing: bool) -> None:
        super().__init__(heatmap)
        self.proposing = proposing

    def propose_boxes(self, ratio, min_share, size, held=None) -> Tensor | None:
        left = torch.linspace(0, 2 / 3, 9, dtype=torch.float64)
        return torch.stack([left, 0 * left, left + 1 / 3, 0 * left + 1], 1) if self.proposing else None


def test_a_crop_is_as_sure_whether_its_cropper_proposes_boxes_or_leaves_them_to_the_search() -> None:
    found = []
    for proposing in (True, False):
        batch = SearchBatch.of([Parts(torch.tensor([[1.0, 0.5, 0.2, 0.2, 0.2, 1.3]]), proposing)], (300, 100))
        (crop,) = batch.best_crops(SQUARE)
        assert crop.box.x == 0
        found.append(batch.confidence(crop, SQUARE))
    # 1.5 of 3.4 in the first third, and 1.5 in the last: a quarter of a third to its right is less.
    assert found[0] == pytest.approx(found[1])


def test_a_confidence_is_of_the_first_picture_whatever_else_is_in_the_batch() -> None:
    together = SearchBatch.of([spot(0.1, 0.5), spot(0.9, 0.5)], (900, 600))
    alone = SearchBatch.of([spot(0.1, 0.5)], (900, 600))
    crop = alone.best_crops(SQUARE)[0]
    assert together.confidence(crop, SQUARE) == pytest.approx(alone.confidence(crop, SQUARE))
    assert alone.confidence(crop, SQUARE) > 0.5


def test_a_rater_that_had_no_say_in_a_proposal_has_none_in_its_confidence() -> None:
    objective = Objective(ObjectiveWeights(composition=1.0), rater=Subjects())
    batch = SearchBatch.of([Parts(torch.tensor([[1.0, 0.0, 0.5]]), True)], (300, 100))
    (crop,) = batch.best_crops(SQUARE, objective)
    assert batch.confidence(crop, SQUARE, objective) == batch.confidence(crop, SQUARE) > 0.9
