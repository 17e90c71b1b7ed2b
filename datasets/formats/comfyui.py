"""ComfyUI's own dataset nodes: a folder `N_concept` below a folder of `input/`."""

from __future__ import annotations

from pathlib import PurePosixPath

from ...cropping.checks import check_size
from .base import DatasetFormat, Size, concept_folder


class ComfyUi(DatasetFormat):
    """What ComfyUI's nodes for training read."""

    name = "comfyui"
    summary = "what ComfyUI's own dataset nodes read: folders N_concept below a folder of input/"
    reads_subfolders = False
    reads_all_pictures = True
    usual_step = 8  # pixels a side that one latent pixel covers; 16 or 32 for some models

    @property
    def crop_folder(self) -> str:
        return concept_folder(self.concept, self.repeats)

    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        """The size down to whole latent pixels, whatever the resolution."""
        size = check_size("size", size)
        kept = size[0] - size[0] % self.rule_step, size[1] - size[1] % self.rule_step
        return None if kept == size else kept

    def mask_path(self, crop_path: str) -> str:
        """In a folder `masks` beside the crop: ComfyUI's loader takes every picture one level below the data set."""
        path = PurePosixPath(crop_path)
        return str(path.parent / "masks" / path.with_suffix(".png").name)
