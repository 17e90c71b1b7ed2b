import math

import pytest
import torch

from salient_crop.cropping.reweight import reweight_heatmap


def test_focus_takes_its_share_even_where_there_was_no_heat():
    heat = torch.zeros(8, 8)
    heat[:, :4] = 1
    focus = torch.zeros(80, 40)  # of another shape: only the place counts
    focus[:, 30:] = 1
    steered = reweight_heatmap(heat, focus=focus, strength=0.7)
    assert steered.sum() == pytest.approx(1)
    assert steered[:, 6:].sum() == pytest.approx(0.7)
    assert steered[:, :4].sum() == pytest.approx(0.3)


def test_nothing_to_focus_on_changes_nothing():
    heat = torch.rand(5, 7, dtype=torch.float64)
    assert torch.equal(reweight_heatmap(heat, focus=torch.zeros(3, 3)), reweight_heatmap(heat))


def test_avoided_heat_goes_and_the_rest_keeps_its_proportions():
    heat = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    steered = reweight_heatmap(heat, avoid=torch.tensor([[0.0, 0.0, 1.0, 0.5]]))
    assert torch.allclose(steered, torch.tensor([[1.0, 2.0, 0.0, 2.0]], dtype=torch.float64) / 5)


def test_where_all_heat_is_avoided_the_rest_of_the_picture_is_left():
    heat = torch.tensor([[0.0, 1.0, 0.0, 0.0]])
    assert torch.allclose(
        reweight_heatmap(heat, avoid=heat), torch.tensor([[1.0, 0.0, 1.0, 1.0]], dtype=torch.float64) / 3
    )
    everything = reweight_heatmap(heat, avoid=torch.ones(1, 1))
    assert torch.allclose(everything, torch.full((1, 4), 0.25, dtype=torch.float64))


def test_half_of_the_heat_goes_to_the_focus_unless_told():
    heat, focus = torch.tensor([[1.0, 1.0]]), torch.tensor([[0.0, 1.0]])
    assert reweight_heatmap(heat, focus=focus).tolist() == [[0.25, 0.75]]
    assert reweight_heatmap(heat, focus=focus, strength=0.0).tolist() == [[0.5, 0.5]]
    assert reweight_heatmap(heat, focus=focus, strength=1.0).tolist() == [[0.0, 1.0]]


def test_the_focus_is_shared_in_proportion_to_the_mask():
    focus = torch.tensor([[0.25, 0.75], [7.0, -3.0]])  # beyond 0..1, as 1 and 0
    found = reweight_heatmap(torch.ones(2, 2), focus=focus, strength=1.0)
    assert torch.allclose(found, torch.tensor([[0.125, 0.375], [0.5, 0.0]], dtype=torch.float64))


def test_what_is_avoided_is_taken_from_the_focus_too():
    heat, focus = torch.ones(1, 4), torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    found = reweight_heatmap(heat, focus, avoid=torch.tensor([[1.0, 0.0, 0.0, 0.0]]), strength=0.5)
    assert torch.allclose(found, torch.tensor([[0.0, 0.375, 0.125, 0.125]], dtype=torch.float64) / 0.625)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"heatmap": torch.ones(1, 2, 2)}, ValueError, r"heatmap must be \[h, w\], got \[1, 2, 2\]"),
        ({"heatmap": torch.ones(0, 8)}, ValueError, "heatmap must be .* with at least one cell"),
        ({"heatmap": -torch.ones(2, 2)}, ValueError, "heatmap must hold finite values of 0 or more"),
        ({"heatmap": torch.ones(2, 2).numpy()}, TypeError, "heatmap must be a tensor"),
        ({"focus": torch.ones(0, 8)}, ValueError, "focus must be .* with at least one cell"),
        ({"focus": torch.full((2, 2), math.nan)}, ValueError, r"focus must hold values in 0\.\.1, got NaN"),
        ({"avoid": torch.full((2, 2), math.nan)}, ValueError, "avoid must hold values"),
        ({"avoid": 1}, TypeError, "avoid must be a tensor"),
        ({"strength": math.nan}, ValueError, "strength must be a finite number"),
        ({"strength": 1.01}, ValueError, r"strength is a share in 0\.\.1, got 1\.01"),
        ({"strength": -1}, ValueError, "strength is a share"),
        ({"strength": "half"}, TypeError, "strength must be a number"),
    ],
)
def test_what_cannot_be_is_named(change, error, words):
    with pytest.raises(error, match=words):
        reweight_heatmap(**{"heatmap": torch.ones(2, 2), **change})
