"""The heatmap network, its targets and its losses against HCIC's code, of which only numbers are kept; the sampler."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from made_up import fingerprint, made_up_state, uniform
from published_gaic import Shapes, dense, vgg

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.text_region import TEXT_REGION_PRESETS, TextRegion
from salient_crop.models.analysis import Analysis
from salient_crop.models.baselines.sampler import lattice_boxes, sampled_boxes, sampled_crop
from salient_crop.models.design_heatmap import cropper as dh
from salient_crop.models.design_heatmap.network import CropRating, box_features
from salient_crop.models.selection import best_crops
from salient_crop.training.design_heatmap.losses import pseudo_heatmap, rank_loss

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "design_heatmap.json").read_text())


def published_hcic() -> Shapes:
    """Names and shapes of HCIC's whole model, written down from its authors' code."""
    shapes = {name.replace("Feat_ext", "backbone"): shape for name, shape in vgg(copied=False).items()}
    for level in (3, 4, 5):
        shapes |= dense(f"f{level}_layer", 256, 512, 1)
    shapes |= dense("feat_ext", 32, 256, 1)
    shapes |= dense("partition_aware.group_conv", 288, 48, 3) | dense("partition_aware.RoIConv", 16, 32, 3)
    relation = "content_preserve.relation_encoder"
    shapes |= {f"{relation}.weight": (32, 8), f"{relation}.phi.weight": (32, 32), f"{relation}.theta.weight": (32, 32)}
    shapes |= dense("content_preserve.preserve_predict.1", 8, 8, 3) | dense(
        "content_preserve.preserve_predict.3", 1, 8, 1
    )
    head = "content_preserve.content_feat_layer"
    shapes |= dense(f"{head}.0", 64, 2, 5) | dense(f"{head}.2", 32, 64, 5)
    shapes |= {f"{head}.5.weight": (256, 5408), f"{head}.5.bias": (256,)}
    shapes |= dense("roi_feat_layer.0", 512, 64, 9) | {"roi_feat_layer.3.weight": (256, 512)}
    return shapes | {"fc_layer.weight": (1, 512), "fc_layer.bias": (1,)}


@pytest.fixture(scope="module")
def cropper() -> dh.DesignHeatmapCropper:
    return dh.ARCHITECTURE.load(made_up_state(published_hcic(), GOLDEN["seed"]))


def test_heatmap_is_hcics(cropper):
    shapes = published_hcic()
    assert (len(shapes), fingerprint(shapes)) == (GOLDEN["keys"], GOLDEN["fingerprint"]), (
        "names differ from the authors'"
    )
    assert dh.ARCHITECTURE.detect(made_up_state(shapes))
    with torch.no_grad():
        heat = cropper.network(uniform("picture", (1, 3, 96, 128)) * 4 - 2)[0]
    torch.testing.assert_close(heat[4::8, 4::8], torch.tensor(GOLDEN["points"]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("case", "count"), [("many", 14), ("few", 6)])
def test_pseudo_heatmap_is_hcics(case, count):
    boxes = (uniform("crops", (14, 4)) * 24).long()
    boxes[:, 2:] += 36
    ratings = uniform("ratings", (14,)).double() * 4 + 1
    target = pseudo_heatmap(boxes[:count].double() / 64, ratings[:count], mean_rating=3.0)
    golden = torch.tensor(GOLDEN["pseudo"][case]).double() / 255  # HCIC keeps bytes, cut off
    difference = target[2::6, 2::6] - golden
    assert difference.min() > -1e-4 and difference.max() < 1 / 255 + 1e-4


def test_pseudo_heatmap_of_poor_and_of_whole_pictures():
    boxes = uniform("poor", (20, 4)) * 0.4
    boxes[:, 2:] += 0.5
    assert pseudo_heatmap(boxes, torch.full((20,), 1.5), mean_rating=3.0).isfinite().all(), "none above the mean"
    whole = pseudo_heatmap(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([4.0]), 3.0)
    assert torch.equal(whole, torch.ones(64, 64))


def test_rank_loss_is_the_published_one_with_the_sign():
    predicted, given = uniform("predicted", (9,)), uniform("given", (9,))
    assert rank_loss(predicted[None], given[None]).item() == pytest.approx(GOLDEN["rank_loss"], abs=1e-5)
    pair = rank_loss(torch.stack((predicted, predicted)), torch.stack((given, given)))
    assert pair.item() == pytest.approx(GOLDEN["rank_loss"], abs=1e-5), "pictures of a batch are not compared"


def test_rank_loss_asks_for_the_right_order():
    given = torch.tensor([[0.0, 1.0, 2.0]])
    assert rank_loss(given, given) == 0
    assert rank_loss(-given, given) > rank_loss(torch.zeros_like(given), given) > 0
    assert rank_loss(torch.zeros(1, 1), torch.zeros(1, 1)) == 0


def test_box_features_are_plain_sums():
    heat = uniform("heat", (2, 64, 64))
    boxes = torch.tensor([[16, 8, 48, 64], [0, 0, 64, 64], [63, 63, 64, 64]]) / 64
    features = box_features(heat, boxes.expand(2, 3, 4))
    for k in range(2):
        inside = heat[k, 8:64, 16:48].double()
        rest = (heat[k].double().sum() - inside.sum()) / (64 * 64 - inside.numel())
        expected = [inside.sum() / heat[k].double().sum(), 0.5 * 56 / 64, inside.mean() - rest]
        torch.testing.assert_close(features[k, 0], torch.stack([torch.as_tensor(e).double() for e in expected]))
    assert features[:, 1, 0].tolist() == pytest.approx([1, 1])
    assert features.isfinite().all()


def test_ratings_reach_the_map(cropper):
    heat = uniform("heat", (1, 64, 64)).requires_grad_()
    rating = CropRating()
    rating(heat, torch.tensor([[[0.25, 0.25, 0.75, 0.75]]])).sum().backward()
    assert heat.grad is not None and (heat.grad[0, 20:44, 20:44].abs() > 0).all()


def test_analysis_of_a_batch(cropper):
    pictures = uniform("pictures", (2, 3, 60, 90))
    small = dh.DesignHeatmapCropper(cropper.network, side=64)
    together = small.analyse(pictures)
    assert [tuple(each.heatmap.shape) for each in together] == [(64, 64)] * 2
    alone = small.analyse(pictures[1:])[0]
    torch.testing.assert_close(together[1].heatmap, alone.heatmap, atol=1e-8, rtol=1e-4)
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.2, 0.7, 0.8]])
    scores = alone.score(boxes)
    assert scores.min() >= 0 and scores.max() <= 1 and scores[0] > scores[1], "HCIC's weights: the more heat the better"


# --- the paper's sampler ----------------------------------------------------------------------------------------------


def test_published_lattice_has_every_box_with_a_side_on_it():
    by_width = sum((33 - k) * ((768 - 24 * k) // 32 + 1) for k in range(1, 33))
    by_height = sum((25 - k) * ((3072 - 128 * k) // 96 + 1) for k in range(1, 25))
    both = sum((33 - k) * ((768 - 24 * k) // 32 + 1) for k in range(4, 33, 4))
    assert len(lattice_boxes(Ratio(4, 3), (1024, 768))) == by_width + by_height - both


@pytest.mark.parametrize("size", [(1024, 768), (640, 480), (500, 1500)])
def test_sampler_draws_from_the_papers_lattice(size):
    ratio = Ratio(3, 2)
    boxes = sampled_boxes(ratio, size, 500, seed=7)
    assert len(boxes) == 500
    assert torch.equal(boxes, sampled_boxes(ratio, size, 500, seed=7))
    assert not torch.equal(boxes, sampled_boxes(ratio, size, 500, seed=8))
    assert boxes.min() >= 0 and boxes.max() <= 1
    pixels = boxes * torch.tensor(size).repeat(2) * (1024 / max(size))
    width, height = pixels[:, 2] - pixels[:, 0], pixels[:, 3] - pixels[:, 1]
    torch.testing.assert_close(width, height * 1.5, atol=1e-6, rtol=0)

    def on_lattice(values: torch.Tensor) -> torch.Tensor:
        return (values / 32 - (values / 32).round()).abs() < 1e-6

    assert on_lattice(pixels[:, :2]).all()
    assert (on_lattice(width) | on_lattice(height)).all()
    assert on_lattice(width).sum() > 5 and on_lattice(height).sum() > 5


def test_sampler_keeps_the_smallest_share_and_never_comes_empty():
    boxes = sampled_boxes(Ratio(1, 1), (1024, 768), 300, seed=0, min_share=0.6)
    assert ((boxes[:, 2] - boxes[:, 0]) * 1024).min() >= 768 * 0.6**0.5 - 1e-6
    strip = sampled_boxes(Ratio(3, 2), (10, 1024), 200, seed=0)
    torch.testing.assert_close(strip, torch.tensor([[0, 0.5 - 3.5 / 1024, 1, 0.5 + 3.5 / 1024]]).double())


@pytest.mark.parametrize("text_regions", [(), (TextRegion(TEXT_REGION_PRESETS["top"], "source"),)])
def test_all_boxes_are_at_least_as_good_as_the_papers_samples(text_regions):
    blob = torch.exp(-((torch.arange(64) - 20.0) ** 2) / 60)[:, None] * torch.exp(
        -((torch.arange(64) - 45.0) ** 2) / 90
    )
    analysis = Analysis(blob + 0.05 * uniform("noise", (64, 64)))
    constraint = Constraint(ratios=(Ratio(1, 1), Ratio(2, 3)), min_share=0.4, text_regions=text_regions)
    size = (1024, 683)
    best = best_crops([analysis], [size], constraint)[0]
    few, many = (sampled_crop(analysis, size, constraint, iterations, seed=1) for iterations in (20, 2000))
    assert best.score >= many.score >= few.score
    assert many.score > best.score - 0.1 * abs(best.score), "the two search the same thing"
