"""What a cropper found in one picture: what is accepted, what it scores, and what may be replaced."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.models.analysis import Analysis, measure_detail


@pytest.mark.parametrize(
    ("heatmap", "complaint"),
    [
        (torch.zeros(0), r"heatmap must be \[h, w\].*\[0\]"),
        (torch.zeros(0, 8), r"heatmap must be .*at least one cell, got \[0, 8\]"),
        (torch.zeros(8, 0), r"\[8, 0\]"),
        (torch.ones(1, 4, 4), r"\[1, 4, 4\]"),
        (torch.tensor(1.0), r"\[\]"),
        (torch.tensor([[0.5, torch.nan]]), r"heatmap.*finite"),
        (torch.tensor([[0.5, torch.inf]]), r"heatmap.*finite"),
        (torch.tensor([[0.5, -0.1]]), r"heatmap.*0 or more"),
    ],
)
def test_what_is_no_heatmap_is_refused(heatmap, complaint):
    with pytest.raises(ValueError, match=complaint):
        Analysis(heatmap)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"heatmap": None}, "heatmap must be a tensor"),
        ({"heatmap": torch.ones(4, 4).numpy()}, "heatmap must be a tensor"),
        ({"heatmap": torch.ones(4, 4, device="meta")}, "heatmap must be a plain tensor"),
        ({"heatmap": torch.ones(4, 4, dtype=torch.complex64)}, "heatmap must be a plain tensor of real numbers"),
        ({"detail": torch.ones(4, 4).numpy()}, "detail must be a tensor"),
        ({"subjects": 3}, "subjects must be a sequence"),
        ({"subjects": "face"}, "subjects must be a sequence"),
        ({"subjects": [(0, 0, 1, 1)]}, "subjects must hold Subject only"),
    ],
)
def test_what_is_of_another_type_is_refused_by_name(change, words):
    with pytest.raises(TypeError, match=words):
        Analysis(**{"heatmap": torch.ones(4, 4), **change})


@pytest.mark.parametrize("boxes", [None, [[0, 0, 1, 1]], torch.ones(4), torch.ones(2, 5), torch.ones(1, 1, 4)])
def test_what_are_no_boxes_is_refused_by_name(boxes):
    with pytest.raises(ValueError, match=r"boxes must be a tensor \[N, 4\], got "):
        Analysis(torch.ones(4, 4)).score(boxes)


@pytest.mark.parametrize("detail", [torch.zeros(0, 4), torch.zeros(1, 4, 4)])
def test_what_is_no_map_of_detail_is_refused(detail):
    with pytest.raises(ValueError, match="detail must be"):
        Analysis(torch.ones(4, 4), detail=detail)


@pytest.mark.parametrize("heatmap", [torch.zeros(4, 6), torch.full((4, 6), 7.0), torch.ones(4, 6, dtype=torch.uint8)])
def test_an_even_heatmap_sums_to_1_whatever_its_scale(heatmap):
    assert torch.allclose(Analysis(heatmap).heatmap, torch.full((4, 6), 1 / 24, dtype=torch.float64))


def test_a_box_scores_the_share_of_the_heatmap_that_it_holds():
    analysis = Analysis(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
    boxes = torch.tensor([[0, 0, 1, 1], [0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0.5, 0, 1, 0.5], [0, 0, 0.25, 0.5]])
    assert analysis.score(boxes).tolist() == pytest.approx([1, 0.25, 0.75, 0, 0.125])
    assert analysis.score(torch.zeros(0, 4)).shape == (0,)
    assert analysis.propose_boxes(Ratio(1, 1), 0.5, (100, 100)) is None


def test_what_is_not_replaced_stays():
    own = Analysis(torch.ones(2, 2), [Subject(0, 0, 1, 1)], torch.ones(3, 3))
    other = own.replace(heatmap=torch.tensor([[0.0, 1.0]]))
    assert other.heatmap.tolist() == [[0, 1]]
    assert (other.subjects, other.detail) == (own.subjects, own.detail)
    assert own.replace(subjects=[]).subjects == ()
    assert torch.equal(own.replace(subjects=[]).heatmap, own.heatmap)


@pytest.mark.parametrize(
    ("size", "shape"), [((1, 1), (1, 1)), ((40, 20), (40, 20)), ((64, 130), (64, 130)), ((128, 640), (64, 320))]
)
def test_detail_lies_on_a_grid_of_64_cells_along_the_short_side(size, shape):
    assert measure_detail(torch.rand(2, 3, *size)).shape == (2, *shape)


def test_detail_is_where_luma_changes():
    images = torch.zeros(1, 3, 8, 8)
    images[..., 4:] = 1
    assert measure_detail(images)[0].nonzero().unique(dim=0).tolist() == [[row, 3] for row in range(8)]
    green = images * torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1)
    assert measure_detail(green).max().item() == pytest.approx(0.587)
    assert torch.equal(measure_detail(images.mT), measure_detail(images).mT)
    assert measure_detail(torch.full((1, 3, 9, 9), 0.7)).max() == 0
