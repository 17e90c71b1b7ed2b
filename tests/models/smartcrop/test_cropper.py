"""smartcrop against the npm package's recorded choices, and what must hold on pictures that nobody recorded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from smartcrop_pictures import DRAWN, PHOTOGRAPHS, fingerprint, working_picture

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.models.selection import best_crops
from salient_crop.models.smartcrop.analysis import SmartcropAnalysis
from salient_crop.models.smartcrop.boxes import list_boxes
from salient_crop.models.smartcrop.cropper import SmartcropCropper
from salient_crop.models.smartcrop.maps import boost_map, feature_maps, reduce_to_cells, weigh_maps
from salient_crop.models.smartcrop.score import score_crops

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "smartcrop.json").read_text())
ONLY_THE_CROPPER = Objective(ObjectiveWeights(size=0.0, cut=0.0))


def recorded(name: str) -> tuple[np.ndarray, dict, list[dict]]:
    picture = GOLDEN["pictures"][name]
    pixels = working_picture(name, tuple(picture["work"]))
    if fingerprint(pixels) != picture["pixels"]:
        # Another JPEG library may decode a level differently; the drawn pictures leave no such excuse.
        assert name in PHOTOGRAPHS
        pytest.skip(f"{name} decodes to other pixels here than when the package's choices were recorded")
    return pixels, picture, [case for case in GOLDEN["cases"] if case["picture"] == name]


def image(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255


def analyse(pixels: np.ndarray) -> SmartcropAnalysis:
    return SmartcropCropper().analyse(image(pixels))[0]


def with_boost(analysis: SmartcropAnalysis, boost: dict | None) -> SmartcropAnalysis:
    return analysis.boost([Subject(**boost)]) if boost else analysis


def boost_pixels(boost: dict | None, work: tuple[int, int]) -> list[tuple]:
    if not boost:
        return []
    (width, height), (x1, y1, x2, y2) = work, (boost[edge] for edge in ("x1", "y1", "x2", "y2"))
    return [(*map(int, (x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height)), boost["weight"])]


def noise(batch: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(seed))


# --- against the npm package ------------------------------------------------------------------------------------------


def test_there_are_enough_recorded_photographs() -> None:
    assert sum(case["picture"] in PHOTOGRAPHS for case in GOLDEN["cases"]) >= 60


@pytest.mark.parametrize("name", [*PHOTOGRAPHS, *DRAWN])
def test_same_boxes_and_scores_as_the_npm_package(name: str) -> None:
    pixels, picture, cases = recorded(name)
    size, work = tuple(picture["size"]), tuple(picture["work"])
    maps = feature_maps((image(pixels) * 255).round().to(torch.uint8))
    for case in cases:
        boost = boost_map(work, boost_pixels(case["boost"], work))
        values = weigh_maps(reduce_to_cells(torch.cat((maps, boost[None, None]), dim=1)))
        boxes = list_boxes(Ratio(*case["ratio"]), size, work, case["min_share"])
        scores = score_crops(values, boxes)[0]
        assert boxes[scores.argmax()].tolist() == pytest.approx(case["work"], abs=1e-9), case
        assert scores.max().item() == pytest.approx(case["score"], rel=1e-9, abs=1e-15), case


@pytest.mark.parametrize("name", [*PHOTOGRAPHS, *DRAWN])
def test_the_cropper_keeps_the_choice_through_relative_coordinates(name: str) -> None:
    pixels, picture, cases = recorded(name)
    analysis = analyse(pixels)
    width, height = analysis.work
    for case in cases:
        seen = with_boost(analysis, case["boost"])
        boxes = seen.propose_boxes(Ratio(*case["ratio"]), case["min_share"], tuple(picture["size"]))
        x, y, w, h = case["work"]
        for precise in (boxes, boxes.float()):
            best = boxes[seen.score(precise).argmax()]
            expected = torch.tensor([x / width, y / height, (x + w) / width, (y + h) / height])
            assert torch.allclose(best.float(), expected, atol=1e-6), case


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_crops_in_source_pixels_lie_where_the_package_puts_them(name: str) -> None:
    pixels, picture, cases = recorded(name)
    analysis, size = analyse(pixels), tuple(picture["size"])
    pixel = size[0] / picture["work"][0]
    for case in cases:
        constraint = Constraint((Ratio(*case["ratio"]),), case["min_share"])
        box = best_crops([with_boost(analysis, case["boost"])], [size], constraint, ONLY_THE_CROPPER)[0].box
        assert box.inside(size)
        # The package cuts to whole working pixels twice; our boxes have the exact ratio.
        assert np.abs(np.subtract(box.as_list(), case["source"])).max() <= 2 * pixel + 1, case


# --- on its own -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 300), (5, 7), (9, 640), (2000, 30)])
@pytest.mark.parametrize("share", [1.0, 0.3])
def test_odd_sizes_still_get_a_box_inside(height: int, width: int, share: float) -> None:
    analysis = SmartcropCropper().analyse(noise(1, height, width))[0]
    for ratio in (Ratio(1, 1), Ratio(2, 3), Ratio(21, 9)):
        boxes = analysis.propose_boxes(ratio, share, (width, height))
        scores = analysis.score(boxes)
        assert len(boxes) >= 1
        assert bool((boxes >= 0).all() & (boxes <= 1 + 1e-12).all())
        assert bool((boxes[:, :2] < boxes[:, 2:]).all())
        assert bool(((scores >= 0) & (scores <= 1)).all())
    crop = best_crops([analysis], [(width, height)], Constraint((Ratio(2, 3),), share))[0]
    assert crop.box.inside((width, height))


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_blank_picture_is_cropped_like_any_other(level: float) -> None:
    analysis = SmartcropCropper().analyse(torch.full((1, 3, 300, 450), level))[0]
    assert torch.isfinite(analysis.heatmap).all()
    assert analysis.heatmap.sum().item() == pytest.approx(1)
    assert best_crops([analysis], [(450, 300)], Constraint((Ratio(1, 1),), 1.0))[0].box.size == (300, 300)


def test_black_has_no_value_and_its_crop_is_central() -> None:
    analysis = SmartcropCropper().analyse(torch.zeros(1, 3, 256, 400))[0]
    assert best_crops([analysis], [(400, 256)], Constraint((Ratio(1, 1),), 1.0))[0].box.as_list() == [72, 0, 256, 256]


def test_the_crop_follows_the_only_detail() -> None:
    picture = torch.full((1, 3, 256, 768), 0.3)
    picture[..., 90:170, 600:680] = noise(1, 80, 80)
    crop = best_crops(SmartcropCropper().analyse(picture), [(768, 256)], Constraint((Ratio(1, 1),), 1.0))[0]
    assert crop.box.x <= 600
    assert crop.box.right >= 680


def test_heat_lies_on_detail_and_not_on_the_frame() -> None:
    picture = torch.full((1, 3, 256, 384), 0.7)
    picture[..., 100:140, 200:240] = noise(1, 40, 40)
    heat = SmartcropCropper().analyse(picture)[0].heatmap
    assert min(heat.shape) >= 64
    held = heat[100 * 64 // 256 : 141 * 64 // 256, 200 * 96 // 384 : 241 * 96 // 384].sum()
    assert held.item() > 0.9


def test_a_boost_pulls_the_crop_and_weighs_against_another() -> None:
    size = (768, 256)
    analysis = SmartcropCropper().analyse(noise(1, 256, 768))[0]
    left, right = (0.05, 0.3, 0.15, 0.6), (0.85, 0.3, 0.95, 0.6)
    constraint = Constraint((Ratio(1, 1),), 1.0)
    for stronger, weaker, side in ((left, right, 0.1), (right, left, 0.9)):
        subjects = [Subject(*stronger, weight=0.9, kind="face"), Subject(*weaker, weight=0.3, kind="face")]
        boosted = analysis.boost(subjects)
        box = best_crops([boosted], [size], constraint)[0].box
        assert box.x <= side * size[0] <= box.right
        assert box.holds(type(box).from_relative(stronger, size))
        assert boosted.heatmap.sum().item() == pytest.approx(1)
    assert torch.equal(analysis.boost([]).heatmap, analysis.heatmap)
    twice = analysis.boost([Subject(*left)]).boost([Subject(*right)])
    assert torch.equal(twice.heatmap, analysis.boost([Subject(*right)]).heatmap)
    person = Subject(0.0, 0.3, 0.4, 1.0, kind="person", head=left)
    assert torch.equal(analysis.boost([person]).heatmap, analysis.boost([Subject(*left)]).heatmap)


def test_smaller_shares_add_smaller_boxes_and_no_more_than_asked_for() -> None:
    analysis, size = SmartcropCropper().analyse(noise(1, 256, 384))[0], (384, 256)
    for share, smallest in ((1.0, 1.0), (0.9, 1.0), (0.81, 0.9), (0.5, 0.8), (0.25, 0.5)):
        boxes = analysis.propose_boxes(Ratio(1, 1), share, size)
        heights = boxes[:, 3] - boxes[:, 1]
        assert heights.max().item() == pytest.approx(1.0)
        assert heights.min().item() == pytest.approx(smallest)


def test_batched_and_alone_agree() -> None:
    images = noise(5, 300, 400)
    images[1:3] *= 0.2
    together = SmartcropCropper().analyse(images)
    for one, seen in zip(images, together, strict=True):
        alone = SmartcropCropper().analyse(one[None])[0]
        boxes = alone.propose_boxes(Ratio(2, 3), 0.5, (400, 300))
        assert torch.equal(alone.heatmap, seen.heatmap)
        assert torch.equal(alone.score(boxes), seen.score(boxes))


def test_large_images_are_judged_at_the_working_size() -> None:
    analysis = SmartcropCropper().analyse(noise(1, 700, 1000))[0]
    assert analysis.work == (365, 256)
    assert analysis.heatmap.shape == (64, 92)


@pytest.mark.cuda
def test_same_scores_on_a_gpu() -> None:
    images = noise(2, 256, 384)
    here, there = SmartcropCropper().analyse(images)[0], SmartcropCropper().analyse(images.cuda())[0]
    boxes = here.propose_boxes(Ratio(1, 1), 0.5, (384, 256))
    assert torch.equal(here.cells, there.cells.cpu())
    assert torch.allclose(here.score(boxes), there.score(boxes.cuda()).cpu(), atol=1e-12)
