"""Load Cropper: a bundled cropper, or a checkpoint from models/croppers."""

from __future__ import annotations

import folder_paths
from comfy_api.latest import io

from ..models.registry import BUNDLED, load_cropper
from ..models.runtime.choice import OPENVINO
from .hosted_cropper import DEFAULT, HostedCropper
from .panel import Panel
from .sockets.croppers import CropperType

MODEL_FOLDER = "croppers"
SUMMARIES = {
    "focus": "knows where people look, and the heads of people and animals.",
    "smartcrop": "follows edges, skin and strong colours; no network.",
    "centre": "takes the middle, and reads no pixels.",
    "saliency-short-edge": "puts a box around where people look, and brings its short edge to the ratio.",
    "saliency-long-edge": "puts a box around where people look, and brings its long edge to the ratio.",
}
"""What each bundled cropper does, in words."""


class LoadCropper(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_LoadCropper",
            display_name="Load Cropper",
            category="Salient Crop",
            description="Loads the model or method that says where the value of a picture lies: a bundled one, or a"
            " checkpoint from models/croppers.",
            has_intermediate_output=True,
            search_aliases=["saliency model", "crop model", "gaic", "transalnet"],
            inputs=[
                io.Combo.Input(
                    "cropper",
                    options=[*BUNDLED, *folder_paths.get_filename_list(MODEL_FOLDER)],
                    default=DEFAULT,
                    tooltip="The first ones are bundled and need no download. Files in models/croppers follow; their"
                    " kind is recognised by their content.",
                ),
            ],
            outputs=[CropperType.Output("cropper", tooltip="For every node with a cropper input.")],
        )

    @classmethod
    def validate_inputs(cls, cropper: str | None = None) -> bool | str:
        known = folder_paths.get_filename_list(MODEL_FOLDER)
        if cropper is None or cropper in BUNDLED or cropper in known:
            return True
        return (
            f"cropper: there is no {cropper!r} in models/{MODEL_FOLDER}. Put the file there and refresh the nodes (R),"
            f" or choose another one: {', '.join([*BUNDLED, *known])}"
        )

    @classmethod
    def execute(cls, cropper: str) -> io.NodeOutput:
        bundled = cropper in BUNDLED
        source = cropper if bundled else folder_paths.get_full_path_or_raise(MODEL_FOLDER, cropper)
        loaded = load_cropper(source)
        words = f"{cropper}: {SUMMARIES[cropper]}" if bundled else f"{cropper} is a checkpoint of {loaded.name}."
        hosted = HostedCropper(loaded, source)
        if loaded.runtime_on(hosted.device) == OPENVINO:
            words += " OpenVINO runs it."
        return io.NodeOutput(hosted, ui=Panel().show(words))
