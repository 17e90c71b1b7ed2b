"""CROP_CONSTRAINT values."""

from importlib import import_module

import pytest
import torch
from wires import as_box, spot

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.objective import Objective, ObjectiveWeights


@pytest.fixture
def constraints(host):
    return import_module("salient_crop.nodes.sockets.constraints")


def test_regions_wait_for_the_size_of_the_picture(constraints):
    regions = constraints.Regions(((Box(10, 10, 20, 20), (0.0, 0.0, 0.5, 0.5)),))
    assert regions.depends_on_size
    assert regions.resolve(0, 1, (100, 50), "keep") == ((0.1, 0.2, 0.3, 0.6), (0, 0, 0.5, 0.5))
    assert regions.resolve(1, 2, (40, 40), "keep") == ((0.25, 0.25, 0.75, 0.75), (0, 0, 0.5, 0.5))
    assert regions.resolve(0, 1, (10, 10), "keep") == ((0, 0, 0.5, 0.5),)  # the box lies outside


def test_boxes_measured_on_one_picture_are_carried_over_to_others(constraints):
    (regions,) = constraints.box_regions(as_box(10, 10, 20, 20), "region", (100, 50))
    assert not regions.depends_on_size
    assert regions.resolve(0, 1, (4000, 4000), "region") == ((0.1, 0.2, 0.3, 0.6),)


def test_each_picture_of_a_batch_has_its_own_regions(constraints):
    masks = torch.cat([spot(100, 100, 20, 20), torch.zeros(1, 100, 100)])
    (regions,) = constraints.mask_regions(masks, "keep")
    assert regions.resolve(0, 2, (7, 7), "keep") == ((0.1, 0.1, 0.3, 0.3),)
    assert regions.resolve(1, 2, (7, 7), "keep") == ()
    with pytest.raises(ValueError, match="^keep: 2 values for 3 pictures"):
        regions.resolve(0, 3, (7, 7), "keep")


def test_several_masks_or_lists_of_boxes_for_one_picture_are_all_kept(constraints):
    masks = torch.cat([spot(100, 100, 20, 20), torch.zeros(1, 100, 100), spot(100, 100, 80, 80)])
    (regions,) = constraints.mask_regions(masks, "keep")
    assert regions.resolve(0, 1, (7, 7), "keep") == ((0.1, 0.1, 0.3, 0.3), (0.7, 0.7, 0.9, 0.9))
    (regions,) = constraints.box_regions([[as_box(0, 0, 10, 10)], [as_box(50, 50, 50, 50)]], "keep_boxes", (100, 100))
    assert regions.resolve(0, 1, (7, 7), "keep") == ((0, 0, 0.1, 0.1), (0.5, 0.5, 1, 1))


def test_a_margin_is_around_every_region_and_in_pixels_waits_for_the_picture(constraints):
    def resolve(margin, size):
        (regions,) = constraints.mask_regions(spot(100, 100, 50, 50), "keep", constraints.Margin.parse(margin))
        return regions.depends_on_size, regions.resolve(0, 1, size, "keep")

    assert resolve("50%", (10, 20)) == (False, (pytest.approx((0.3, 0.3, 0.7, 0.7)),))
    assert resolve("4px", (40, 20)) == (True, (pytest.approx((0.3, 0.2, 0.7, 0.8)),))


def test_nothing_connected_gives_no_region(constraints):
    assert constraints.mask_regions(None, "keep") == ()
    assert constraints.box_regions(None, "keep_boxes") == ()


def test_a_pending_constraint_adds_its_regions_to_its_base(constraints):
    base = Constraint(keep=((0.0, 0.0, 0.1, 0.1),))
    one = constraints.Regions((((0.5, 0.5, 1.0, 1.0),),))
    pending = constraints.PendingConstraint(
        base, keep=(one,), avoid=(one,), text_regions=(constraints.PendingText(one, "crop", True),)
    )
    found = pending.for_picture(0, 1, (10, 10))
    assert found.keep == ((0.0, 0.0, 0.1, 0.1), (0.5, 0.5, 1.0, 1.0))
    assert found.avoid == ((0.5, 0.5, 1.0, 1.0),)
    (text,) = found.text_regions
    assert (text.region, text.frame, text.hard) == ((0.5, 0.5, 1.0, 1.0), "crop", True)


@pytest.mark.parametrize("place", ["keep", "avoid", "text_regions"])
def test_boxes_in_pixels_are_noticed_wherever_they_are(constraints, place):
    pixels, relative = (
        constraints.Regions((((Box(0, 0, 5, 5)),),)),
        constraints.Regions((((0.0, 0.0, 0.5, 0.5),),)),
    )

    def pending(regions):
        value = constraints.PendingText(regions, "source", False) if place == "text_regions" else regions
        return constraints.PendingConstraint(**{place: (value,)})

    assert pending(pixels).depends_on_size
    assert not pending(relative).depends_on_size


def test_constraints_and_objectives_belong_to_the_pictures(constraints):
    left, right = (
        constraints.PendingConstraint(
            Constraint(min_share=share), Objective(ObjectiveWeights(layout=share)), keep=(constraints.Regions(frames),)
        )
        for share, frames in ((0.2, (((0.0, 0.0, 0.1, 0.1),),)), (0.3, (((0.9, 0.9, 1.0, 1.0),),)))
    )
    default = constraints.PendingConstraint(Constraint(min_share=1.0))
    sizes = [(10, 10), (20, 10)]
    assert constraints.resolve_constraints(None, sizes, default) == [Constraint(min_share=1.0)] * 2
    assert constraints.resolve_objectives(None, 2) == [Objective()] * 2
    assert [each.min_share for each in constraints.resolve_constraints([left], sizes, default)] == [0.2, 0.2]
    found = constraints.resolve_constraints([left, right], sizes, default)
    assert [(each.min_share, each.keep[0][0]) for each in found] == [(0.2, 0.0), (0.3, 0.9)]
    assert [each.weights.layout for each in constraints.resolve_objectives([left, right], 2)] == [0.2, 0.3]
    with pytest.raises(ValueError, match="^constraint: 2 values for 3 pictures"):
        constraints.resolve_constraints([left, right], [*sizes, (1, 1)], default)
    with pytest.raises(ValueError, match="^constraint: 2 values for 3 pictures"):
        constraints.resolve_objectives([left, right], 3)


def test_one_constraint_for_a_batch_may_hold_regions_for_each_picture(constraints):
    frames = (((0.0, 0.0, 0.1, 0.1),), ((0.9, 0.9, 1.0, 1.0),))
    pending = constraints.PendingConstraint(keep=(constraints.Regions(frames),))
    found = constraints.resolve_constraints([pending], [(10, 10)] * 2, constraints.PendingConstraint())
    assert [each.keep[0][0] for each in found] == [0.0, 0.9]
    with pytest.raises(ValueError, match="^constraint, keep regions: 2 values for 3 pictures"):
        constraints.resolve_constraints([pending], [(10, 10)] * 3, constraints.PendingConstraint())
