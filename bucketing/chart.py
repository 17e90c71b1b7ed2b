"""The report as a picture, and as a page: how many pictures each bucket holds, planned and by kohya's defaults."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .report import BucketReport
from .sizes import Size, format_size

# All lengths in pixels, all colours RGB.
_WIDTH, _ROW, _MARGIN = 960, 28, 24
_HEADER_ROWS = 5
_BAR = 10  # height of a bar
_BARS_LEFT = _MARGIN + 130  # beside the sizes
_MAX_BAR = _WIDTH - _MARGIN - 56 - _BARS_LEFT  # leaves room for the count beside the longest bar
_MIN_BAR, _COUNT_GAP = 2, 6
_PAPER, _BAND = (250, 250, 248), (240, 240, 237)
_INK, _FAINT = (40, 42, 46), (128, 132, 138)
_PLANNED, _BASELINE = (32, 120, 110), (196, 168, 130)
_LEGEND = 14  # side of the square before a row of the header
_COLUMNS = (_MARGIN + 24, 300, 400, 490, 630, 750)  # left edges in the header
_FONT, _COUNT_FONT = 15, 12

_Colour = tuple[int, int, int]


def draw_chart(report: BucketReport) -> np.ndarray:
    """A bar for each bucket, planned above baseline, from the narrowest to the widest, below a table of the figures.

    Returns:
        uint8 RGB `[H, 960, 3]`; H grows by 28 for each bucket.
    """
    sizes = report.sizes
    bars_top = _MARGIN + _HEADER_ROWS * _ROW
    image = Image.new("RGB", (_WIDTH, bars_top + len(sizes) * _ROW + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(image)
    _draw_header(pen, report)
    largest = max([1, *report.planned.counts.values(), *report.baseline.counts.values()])
    for row, size in enumerate(sizes):
        top = bars_top + row * _ROW
        if row % 2:
            pen.rectangle((0, top, _WIDTH, top + _ROW - 1), fill=_BAND)
        _draw_bars(pen, top + _ROW // 2, size, report, largest)
    return np.asarray(image)


def render_page(report: BucketReport) -> bytes:
    """The chart above the text as an HTML page in UTF-8. (As a picture file it would be trained on.)"""
    file = BytesIO()
    Image.fromarray(draw_chart(report)).save(file, "PNG")
    chart = b64encode(file.getvalue()).decode()
    return (
        '<!doctype html><meta charset="utf-8"><title>Buckets</title>'
        f'<img alt="Pictures in each bucket" src="data:image/png;base64,{chart}">'
        f"<pre>{escape(report.format_text())}</pre>\n"
    ).encode()


def _draw_header(pen: ImageDraw.ImageDraw, report: BucketReport) -> None:
    font = ImageFont.load_default(size=_FONT)
    top = _MARGIN
    titles = ("", "buckets", "of one", "places empty", "heat lost", "area lost")
    for title, left in zip(titles, _COLUMNS, strict=True):
        pen.text((left, top), title, _FAINT, font)
    rows = (
        ("planned", report.planned, _PLANNED),
        ("kohya default, centre crop", report.baseline, _BASELINE),
    )
    for name, statistics, colour in rows:
        top += _ROW
        pen.rectangle((_MARGIN, top + 3, _MARGIN + _LEGEND, top + 3 + _LEGEND), fill=colour)
        cells = (
            name,
            str(len(statistics.counts)),
            str(statistics.singletons),
            str(statistics.empty_slots),
            f"{statistics.heat_lost:.1%}",
            f"{statistics.area_lost:.1%}",
        )
        for cell, left in zip(cells, _COLUMNS, strict=True):
            pen.text((left, top), cell, _INK, font)
    notes = f"{len(report.moved)} moved, {len(report.repeated)} repeated, {len(report.left_out)} left out"
    if report.heads_cut:
        notes += f", {len(report.heads_cut)} with a head cut off"
    pen.text((_COLUMNS[0], top + _ROW), notes, _FAINT, font)


def _draw_bars(pen: ImageDraw.ImageDraw, middle: int, size: Size, report: BucketReport, largest: int) -> None:
    """The bars of one bucket around the height `middle`, as long as their share of the largest count."""
    pen.text((_MARGIN, middle), format_size(size), _INK, ImageFont.load_default(size=_FONT), anchor="lm")
    both: list[tuple[int, _Colour]] = [
        (report.planned.counts.get(size, 0), _PLANNED),
        (report.baseline.counts.get(size, 0), _BASELINE),
    ]
    bars = [(count, colour) for count, colour in both if count]
    # Two bars lie above each other; a single one in the middle of its row, beside its label.
    offsets = (-(_BAR // 2 + 1), _BAR // 2 + 1) if len(bars) == 2 else (0,)
    for offset, (count, colour) in zip(offsets, bars, strict=True):
        right = _BARS_LEFT + max(_MIN_BAR, round(_MAX_BAR * count / largest))
        centre = middle + offset
        pen.rectangle((_BARS_LEFT, centre - _BAR // 2, right, centre + _BAR // 2 - 1), fill=colour)
        font = ImageFont.load_default(size=_COUNT_FONT)
        pen.text((right + _COUNT_GAP, centre), str(count), _INK, font, anchor="lm")
