"""The extension that ComfyUI loads: it registers the model folder and lists the nodes."""

from __future__ import annotations

import os

import folder_paths
from comfy_api.latest import ComfyExtension, io

from ..models.checkpoint import SUFFIXES
from .apply_box import ApplyBox
from .bucket_sort import BucketSort
from .constrained_crop import ConstrainedCrop
from .constraint import CropConstraint
from .crop_folder import CropFolder
from .face_crops import FaceCrops
from .heatmap import Heatmap
from .load_cropper import MODEL_FOLDER, LoadCropper
from .load_folder import LoadFolder
from .paste_back import PasteBack
from .save_dataset import SaveDataset
from .subject_crops import SubjectCrops


def register_model_folder() -> None:
    """Make `models/croppers` known to the host, listing checkpoints only (a new folder would list every file)."""
    default = os.path.join(folder_paths.models_dir, MODEL_FOLDER)
    folder_paths.add_model_folder_path(MODEL_FOLDER, default, is_default=True)
    folder_paths.folder_names_and_paths[MODEL_FOLDER][1].update(SUFFIXES)


class SalientCropExtension(ComfyExtension):
    async def on_load(self) -> None:
        register_model_folder()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [
            LoadCropper,
            Heatmap,
            CropConstraint,
            ConstrainedCrop,
            LoadFolder,
            ApplyBox,
            FaceCrops,
            PasteBack,
            BucketSort,
            CropFolder,
            SaveDataset,
            SubjectCrops,
        ]
