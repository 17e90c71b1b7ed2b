"""The bundled region choice, and the search that follows it."""

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
from salient_crop.cropping.text_region import TextRegion
from salient_crop.models.impression import Impression
from salient_crop.models.region_choice.choice import expected_iou, load_bundled_region_choice, load_region_choice
from salient_crop.models.region_choice.features import stack_features
from salient_crop.models.region_choice.places import Places
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import SearchBatch, best_crops
from salient_crop.models.size_prior.framing import as_people_crop, leave_size_open

SQUARE, LEFT = Ratio(1, 1), (0.0, 0.2, 0.1, 0.8)
HOLDING = leave_size_open(Constraint(ratios=(SQUARE,), text_regions=(TextRegion(LEFT, hard=True),)))


@pytest.fixture(scope="module")
def choice():
    return load_bundled_region_choice()


@pytest.fixture(scope="module")
def seen(samples):
    """The analysis of a sample, and its size."""
    with Image.open(samples / "sheep.jpg") as file:
        image = file.convert("RGB")
    image.thumbnail((480, 480))
    pixels = torch.from_numpy(np.asarray(image).copy()).movedim(-1, 0)[None].float() / 255
    return load_cropper("focus").analyse(pixels)[0], image.size


def test_the_value_of_a_box_is_its_expected_overlap_with_the_places() -> None:
    places = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.5, 1.0]], dtype=torch.float64)
    found = expected_iou(torch.tensor([0.25, 0.75], dtype=torch.float64), places, places)
    assert found.tolist() == pytest.approx([0.25 + 0.75 * 0.5, 0.75 + 0.25 * 0.5])


def test_places_are_as_likely_as_their_mirror_images_in_the_mirrored_picture(choice, seen) -> None:
    analysis, size = seen
    boxes, turned = (Places.around(size, SQUARE, region) for region in (LEFT, (0.9, 0.2, 1.0, 0.8)))
    mirrored = mirror(analysis.impression)
    subjects = [flip(each) for each in analysis.subjects]
    own = choice.probabilities(choice.tables(analysis.impression, analysis.subjects, size), boxes, size, SQUARE, LEFT)
    other = choice.probabilities(choice.tables(mirrored, subjects, size), turned, size, SQUARE, (0.9, 0.2, 1.0, 0.8))
    assert own.sum() == pytest.approx(1)
    by_box = dict(
        zip(
            rounded(turned.boxes[:, [2, 1, 0, 3]] * torch.tensor([-1, 1, -1, 1]) + torch.tensor([1, 0, 1, 0])),
            other.tolist(),
            strict=True,
        )
    )
    for box, probability in zip(rounded(boxes.boxes), own.tolist(), strict=True):
        assert probability == pytest.approx(by_box[box], abs=1e-3)


def rounded(boxes: torch.Tensor) -> list[tuple[float, ...]]:
    return [tuple(round(edge, 6) + 0.0 for edge in each) for each in boxes.tolist()]


def mirror(impression: Impression) -> Impression:
    maps = (impression.attention, impression.extent, impression.detail, impression.gist)
    return Impression(*(each.flip(-1) for each in maps), impression.network)


def flip(subject: Subject) -> Subject:
    head = (
        None if subject.head is None else (1 - subject.head[2], subject.head[1], 1 - subject.head[0], subject.head[3])
    )
    return replace(subject, x1=1 - subject.x2, x2=1 - subject.x1, head=head)


def test_features_are_numbers_for_every_region(choice, seen) -> None:
    analysis, size = seen
    tables = choice.tables(analysis.impression, analysis.subjects, size)
    for region in (LEFT, (0.0, 0.0, 1.0, 1.0), (0.5, 0.5, 0.5001, 0.5001)):
        for ratio in (SQUARE, Ratio(21, 9), Ratio(1, 9)):
            places = Places.around(size, ratio, region)
            assert bool(stack_features(tables, places, size, ratio, region).isfinite().all())


def test_it_judges_only_what_the_network_that_it_was_trained_on_saw(choice, seen) -> None:
    analysis, size = seen
    other = replace(analysis.impression, network="0" * 64)
    for impressions in ([None], [other], [analysis.impression, None]):
        assert choice.choices(impressions, [analysis.subjects] * len(impressions), size, SQUARE, LEFT) is None


def test_pictures_of_a_batch_are_judged_as_each_by_itself(choice, seen) -> None:
    analysis, size = seen
    pictures = [(analysis.impression, analysis.subjects), (mirror(analysis.impression), ())]
    boxes = Places.around(size, SQUARE, LEFT).boxes[None, ::7]
    both = choice.choices(*map(list, zip(*pictures, strict=True)), size, SQUARE, LEFT)(boxes)
    for index, (impression, subjects) in enumerate(pictures):
        assert torch.equal(both[index], choice.choices([impression], [subjects], size, SQUARE, LEFT)(boxes)[0])


def test_as_people_crop_follows_it_where_a_region_is_asked_for_and_the_size_prior_where_it_cannot(seen) -> None:
    analysis, size = seen
    objective = as_people_crop()
    (chosen,) = best_crops([analysis], [size], HOLDING, objective)
    judge = objective.chooser.holding.choices([analysis.impression], [analysis.subjects], size, SQUARE, LEFT)
    box = torch.tensor([[chosen.box.relative(size)]], dtype=torch.float64)
    assert chosen.terms["aesthetic"] == pytest.approx(float(judge(box)[0, 0]), abs=1e-6)
    assert chosen.terms["layout"] == pytest.approx(1)
    assert 0 <= SearchBatch.of([analysis], size).confidence(chosen, HOLDING, objective) <= 1
    light = analysis.without_impression()
    before = best_crops([light], [size], HOLDING, replace(objective, chooser=None))
    assert best_crops([light], [size], HOLDING, objective) == before
    assert best_crops([analysis, light], [size] * 2, HOLDING, objective) == [chosen, *before]


@pytest.mark.parametrize("left", [0.0, 0.15, 0.3])
def test_no_head_is_cut_however_people_would_crop(seen, left) -> None:
    analysis, size = seen
    person = Subject(left, 0.0, left + 0.4, 1.0, weight=1.0, kind="person", head=(left + 0.1, 0.0, left + 0.3, 0.2))
    (crop,) = best_crops([analysis.replace(subjects=[person])], [size], HOLDING, as_people_crop())
    assert not cut_heads([person], crop.box.relative(size))


def test_weights_are_read_back_as_they_were_and_others_are_refused(choice) -> None:
    state = choice.state_dict()
    assert load_region_choice(state, "the file").digest == choice.digest
    with pytest.raises(ValueError, match="the file has the wrong shape of network"):
        load_region_choice({**state, "network": state["network"][:5]}, "the file")
    with pytest.raises(ValueError, match="the file lacks components"):
        load_region_choice({name: each for name, each in state.items() if name != "components"}, "the file")
