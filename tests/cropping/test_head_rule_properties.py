"""No head is cut where some box would not cut it: crops beside every box of small pictures, for random scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from head_scenes import (
    ROUNDING,
    HeadScene,
    as_array,
    couples,
    head_settings,
    ratios,
    regions,
    scenes,
    without_text_in_the_crop,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.feasible import find_feasible_boxes
from salient_crop.cropping.heads import MISSING, stack_protected
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.objective import DEFAULT_OBJECTIVE, Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import HEAD_PENALTY
from salient_crop.cropping.search import EXHAUSTIVE_LIMIT, _snap_to_feasible, choose_among, search
from salient_crop.cropping.subject import Subject, stack_subjects

# How much further than the least a crop may break the rule: between such boxes all other terms decide.
EQUAL = 1 / HEAD_PENALTY + 1e-6
# The same where not every box is tried: a tenth of a head more.
ABOUT_EQUAL = 0.1 * MISSING + EQUAL
MOST_BOXES = 300_000  # that are tried for a picture

weights = st.sampled_from([0.0, 0.1, 1.0, 8.0])
objectives = st.one_of(
    st.just(DEFAULT_OBJECTIVE),
    st.builds(
        lambda layout, size, cut, avoid, edge: Objective(ObjectiveWeights(layout, size, cut, avoid, edge=edge)),
        *[weights] * 5,
    ),
)


def inputs_of(scene: HeadScene) -> SearchInputs:
    protected = stack_protected([scene.subjects])
    return SearchInputs.from_maps(scene.heat[None], stack_subjects([scene.subjects]), protected=protected)


def crop_of(scene: HeadScene, objective: Objective = DEFAULT_OBJECTIVE) -> Crop:
    (crop,) = search(inputs_of(scene), scene.size, scene.constraint, objective)
    return crop


def assert_breaks_least(scene: HeadScene, crop: Crop, boxes: np.ndarray, tolerance: float = EQUAL) -> None:
    least = scene.broken(boxes, -ROUNDING).min()
    broken = scene.broken(as_array(crop.box), ROUNDING)[0]
    assert broken <= least + tolerance
    assert broken == 0 or least > 0


@head_settings
@given(st.one_of(scenes(), couples()), objectives)
def test_no_head_is_cut_where_any_box_that_obeys_would_not_cut_it(scene: HeadScene, objective: Objective) -> None:
    scene = without_text_in_the_crop(scene)
    boxes = scene.all_boxes()
    assume(len(boxes))
    crop = crop_of(scene, objective)
    assert (as_array(crop.box) == boxes).all(1).any(), "what is hard comes before heads"
    assert_breaks_least(scene, crop, boxes)


@head_settings
@given(st.one_of(scenes(largest=110), couples(largest=110)), st.sampled_from([0.05, 0.2]))
def test_nor_where_there_are_more_boxes_than_are_tried_one_by_one(scene: HeadScene, share: float) -> None:
    scene = without_text_in_the_crop(replace(scene, constraint=replace(scene.constraint, min_share=share, keep=())))
    count = find_feasible_boxes(scene.constraint, scene.ratio, scene.size).count
    assume(EXHAUSTIVE_LIMIT < count < MOST_BOXES)
    assert_breaks_least(scene, crop_of(scene), scene.all_boxes(), ABOUT_EQUAL)


@head_settings
@given(st.one_of(scenes(), couples()), st.lists(regions(), min_size=1, max_size=6), objectives)
def test_of_given_boxes_one_is_chosen_that_cuts_no_head_where_there_is_one(
    scene: HeadScene, proposals: list[tuple[float, ...]], objective: Objective
) -> None:
    scene = without_text_in_the_crop(scene)
    assume(len(scene.all_boxes()))
    constraint, boxes = scene.constraint, torch.tensor([proposals], dtype=torch.float64)
    aesthetic = torch.linspace(1, 0, len(proposals), dtype=torch.float64)[None]
    inputs = inputs_of(scene)
    (crop,) = choose_among(inputs, scene.size, scene.ratio, constraint, boxes, aesthetic, objective)
    pixels = _snap_to_feasible(find_feasible_boxes(constraint, scene.ratio, scene.size), boxes)[0].numpy()
    tried = np.concatenate([pixels[:, :2], pixels[:, :2] + pixels[:, 2:]], 1)
    assert (as_array(crop.box) == tried).all(1).any()
    assert_breaks_least(scene, crop, tried)


@head_settings
@given(st.one_of(scenes(), couples()), st.lists(ratios, min_size=2, max_size=3))
def test_of_several_ratios_one_is_chosen_that_cuts_no_head(scene: HeadScene, several: list[Ratio]) -> None:
    alone = [
        without_text_in_the_crop(replace(scene, constraint=replace(scene.constraint, ratios=(one,)))) for one in several
    ]
    assume(all(len(each.all_boxes()) for each in alone))
    together = replace(alone[0].constraint, ratios=tuple(several))
    (crop,) = search(inputs_of(scene), scene.size, together)
    chosen = alone[several.index(crop.ratio)]
    least = min(each.broken(each.all_boxes(), -ROUNDING).min() for each in alone)
    assert chosen.broken(as_array(crop.box), ROUNDING)[0] <= least + EQUAL


@head_settings
@given(couples(), objectives)
def test_where_somebody_must_be_given_up_it_is_the_less_important_one(scene: HeadScene, objective: Objective) -> None:
    """Told by which heads are cut alone: one before two, and of two the one that counts less."""
    scene = without_text_in_the_crop(scene)
    assume(len(scene.protected) == 2)
    cut, shown = scene.cut(scene.all_boxes()), scene.shown(scene.all_boxes())
    somebody = (shown >= 0.98).any(1) | bool(scene.constraint.avoid)
    assume(somebody.any())
    cut, counts = cut[somebody], cut[somebody].sum(1)
    chosen = scene.cut(as_array(crop_of(scene, objective).box))[0]
    assert chosen.sum() == counts.min(), "one whole head goes before two halves, and before none"
    less, more = np.argsort(scene.importance)
    lead = scene.importance[more] - scene.importance[less]
    if counts.min() == 1 and lead > MISSING + EQUAL and cut[counts == 1][:, less].any():
        assert chosen[less]


@head_settings
@given(scenes(), st.integers(1, 8), st.integers(2, 12), objectives)
def test_as_much_as_possible_is_shown_of_a_head_that_what_is_hard_leaves_no_room_for(
    scene: HeadScene, free: int, beyond: int, objective: Objective
) -> None:
    """The box must hold the left of the picture up to `free` pixels from its border, and the head ends beyond it."""
    width, height = 40, 20
    head = ((free + 20 + beyond - 14) / width, 0.1, (free + 20 + beyond) / width, 0.6)
    person = Subject(0.0, 0.0, 1.0, 1.0, 0.02, "person", head)
    keep = (free / width, 0.2, (free + 12) / width, 0.4)
    constraint = replace(scene.constraint, ratios=(Ratio(1, 1),), min_share=1.0, keep=(keep,))
    scene = without_text_in_the_crop(HeadScene((width, height), scene.heat, [person], constraint))
    assert scene.cut(scene.all_boxes()).all()
    assert crop_of(scene, objective).box.x == free


@head_settings
@given(scenes(), st.sampled_from([0.7, 0.9, 1.0]), objectives)
def test_of_a_head_that_no_box_holds_the_crown_gives_way_and_the_chin_stays(
    scene: HeadScene, share: float, objective: Objective
) -> None:
    """A head as high as most of the picture, in a wide ratio, of which every box shows some of the body."""
    width, height = scene.size
    top, chin = round(0.1 * height), height - round(0.1 * height)
    tall = Subject(0.0, 0.0, 1.0, 1.0, 0.5, "animal", (0.3, top / height, 0.6, chin / height))
    constraint = replace(scene.constraint, ratios=(Ratio(2 * width, height),), keep=(), min_share=share)
    scene = without_text_in_the_crop(replace(scene, subjects=[tall], constraint=constraint))
    box = crop_of(scene, objective).box
    assert box.bottom >= chin
    assert box.height >= scene.ratio.largest_in(scene.size)[1] - 1


@pytest.mark.parametrize("hard", [False, True])
def test_a_head_is_cut_only_where_what_is_hard_leaves_no_choice(hard: bool) -> None:
    """The head lies at the right, the region at the left of a picture twice as wide as the crop."""
    head = Subject(0.7, 0.2, 1.0, 1.0, 0.5, "person", (0.8, 0.2, 1.0, 0.5))
    half = (0.0, 0.0, 0.6, 1.0)
    scene = HeadScene((40, 20), torch.ones(2, 4), [head], Constraint((Ratio(3, 2),), 1.0))
    asked = {"keep": (half,)} if hard else {"avoid": ((0.6, 0.0, 1.0, 1.0),)}
    box = crop_of(replace(scene, constraint=replace(scene.constraint, **asked))).box
    assert (box.x, box.right) == ((0, 30) if hard else (10, 40))
