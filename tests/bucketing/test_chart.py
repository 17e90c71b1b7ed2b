"""The chart's bars are as long as the counts; the page holds chart and text."""

from base64 import b64decode
from dataclasses import replace
from html import unescape
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from salient_crop.bucketing.chart import draw_chart, render_page
from salient_crop.bucketing.report import BucketReport, GridStatistics

PORTRAIT, SQUARE, LANDSCAPE = (832, 1216), (1024, 1024), (1216, 832)
PLANNED, BASELINE = (32, 120, 110), (196, 168, 130)
PAPER, BAND = (250, 250, 248), (240, 240, 237)
HEADER, ROW = 24 + 5 * 28, 28  # height of what is above the bars, and of each bucket's row
LEFT, LONGEST = 154, 726  # left edge of every bar, length of the longest


def report(planned, baseline, **lists):
    return BucketReport(
        GridStatistics(baseline, 0.25, 0.125, 0, 3), GridStatistics(planned, 0.5, 0.0625, 0, 7), 4, 0.0, **lists
    )


def bars(image, row, colour):
    """Left, right, top and bottom of the pixels of a colour in a bucket's row, counted from the row's top; or None."""
    part = image[HEADER + row * ROW : HEADER + (row + 1) * ROW]
    down, across = np.nonzero((part == colour).all(axis=2))
    return (across.min(), across.max(), down.min(), down.max()) if len(down) else None


@pytest.mark.parametrize(
    ("planned", "baseline"),
    [
        ({}, {}),
        ({SQUARE: 5}, {}),
        ({SQUARE: 8, PORTRAIT: 4}, {LANDSCAPE: 2, SQUARE: 1}),
        ({SQUARE: 10_000}, {SQUARE: 1}),  # too short to be seen, but drawn
    ],
)
def test_a_bar_for_every_count(planned, baseline):
    image = draw_chart(report(planned, baseline))
    sizes = [size for size in (PORTRAIT, SQUARE, LANDSCAPE) if size in planned or size in baseline]
    assert image.dtype == np.uint8
    assert image.shape == (HEADER + len(sizes) * ROW + 24, 960, 3)
    largest = max([1, *planned.values(), *baseline.values()])
    for row, size in enumerate(sizes):
        both = size in planned and size in baseline
        for counts, colour, top in ((planned, PLANNED, 3), (baseline, BASELINE, 15)):
            found = bars(image, row, colour)
            if size not in counts:
                assert found is None
                continue
            length = max(2, round(LONGEST * counts[size] / largest))
            # Two bars lie above each other, a single one in the middle.
            top = top if both else 9
            assert found == (LEFT, LEFT + length, top, top + 9)
        part = image[HEADER + row * ROW : HEADER + (row + 1) * ROW]
        assert tuple(part[0, 0]) == tuple(part[-1, -1]) == (BAND if row % 2 else PAPER)


def written(part):
    """Which columns of a part of the chart have text."""
    bar = (part == PLANNED).all(axis=2) | (part == BASELINE).all(axis=2)
    return np.nonzero(((part.max(axis=2) < 220) & ~bar).any(axis=0))[0]


def test_labels_lie_beside_the_bars_and_counts_behind_them():
    image = draw_chart(report({SQUARE: 8}, {PORTRAIT: 8, SQUARE: 4}))
    for row in (0, 1):
        across = written(image[HEADER + row * ROW : HEADER + (row + 1) * ROW])
        assert 24 <= across.min() < 30
        label, counts = across[across < LEFT], across[across >= LEFT]
        assert label.max() < LEFT - 10
        assert LEFT + (LONGEST, LONGEST // 2)[row] + 6 <= counts.min()
        assert LEFT + LONGEST + 6 <= counts.max() < 930


def test_the_header_is_a_table_of_both_with_a_legend():
    image = draw_chart(report({SQUARE: 1}, {SQUARE: 2}, moved=["a"], left_out=["b", "c"]))
    for row, colour in ((1, PLANNED), (2, BASELINE)):
        legend = image[24 + row * ROW + 3 : 24 + row * ROW + 18, 24:39]
        assert (legend == colour).all()
        assert (image[24 + row * ROW + 18, 24:39] != colour).any(axis=1).all()
        assert (image[24 + row * ROW + 3, [23, 39]] != colour).any(axis=1).all()
    columns = (48, 300, 400, 490, 630, 750)
    for row, lefts in enumerate((columns[1:], columns, columns, columns[:1])):
        across = written(image[24 + row * ROW : 24 + (row + 1) * ROW])
        starts = [across[0], *across[1:][np.diff(across) > 15]]  # of words
        assert len(starts) == len(lefts), row
        assert all(column <= start < column + 5 for column, start in zip(lefts, starts, strict=True)), row
    other = draw_chart(report({SQUARE: 1}, {SQUARE: 2}, moved=["a"], left_out=["b"]))
    differ = np.nonzero((image != other).any(axis=(1, 2)))[0]
    assert differ.min() >= 24 + 3 * ROW and differ.max() < 24 + 4 * ROW


@pytest.mark.parametrize(
    "changed",
    [
        {"empty_slots": 8},
        {"heat_lost": 0.6},
        {"area_lost": 0.1625},
    ],
)
def test_every_figure_is_drawn(changed):
    original = report({SQUARE: 3}, {SQUARE: 2})
    for row, name in ((1, "planned"), (2, "baseline")):
        other = replace(original, **{name: replace(getattr(original, name), **changed)})
        differ = np.nonzero((draw_chart(original) != draw_chart(other)).any(axis=(1, 2)))[0]
        assert 24 + row * ROW <= differ.min() and differ.max() < 24 + (row + 1) * ROW


def test_the_header_tells_of_heads_only_where_one_is_cut_off():
    images = [draw_chart(report({SQUARE: 1}, {SQUARE: 2}, heads_cut=lines)) for lines in ([], ["a"], ["a", "b"])]
    ends = [written(image[24 + 3 * ROW : 24 + 4 * ROW]).max() for image in images]
    assert ends[0] < ends[1] - 100 and ends[1] < 930
    assert (images[1] != images[2]).any()


def test_the_page_holds_the_chart_and_the_text():
    full = report({SQUARE: 3}, {SQUARE: 2}, moved=["<b>&\udcff.jpg: to 1x1"], heads_cut=["c.jpg: a head is cut off"])
    page = render_page(full)
    before, text = page.decode("utf-8").split("<pre>")
    assert before.startswith('<!doctype html><meta charset="utf-8">')
    chart = b64decode(before.split("base64,")[1].split('"')[0])
    assert (np.asarray(Image.open(BytesIO(chart))) == draw_chart(full)).all()
    assert text.endswith("</pre>\n")
    # What is no character in UTF-8 is written as an escape.
    assert unescape(text.removesuffix("</pre>\n")) == full.format_text().replace("\udcff", "\\udcff")
    assert "<b>" not in text
    assert "\nhead cut off: c.jpg: a head is cut off</pre>" in text
