"""The best path of a box through the scores of frames."""

from itertools import pairwise, product

import pytest
import torch

from salient_crop.cropping.path import (
    KnotLimits,
    Motion,
    count_intervals,
    evaluate_path,
    find_knots,
    refine_knots,
)

FREE = KnotLimits(velocity=99, turn=99, move_cost=0, turn_cost=0)


def bilinear(scores, row, column):
    rows, columns = scores.shape
    top, left = min(int(row), max(0, rows - 2)), min(int(column), max(0, columns - 2))
    bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
    upper = scores[top][left] * (1 - (column - left)) + scores[top][right] * (column - left)
    lower = scores[bottom][left] * (1 - (column - left)) + scores[bottom][right] * (column - left)
    return float(upper * (1 - (row - top)) + lower * (row - top))


def worth(knots, scores, interval, limits):
    """What a path is worth, written down from the definition; None where it breaks a limit."""
    total = 0.0
    for axis, limit in enumerate(limits):
        steps = [after[axis] - before[axis] for before, after in pairwise(knots)]
        turns = [after - before for before, after in pairwise(steps)]
        if any(abs(each) > limit.velocity for each in steps) or any(abs(each) > limit.turn for each in turns):
            return None
        total -= limit.move_cost * sum(map(abs, steps)) + limit.turn_cost * sum(map(abs, turns))
    for frame, each in enumerate(scores):
        index = min(frame // interval, len(knots) - 2)
        share = (frame - index * interval) / interval
        (row, column), (next_row, next_column) = knots[index], knots[index + 1]
        total += bilinear(each, row + (next_row - row) * share, column + (next_column - column) * share)
    return total


@pytest.mark.parametrize(
    ("frames", "rows", "columns", "interval", "down", "across"),
    [
        (1, 1, 1, 4, FREE, FREE),
        (1, 2, 3, 4, FREE, FREE),
        (2, 2, 3, 4, FREE, KnotLimits(1, 0, 0.3, 0.2)),
        (5, 1, 4, 1, FREE, KnotLimits(1, 1, 0.1, 0.2)),
        (7, 2, 3, 3, FREE, FREE),
        (7, 3, 3, 3, KnotLimits(1, 1, 0, 0.4), KnotLimits(2, 1, 0.2, 0)),
        (7, 2, 4, 3, KnotLimits(1, 2, 0.1, 0.1), KnotLimits(2, 2, 0.05, 0.3)),
        (9, 1, 6, 4, KnotLimits(0.4, 0.9, 1, 1), KnotLimits(2.7, 1.5, 0.1, 0.1)),
        (10, 3, 2, 3, KnotLimits(1, 1, 0.1, 0.7), KnotLimits(0, 0, 0, 0)),
    ],
)
def test_the_path_is_the_best_of_all(frames, rows, columns, interval, down, across):
    generator = torch.Generator().manual_seed(frames * 100 + rows * 10 + columns)
    for _ in range(5):
        scores = torch.rand(frames, rows, columns, generator=generator, dtype=torch.float64)
        found, value = find_knots(scores, interval, down, across)
        count = count_intervals(frames, interval) + 1
        assert found.shape == (count, 2)
        every = product(product(range(rows), range(columns)), repeat=count)
        worths = [worth(each, scores, interval, (down, across)) for each in every]
        best = max(each for each in worths if each is not None)
        assert worth(found.tolist(), scores, interval, (down, across)) == pytest.approx(best, abs=1e-9)
        assert value == pytest.approx(best, abs=1e-9)


def test_the_spline_keeps_the_limits_of_its_knots_in_every_frame():
    generator = torch.Generator().manual_seed(0)
    interval = 8
    turns = torch.randint(-2, 3, (12,), generator=generator).double()
    velocity = turns.cumsum(0).clamp(-5, 5)
    knots = torch.cat([torch.zeros(1, dtype=torch.float64), velocity.cumsum(0)])
    path = evaluate_path(knots, 93, interval)
    assert len(path) == 93
    assert path.diff().abs().max() <= velocity.abs().max() / interval + 1e-9
    assert path.diff().diff().abs().max() <= velocity.diff().abs().max() / interval**2 + 1e-9
    straight = evaluate_path(torch.arange(5.0) * 3, 33, interval)
    assert torch.allclose(straight, torch.arange(33) * 3 / interval)
    assert (path >= knots.min()).all() and (path <= knots.max()).all()


@pytest.mark.parametrize("frames", [1, 2, 8, 9, 10])
def test_short_scenes_have_a_path(frames):
    scores = torch.zeros(frames, 2, 5, dtype=torch.float64)
    scores[:, 1, 3] = 1
    knots, _ = find_knots(scores, 8, FREE, FREE)
    path = evaluate_path(knots.double(), frames, 8)
    assert path.shape == (frames, 2)
    assert (path == torch.tensor([1, 3])).all()


def test_noise_does_not_move_the_box_and_a_walk_is_followed():
    generator = torch.Generator().manual_seed(1)
    frames, columns, interval = 80, 60, 8
    subject = 5 + 45 * torch.arange(frames, dtype=torch.float64) / frames
    place = torch.arange(columns, dtype=torch.float64)
    noise = torch.randn(frames, 1, generator=generator, dtype=torch.float64)
    motion = KnotLimits.of(Motion(), 1 / columns)
    for moves, middle in ((True, subject[:, None]), (False, torch.full((frames, 1), 20.0, dtype=torch.float64))):
        scores = -((place - middle - 2 * noise) / 12).square()
        each = scores.argmax(1).double()
        knots, _ = find_knots(scores[:, None], interval, motion, motion)
        path = evaluate_path(knots.double(), frames, interval)[:, 1]
        assert path.diff().diff().abs().mean() <= each.diff().diff().abs().mean() / 20
        assert (path - middle[:, 0]).abs().max() <= 3
        assert (path[-1] - path[0] > 40) == moves


def test_refinement_finds_the_place_between_the_cells_and_keeps_the_limits():
    frames, interval = 33, 8
    subject = 3.3 + torch.arange(frames, dtype=torch.float64) * 0.77

    def refine(knots, step, limits, span):
        positions = evaluate_path(knots, frames, interval)[:, None] + torch.arange(-3, 4) * step
        return refine_knots(knots, -(positions - subject[:, None]).abs(), interval, step, limits, span)

    limits = KnotLimits(velocity=7, turn=2, move_cost=0.01, turn_cost=0.01)
    knots = torch.tensor([0.0, 6, 12, 18, 24], dtype=torch.float64)
    for step in (2.0, 0.7, 0.25, 0.1):
        knots = refine(knots, step, limits, (0, 40.0))
    assert (evaluate_path(knots, frames, interval) - subject).abs().max() < 0.3
    assert knots.diff().abs().max() <= 7 + 1e-6 and knots.diff().diff().abs().max() <= 2 + 1e-6
    held = refine(knots, 2.0, KnotLimits(7, 2, 0, 0), (0, 20.0))
    assert held.max() <= 20


def test_refinement_of_one_frame():
    knots = torch.tensor([4.0, 4.0], dtype=torch.float64)
    found = refine_knots(knots, torch.tensor([[0, 0, 0, 0, 1, 2, 1.0]]).double(), 8, 1.0, FREE, (0, 9))
    assert found[0] == 6


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"interval": 0}, ValueError, "interval must be at least 1"),
        ({"interval": 2.5}, TypeError, "interval"),
        ({"speed": -1}, ValueError, "speed must be 0 or more"),
        ({"turning": float("nan")}, ValueError, "turning"),
        ({"acceleration": "1"}, TypeError, "acceleration"),
    ],
)
def test_a_motion_that_cannot_be_is_refused(values, error, message):
    with pytest.raises(error, match=message):
        Motion(**values)
