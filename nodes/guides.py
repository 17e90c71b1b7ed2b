"""Where the node for whole folders is told what matters in each picture: files below ComfyUI's input folder."""

from __future__ import annotations

from pathlib import Path

import folder_paths
from comfy_api.latest import io

from ..cropping.margin import Margin
from ..jobs.guides import Guides, parse_labels
from ..jobs.steer import STRENGTH
from .folders import existing_path

_WHERE = (
    "A folder below input/ with masks or files of boxes of the pictures' names (LabelMe, YOLO), or with files for many"
    " pictures (COCO, JSON lines); or one such file. "
)


def guides_inputs() -> list[io.String.Input | io.Float.Input | io.Boolean.Input]:
    """The widgets of `read_guides`, and whether heatmaps are saved."""
    return [
        io.String.Input(
            "focus",
            default="",
            optional=True,
            tooltip=f"{_WHERE}What matters: heat is raised there, and boxes are subjects.",
        ),
        io.String.Input("avoid", default="", optional=True, tooltip=f"{_WHERE}What crops should leave out."),
        io.String.Input("keep", default="", optional=True, tooltip=f"{_WHERE}What every crop must hold."),
        io.String.Input(
            "labels",
            default="",
            optional=True,
            tooltip="Only boxes with one of these labels count, such as: necklace, shoe=0.5, avoid:logo; with a weight,"
            " and for one of focus, avoid and keep alone. Empty: all.",
        ),
        io.String.Input(
            "margin",
            default="",
            optional=True,
            tooltip="Room around all that is to be kept: a share of its own size, such as 10%, or pixels, such as 24px."
            " Empty: none.",
        ),
        io.Float.Input(
            "focus_strength",
            default=STRENGTH,
            min=0.0,
            max=1.0,
            step=0.05,
            optional=True,
            tooltip="The share of all heat that the focus takes. 1: nothing else counts.",
        ),
        io.Boolean.Input(
            "save_heatmaps",
            default=False,
            optional=True,
            advanced=True,
            tooltip="Also write the heat that each crop was searched on, into the folder heatmaps beside the crops; not"
            " with a trainer's layout.",
        ),
    ]


def read_guides(
    focus: str = "",
    avoid: str = "",
    keep: str = "",
    labels: str = "",
    margin: str = "",
    focus_strength: float = STRENGTH,
) -> Guides:
    """What the widgets say.

    Raises:
        ValueError: naming the widget that cannot be used.
    """
    return Guides(
        _find(focus, "focus"),
        _find(avoid, "avoid"),
        _find(keep, "keep"),
        parse_labels(labels),
        Margin.parse(margin),
        focus_strength,
    )


def _find(name: str, socket: str) -> Path | None:
    return existing_path(folder_paths.get_input_directory(), name.strip(), socket) if name.strip() else None
