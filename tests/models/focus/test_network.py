"""The network of `focus`: the shapes of its outputs, and the names of its weights, which checkpoints rely on."""

from __future__ import annotations

import pytest
import torch
from made_up import fingerprint

from salient_crop.models.focus.network import FocusNetwork, encode_position


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 160)])
def test_attention_and_subject_lie_at_an_eighth_and_heads_at_a_quarter(height: int, width: int) -> None:
    with torch.no_grad():
        outputs = FocusNetwork((8, 8, 8, 8)).eval()(torch.rand(2, 3, height, width))
    assert outputs.attention.shape == outputs.subject.shape == (2, height // 8, width // 8)
    assert outputs.centres.shape == outputs.animal.shape == (2, height // 4, width // 4)
    assert outputs.reach.shape == (2, 4, height // 4, width // 4)


@pytest.mark.parametrize(("animals", "recorded"), [(False, "f79401cbdf2c8b69"), (True, "3cd95ee7e265f80e")])
def test_names_and_shapes_of_weights_are_those_of_published_checkpoints(animals: bool, recorded: str) -> None:
    shapes = {name: tuple(each.shape) for name, each in FocusNetwork(animals=animals).state_dict().items()}
    assert (len(shapes), fingerprint(shapes)) == (160, recorded)


def test_animals_are_one_more_output_and_without_it_all_heads_are_peoples() -> None:
    torch.manual_seed(0)
    both, people = FocusNetwork((8, 8, 8, 8)).eval(), FocusNetwork((8, 8, 8, 8), animals=False).eval()
    state = both.state_dict()
    people.load_state_dict({name: each[:5] if name.startswith("heads.out") else each for name, each in state.items()})
    images = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        more, less = both(images), people(images)
    for one, other in zip(more[:4], less[:4], strict=True):
        assert torch.allclose(one, other, atol=1e-5)
    assert less.animal.sigmoid().max() < 1e-6
    assert less.animal.shape == more.animal.shape
    assert more.animal.std() > 0, "an output of its own"


def test_the_untrained_network_finds_hardly_any_centre_of_a_head() -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        centres = FocusNetwork((8, 8, 8, 8)).eval()(torch.rand(1, 3, 64, 64)).centres
    assert centres.sigmoid().mean() < 0.05


def test_positions_run_from_edge_to_edge_with_their_squares_and_product() -> None:
    x, y, xx, yy, xy = encode_position(torch.zeros(1, 7, 2, 4))[0]
    assert x.tolist() == [[-0.75, -0.25, 0.25, 0.75]] * 2
    assert y.tolist() == [[-0.5] * 4, [0.5] * 4]
    assert torch.equal(xx, x * x) and torch.equal(yy, y * y) and torch.equal(xy, x * y)
    assert encode_position(torch.zeros(1, 1, 3, 3, dtype=torch.float16)).dtype == torch.float16
