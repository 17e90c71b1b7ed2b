"""The map that the search reads: attention, and the extent of the subject."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.models.analysis import Analysis
from salient_crop.models.detectors.centre_points import Detection
from salient_crop.models.focus.analysis import build_analysis, hedge, raise_heads
from salient_crop.models.selection import best_crops

EVEN = torch.full((24, 32), 1 / 768)
NOTHING = torch.zeros(24, 32)


def head(x1: float, y1: float, x2: float, y2: float) -> Detection:
    return Detection(x1, y1, x2, y2, 0.9)


ONE = head(0.1, 0.2, 0.2, 0.35)


@pytest.fixture
def body() -> torch.Tensor:
    extent = NOTHING.clone()
    extent[4:20, 2:10] = 1
    return extent


def test_a_crop_follows_the_body_of_one_person_and_attention_in_a_crowd(body: torch.Tensor) -> None:
    alone = build_analysis(EVEN, body, [ONE])
    crowd = build_analysis(EVEN, body, [ONE, *(head(x / 10, 0.5, x / 10 + 0.1, 0.65) for x in range(3, 9))])
    assert alone.extent_share > 5 * crowd.extent_share
    assert torch.allclose(alone.attention, EVEN)
    assert alone.value.sum().item() == pytest.approx(1)
    assert alone.value[5, 5] > alone.value[22, 30]


def test_the_share_of_the_extent_depends_on_what_the_picture_is_of(body: torch.Tensor) -> None:
    drawn = EVEN * (1 - body) + body / 128 * 0.9
    shares = {
        "nothing": build_analysis(EVEN, NOTHING, []).extent_share,
        "thing": build_analysis(EVEN, body, []).extent_share,
        "faint thing": build_analysis(EVEN, body / 2, []).extent_share,
        "watched person": build_analysis(drawn / drawn.sum(), body, [ONE]).extent_share,
        "unwatched person": build_analysis(EVEN, body * 0.05, [ONE]).extent_share,
    }
    assert shares["nothing"] == 0
    assert shares["thing"] == pytest.approx(0.1)
    assert shares["faint thing"] == pytest.approx(0.05)
    assert shares["watched person"] == pytest.approx(0.17 / (drawn * body).sum().item() * drawn.sum().item(), rel=1e-4)
    assert shares["unwatched person"] == pytest.approx(1)


def test_the_heatmap_is_sharper_than_the_attention_and_leans_to_the_middle() -> None:
    even = hedge(EVEN)
    assert even.sum().item() == pytest.approx(1)
    assert even[12, 16] > 1.5 * EVEN[0, 0] > even[0, 0]
    assert torch.allclose(even, even.flip(0, 1))
    peaked = EVEN.clone()
    peaked[3, 4] *= 100
    peaked /= peaked.sum()
    hedged = hedge(peaked)
    ratio = (hedged[3, 4] - hedged[3, 27]) / (1 - 0.27)  # the middle adds the same to both
    sharp = peaked.pow(1.18) / peaked.pow(1.18).sum()
    assert ratio.item() == pytest.approx((sharp[3, 4] - sharp[3, 27]).item(), rel=1e-4)


def test_cells_of_a_head_count_three_times(body: torch.Tensor) -> None:
    raised = raise_heads(body, [Detection(4 / 32, 6 / 24, 6 / 32, 8 / 24, 0.9)])
    assert raised[6:8, 4:6].unique().tolist() == [3]
    assert raised[8:20, 2:10].unique().tolist() == [1]
    assert torch.equal(raise_heads(body, []), body)
    assert raise_heads(body, [Detection(-1, -1, 2, 2, 0.9)]).max() == 3, "a head beyond the picture is cut to it"


def test_a_heatmap_given_by_the_user_is_the_only_one(body: torch.Tensor) -> None:
    own = build_analysis(EVEN, body, [ONE])
    wanted = torch.rand(24, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(own.replace(heatmap=wanted).value, Analysis(wanted).heatmap)
    assert own.replace(heatmap=wanted).subjects == own.subjects


def test_other_subjects_leave_both_maps_as_they_are(body: torch.Tensor) -> None:
    own = build_analysis(EVEN, body, [ONE], torch.ones(3, 4))
    other = own.replace(subjects=[])
    assert torch.equal(other.value, own.value)
    assert (other.subjects, other.detail) == ((), own.detail)
    assert own.replace().subjects == own.subjects


# --- what this means for crops ----------------------------------------------------------------------------------------


def largest(analysis: Analysis, size: tuple[int, int], ratio: Ratio) -> tuple[float, float, float, float]:
    """The largest crop of the ratio, relative to the picture."""
    return best_crops([analysis], [size], Constraint((ratio,), min_share=1.0))[0].box.relative(size)


def attention_around(x: float, y: float) -> torch.Tensor:
    """Attention `[24, 32]` that lies, widely, around a place."""
    across, down = torch.linspace(0, 1, 32) - x, torch.linspace(0, 1, 24)[:, None] - y
    attention = torch.exp(-(across.square() + down.square()) / 0.02)
    return attention / attention.sum()


def test_the_head_of_a_person_too_tall_for_the_ratio_is_kept_before_the_feet() -> None:
    body = NOTHING.clone()
    body[2:23, 12:20] = 1
    tall = build_analysis(body / body.sum(), body, [head(0.42, 0.08, 0.58, 0.25)])
    _, top, _, bottom = largest(tall, (640, 960), Ratio(1, 1))
    assert top <= 0.08
    assert bottom < 0.85


@pytest.mark.parametrize("left_is_larger", [True, False])
def test_of_two_heads_that_do_not_fit_together_the_larger_is_kept_whole(left_is_larger: bool) -> None:
    left, right = (0.14, 0.06) if left_is_larger else (0.06, 0.14)
    heads = [head(0.2 - left, 0.3, 0.2 + left, 0.3 + 2 * left), head(0.8 - right, 0.3, 0.8 + right, 0.3 + 2 * right)]
    found = largest(build_analysis(EVEN, NOTHING, heads), (960, 480), Ratio(1, 1))
    kept = heads[0 if left_is_larger else 1]
    assert found[0] <= kept.x1 + 1e-3
    assert found[2] >= kept.x2 - 1e-3


@pytest.mark.parametrize("at", [0.2, 0.25, 0.3, 0.35])
def test_no_edge_slices_a_head_that_could_be_whole(at: float) -> None:
    sliced = head(at - 0.08, 0.3, at + 0.08, 0.6)
    found = largest(build_analysis(attention_around(0.6, 0.5), NOTHING, [sliced]), (960, 640), Ratio(1, 1))
    assert found[0] <= sliced.x1 + 2e-3 or found[0] >= sliced.x2 - 2e-3


def test_a_thing_that_could_be_whole_is_not_sliced_for_nothing() -> None:
    extent = NOTHING.clone()
    extent[8:16, 3:15] = 1
    x1, _, x2, _ = largest(build_analysis(EVEN, extent, []), (960, 640), Ratio(1, 1))
    assert x1 <= 3 / 32
    assert x2 >= 15 / 32
