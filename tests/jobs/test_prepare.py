"""From what a user asks for to a run."""

import inspect
from dataclasses import fields
from pathlib import Path

import pytest

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.jobs.bucket_options import BucketOptions
from salient_crop.jobs.defaults import default_workers
from salient_crop.jobs.prepare import prepare_run
from salient_crop.jobs.settings import CropSettings

CONSTRAINT = Constraint((Ratio(2, 3),))


@pytest.fixture
def prepare(folder, scripted):
    def call(*pictures, out=folder.out, **more):
        return prepare_run(list(pictures) or [folder.photos], out, scripted(), CONSTRAINT, **more)

    return call


def test_where_nothing_is_said(folder, scripted, prepare):
    run = prepare()
    assert (run.folder, run.out, run.manifest) == (folder.photos, folder.out, folder.out / "manifest.jsonl")
    assert (run.workers, run.sources) == (default_workers("cpu"), None)
    assert run.settings == CropSettings.for_cropper(scripted(), CONSTRAINT)


def test_all_that_is_said_reaches_the_settings(folder, scripted, prepare):
    masks = folder.photos / "trip"
    given = {
        "checkpoint": "a.pt",
        "objective": Objective(ObjectiveWeights(size=0.5)),
        "each": True,
        "resolution": 256,
        "enlarge": False,
        "format": "png",
        "background": None,
        "masks": masks,
        "follow_links": True,
        "dry_run": True,
    }
    run = prepare(manifest=Path("list.jsonl"), workers=5, memory=10**9, device="cuda:0", **given)
    assert run.settings == CropSettings.for_cropper(scripted(), CONSTRAINT, device="cuda", **given)
    assert (run.manifest, run.workers, run.memory) == (Path("list.jsonl"), 5, 10**9)


def test_with_buckets_the_resolution_is_theirs(prepare):
    run = prepare(resolution=256, buckets=BucketOptions("auto:2", dataset="kohya", concept="cat"), enlarge=False)
    assert run.settings.resolution is None
    assert (run.settings.buckets.resolution, run.settings.buckets.most_enlarged) == (256, 1.0)
    assert (run.settings.dataset.name, run.settings.dataset.concept) == ("kohya", "cat")


def test_grids_are_made_from_the_pictures_that_are_named(folder, prepare):
    one = prepare(folder.photos / "a.png", buckets=BucketOptions("quantile:1"))
    assert (one.folder, one.sources) == (folder.photos, ("a.png",))
    width, height = one.settings.buckets.grid.sizes[0]
    assert width > height
    masks = folder.photos / "trip"
    both = prepare(buckets=BucketOptions("quantile:2"), masks=masks)  # not the picture in the folder of masks
    assert all(width != height for width, height in both.settings.buckets.grid.sizes)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"out": None}, "^out: name a folder for the crops"),
        ({"workers": 0}, "^workers must be at least 1, got 0"),
        ({"memory": 0}, "^memory: must be at least one byte, got 0"),
        ({"masks": Path("gone")}, "^masks: gone is not a folder"),
        ({"resolution": 7}, "resolution must be at least 8"),
        ({"out": None, "manifest": Path("a.jsonl")}, "^out: name a folder for the crops, or make it a dry run"),
    ],
)
def test_what_cannot_be_is_named(prepare, given, words):
    with pytest.raises(ValueError, match=words):
        prepare(**given)


def test_a_dry_run_with_a_manifest_needs_no_output(prepare):
    run = prepare(out=None, manifest=Path("a.jsonl"), dry_run=True, workers=1)
    assert (run.out, run.output, run.workers) == (None, None, 1)


def test_every_setting_can_be_asked_for_and_has_the_same_default():
    asked = {name: each.default for name, each in inspect.signature(prepare_run).parameters.items()}
    known = {each.name: each.default for each in fields(CropSettings)}
    for name in set(known) - {"cropper", "weights", "runtime", "constraint", "buckets", "dataset"}:
        assert asked[name] == known[name]
