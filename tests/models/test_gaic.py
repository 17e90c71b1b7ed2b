"""GAIC against the authors' code, run once on the same made-up weights; only its numbers are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from made_up import fingerprint, made_up_state, uniform
from published_gaic import PUBLISHED
from safetensors.torch import save_file

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.models.gaic import cropper as gaic
from salient_crop.models.gaic.proposals import grid_anchors, ratio_proposals
from salient_crop.models.gaic.roi_align import rod_align, roi_align
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import best_crops

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "gaic.json").read_text())
SEED = 1


@pytest.fixture(scope="module")
def cropper() -> gaic.GaicCropper:
    return gaic.load(made_up_state(PUBLISHED["official mobilenetv2"], SEED))


@pytest.fixture(scope="module")
def photograph() -> torch.Tensor:
    """[1, 3, 256, 352], whole bytes: noise on the right, a fall of light on the left."""
    noise = (uniform("photograph", (256, 352, 3)) * 255).round().permute(2, 0, 1)
    across, down = torch.linspace(0, 1, 352)[None, None, :], torch.linspace(0, 1, 256)[None, :, None]
    return ((noise * across + 255 * (1 - across) * down).round() / 255)[None]


@pytest.mark.parametrize("published", PUBLISHED)
def test_scores_are_the_published_codes(published):
    shapes, golden = PUBLISHED[published], GOLDEN[published]
    assert (len(shapes), fingerprint(shapes)) == (golden["keys"], golden["fingerprint"]), (
        "names differ from the authors'"
    )
    state = made_up_state(shapes, SEED)
    assert gaic.ARCHITECTURE.detect(state)
    network = gaic.ARCHITECTURE.load(state).network
    with torch.no_grad():
        scores = network(uniform("picture", (1, 3, 96, 128)) * 4 - 2, torch.tensor(GOLDEN["boxes"])[None])[0]
    torch.testing.assert_close(scores, torch.tensor(golden["scores"]), atol=1e-4, rtol=0)


def test_the_two_operators_are_the_published_ones():
    features = uniform("feature", (1, 1, 6, 8)) * 4 - 2
    boxes = torch.tensor(GOLDEN["boxes"][:7])[None] / 16
    for operator, golden in ((roi_align, "roi"), (rod_align, "rod")):
        sampled = operator(features, boxes, 9)[0, :, 0].flatten(1)[:, ::4]
        torch.testing.assert_close(sampled, torch.tensor(GOLDEN["operators"][golden]), atol=1e-5, rtol=0)


def test_whole_pipeline_is_the_published_one(cropper, photograph):
    analysis = cropper.analyse(photograph)[0]
    anchors = grid_anchors((352, 256)) * torch.tensor([352, 256, 352, 256])
    assert len(anchors) == GOLDEN["pipeline"]["anchors"]
    with torch.no_grad():
        scores = cropper.network.rate(analysis.features[None], anchors.float()[None])[0]
    torch.testing.assert_close(scores, torch.tensor(GOLDEN["pipeline"]["scores"]), atol=1e-4, rtol=0)


def test_annotated_boxes_grow_to_whole_pixels_as_in_the_published_evaluation(cropper, photograph):
    boxes = torch.tensor(GOLDEN["annotated"]["boxes"]) / torch.tensor([352, 256, 352, 256])
    scores = cropper.analyse(photograph)[0].rate(boxes)
    torch.testing.assert_close(scores, torch.tensor(GOLDEN["annotated"]["scores"]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", GOLDEN["anchors"])
def test_anchors_are_the_published_ones(size):
    golden = GOLDEN["anchors"][size]
    width, height = map(int, size.split("x"))
    assert list(gaic.working_size((width, height))) == golden["working"]
    anchors = grid_anchors(tuple(golden["working"]))
    assert len(anchors) == golden["count"]
    torch.testing.assert_close(anchors.sum(0), torch.tensor(golden["sums"]).double(), atol=1e-4, rtol=0)
    torch.testing.assert_close((anchors**2).sum(0), torch.tensor(golden["squares"]).double(), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("size", "count"),
    [((800, 800), 90), ((640, 480), 87), ((600, 900), 83), ((1920, 1080), 60), ((512, 256), 38), ((999, 111), 0)],
)
def test_anchor_counts(size, count):
    assert len(grid_anchors(size)) == count


def test_ratings_of_a_batch_are_those_of_its_pictures_alone(cropper, photograph):
    pictures = torch.cat((photograph, photograph.flip(-1), photograph.roll(60, -2)))
    boxes = grid_anchors((352, 256))
    for together, picture in zip(cropper.analyse(pictures), pictures, strict=True):
        alone = cropper.analyse(picture[None])[0]
        torch.testing.assert_close(together.rate(boxes), alone.rate(boxes), atol=1e-5, rtol=0)
        torch.testing.assert_close(together.heatmap, alone.heatmap, atol=1e-6, rtol=0)


def test_pictures_of_any_size_are_judged(cropper):
    for shape in ((1, 1), (2, 9), (257, 333)):
        analysis = cropper.analyse(torch.rand(1, 3, *shape, generator=torch.Generator().manual_seed(0)))[0]
        assert analysis.heatmap.isfinite().all()
        assert analysis.score(torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.3, 0.20001, 0.30001]])).isfinite().all()
        assert analysis.score(torch.zeros(0, 4)).shape == (0,)


def test_strips_do_not_ask_for_gigabytes():
    assert gaic.working_size((20, 30000)) == (256, 2048)
    assert gaic.working_size((1600, 200)) == (2048, 256)


def test_scores_lie_in_0_to_1_and_order_boxes_as_the_network_does(cropper, photograph):
    analysis = cropper.analyse(photograph)[0]
    boxes = grid_anchors((352, 256))
    scores, ratings = analysis.score(boxes), analysis.rate(boxes)
    assert scores.min() >= 0 and scores.max() <= 1
    inside = (scores > 0) & (scores < 1)
    assert inside.sum() > 10
    assert torch.equal(scores[inside].argsort(), ratings[inside].argsort())


def test_opinions_mean_the_same_whoever_trained_the_network():
    """The authors' networks predict standardised opinions, bo-zhang's plain ones."""
    opinions = {}
    for published, last, rating in (("official", 3, 0.5), ("bo-zhang", 2, 0.5 * 0.8 + 2.95)):
        state = made_up_state(PUBLISHED[f"{published} shufflenetv2"], SEED)
        state[f"FC_layers.{last}.weight"].zero_()
        state[f"FC_layers.{last}.bias"].fill_(rating)
        loaded = gaic.load(state)
        features = torch.zeros(1, len(state["DimRed.bias"]), 16, 16)
        analysis = gaic.GaicAnalysis(loaded.network, features[0], (256, 256), loaded.recipe)
        opinions[published] = analysis.score(torch.tensor([[0.1, 0.1, 0.9, 0.9]])).item()
    assert opinions == pytest.approx(dict.fromkeys(opinions, (0.5 * 0.8 + 2.95 - 1) / 4), abs=1e-6)


def test_heatmap_lies_where_the_best_anchors_agree(cropper, photograph):
    analysis = cropper.analyse(photograph)[0]
    anchors = grid_anchors((352, 256))
    best = anchors[analysis.rate(anchors).topk(20).indices].mean(0)
    rows, columns = analysis.heatmap.shape
    assert (rows, columns) == (32, 44)
    y, x = torch.meshgrid((torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns, indexing="ij")
    inside = (x > best[0]) & (x < best[2]) & (y > best[1]) & (y < best[3])
    assert analysis.heatmap[inside].mean() > 3 * analysis.heatmap[~inside].mean()


def test_best_crop_is_the_best_rated_proposal(cropper, photograph):
    analysis = cropper.analyse(photograph)[0]
    constraint = Constraint(ratios=(Ratio(2, 3),), min_share=0.5)
    crop = best_crops([analysis], [(1408, 1024)], constraint)[0]
    assert crop.ratio == Ratio(2, 3)
    assert abs(crop.box.width * 3 - crop.box.height * 2) <= 3
    largest = Ratio(2, 3).largest_in((1408, 1024))
    assert crop.box.width * crop.box.height >= 0.5 * largest[0] * largest[1] - largest[0] - largest[1]
    assert crop.box.x >= 0 and crop.box.x + crop.box.width <= 1408
    assert crop.box.y >= 0 and crop.box.y + crop.box.height <= 1024


@pytest.mark.parametrize("ratio", ["1:1", "4:3", "9:16", "5:1", "1:7"])
@pytest.mark.parametrize("size", [(1024, 768), (301, 977), (64, 64)])
@pytest.mark.parametrize("min_share", [1.0, 0.6, 0.2])
def test_proposals_have_the_ratio_the_size_and_reach_the_edges(ratio, size, min_share):
    wanted = Ratio.parse(ratio)
    boxes = ratio_proposals(wanted, size, min_share)
    assert boxes.min() >= 0 and boxes.max() <= 1
    pixels = boxes * torch.tensor(size).repeat(2)
    width, height = pixels[:, 2] - pixels[:, 0], pixels[:, 3] - pixels[:, 1]
    largest = wanted.largest_in(size)
    assert (width * largest[1] - height * largest[0]).abs().max() < 1e-3 * max(largest)
    area = width * height / (largest[0] * largest[1])
    assert area.min() >= min_share - 1e-6 and area[0] == pytest.approx(1)
    assert (area.diff() <= 1e-9).all(), "the largest come first"
    if min_share < 1:
        assert area[-1] == pytest.approx(min_share), "the smallest allowed size is among them"
    for edge, value in ((0, 0.0), (1, 0.0), (2, 1.0), (3, 1.0)):
        assert (boxes[:, edge] - value).abs().min() < 1e-6, "some lie flush with every edge"


def test_smallest_size_in_pixels_limits_the_proposals():
    boxes = ratio_proposals(Ratio(1, 1), (1000, 500), 0.1, min_size=(400, 300))
    assert (boxes[:, 2] - boxes[:, 0]).min() * 1000 == pytest.approx(400)


def test_torn_checkpoint_is_named():
    state = made_up_state(PUBLISHED["official mobilenetv2"], SEED)
    del state["Feat_ext.feature4.0.9.conv.3.weight"]
    with pytest.raises(ValueError, match="lacks backbone.stage4.2.conv.3.weight"):
        gaic.load(state)


def test_unknown_backbone_is_named():
    state = {"DimRed.weight": torch.zeros(8, 77, 1, 1), "FC_layers.0.0.weight": torch.zeros(768, 16, 9, 9)}
    with pytest.raises(ValueError, match="reduces 77 channels.*448 .MobileNetV2"):
        gaic.load(state)


def test_counters_of_old_and_marks_of_profiled_checkpoints_do_not_matter():
    state = made_up_state(PUBLISHED["official shufflenetv2"], SEED)
    state = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    state |= {"total_ops": torch.zeros(1), "Feat_ext.feature3.0.total_params": torch.zeros(1)}
    gaic.load(state)


def test_a_users_file_is_recognised_and_a_torn_one_is_named(tmp_path, photograph):
    state = made_up_state(PUBLISHED["bo-zhang shufflenetv2"], SEED)
    torch.save({"state_dict": state}, tmp_path / "whole.pth")
    save_file(state, tmp_path / "whole.safetensors")
    boxes, ratings = grid_anchors((352, 256)), []
    for name in ("whole.pth", "whole.safetensors"):
        ratings.append(load_cropper(tmp_path / name).analyse(photograph)[0].rate(boxes))
    assert torch.equal(*ratings) and ratings[0].std() > 0
    state["FC_layers.0.0.weight"] = state["FC_layers.0.0.weight"][:, :40]
    torch.save(state, tmp_path / "torn.pth")
    with pytest.raises(ValueError, match="torn.pth: a GAIC checkpoint has the wrong shape of head.0.weight"):
        load_cropper(tmp_path / "torn.pth")


@pytest.mark.cuda
def test_cuda_agrees_with_cpu(photograph):
    state = made_up_state(PUBLISHED["official mobilenetv2"], SEED)
    boxes = grid_anchors((352, 256))
    on_cpu = gaic.load(state).analyse(photograph)[0].rate(boxes)
    cropper = gaic.load(state)
    cropper.module.cuda()
    on_cuda = cropper.analyse(photograph.cuda())[0].rate(boxes)
    torch.testing.assert_close(on_cuda, on_cpu, atol=1e-3, rtol=0)
