"""The inputs about heads that may not be cut, which several nodes share."""

from __future__ import annotations

from comfy_api.latest import io

from ..jobs.on_cut import KEEP, ON_CUT
from .sockets.boxes import box_input


def subjects_input() -> io.BoundingBox.Input:
    """A socket for boxes of subjects, see `read_subjects`."""
    return box_input(
        "subjects",
        "What may not be cut: boxes of a detector, or drawn. Their labels tell heads or faces (the whole head, hair and"
        " chin included), persons and animals; others are objects. They replace those that the cropper finds.",
    )


def on_cut_input() -> io.Combo.Input:
    """What to do where even the best crop cuts off a head, see `choose_crop`."""
    return io.Combo.Input(
        "on_cut",
        options=list(ON_CUT),
        default=KEEP,
        optional=True,
        tooltip="Where even the best crop cuts off the head of somebody whom the picture is about: keep it with a"
        " warning, drop the picture, or extend the canvas so that the head fits.",
    )
