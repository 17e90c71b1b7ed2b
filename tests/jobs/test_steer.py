"""What masks and boxes make of an analysis and of a constraint."""

import pytest
import torch

from salient_crop.cropping.constraint import MAX_REGIONS, Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.reweight import reweight_heatmap
from salient_crop.cropping.subject import Subject
from salient_crop.datasets.annotations.boxes import LabelledRegion
from salient_crop.jobs.steer import NO_GUIDANCE, Guidance, add_subjects
from salient_crop.models.analysis import Analysis

HEAT = torch.ones(8, 8)
LEFT = torch.zeros(16, 16)
LEFT[:, :8] = 1
CORNER = LabelledRegion((0.75, 0.75, 1.0, 1.0), "shoe")


def heat_in(analysis, region):
    return float(analysis.score(torch.tensor([region], dtype=torch.float64)))


def test_no_guidance_changes_nothing():
    analysis, constraint = Analysis(HEAT), Constraint((Ratio(1, 1),))
    assert NO_GUIDANCE.steer(analysis) is analysis
    assert NO_GUIDANCE.constrain(constraint) is constraint
    black = Guidance(focus=torch.zeros(4, 4), avoid=torch.zeros(4, 4))
    assert black.steer(analysis) is analysis
    assert black.constrain(constraint) is constraint


def test_a_mask_to_focus_on_moves_the_heat_as_the_node_does():
    found = Guidance(focus=LEFT, strength=0.6).steer(Analysis(HEAT))
    torch.testing.assert_close(found.heatmap, reweight_heatmap(HEAT, LEFT, None, 0.6))
    assert heat_in(found, (0, 0, 0.5, 1)) == pytest.approx(0.8)
    assert found.subjects == (Subject(0.0, 0.0, 0.5, 1.0),)


def test_a_box_to_focus_on_has_heat_and_is_a_subject():
    found = Guidance(focus_boxes=(CORNER,)).steer(Analysis(HEAT))
    assert heat_in(found, CORNER.region) == pytest.approx(0.5 + 0.5 / 16)
    assert found.subjects == (Subject(*CORNER.region, kind="object", label="shoe"),)


def test_heavier_boxes_get_more_heat():
    other = LabelledRegion((0.0, 0.0, 0.25, 0.25), "shoe", weight=3.0)
    found = Guidance(focus_boxes=(CORNER, other), strength=1.0).steer(Analysis(HEAT))
    assert heat_in(found, other.region) == pytest.approx(0.75)
    assert heat_in(found, CORNER.region) == pytest.approx(0.25)


def test_a_mask_and_a_box_are_added_up():
    found = Guidance(focus=LEFT, focus_boxes=(CORNER,), strength=1.0).steer(Analysis(HEAT))
    assert heat_in(found, CORNER.region) == pytest.approx(4 / 36)
    assert heat_in(found, (0, 0, 0.5, 1)) == pytest.approx(32 / 36)


def test_what_is_to_be_avoided_holds_no_heat_and_no_subject():
    left, right = Subject(0.1, 0.1, 0.3, 0.3), Subject(0.6, 0.6, 0.9, 0.9)
    found = Guidance(avoid=LEFT).steer(Analysis(HEAT, (left, right)))
    assert heat_in(found, (0, 0, 0.5, 1)) == pytest.approx(0, abs=1e-9)
    assert found.subjects == (right,)
    boxes = (LabelledRegion((0.6, 0.6, 0.9, 0.9), weight=0.01),)
    found = Guidance(avoid_boxes=boxes).steer(Analysis(HEAT, (left, right)))
    assert found.subjects == (left,)


def test_where_all_is_avoided_the_picture_can_still_be_cropped():
    found = Guidance(avoid=torch.ones(4, 4)).steer(Analysis(HEAT))
    assert float(found.heatmap.sum()) == pytest.approx(1)


def test_regions_to_keep_and_avoid_are_added_to_the_constraint():
    constraint = Constraint(keep=((0.1, 0.1, 0.2, 0.2),))
    mask = torch.zeros(10, 10)
    mask[0, 0] = mask[9, 9] = 1
    guidance = Guidance(avoid=mask, avoid_boxes=(CORNER,), keep=((0.4, 0.4, 0.5, 0.5),))
    found = guidance.constrain(constraint)
    assert found.keep == ((0.1, 0.1, 0.2, 0.2), (0.4, 0.4, 0.5, 0.5))
    assert found.avoid == (CORNER.region, (0.0, 0.0, 0.1, 0.1), (0.9, 0.9, 1.0, 1.0))


def test_more_regions_than_a_constraint_may_hold_are_cut_off():
    kept = ((0.0, 0.0, 0.5, 0.5),) * (MAX_REGIONS + 1)
    assert len(Guidance(keep=kept).constrain(Constraint()).keep) == MAX_REGIONS


def drawn(region, label="", weight=1.0, confidence=1.0):
    return LabelledRegion(region, label, weight, confidence)


def test_boxes_become_subjects_of_the_kinds_of_their_labels():
    boxes = [drawn((0.1, 0.1, 0.9, 0.9), "Person"), drawn((0.4, 0.1, 0.6, 0.3), "face"), drawn((0, 0, 0.1, 0.1), "cup")]
    person, cup = add_subjects((), boxes)
    assert (person.kind, person.head, cup.kind) == ("person", (0.4, 0.1, 0.6, 0.3), "object")
    assert add_subjects((), [drawn((0, 0, 1, 1), weight=0)]) == []


def test_a_box_of_a_subject_that_is_known_makes_it_count_and_leaves_its_head():
    known = Subject(0.1, 0.1, 0.5, 0.9, 0.2, "person", (0.2, 0.1, 0.4, 0.3), 0.3)
    other = Subject(0.6, 0.6, 0.9, 0.9, 0.4)
    for box in (drawn((0.1, 0.1, 0.5, 0.88), "person", 0.7, 0.9), drawn((0.2, 0.1, 0.4, 0.29), "head", 0.7, 0.9)):
        found = add_subjects((known, other), [box])
        assert [each.head for each in found] == [known.head, None]
        assert [(each.weight, each.confidence) for each in found] == [(0.7, 0.9), (0.4, 1.0)]
    assert len(add_subjects((known,), [drawn((0.1, 0.1, 0.5, 0.9), "cup")])) == 2
