"""Pictures, croppers and runs that the tests of this room share."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.size_curve import SizeCurve
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.folder import crop_folder
from salient_crop.jobs.run import FolderRun
from salient_crop.jobs.settings import CropSettings
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper


class Scripted(Cropper):
    """All heat lies where the weights say, at a share of the width and of the height."""

    name = "scripted"

    def __init__(self, across=0.5, down=0.5, subjects=()):
        self.module = nn.Module()
        self.module.register_parameter("place", nn.Parameter(torch.tensor([across, down]), requires_grad=False))
        self.subjects = subjects

    def analyse(self, images):
        heat = torch.full((16, 16), 0.01)
        across, down = (min(15, int(16 * each)) for each in self.module.place.tolist())
        heat[down, across] = 10
        return [Analysis(heat, self.subjects) for _ in images]


class Folder:
    """A folder of pictures, an output, and runs over it."""

    def __init__(self, base: Path):
        self.photos, self.out = base / "photos", base / "out"
        self.steps = []

    def add(self, name, size=(48, 32), seed=0):
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(seed).integers(0, 255, (4, 5, 3), np.uint8)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
        return path

    def settings(self, cropper=None, **more):
        constraint = more.pop("constraint", Constraint((Ratio(1, 1),)))
        return CropSettings.for_cropper(cropper or Scripted(), constraint, **more)

    def run(self, settings=None, out=None, **more):
        out = out or self.out
        return FolderRun(self.photos, out, out / "manifest.jsonl", settings or self.settings(), **more)

    def crop(self, settings=None, cropper=None, out=None, progress=None, **more):
        """Crops the folder; returns the outcome. `self.steps` holds every step."""
        self.steps.clear()
        cropper = cropper or Scripted()
        run = self.run(settings or self.settings(cropper), out, **more)
        with Analyser(cropper) as analyser:
            return crop_folder(run, analyser, progress or self.steps.append)

    def tree(self, out=None):
        out = out or self.out
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path):
    """A folder of three pictures."""
    made = Folder(tmp_path)
    for seed, (name, size) in enumerate({"a.png": (48, 32), "b.png": (32, 48), "trip/c.png": (40, 40)}.items()):
        made.add(name, size, seed)
    return made


@pytest.fixture
def scripted():
    return Scripted


class SmallSizes:
    """A size model that likes crops of half the largest side."""

    digest = "small"

    def curve(self, size, ratio, requested):
        return SizeCurve((1.0, 0.0))


@pytest.fixture
def small_crops():
    """An objective under which the size outweighs all else, and small is good."""
    return Objective(ObjectiveWeights(size=50.0), SmallSizes())


@pytest.fixture
def with_settings():
    """Settings with some fields changed; those of the constraint by a name such as `constraint_policy`."""

    def change(settings, **more):
        inner = {name.removeprefix("constraint_"): more.pop(name) for name in list(more) if "constraint_" in name}
        return replace(settings, constraint=replace(settings.constraint, **inner), **more)

    return change
