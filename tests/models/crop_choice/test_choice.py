"""The bundled crop choice, and the search that follows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.heads import cut_heads
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.models.analysis import Analysis
from salient_crop.models.crop_choice.choice import load_bundled_crop_choice, load_crop_choice
from salient_crop.models.crop_choice.free import favourite_ratio, list_boxes
from salient_crop.models.impression import Impression
from salient_crop.models.region_choice.chooser import load_bundled_choice
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import SearchBatch, best_crops
from salient_crop.models.size_prior.framing import as_people_crop, leave_size_open

SQUARE = leave_size_open(Constraint(ratios=(Ratio(1, 1),)))


@pytest.fixture(scope="module")
def focus():
    return load_cropper("focus")


@pytest.fixture(scope="module")
def choice():
    return load_bundled_crop_choice()


@pytest.fixture(scope="module")
def seen(samples, focus):
    """The analysis of a sample, and its size."""
    with Image.open(samples / "sheep.jpg") as file:
        image = file.convert("RGB")
    image.thumbnail((480, 480))
    pixels = torch.from_numpy(np.asarray(image).copy()).movedim(-1, 0)[None].float() / 255
    return focus.analyse(pixels)[0], image.size


def test_a_box_is_worth_its_expected_overlap_and_nobody_crops_a_corner(choice, seen):
    analysis, size = seen
    judge = choice.choices([analysis.impression], [analysis.subjects], size)
    whole, corner = judge(torch.tensor([[[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.3, 0.3]]], dtype=torch.float64))[0].tolist()
    assert 0 <= corner < whole - 0.2 <= 0.8


def test_it_judges_only_what_the_network_that_it_was_trained_on_saw(choice, seen):
    analysis, size = seen
    other = replace(analysis.impression, network="0" * 64)
    for impressions in ([None], [other], [analysis.impression, None]):
        assert choice.choices(impressions, [analysis.subjects] * len(impressions), size) is None


def test_pictures_of_a_batch_are_judged_as_each_by_itself(choice, seen):
    analysis, size = seen
    other = Impression(*(each.flip(-1) for each in maps_of(analysis.impression)), analysis.impression.network)
    boxes = list_boxes()[None, ::97]
    both = choice.choices([analysis.impression, other], [analysis.subjects, ()], size)(boxes)
    for index, (impression, subjects) in enumerate([(analysis.impression, analysis.subjects), (other, ())]):
        assert torch.equal(both[index], choice.choices([impression], [subjects], size)(boxes)[0])


def maps_of(impression: Impression) -> tuple[torch.Tensor, ...]:
    return impression.attention, impression.extent, impression.detail, impression.gist


def test_as_people_crop_follows_it_where_it_can_judge_and_the_other_models_where_not(seen):
    analysis, size = seen
    objective = as_people_crop()
    (chosen,) = best_crops([analysis], [size], SQUARE, objective)
    batch = SearchBatch.of([analysis], size)
    judge = objective.chooser.choices([analysis.impression], [analysis.subjects], size)(Ratio(1, 1), None)
    box = torch.tensor([[chosen.box.relative(size)]], dtype=torch.float64)
    assert chosen.terms["aesthetic"] == pytest.approx(float(judge(box)[0, 0]), abs=1e-6)
    assert 0 <= batch.confidence(chosen, SQUARE, objective) <= 1
    light = analysis.without_impression()
    before = best_crops([light], [size], SQUARE, replace(objective, chooser=None))
    assert best_crops([light], [size], SQUARE, objective) == before
    assert best_crops([analysis, light], [size] * 2, SQUARE, objective) == [chosen, *before]


@pytest.mark.parametrize("left", [0.0, 0.15, 0.3, 0.6])
def test_no_head_is_cut_however_people_would_crop(seen, left):
    analysis, size = seen
    person = Subject(left, 0.0, left + 0.4, 1.0, weight=1.0, kind="person", head=(left + 0.1, 0.0, left + 0.3, 0.2))
    assert cut_heads([person], (0.25, 0.1, 0.75, 1.0)), "some crops would"
    (crop,) = best_crops([analysis.replace(subjects=[person])], [size], SQUARE, as_people_crop())
    assert not cut_heads([person], crop.box.relative(size))


def test_another_heatmap_leaves_nothing_to_judge_by(seen):
    analysis, _ = seen
    assert analysis.replace(subjects=()).impression is analysis.impression
    assert analysis.replace(heatmap=torch.ones(4, 6)).impression is None
    assert analysis.without_impression().impression is None and analysis.impression is not None


def test_the_favourite_ratio_is_that_of_the_box_it_likes_best(choice, seen):
    analysis, size = seen
    judge = choice.choices([analysis.impression], [analysis.subjects], size)
    x1, y1, x2, y2 = list_boxes()[judge(list_boxes()[None])[0].argmax()].tolist()
    chooser = load_bundled_choice()
    ratio = favourite_ratio(chooser, analysis, size)
    assert ratio is not None
    assert ratio.value == pytest.approx((x2 - x1) * size[0] / ((y2 - y1) * size[1]), rel=0.02)
    assert favourite_ratio(chooser, Analysis(torch.ones(4, 6)), size) is None


def test_weights_are_read_back_as_they_were_and_others_are_refused(choice):
    state = choice.state()
    assert load_crop_choice(state, "the file").digest == choice.digest
    with pytest.raises(ValueError, match="the file has the wrong shape of mean"):
        load_crop_choice({**state, "network": state["network"][:5]}, "the file")
    with pytest.raises(ValueError, match="the file lacks components"):
        load_crop_choice({name: each for name, each in state.items() if name != "components"}, "the file")
