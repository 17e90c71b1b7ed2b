"""The best path of a box of one size through the scores of many frames, under limits on its speed and acceleration.

A path is a quadratic spline: its control points, the knots, lie on a grid of positions, `Motion.interval` frames apart.
Between them the acceleration is constant, so that a limit on how much the velocity changes from knot to knot limits it
in every frame. The best of all such paths is found by dynamic programming over position and velocity, as a camera
operator would plan it who knows the whole scene, and then refined to the pixel. That is other than smoothing the best
box of each frame, which chases every error of the analysis first; the cost of acceleration is that of "Auto-Directed
Video Stabilization with Robust L1 Optimal Camera Paths" (Grundmann, Kwatra and Essa, 2011).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from .checks import check_count, check_number

LONGEST_INTERVAL = 1000  # frames between knots


@dataclass(frozen=True, slots=True)
class Motion:
    """How a box may move. Lengths are shares of the frame's long side, times are frames.

    Attributes:
        speed: that it never exceeds along either axis, a frame.
        acceleration: that its velocity never changes by more along either axis, a frame.
        moving: what a move over one long side costs, in units of the score of one frame.
        turning: what a change of velocity by one long side a frame costs.
        interval: frames between knots.

    Raises:
        TypeError: naming the field that is no number.
        ValueError: naming the field that is out of range.
    """

    speed: float = 0.02
    acceleration: float = 0.001
    moving: float = 1.0
    turning: float = 40.0
    interval: int = 8

    def __post_init__(self) -> None:
        check_count("interval", self.interval, LONGEST_INTERVAL)
        for each in fields(self):
            if each.name != "interval" and check_number(each.name, getattr(self, each.name)) < 0:
                raise ValueError(f"{each.name} must be 0 or more, got {getattr(self, each.name)}")


DEFAULT_MOTION = Motion()


@dataclass(frozen=True, slots=True)
class KnotLimits:
    """A `Motion` from knot to knot, along one axis, in units of that axis.

    Attributes:
        velocity, turn: the most that the position, and the velocity, change by from knot to knot.
        move_cost, turn_cost: of a change of the position, and of the velocity, by one unit.
    """

    velocity: float
    turn: float
    move_cost: float
    turn_cost: float

    @classmethod
    def of(cls, motion: Motion, unit: float) -> KnotLimits:
        """For a unit of so many long sides of the frame."""
        frames = motion.interval
        return cls(
            motion.speed * frames / unit,
            motion.acceleration * frames**2 / unit,
            motion.moving * unit,
            motion.turning * unit / frames,
        )


def count_intervals(frames: int, interval: int) -> int:
    """How many intervals between knots so many frames have; at least one."""
    return max(1, -(-(frames - 1) // interval))


def find_knots(scores: Tensor, interval: int, down: KnotLimits, across: KnotLimits) -> tuple[Tensor, float]:
    """The knots of the best path over a grid of positions: the one with the greatest sum of scores less its costs.

    Between knots a position is taken to lie on the line that joins them, and its score between four of the grid.

    Args:
        scores: `[T, rows, columns]` float64, of a box at each position in each frame.
        interval: frames between knots.
        down, across: limits in cells of the grid; less than one cell forbids a change.

    Returns:
        `[K + 1, 2]`, row and column of each knot, K as `count_intervals` says; and that sum.
    """
    frames, rows, columns = scores.shape
    knots = count_intervals(frames, interval)
    axes = _GridAxis.of(rows, down), _GridAxis.of(columns, across)
    value = scores.new_zeros(rows, len(axes[0].velocities), columns, len(axes[1].velocities))
    choices = []
    for index in reversed(range(knots)):
        if index < knots - 1:
            value, chosen = _turn(value, *axes)
            choices.append(chosen)
        value = _move(value, *axes)
        for frame in range(index * interval, frames if index == knots - 1 else (index + 1) * interval):
            value += _interpolate(scores[frame], (frame - index * interval) / interval, *axes)
    return _trace(value, choices[::-1], *axes), float(value.max())


def evaluate_path(knots: Tensor, frames: int, interval: int) -> Tensor:
    """Positions `[T, *]` of the spline with knots `[K + 1, *]`, every `interval` frames, at frames 0 to T - 1.

    >>> evaluate_path(torch.tensor([0.0, 8.0, 8.0]), 9, 4).tolist()
    [0.0, 2.0, 4.0, 5.75, 7.0, 7.75, 8.0, 8.0, 8.0]
    """
    time = torch.arange(frames, dtype=knots.dtype) / interval
    nearest = time.round().long().clamp(max=len(knots) - 1)
    steps = knots.diff(dim=0)
    before, after = steps[(nearest - 1).clamp_min(0)], steps[nearest.clamp(max=len(steps) - 1)]
    offset = (time - nearest).view(-1, *[1] * (knots.ndim - 1))
    return knots[nearest] + ((offset + 0.5).square() * after - (0.5 - offset).square() * before) / 2


def refine_knots(
    knots: Tensor, table: Tensor, interval: int, step: float, limits: KnotLimits, span: tuple[float, float]
) -> Tensor:
    """The best knots of one axis near those given: each may move by some steps, and all are chosen together.

    Args:
        knots: `[K + 1]` positions along the axis.
        table: `[T, 2 R + 1]`, the scores in each frame of the box `-R` to `R` steps from the path of the knots.
        interval: frames between knots.
        step: by which knots move, R times at most.
        limits: in the unit of the positions.
        span: the first and the last position allowed.
    """
    reach = table.shape[1] // 2
    offsets = torch.arange(-reach, reach + 1, dtype=knots.dtype)
    options = knots[:, None] + offsets * step
    # A knot that lay outside the span by an error of rounding may stay.
    allowed = ((options >= span[0] - 1e-6) & (options <= span[1] + 1e-6)) | (offsets == 0)
    velocity = options[1:, None, :] - options[:-1, :, None]
    pairs = _score_pairs(table, len(knots) - 1, interval)
    pairs -= limits.move_cost * velocity.abs()
    bad = ~(allowed[:-1, :, None] & allowed[1:, None, :]) | (velocity.abs() > limits.velocity + 1e-6)
    bad[:, reach, reach] = False  # the path that is there obeys, but for an error of rounding
    pairs[bad] = -torch.inf
    turns = (velocity[1:, None] - velocity[:-1, :, :, None]).abs()  # [K - 1, knot, next, next but one]
    gains = -limits.turn_cost * turns
    tight = turns > limits.turn + 1e-6
    tight[:, reach, reach, reach] = False
    gains[tight] = -torch.inf
    chosen = _trace_pairs(pairs, gains)
    return options.gather(1, chosen[:, None])[:, 0].clamp(*span)


@dataclass(frozen=True)
class _GridAxis:
    """One axis of a grid of positions, with the velocities on it.

    Attributes:
        count: positions.
        velocities: `[V]`, whole cells from knot to knot, from the lowest to the highest.
        turn: most cells by which a velocity changes.
        limits: with the costs.
    """

    count: int
    velocities: Tensor
    turn: int
    limits: KnotLimits

    @classmethod
    def of(cls, count: int, limits: KnotLimits) -> _GridAxis:
        fastest = min(count - 1, int(limits.velocity + 1e-9))
        return cls(count, torch.arange(-fastest, fastest + 1), min(2 * fastest, int(limits.turn + 1e-9)), limits)

    @property
    def next_positions(self) -> Tensor:
        """`[count, V]`: the position after each with each velocity; may lie outside."""
        return torch.arange(self.count)[:, None] + self.velocities

    def is_outside(self) -> Tensor:
        """`[count, V]`: where the next position lies outside the grid."""
        return (self.next_positions < 0) | (self.next_positions >= self.count)


def _turn(value: Tensor, *axes: _GridAxis) -> tuple[Tensor, list[Tensor]]:
    """The best of the velocities that may follow each velocity, and which it is: one axis after the other.

    Args:
        value: `[rows, V, columns, V']`, what is gained from a knot on, by its position and the velocity after it.

    Returns:
        The same by the velocity before it; and for each axis, uint8 of the same shape: the velocity after it along
        this axis, less the one before, plus the most that it may change by.
    """
    choices = []
    for dim, axis in zip((1, 3), axes, strict=True):
        best = torch.full_like(value, -torch.inf)
        chosen = torch.full(value.shape, axis.turn, dtype=torch.uint8)
        count = value.shape[dim]
        for change in sorted(range(-axis.turn, axis.turn + 1), key=abs):
            length = count - abs(change)
            old, new = (best.narrow(dim, max(0, -change), length), value.narrow(dim, max(0, change), length))
            gain = new - axis.limits.turn_cost * abs(change)
            better = gain > old
            old.copy_(torch.where(better, gain, old))
            chosen.narrow(dim, max(0, -change), length).masked_fill_(better, change + axis.turn)
        choices.append(chosen)
        value = best
    return value, choices


def _move(value: Tensor, *axes: _GridAxis) -> Tensor:
    """What is gained from a knot on, by its position and the velocity after it, where `value` says it of the next."""
    down, across = axes
    rows, columns = (axis.next_positions.clamp(0, axis.count - 1) for axis in axes)
    first, second = (torch.arange(len(axis.velocities)) for axis in axes)
    moved = value[rows[:, :, None, None], first[:, None, None], columns, second]
    moved = moved - down.limits.move_cost * down.velocities.abs().to(value)[:, None, None]
    moved -= across.limits.move_cost * across.velocities.abs().to(value)
    moved.masked_fill_(down.is_outside()[:, :, None, None] | across.is_outside(), -torch.inf)
    return moved


def _interpolate(scores: Tensor, share: float, *axes: _GridAxis) -> Tensor:
    """Scores `[rows, columns]` a share of the way to the next knot, by position and velocity at the knot before."""
    for dim, axis in zip((0, 2), axes, strict=True):
        position = (torch.arange(axis.count)[:, None] + axis.velocities.to(scores) * share).clamp(0, axis.count - 1)
        low = position.floor().long().clamp(max=max(0, axis.count - 2))
        part = (position - low).to(scores).view(*position.shape, *[1] * (1 - dim // 2))
        high = (low + 1).clamp(max=axis.count - 1)
        near, far = (scores.index_select(dim, each.flatten()).unflatten(dim, each.shape) for each in (low, high))
        scores = torch.lerp(near, far, part)
    return scores


def _trace(value: Tensor, choices: list[list[Tensor]], *axes: _GridAxis) -> Tensor:
    """The knots `[K + 1, 2]` of the best path from the value at its first knot, and the choices at all others."""
    state = [int(each) for each in torch.unravel_index(value.argmax(), value.shape)]  # row, velocity, column, velocity
    knots = [state[0::2]]
    for later in (*choices, None):
        for place, axis in zip((0, 2), axes, strict=True):
            state[place] += int(axis.velocities[state[place + 1]])
        knots.append(state[0::2])
        if later is not None:
            # The second axis was chosen last, knowing the first one's velocity before the knot.
            for place in (3, 1):
                index = (place - 1) // 2
                state[place] += int(later[index][tuple(state)]) - axes[index].turn
    return torch.tensor(knots)


def _score_pairs(table: Tensor, intervals: int, interval: int) -> Tensor:
    """Sums over each interval of the scores on lines between offsets of its knots: `[K, N, N]`.

    Args:
        table: `[T, N]`, scores at N evenly spaced offsets from the path.
    """
    count = table.shape[1]
    pairs = table.new_zeros(intervals, count, count)
    steps = torch.arange(count, dtype=table.dtype)
    first, last = torch.meshgrid(steps, steps, indexing="ij")
    for frame, row in enumerate(table):
        index = min(frame // interval, intervals - 1)
        position = first + (last - first) * ((frame - index * interval) / interval)
        low = position.floor().long().clamp(max=count - 2)
        pairs[index] += torch.lerp(row[low], row[low + 1], (position - low).to(row))
    return pairs


def _trace_pairs(pairs: Tensor, gains: Tensor) -> Tensor:
    """The best sequence of options `[K + 1]`: of the sums of gains of neighbours `[K, N, N]`, and of three `[K - 1, N,
    N, N]`."""
    best, choices = pairs[-1], []
    for index in reversed(range(len(pairs) - 1)):
        values, chosen = (gains[index] + best).max(2)
        choices.append(chosen)
        best = pairs[index] + values
    first, second = (int(each) for each in torch.unravel_index(best.argmax(), best.shape))
    found = [first, second]
    for chosen in reversed(choices):
        found.append(int(chosen[found[-2], found[-1]]))
    return torch.tensor(found)
