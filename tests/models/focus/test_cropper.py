"""The focus cropper with its bundled weights: what it finds in photographs, and what this means for crops."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.images.decode import decode
from salient_crop.models.focus.cropper import FocusCropper
from salient_crop.models.focus.loading import load_bundled
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


def picture(path: Path) -> torch.Tensor:
    return torch.from_numpy(decode(path)).permute(2, 0, 1)[None].float() / 255


def test_a_photograph_is_analysed_the_same_alone_again_and_in_a_batch(focus: FocusCropper, samples: Path) -> None:
    one = torch.nn.functional.interpolate(picture(samples / "astronaut.jpg"), (256, 256), mode="bilinear")
    alone, again = focus.analyse(one)[0], focus.analyse(one)[0]
    assert torch.equal(alone.heatmap, again.heatmap)
    assert alone.subjects == again.subjects
    in_batch = focus.analyse(torch.cat([torch.rand_like(one), one, one.flip(3)]))[1]
    assert torch.allclose(alone.heatmap, in_batch.heatmap, atol=1e-6)
    assert [each.kind for each in alone.subjects] == [each.kind for each in in_batch.subjects]


@pytest.mark.parametrize("name", HEADS)
def test_finds_the_head_of_a_person(focus: FocusCropper, samples: Path, name: str) -> None:
    (analysis,) = focus.analyse(picture(samples / name))
    people = [each for each in analysis.subjects if each.kind == "person"]
    assert people, "no head found"
    best = max(people, key=lambda each: each.weight)
    for found, wanted in zip(best.head, HEADS[name], strict=True):
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
        assert not [each for each in analysis.subjects if each.head is not None]


@pytest.mark.cuda
def test_half_precision_on_a_gpu_agrees_with_the_processor(samples: Path) -> None:
    image = picture(samples / "rear-admiral.jpg")
    on_cpu, on_gpu = load_cropper("focus").analyse(image)[0], load_cropper("focus", "cuda").analyse(image.cuda())[0]
    assert on_gpu.heatmap.is_cuda
    correlation = torch.corrcoef(torch.stack([on_cpu.heatmap.flatten(), on_gpu.heatmap.cpu().flatten()]))[0, 1]
    assert correlation > 0.999
    assert len(on_cpu.subjects) == len(on_gpu.subjects)
