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
from salient_crop.models.focus.cropper import FocusCropper
from salient_crop.models.focus.loading import load_bundled
from salient_crop.models.focus.network import FocusNetwork
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import best_crops

# By eye, generously: the head with hair or hat and chin must lie within the outer box and hold the inner one.
HEADS = {
    "astronaut.jpg": (0.30, 0.03, 0.585, 0.365),
    "photographer.jpg": (0.31, 0.12, 0.53, 0.36),
    "rear-admiral.jpg": (0.29, 0.04, 0.72, 0.54),
}


@pytest.fixture(scope="module")
def focus() -> FocusCropper:
    return load_bundled()


@pytest.fixture(scope="module")
def untrained() -> FocusCropper:
    torch.manual_seed(3)
    return FocusCropper(FocusNetwork((8, 8, 8, 8)))


def picture(path: Path) -> torch.Tensor:
    return torch.from_numpy(decode(path)).permute(2, 0, 1)[None].float() / 255


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
