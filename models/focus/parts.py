"""The connected parts of a small map, as `scipy.ndimage.label` finds them; importing SciPy would take longer."""

from __future__ import annotations

import numpy as np


def find_parts(cells: np.ndarray) -> tuple[np.ndarray, list[tuple[slice, slice]]]:
    """Labels the cells that are joined by their sides.

    Args:
        cells: bool `[h, w]`.

    Returns:
        int64 `[h, w]`, 0 where there is nothing and else the number of the part, from 1 in the order of their first
        cells; and of each part the rows and columns around it.

    >>> find_parts(np.array([[True, False, True], [True, False, False]]))[0].tolist()
    [[1, 0, 2], [1, 0, 0]]
    """
    runs = _find_runs(cells)
    labels = np.zeros(cells.shape, np.int64)
    parts: dict[int, list[int]] = {}  # first run → top, bottom, left, right
    numbers: dict[int, int] = {}
    for first, (row, start, stop) in zip(_join(runs), runs, strict=True):
        labels[row, start:stop] = numbers.setdefault(first, len(numbers) + 1)
        top, _, left, right = parts.get(first, (row, row, start, stop))
        parts[first] = [top, row + 1, min(left, start), max(right, stop)]
    return labels, [(slice(top, bottom), slice(left, right)) for top, bottom, left, right in parts.values()]


def _find_runs(cells: np.ndarray) -> list[tuple[int, int, int]]:
    """Row, first column and column after the last of all cells in a row, from the top and the left."""
    edges = np.diff(np.pad(cells, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    return list(zip(rows.tolist(), starts.tolist(), np.nonzero(edges == -1)[1].tolist(), strict=True))


def _join(runs: list[tuple[int, int, int]]) -> list[int]:
    """For each run, the first run of its part."""
    owner = list(range(len(runs)))

    def first_of(run: int) -> int:
        while owner[run] != run:
            owner[run] = owner[owner[run]]
            run = owner[run]
        return run

    above = 0
    for run, (row, start, stop) in enumerate(runs):
        while above < run and (runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] <= start)):
            above += 1
        beside = above
        while beside < run and runs[beside][0] == row - 1 and runs[beside][1] < stop:
            one, other = sorted((first_of(run), first_of(beside)))
            owner[other] = one
            beside += 1
    return [first_of(run) for run in range(len(runs))]
