"""The inputs about heads that may not be cut, which several nodes share."""

from __future__ import annotations

from comfy_api.latest import io

from ..jobs.on_cut import KEEP, ON_CUT
from ..jobs.words import AS_WITHOUT, NOTHING
from .sockets.boxes import box_input


def subjects_input() -> io.BoundingBox.Input:
    """A socket for boxes of subjects, see `read_subjects`."""
    return box_input(
        "subjects",
        "What may not be cut: boxes of a detector, or drawn. Their labels tell heads or faces (the whole head, hair and"
        " chin included), persons and animals; others are objects. They replace those that the cropper finds.",
    )


def focus_input() -> io.Mask.Input:
    """A socket for masks of what matters, see `analyse_batches`."""
    return io.Mask.Input(
        "focus",
        optional=True,
        tooltip="What matters: half of the heat goes where this is white, as in Saliency Heatmap. From SAM3 Detect,"
        " Remove Background, or any mask; several masks of one picture are united.",
    )


def nothing_input() -> io.Combo.Input:
    """What to do with a picture in which neither the masks nor the boxes that are connected point anything out."""
    return io.Combo.Input(
        "nothing",
        options=list(NOTHING),
        default=AS_WITHOUT,
        optional=True,
        tooltip="Where subjects or focus are connected and hold nothing for a picture: crop it as without them, leave"
        " it out, or stop and name it.",
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
