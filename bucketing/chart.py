"""The report as a picture, and as a page: how many pictures each bucket holds, planned and by kohya's default."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .report import BucketReport
from .sizes import format_size

_WIDTH, _ROW, _MARGIN, _LABEL, _NUMBER = 960, 28, 24, 130, 56
_BAR = 10
_PAPER, _INK, _FAINT = (250, 250, 248), (40, 42, 46), (128, 132, 138)
_BAND = (240, 240, 237)
_OURS, _THEIRS = (32, 120, 110), (196, 168, 130)


def draw_chart(report: BucketReport) -> np.ndarray:
    """Bars for each bucket, from the narrowest to the widest: uint8 [H, W, 3]."""
    sizes = sorted({*report.planned.counts, *report.baseline.counts}, key=lambda size: (size[0] / size[1], size))
    head = _MARGIN + 5 * _ROW
    image = Image.new("RGB", (_WIDTH, head + len(sizes) * _ROW + _MARGIN), _PAPER)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=15)
    _heading(pen, font, report)
    most = max([1, *report.planned.counts.values(), *report.baseline.counts.values()])
    room = _WIDTH - 2 * _MARGIN - _LABEL - _NUMBER
    for row, size in enumerate(sizes):
        top = head + row * _ROW
        middle, left = top + _ROW // 2, _MARGIN + _LABEL
        if row % 2:
            pen.rectangle((0, top, _WIDTH, top + _ROW - 1), fill=_BAND)
        pen.text((_MARGIN, middle), format_size(size), _INK, font, anchor="lm")
        counts = ((report.planned.counts.get(size, 0), _OURS), (report.baseline.counts.get(size, 0), _THEIRS))
        bars = [(count, colour) for count, colour in counts if count]
        # Two bars lie above each other; a single one in the middle of its row, beside its label.
        for place, (count, colour) in zip((-1, 1) if len(bars) == 2 else (0,), bars, strict=True):
            right, centre = left + max(2, round(room * count / most)), middle + place * (_BAR // 2 + 1)
            pen.rectangle((left, centre - _BAR // 2, right, centre + _BAR // 2 - 1), fill=colour)
            pen.text((right + 6, centre), str(count), _INK, ImageFont.load_default(size=12), anchor="lm")
    return np.asarray(image)


def render_page(report: BucketReport) -> bytes:
    """The chart above the text, as a page for a browser: a picture file among the others would be trained on."""
    file = BytesIO()
    Image.fromarray(draw_chart(report)).save(file, "PNG")
    chart = b64encode(file.getvalue()).decode()
    return (
        '<!doctype html><meta charset="utf-8"><title>Buckets</title>'
        f'<img alt="Pictures in each bucket" src="data:image/png;base64,{chart}">'
        f"<pre>{escape(report.format_text())}</pre>\n"
    ).encode("utf-8", "backslashreplace")


def _heading(
    pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, report: BucketReport
) -> None:
    rows = [
        ("planned", report.planned, _OURS),
        ("kohya default, centre crop", report.baseline, _THEIRS),
    ]
    top = _MARGIN
    titles = ("", "buckets", "of one", "places empty", "heat lost", "area lost")
    columns = (_MARGIN + 24, 300, 400, 490, 630, 750)
    for title, left in zip(titles, columns, strict=True):
        pen.text((left, top), title, _FAINT, font)
    for name, sorting, colour in rows:
        top += _ROW
        pen.rectangle((_MARGIN, top + 3, _MARGIN + 14, top + 17), fill=colour)
        cells = (
            name,
            str(len(sorting.counts)),
            str(sorting.singletons),
            str(sorting.empty_slots),
            f"{sorting.heat_lost:.1%}",
            f"{sorting.area_lost:.1%}",
        )
        for cell, left in zip(cells, columns, strict=True):
            pen.text((left, top), cell, _INK, font)
    notes = [f"{len(report.moved)} moved", f"{len(report.repeated)} repeated", f"{len(report.left_out)} left out"]
    pen.text((_MARGIN + 24, top + _ROW), ", ".join(notes), _FAINT, font)
