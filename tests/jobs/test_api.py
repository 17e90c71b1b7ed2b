"""Whole folders from Python: as the command does it, with its flags as keywords."""

import math

import pytest
from made_pictures import save_picture, tree
from PIL import Image

import salient_crop
from salient_crop.datasets.manifest import read_manifest


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "photos"
    for seed, (name, size) in enumerate({"a.png": (120, 80), "b.png": (80, 120), "trip/c.png": (100, 90)}.items()):
        save_picture(folder / name, size, seed)
    (folder / "a.txt").write_text("a caption")
    return folder


@pytest.mark.parametrize(
    ("keywords", "flags"),
    [
        ({}, []),
        (
            {
                "ratios": "1:1,2:3",
                "each": True,
                "framing": "as people crop",
                "on_cut": "drop",
                "resolution": 64,
                "enlarge": False,
                "format": "webp",
            },
            [
                "--ratios",
                "1:1,2:3",
                "--each",
                "--framing",
                "as-people-crop",
                "--on-cut",
                "drop",
                "--resolution",
                "64",
                "--no-enlarge",
                "--format",
                "webp",
            ],
        ),
        (
            {
                "buckets": "auto:2",
                "resolution": 256,
                "batch_size": 2,
                "remainder": "repeat",
                "smallest": 1,
                "most_enlarged": 8.0,
                "duplicates": "report",
                "dataset": "kohya",
                "concept": "x",
                "repeats": 3,
                "background": "#00f",
            },
            [
                *("--buckets", "auto:2", "--resolution", "256", "--batch-size", "2", "--remainder", "repeat"),
                *("--smallest", "1", "--most-enlarged", "8", "--duplicates", "report", "--dataset", "kohya"),
                *("--concept", "x", "--repeats", "3", "--background", "#00f"),
            ],
        ),
        ({"dry_run": True, "follow_links": True}, ["--dry-run", "--follow-links"]),
    ],
)
def test_a_folder_is_cropped_as_the_command_does_it(photos, tmp_path, keywords, flags):
    from salient_crop.cli.main import main

    outcome = salient_crop.crop_folder(photos, tmp_path / "python", cropper="smartcrop", **keywords)
    assert outcome.failed == 0
    words = ["crop", str(photos), "--out", str(tmp_path / "command"), "--cropper", "smartcrop", *flags]
    assert main(words) == 0
    assert tree(tmp_path / "python") == tree(tmp_path / "command")


def test_named_pictures_masks_constraint_and_progress(photos, tmp_path):
    Image.new("L", (120, 80), 255).save(tmp_path / "a.png")
    steps = []
    outcome = salient_crop.crop_folder(
        [photos / "a.png", photos / "b*.png"],
        tmp_path / "out",
        cropper=salient_crop.load_cropper("centre"),
        constraint=salient_crop.Constraint((salient_crop.Ratio(1, 1),), min_share=1.0),
        masks=tmp_path,
        manifest=tmp_path / "list.jsonl",
        workers=1,
        progress=steps.append,
    )
    assert (outcome.pictures, outcome.crops) == (2, 2)
    assert [(step.done, step.total, step.record.source) for step in steps] == [(1, 2, "a.png"), (2, 2, "b.png")]
    assert set(tree(tmp_path / "out")) == {"a.jpg", "b.jpg", "a.txt", "masks/a.png"}
    boxes = {record.source: record.crops[0].box for record in read_manifest(tmp_path / "list.jsonl")}
    assert boxes == {"a.png": (20, 0, 80, 80), "b.png": (0, 20, 80, 80)}


def test_memory_is_an_amount_or_bytes(photos, tmp_path):
    for memory, failed in (("1MB", True), (10**6, True), ("1GB", False), (10**9, False)):
        outcome = salient_crop.crop_folder(photos, tmp_path / "out", cropper="centre", memory=memory)
        assert (outcome.failed == outcome.pictures) == failed
    with pytest.raises(ValueError, match="^memory: '4' is no amount of memory"):
        salient_crop.crop_folder(photos, tmp_path / "out", cropper="centre", memory="4")


def test_a_constraint_without_ratios_keeps_each_pictures_own(photos, tmp_path):
    salient_crop.crop_folder(photos, tmp_path, cropper="centre", constraint=salient_crop.Constraint(min_share=1.0))
    for record in read_manifest(tmp_path / "manifest.jsonl"):
        assert record.crops[0].box == (0, 0, *record.size)


@pytest.mark.parametrize(
    ("keywords", "kind", "words"),
    [
        ({"pictures": 7}, TypeError, "pictures"),
        ({"pictures": []}, ValueError, "name a folder"),
        ({"pictures": "nowhere"}, salient_crop.RunError, "nowhere"),
        ({"pictures": "nowhere/*.jpg"}, ValueError, "no picture matches"),
        ({"out": None}, ValueError, "^out"),
        ({"ratios": "2:0"}, ValueError, "2:0"),
        ({"cropper": "nonesuch"}, FileNotFoundError, "nonesuch"),
        ({"format": "tiff"}, ValueError, "tiff"),
        ({"runtime": "onnx"}, ValueError, "^runtime: 'onnx' is none of auto, torch, openvino$"),
        ({"precision": "half"}, ValueError, "^precision: 'half' is none of float32, bfloat16$"),
        ({"precision": "bfloat16"}, ValueError, "^precision: bfloat16: centre has no network$"),
        ({"on_cut": "skip"}, ValueError, "^on_cut must be one of keep, drop, pad, got 'skip'"),
        ({"background": "nocolour"}, ValueError, "nocolour"),
        ({"background": None}, ValueError, "transparen"),  # of a jpg
        ({"masks": "nowhere"}, ValueError, "^masks"),
        ({"workers": 0}, ValueError, "^workers"),
        ({"workers": 1.5}, TypeError, "^workers must be a whole number"),
        ({"workers": 10**9}, ValueError, "^workers must be at most"),
        ({"out": ""}, ValueError, "^out: the path is empty"),
        ({"masks": ""}, ValueError, "^masks: the path is empty"),
        ({"masks": 3}, TypeError, "^masks must be a path, got 3"),
        ({"manifest": True}, TypeError, "^manifest must be a path"),
        ({"progress": 0}, TypeError, "^progress must be callable, got 0"),
        ({"constraint": 0}, TypeError, "^constraint must be of the type Constraint, got 0"),
        ({"objective": None}, TypeError, "^objective must be of the type Objective"),
        ({"objective": None, "framing": "as people crop"}, TypeError, "^objective must be of the type Objective"),
        ({"framing": "close"}, ValueError, "^framing must be one of keep the most, as people crop, got 'close'"),
        ({"framing": None}, TypeError, "^framing must be text, got None"),
        ({"each": "no"}, TypeError, "^each must be of the type bool"),
        ({"enlarge": 0}, TypeError, "^enlarge must be of the type bool"),
        ({"dry_run": "yes"}, TypeError, "^dry_run must be of the type bool"),
        ({"resolution": 512.0}, TypeError, "^resolution must be a whole number"),
        ({"resolution": 10**6}, ValueError, "^resolution must be at most 16384"),
        ({"ratios": "1e99999999"}, ValueError, "1e99999999"),
        ({"buckets": 3}, TypeError, "^buckets must be of the type str, got 3"),
        ({"buckets": "sdxl", "dataset": 3}, TypeError, "^dataset must be of the type str"),
        ({"buckets": "sdxl", "enlarge": 0}, TypeError, "^enlarge must be of the type bool"),
        ({"buckets": "sdxl", "resolution": 10**6}, ValueError, "^buckets: resolution must be"),
        ({"buckets": "sdxl", "smallest": 1.5}, TypeError, "^smallest must be a whole number"),
        ({"buckets": "sdxl", "most_enlarged": float("inf")}, ValueError, "^most_enlarged must be a finite"),
        ({"buckets": "sdxl", "dataset": "comfyui", "step": 0}, ValueError, "^step must be at least 1"),
        ({"each": True, "constraint": salient_crop.Constraint()}, ValueError, "^each"),
        ({"each": True, "buckets": "sdxl"}, ValueError, "each"),
        ({"buckets": "nonesuch"}, ValueError, "^buckets"),
        ({"dataset": "kohya"}, ValueError, "^dataset: does nothing without buckets"),
        ({"batch_size": 1}, ValueError, "^batch_size: does nothing without buckets"),
        ({"buckets": "sdxl", "ratios": "1:1"}, ValueError, "^ratios: does nothing with buckets"),
        ({"buckets": "sdxl", "remainder": "drop"}, ValueError, "^remainder: does nothing without a batch_size"),
        (
            {"buckets": "sdxl", "dataset": "diffusers", "repeats": 2},
            ValueError,
            "^repeats: does nothing in",
        ),
        ({"buckets": "sdxl", "batch_size": 0}, ValueError, "batch_size"),
        ({"buckets": "sdxl", "most_enlarged": float("nan")}, ValueError, "most_enlarged"),
        ({"buckets": "sdxl", "dataset": "nonesuch"}, ValueError, "nonesuch"),
        ({"buckets": "sdxl", "dataset": "kohya", "concept": ".."}, ValueError, "^concept"),
    ],
)
def test_a_folder_that_cannot_be_cropped_as_asked_is_refused_by_name(photos, tmp_path, keywords, kind, words):
    given = {"pictures": photos, "out": tmp_path / "out", "cropper": "centre", **keywords}
    with pytest.raises(kind, match=words):
        salient_crop.crop_folder(given.pop("pictures"), given.pop("out"), given.pop("ratios", None), **given)
    assert not (tmp_path / "out").exists()


def test_a_plan_of_a_folder_is_that_of_its_run_and_writes_nothing(photos, tmp_path):
    before = tree(photos)
    words = {"cropper": "smartcrop", "resolution": 256, "smallest": 1}
    report = salient_crop.plan_buckets(photos, "auto:2", **words)
    assert report == salient_crop.crop_folder(photos, tmp_path, buckets="auto:2", **words).report
    assert tree(photos) == before
    assert sum(report.planned.counts.values()) == 3


def test_a_plan_of_sizes_follows_the_options():
    sizes = [(1000, 1500)] * 3 + [(1500, 1000)] * 3
    assert salient_crop.plan_buckets(sizes, "auto:2").planned.counts == {(832, 1216): 3, (1216, 832): 3}
    assert set(salient_crop.plan_buckets(sizes, "auto:1").planned.counts.values()) == {6}
    assert salient_crop.plan_buckets(sizes[:5], "auto:2", batch_size=2, remainder="drop").left_out
    assert salient_crop.plan_buckets([(10, 10)], "square", enlarge=False).left_out
    assert salient_crop.plan_buckets(sizes, "quantile:2", resolution=256).planned.counts


@pytest.mark.parametrize(
    ("pictures", "keywords", "kind", "words"),
    [
        ([], {}, ValueError, "name a folder"),
        ([(0, 5)], {}, ValueError, "sizes"),
        ([(math.nan, 5)], {}, TypeError, "sizes must be a whole number, got nan"),
        ([(5.5, 5)], {}, TypeError, "sizes must be a whole number"),
        ([(5, 5), (5, 5, 5)], {}, ValueError, "sizes needs width and height"),
        ([(5, 5), 5], {}, TypeError, "sizes must be a sequence"),
        ([(2**40, 5)], {}, ValueError, "sizes must have sides of at most"),
        ([(5, 5)], {"buckets": None}, TypeError, "buckets must be of the type str, got None"),
        ([(5, 5)], {"enlarge": "no"}, TypeError, "enlarge must be of the type bool"),
        ([(5, 5)], {"dataset": ""}, ValueError, "'' is no dataset format"),
        ([(5, 5)], {"cropper": "centre"}, TypeError, "cropper"),
        ([(5, 5)], {"buckets": "nonesuch"}, ValueError, "buckets"),
        ("nowhere", {"cropper": "centre"}, salient_crop.RunError, "nowhere"),
    ],
)
def test_what_cannot_be_planned_is_refused_by_name(pictures, keywords, kind, words):
    with pytest.raises(kind, match=words):
        salient_crop.plan_buckets(pictures, **keywords)


def test_a_plan_of_pictures_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "a.jpg").write_text("no picture")
    with pytest.raises(salient_crop.RunError, match=r"a\.jpg: not a picture"):
        salient_crop.plan_buckets(tmp_path, cropper="centre")
