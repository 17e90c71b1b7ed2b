"""Trees as tensors."""

from __future__ import annotations

import pytest
import torch

from salient_crop.models.crop_choice.trees import ROWS_PER_CHUNK, Trees, load_trees


def two_trees() -> dict[str, torch.Tensor]:
    """x0 > 1 ? 5 : (x1 > 2 ? 3 : 4), and a leaf of 10."""
    state = {name: value.clone() for name, value in Trees(2, 5).state_dict().items()}
    state["feature"][0, :2] = torch.tensor([0, 1])
    state["threshold"][0, :2] = torch.tensor([1.0, 2.0])
    state["child"][0] = torch.tensor([1, 2, 3, 4, 2, 2, 3, 3, 4, 4])
    state["value"][0] = torch.tensor([0.0, 0.0, 5.0, 4.0, 3.0])
    state["value"][1, 0] = 10.0
    state["offset"][0] = 0.5
    state["depth"][0] = 2
    return state


def test_each_row_walks_down_every_tree() -> None:
    trees = load_trees(two_trees(), 2, "trees")
    rows = torch.tensor([[1.0, 2.0], [1.0, 2.1], [1.1, 0.0]])
    assert trees(rows).tolist() == [14.5, 13.5, 15.5], "a threshold itself goes to the first child"
    many = rows.repeat(ROWS_PER_CHUNK, 1)
    assert torch.equal(trees(many), trees(rows).repeat(ROWS_PER_CHUNK))


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("feature", torch.full((2, 5), 2, dtype=torch.int16), "lead nowhere"),
        ("child", torch.full((2, 10), 5, dtype=torch.int16), "lead nowhere"),
        ("child", torch.full((2, 10), -1, dtype=torch.int16), "lead nowhere"),
        ("value", torch.full((2, 5), torch.nan), "NaN"),
        ("value", torch.zeros(2, 4), "shape of value"),
        ("feature", torch.zeros(5, dtype=torch.int16), "shape of feature"),
    ],
)
def test_trees_that_lead_out_of_their_tensors_are_refused(name: str, value: torch.Tensor, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"the file .*{complaint}"):
        load_trees({**two_trees(), name: value}, 2, "the file")
