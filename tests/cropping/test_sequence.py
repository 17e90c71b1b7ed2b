"""One crop for each frame of a clip."""

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint, UnsatisfiableError
from salient_crop.cropping.feasible import find_feasible_boxes
from salient_crop.cropping.heads import stack_protected
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.search import score_boxes, search
from salient_crop.cropping.sequence import FrameGroup, search_following, search_still
from salient_crop.cropping.subject import Subject, stack_subjects

SIZE = (96, 54)
LARGE = (960, 540)  # so that whole pixels are no coarse steps
SQUARE = Constraint((Ratio(1, 1),))


def blobs(places, noise=0.0, width=0.06):
    """Heat `[T, 27, 48]` around relative places (x, y), each moved by noise."""
    generator = torch.Generator().manual_seed(len(places))
    moved = torch.tensor(places, dtype=torch.float64)
    moved = moved + noise * torch.randn(moved.shape, generator=generator, dtype=torch.float64)
    down, across = (torch.arange(27) + 0.5) / 27, (torch.arange(48) + 0.5) / 48
    distance = (across - moved[:, None, None, 0]).square() + (down[:, None] - moved[:, None, None, 1]).square()
    return torch.exp(-distance / (2 * width**2))


def groups(heat, constraint=SQUARE, subjects=None, at_once=16):
    """Groups of frames with this heat, all under one constraint, or each frame under its own."""
    found = []
    at_once = at_once if isinstance(constraint, Constraint) else 1
    for start in range(0, len(heat), at_once):
        own = None if subjects is None else subjects[start : start + at_once]
        rows = {} if own is None else {"subjects": stack_subjects(own), "protected": stack_protected(own)}
        inputs = SearchInputs.from_maps(heat[start : start + at_once], **rows)
        found.append(FrameGroup(inputs, constraint if isinstance(constraint, Constraint) else constraint[start]))
    return found


def boxes_of(crops):
    return torch.tensor([crop.box.as_list() for crop in crops], dtype=torch.float64)


def jitter(boxes):
    """The mean acceleration of the middles of boxes `[T, 4]`, in pixels."""
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    return float(middles.diff(dim=0).diff(dim=0).abs().sum(1).mean())


WALK = [(0.2 + 0.6 * index / 59, 0.5) for index in range(60)]


def test_a_still_box_is_the_best_of_all_for_the_sum_of_the_frames():
    size, ratio = (40, 24), Ratio(4, 3)
    constraint = Constraint((ratio,), 0.5)
    heat = blobs([(0.3, 0.4), (0.4, 0.6), (0.7, 0.5), (0.5, 0.5)], width=0.15)
    crops = search_still(groups(heat, constraint, at_once=3), size)
    assert len(crops) == 4 and len({crop.box for crop in crops}) == 1
    every = find_feasible_boxes(constraint, ratio, size).list_boxes()
    sums = sum(score_boxes(SearchInputs.from_maps(each[None]), size, ratio, constraint, every) for each in heat)
    assert sum(crop.score for crop in crops) == pytest.approx(float(sums.max()), abs=1e-3)
    alone = search(SearchInputs.from_maps(heat[:1]), size, constraint)
    assert search_still(groups(heat[:1], constraint), size)[0].score == pytest.approx(alone[0].score, abs=1e-6)


def test_a_box_follows_what_moves_and_no_noise():
    heat = blobs(WALK, noise=0.02)
    each = search(SearchInputs.from_maps(heat), LARGE, SQUARE)
    crops = search_following(groups(heat), LARGE)
    boxes = boxes_of(crops)
    assert (boxes[:, 2:] == boxes[0, 2:]).all()
    assert jitter(boxes) <= jitter(boxes_of(each)) / 5
    kept = sum(crop.kept for crop in crops) / sum(crop.kept for crop in each)
    assert kept >= 0.98
    assert boxes[-1, 0] - boxes[0, 0] > 300
    assert all(crop.box.inside(LARGE) for crop in crops)
    assert crops[0].ratio == Ratio(1, 1) and set(crops[0].terms) == set(each[0].terms)


def test_what_stands_still_is_not_followed():
    heat = blobs([(0.55, 0.5)] * 40, noise=0.02)
    boxes = boxes_of(search_following(groups(heat), SIZE))
    assert (boxes == boxes[0]).all()


def test_one_frame_that_is_misjudged_moves_nothing():
    places = list(WALK)
    right = boxes_of(search_following(groups(blobs(places)), SIZE))
    places[30] = (0.05, 0.5)
    wrong = boxes_of(search_following(groups(blobs(places)), SIZE))
    assert (right - wrong).abs().max() <= 2


def test_the_path_starts_anew_with_each_scene():
    heat = blobs([(0.2, 0.5)] * 12 + [(0.8, 0.5)] * 13)
    boxes = boxes_of(search_following(groups(heat), SIZE, scenes=(0, 12)))
    assert (boxes[:12] == boxes[0]).all() and (boxes[12:] == boxes[12]).all()
    assert boxes[12, 0] - boxes[0, 0] >= 30
    gliding = boxes_of(search_following(groups(heat), SIZE))
    assert gliding[:, 0].diff().abs().max() <= 0.02 * 96 + 1  # the limit, and a pixel of rounding
    for scenes in ((0, 1), (0, 24), (0, 1, 2)):
        assert len(search_following(groups(heat), SIZE, scenes)) == 25


def test_what_each_frame_must_keep_is_kept_all_the_way():
    regions = [(0.02 + 0.4 * index / 39, 0.3, 0.12 + 0.4 * index / 39, 0.7) for index in range(40)]
    constraints = [Constraint((Ratio(1, 1),), keep=(region,)) for region in regions]
    crops = search_following(groups(blobs([(0.9, 0.5)] * 40), constraints), SIZE)
    for crop, region in zip(crops, regions, strict=True):
        assert crop.box.holds(Box.from_relative(region, SIZE))
    still = search_still(groups(blobs([(0.9, 0.5)] * 40), constraints), SIZE)
    assert all(still[0].box.holds(Box.from_relative(region, SIZE)) for region in regions)


def test_a_head_that_never_fits_is_shown_as_far_as_it_does():
    person = [
        [Subject(0.3, 0.0, 0.7, 1.0, kind="person", head=(0.32 + shift, 0.1, 0.68 + shift, 0.6))]
        for shift in (0, 0.01) * 12
    ]
    narrow = Constraint((Ratio(9, 16),), 0.9)
    for find in (search_still, search_following):
        boxes = boxes_of(find(groups(blobs([(0.5, 0.5)] * 24), narrow, person), SIZE))
        middles = (boxes[:, 0] + boxes[:, 2] / 2) / SIZE[0]
        assert (middles - 0.505).abs().max() < 0.03
        assert jitter(boxes) <= 0.2


def test_the_better_of_several_ratios_serves_all_frames():
    wide = blobs([(0.1, 0.5)] * 10) + blobs([(0.9, 0.5)] * 10)
    both = Constraint((Ratio(9, 16), Ratio(16, 9)))
    for find in (search_still, search_following):
        assert {crop.ratio for crop in find(groups(wide, both), SIZE)} == {Ratio(16, 9)}
        assert {crop.ratio for crop in find(groups(wide, Constraint()), SIZE)} == {Ratio(16, 9)}


def test_what_cannot_be_is_refused_and_padded_where_it_may_be():
    heat = blobs([(0.5, 0.5)] * 3)
    tall = {"ratios": (Ratio(1, 2),), "keep": ((0.0, 0.4, 1.0, 0.6),)}
    for find in (search_still, search_following):
        with pytest.raises(UnsatisfiableError, match="keep needs 96×"):
            find(groups(heat, Constraint(policy="error", **tall)), SIZE)
        with pytest.raises(ValueError, match="constraint: frames of one clip"):
            find(groups(heat, [SQUARE, SQUARE, Constraint((Ratio(2, 3),))]), SIZE)
        assert {crop.box.height for crop in find(groups(heat, Constraint(**tall)), SIZE)} == {54}
    padded = search_still(groups(heat, Constraint(policy="pad", **tall)), SIZE)
    assert padded[0].box.width >= 96 and padded[0].box.height > 54
    with pytest.raises(UnsatisfiableError, match="keep needs"):
        search_following(groups(heat, Constraint(policy="pad", **tall)), SIZE)
