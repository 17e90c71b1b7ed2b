"""The heatmap network against HCIC's code, of which only numbers are kept."""

from __future__ import annotations

import pytest
import torch
from made_up import fingerprint, made_up_state, uniform
from published_hcic import published_hcic

from salient_crop.models.design_heatmap.loading import ARCHITECTURE
from salient_crop.models.design_heatmap.network import CropRating, box_features


def test_heatmap_is_hcics(cropper, golden):
    shapes = published_hcic()
    assert (len(shapes), fingerprint(shapes)) == (golden["keys"], golden["fingerprint"]), (
        "names differ from the authors'"
    )
    assert ARCHITECTURE.detect(made_up_state(shapes))
    with torch.no_grad():
        heat = cropper.network(uniform("picture", (1, 3, 96, 128)) * 4 - 2)[0]
    torch.testing.assert_close(heat[4::8, 4::8], torch.tensor(golden["points"]), atol=1e-4, rtol=0)


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
