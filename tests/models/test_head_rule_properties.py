"""From analyses to crops no head is cut where some box would not cut it: framed as people crop, and among proposals."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from head_scenes import ROUNDING, HeadScene, as_array, couples, head_settings, scenes, without_text_in_the_crop
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.objective import Objective
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import HEAD_PENALTY
from salient_crop.cropping.subject import Subject
from salient_crop.models.analysis import Analysis
from salient_crop.models.selection import best_crops
from salient_crop.models.size_prior.framing import as_people_crop

EQUAL = 1 / HEAD_PENALTY + 1e-6  # see tests/cropping/test_head_rule_properties.py


@pytest.fixture(scope="module")
def framed() -> Objective:
    return as_people_crop()


@head_settings
@given(scene=st.one_of(scenes(), couples()), rated=st.booleans())
def test_framed_as_people_crop_no_head_is_cut_either(framed: Objective, scene: HeadScene, rated: bool) -> None:
    scene = without_text_in_the_crop(scene)
    boxes = scene.all_boxes()
    assume(len(boxes))
    objective = framed if rated else replace(framed, rater=None)
    (crop,) = best_crops([Analysis(scene.heat, scene.subjects)], [scene.size], scene.constraint, objective)
    least = scene.broken(boxes, -ROUNDING).min()
    broken = scene.broken(as_array(crop.box), ROUNDING)[0]
    assert broken <= least + EQUAL
    assert broken == 0 or least > 0


class Proposing(Analysis):
    """Proposes given boxes, and likes the first best."""

    def __init__(self, scene: HeadScene, boxes: list[tuple[float, ...]]) -> None:
        super().__init__(scene.heat, scene.subjects)
        self.boxes = torch.tensor(boxes, dtype=torch.float64)

    def propose_boxes(self, ratio, min_share, size, requested=None) -> Tensor:
        return self.boxes

    def score(self, boxes: Tensor) -> Tensor:
        return torch.linspace(1, 0, len(boxes), dtype=torch.float64)


@head_settings
@given(scene=scenes(), places=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4))
def test_a_proposal_is_moved_so_that_it_holds_the_only_head(scene: HeadScene, places: list) -> None:
    """The proposals are the largest boxes at some places."""
    scene = without_text_in_the_crop(replace(scene, constraint=replace(scene.constraint, keep=(), min_share=1.0)))
    assume(len(scene.protected) == 1)
    assume(scene.broken(scene.all_boxes(), -ROUNDING).min() == 0)  # a trimmed head may lie between two pixels
    across, down = (side / whole for side, whole in zip(scene.ratio.largest_in(scene.size), scene.size, strict=True))
    corners = [(x * (1 - across), y * (1 - down)) for x, y in places]
    proposals = [(x, y, x + across, y + down) for x, y in corners]
    (crop,) = best_crops([Proposing(scene, proposals)], [scene.size], scene.constraint)
    assert scene.broken(as_array(crop.box), ROUNDING)[0] == 0
    assert crop.box.size == scene.ratio.largest_in(scene.size)


def test_a_proposal_that_cuts_nothing_is_left_where_it_is() -> None:
    """The liked one holds the head, the other does not."""
    person = Subject(0.5, 0.0, 1.0, 1.0, 0.5, "person", (0.7, 0.1, 0.8, 0.3))
    scene = HeadScene((40, 20), torch.ones(2, 4), [person], Constraint((Ratio(1, 1),), 1.0))
    (crop,) = best_crops([Proposing(scene, [(0.4, 0, 0.9, 1), (0.2, 0, 0.7, 1)])], [scene.size], scene.constraint)
    assert crop.box == Box(16, 0, 20, 20)
