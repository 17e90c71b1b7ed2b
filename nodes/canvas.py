"""The inputs about canvas that is added to pictures, which several nodes share."""

from __future__ import annotations

from dataclasses import dataclass

from comfy_api.latest import io

from ..cropping.canvas import AUTO, CROP, FITS, SIDES
from ..images.fill import Fill, parse_fill

WHITE = "white"


@dataclass(frozen=True)
class AddedCanvas:
    """How canvas is drawn, and marked for outpainting; see `outside_mask`."""

    fill: Fill
    feather: int
    overlap: int


def canvas_inputs() -> list[io.Input]:
    """When canvas is added, where, and what is drawn on it; see `Canvas` and `fill_canvas`."""
    return [
        io.Combo.Input(
            "fit",
            options=list(FITS),
            default=CROP,
            optional=True,
            tooltip="crop: as always. whole: the whole picture, extended to the ratio. subject: a crop as long as all"
            " subjects and regions to keep stay whole, else extended.",
        ),
        io.Combo.Input(
            "fit_side",
            options=list(SIDES),
            default=AUTO,
            optional=True,
            tooltip="Where canvas is added. auto: where the text is, or else where the subjects are not. even: on both"
            " sides.",
        ),
        io.String.Input(
            "fill",
            default=WHITE,
            optional=True,
            tooltip="Of canvas that is added: a colour (a name or #rrggbb), or edge, blur or mirror.",
        ),
    ]


def read_fill(text: str) -> Fill:
    """The fill that a widget names; white where it is empty.

    Raises:
        ValueError: naming the input, when it is none, or transparency, which pictures of the host do not have.
    """
    fill = parse_fill(text.strip() or WHITE)
    if fill is None:
        raise ValueError("fill: pictures here have no transparency; use a colour, edge, blur or mirror")
    return fill
