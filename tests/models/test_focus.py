"""The focus cropper: what it takes, what it finds, and what the bundled weights know."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.images.decode import decode
from salient_crop.models.analysis import Analysis
from salient_crop.models.focus.cropper import (
    AREA,
    WEIGHTS,
    FocusCropper,
    analysis_of,
    bundled,
    heads_of,
    subjects_of,
    working_size,
)
from salient_crop.models.focus.network import FocusNetwork, Outputs
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import best_crops

# By eye, generously: the head with hair or hat and chin must lie within the outer box and hold the inner one.
HEADS = {
    "astronaut.jpg": (0.30, 0.03, 0.585, 0.365),
    "photographer.jpg": (0.31, 0.12, 0.53, 0.36),
    "rear-admiral.jpg": (0.29, 0.04, 0.72, 0.54),
}


EVEN = torch.full((24, 32), 1 / 768)


@pytest.fixture(scope="module")
def focus() -> FocusCropper:
    return bundled()


@pytest.fixture(scope="module")
def untrained() -> FocusCropper:
    torch.manual_seed(3)
    return FocusCropper(FocusNetwork((8, 8, 8, 8)))


def picture(path: Path) -> torch.Tensor:
    return torch.from_numpy(decode(path)).permute(2, 0, 1)[None].float() / 255


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_working_size_keeps_the_shape_and_the_cost(width: int, height: int) -> None:
    across, down = working_size(width, height)
    assert across % 32 == down % 32 == 0
    assert 0.75 * AREA < across * down < 1.3 * AREA
    wanted = min(max(width / height, 1 / 6), 6)
    assert (across - 16) / (down + 16) <= wanted <= (across + 16) / max(down - 16, 1)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 2))
def test_takes_any_size(untrained: FocusCropper, width: int, height: int, count: int) -> None:
    analyses = untrained.analyse(torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(0)))
    assert len(analyses) == count
    for analysis in analyses:
        assert analysis.heatmap.min() >= 0
        assert analysis.heatmap.sum().item() == pytest.approx(1)
        for subject in analysis.subjects:
            assert 0 <= subject.x1 < subject.x2 <= 1
            assert 0 <= subject.y1 < subject.y2 <= 1
            assert 0 <= subject.weight <= 1


def test_refuses_what_is_no_batch_of_pictures(untrained: FocusCropper) -> None:
    with pytest.raises(ValueError, match=r"\[B, 3, H, W\]"):
        untrained.analyse(torch.rand(3, 64, 64))
    with pytest.raises(ValueError, match="floats"):
        untrained.analyse(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))


def test_a_picture_is_judged_the_same_alone_again_and_in_company(focus: FocusCropper, samples: Path) -> None:
    one = torch.nn.functional.interpolate(picture(samples / "astronaut.jpg"), (256, 256), mode="bilinear")
    alone, again = focus.analyse(one)[0], focus.analyse(one)[0]
    assert torch.equal(alone.heatmap, again.heatmap)
    assert alone.subjects == again.subjects
    in_company = focus.analyse(torch.cat([torch.rand_like(one), one, one.flip(3)]))[1]
    assert torch.allclose(alone.heatmap, in_company.heatmap, atol=1e-6)
    assert [each.kind for each in alone.subjects] == [each.kind for each in in_company.subjects]


def outputs_with(heads: list[tuple[float, float, float, float]], size: tuple[int, int] = (40, 30)) -> Outputs:
    """What the network would say for heads given in cells, were it perfect and had it no idea of anything else."""
    width, height = size
    centres, reach = torch.full((1, height, width), -8.0), torch.zeros(1, 4, height, width)
    for x1, y1, x2, y2 in heads:
        column, row = int((x1 + x2) / 2), int((y1 + y2) / 2)
        x, y = column + 0.5, row + 0.5
        centres[0, row, column] = 4.0
        reach[0, :, row, column] = torch.tensor([x - x1, y - y1, x2 - x, y2 - y]).log()
    empty = torch.zeros(1, height // 2, width // 2)
    return Outputs(empty, empty, centres, reach)


def test_heads_are_read_where_they_are() -> None:
    wanted = [(2.0, 3.0, 9.0, 12.5), (20.5, 8.0, 35.0, 29.0)]
    (found,) = heads_of(outputs_with(wanted))
    scale = torch.tensor([40.0, 30.0, 40.0, 30.0])
    boxes = sorted(tuple((torch.tensor(head[:4]) * scale).tolist()) for head in found)
    assert boxes == [pytest.approx(each, abs=1e-3) for each in wanted]


def test_one_head_seen_twice_is_one_head() -> None:
    (found,) = heads_of(outputs_with([(4.0, 4.0, 20.0, 20.0), (6.0, 5.0, 21.0, 21.0), (26.0, 4.0, 36.0, 16.0)]))
    assert len(found) == 2


def test_subjects_tell_a_person_from_an_object() -> None:
    extent = torch.zeros(24, 32)
    extent[4:20, 2:10] = 1
    extent[10:22, 20:30] = 1
    subjects = subjects_of(EVEN, extent, [(0.1, 0.2, 0.25, 0.4, 0.9)])
    assert [each.kind for each in subjects] == ["face", "person", "object"]
    assert subjects[1].region == (2 / 32, 4 / 24, 10 / 32, 20 / 24)


def test_a_large_head_weighs_more_than_one_of_many_tiny_ones() -> None:
    large, tiny = subjects_of(EVEN, EVEN * 0, [(0.2, 0.2, 0.6, 0.7, 0.9), (0.8, 0.8, 0.82, 0.83, 0.9)])
    assert large.weight > 5 * tiny.weight


def test_a_crop_follows_the_body_of_one_person_and_the_eyes_in_a_crowd() -> None:
    extent = torch.zeros(24, 32)
    extent[4:20, 2:10] = 1
    one = (0.1, 0.2, 0.2, 0.35, 0.9)
    alone = analysis_of(EVEN, extent, [one])
    crowd = analysis_of(EVEN, extent, [one, *((x / 10, 0.5, x / 10 + 0.1, 0.65, 0.9) for x in range(3, 9))])
    assert alone.say > 5 * crowd.say
    assert torch.allclose(alone.heatmap, EVEN.double())
    assert alone.value.sum().item() == pytest.approx(1)
    assert alone.value[5, 5] > alone.value[22, 30]
    assert analysis_of(EVEN, extent, []).say < 0.5 * alone.say
    assert analysis_of(EVEN, extent * 0, []).say == 0


def largest(analysis: Analysis, size: tuple[int, int], ratio: Ratio) -> tuple[float, float, float, float]:
    """The largest crop of the ratio, relative to the picture."""
    return best_crops([analysis], [size], Constraint((ratio,), min_share=1.0))[0].box.relative(size)


def looked_at(x: float, y: float) -> torch.Tensor:
    """Attention `[24, 32]` that lies, widely, around a place."""
    across, down = torch.linspace(0, 1, 32) - x, torch.linspace(0, 1, 24)[:, None] - y
    attention = torch.exp(-(across.square() + down.square()) / 0.02)
    return attention / attention.sum()


def test_the_head_of_a_person_too_tall_for_the_ratio_is_kept_before_the_feet() -> None:
    body = torch.zeros(24, 32)
    body[2:23, 12:20] = 1
    tall = analysis_of(body / body.sum(), body, [(0.42, 0.08, 0.58, 0.25, 0.9)])
    _, top, _, bottom = largest(tall, (640, 960), Ratio(1, 1))
    assert top <= 0.08
    assert bottom < 0.85


@pytest.mark.parametrize("left_is_larger", [True, False])
def test_of_two_heads_that_do_not_fit_together_the_larger_is_kept_whole(left_is_larger: bool) -> None:
    left, right = (0.14, 0.06) if left_is_larger else (0.06, 0.14)
    heads = [(0.2 - left, 0.3, 0.2 + left, 0.3 + 2 * left, 0.9), (0.8 - right, 0.3, 0.8 + right, 0.3 + 2 * right, 0.9)]
    found = largest(analysis_of(EVEN, EVEN * 0, heads), (960, 480), Ratio(1, 1))
    kept = heads[0 if left_is_larger else 1]
    assert found[0] <= kept[0] + 1e-3
    assert found[2] >= kept[2] - 1e-3


@pytest.mark.parametrize("at", [0.2, 0.25, 0.3, 0.35])
def test_no_edge_slices_a_head_that_could_be_whole(at: float) -> None:
    head = (at - 0.08, 0.3, at + 0.08, 0.6, 0.9)
    found = largest(analysis_of(looked_at(0.6, 0.5), EVEN * 0, [head]), (960, 640), Ratio(1, 1))
    assert found[0] <= head[0] + 2e-3 or found[0] >= head[2] - 2e-3


def test_a_thing_that_could_be_whole_is_not_sliced_for_nothing() -> None:
    extent = torch.zeros(24, 32)
    extent[8:16, 3:15] = 1
    x1, _, x2, _ = largest(analysis_of(EVEN, extent, []), (960, 640), Ratio(1, 1))
    assert x1 <= 3 / 32
    assert x2 >= 15 / 32


def test_a_heatmap_given_by_the_user_is_the_only_one() -> None:
    extent = torch.zeros(24, 32)
    extent[4:20, 2:10] = 1
    own = analysis_of(EVEN, extent, [(0.1, 0.2, 0.2, 0.35, 0.9)])
    wanted = torch.rand(24, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(own.replaced(heatmap=wanted).value, Analysis(wanted).heatmap)
    assert torch.equal(own.replaced(subjects=[]).value, own.value)


def test_bundled_weights_are_small_and_known_by_their_keys(tmp_path: Path) -> None:
    assert WEIGHTS.stat().st_size <= 8_000_000
    assert load_cropper(WEIGHTS).name == "focus"
    torch.save({"state_dict": bundled().network.state_dict()}, tmp_path / "mine.pth")
    assert load_cropper(tmp_path / "mine.pth").name == "focus"


def test_a_torn_checkpoint_is_named(tmp_path: Path) -> None:
    state = bundled().network.state_dict()
    del state["up8.fine.weight"]
    torch.save(state, tmp_path / "torn.pth")
    with pytest.raises(ValueError, match=r"up8\.fine\.weight"):
        load_cropper(tmp_path / "torn.pth")


@pytest.mark.parametrize("name", HEADS)
def test_finds_the_head_of_a_person(focus: FocusCropper, samples: Path, name: str) -> None:
    (analysis,) = focus.analyse(picture(samples / name))
    faces = [each for each in analysis.subjects if each.kind == "face"]
    assert faces, "no head found"
    best = max(faces, key=lambda each: each.weight)
    for found, wanted in zip(best.region, HEADS[name], strict=True):
        assert abs(found - wanted) < 0.09


@pytest.mark.parametrize("ratio", ["1:1", "4:5", "3:2", "16:9"])
@pytest.mark.parametrize("name", HEADS)
def test_the_largest_crop_keeps_the_head_whole_where_it_fits(
    focus: FocusCropper, samples: Path, name: str, ratio: str
) -> None:
    image = picture(samples / name)
    size = image.shape[-1], image.shape[-2]
    x1, y1, x2, y2 = HEADS[name]
    wanted = Ratio.parse(ratio)
    width, height = wanted.largest_in(size)
    if (x2 - x1) * size[0] > width or (y2 - y1) * size[1] > height:
        pytest.skip("does not fit")
    constraint = Constraint(ratios=(wanted,), min_share=1.0)
    kept = best_crops(focus.analyse(image), [size], constraint)[0].box.relative(size)
    slack = 0.04
    assert kept[0] <= x1 + slack
    assert kept[1] <= y1 + slack
    assert kept[2] >= x2 - slack
    assert kept[3] >= y2 - slack


def test_a_turned_or_empty_picture_is_no_trouble(focus: FocusCropper) -> None:
    for image in (torch.zeros(1, 3, 300, 100), torch.ones(1, 3, 50, 600)):
        (analysis,) = focus.analyse(image)
        assert not [each for each in analysis.subjects if each.kind == "face"]


@pytest.mark.cuda
def test_half_precision_on_a_gpu_agrees_with_the_processor(samples: Path) -> None:
    image = picture(samples / "rear-admiral.jpg")
    on_cpu, on_gpu = load_cropper("focus").analyse(image)[0], load_cropper("focus", "cuda").analyse(image.cuda())[0]
    assert on_gpu.heatmap.is_cuda
    correlation = torch.corrcoef(torch.stack([on_cpu.heatmap.flatten(), on_gpu.heatmap.cpu().flatten()]))[0, 1]
    assert correlation > 0.999
    assert len(on_cpu.subjects) == len(on_gpu.subjects)
