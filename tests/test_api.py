"""The front door for Python: what `import salient_crop` offers, and that it costs nothing until it is used."""

import ast
import importlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_pictures import save_picture, tree
from PIL import Image

import salient_crop
from salient_crop import version as version_module
from salient_crop.bucketing.grids import parse_grid
from salient_crop.datasets.manifest import read_manifest
from salient_crop.jobs.bucket_stages import measure_picture
from salient_crop.jobs.settings import BucketSettings
from salient_crop.jobs.sizes import measure_size

ROOT = Path(salient_crop.__file__).parent


def run_fresh(code: str) -> str:
    """Runs code in a new process that has this checkout as `salient_crop`; its output."""
    load = (
        "import importlib.util, json, sys\n"
        f"spec = importlib.util.spec_from_file_location('salient_crop', {str(ROOT / '__init__.py')!r},"
        f" submodule_search_locations=[{str(ROOT)!r}])\n"
        "package = sys.modules['salient_crop'] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(package)\n"
    )
    ran = subprocess.run([sys.executable, "-c", load + code], capture_output=True, text=True, check=True)
    return ran.stdout


def test_importing_the_package_imports_nothing_slow():
    loaded = json.loads(
        run_fresh(
            "import salient_crop\n"
            "salient_crop.__version__, dir(salient_crop), salient_crop.WEB_DIRECTORY, salient_crop.comfy_entrypoint\n"
            "print(json.dumps(sorted(sys.modules)))"
        )
    )
    assert not {"torch", "numpy", "PIL", "scipy", "tqdm"} & set(loaded)


@pytest.mark.parametrize("package", ["salient_crop", "salient_crop.cropping"])
def test_every_public_name_is_there(package):
    module = importlib.import_module(package)
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert module.__all__ == sorted(module.__all__)


@pytest.mark.parametrize("package", ["salient_crop", "salient_crop.cropping"])
def test_type_checkers_see_what_is_imported(package):
    """The imports under TYPE_CHECKING are those of the lazy table, name by name."""
    module = importlib.import_module(package)
    (block,) = (each for each in ast.parse(Path(module.__file__).read_text("utf-8")).body if isinstance(each, ast.If))
    seen = {
        alias.asname or alias.name: "." * statement.level + (statement.module or "")
        for statement in block.body
        if isinstance(statement, ast.ImportFrom) and statement.level
        for alias in statement.names
    }
    assert set(seen) == set(module.__all__)
    assert seen == {**module._HOMES, **({"__version__": ".version"} if package == "salient_crop" else {})}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonesuch"):
        salient_crop.nonesuch  # noqa: B018
    assert not hasattr(salient_crop, "NODE_CLASS_MAPPINGS")


def test_the_host_finds_its_entry_point():
    assert salient_crop.WEB_DIRECTORY == "./web"
    assert importlib.import_module("inspect").iscoroutinefunction(salient_crop.comfy_entrypoint)
    assert (ROOT / "py.typed").is_file()


def test_the_version_is_that_of_the_project(tmp_path, monkeypatch):
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{salient_crop.__version__}"\n' in text
    monkeypatch.setattr(version_module, "version", {"salient-crop": "7.8.9"}.__getitem__)
    assert version_module.read_version(tmp_path) == "7.8.9"  # installed: no pyproject.toml beside the package
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.3"\n')
    assert version_module.read_version(tmp_path) == "1.2.3"


@pytest.mark.parametrize(
    ("old", "new"),
    [("Layout", "TextRegion"), ("Weights", "ObjectiveWeights"), ("LAYOUT_PRESETS", "TEXT_REGION_PRESETS")],
)
def test_names_of_version_0_1_keep_working_and_name_the_new_one(old, new):
    cropping = importlib.import_module("salient_crop.cropping")
    with pytest.warns(DeprecationWarning, match=f"{old} is now called {new}") as caught:
        assert getattr(cropping, old) is getattr(cropping, new)
    assert caught[0].filename == __file__
    assert old not in dir(cropping)


def test_boxes_and_ratios_need_no_torch():
    assert run_fresh("from salient_crop.cropping import Box, Ratio\nprint('torch' in sys.modules)") == "False\n"


# crop


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """A photograph as a file without loss."""
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.open(ROOT / "samples" / "astronaut.jpg").convert("RGB").save(path)
    return path


@pytest.fixture(scope="module")
def from_file(photo):
    return salient_crop.crop(photo, "2:3")


@pytest.mark.parametrize(
    "convert",
    [
        str,
        Path.read_bytes,
        Image.open,
        lambda path: np.asarray(Image.open(path)),
        lambda path: torch.from_numpy(np.array(Image.open(path))).float() / 255,
        lambda path: torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1).float() / 255,
    ],
    ids=["str", "bytes", "PIL", "array", "tensor [H, W, C]", "tensor [C, H, W]"],
)
def test_the_same_picture_gives_the_same_crop_from_any_source(photo, from_file, convert):
    found = salient_crop.crop(convert(photo), "2:3")
    assert found.crop == from_file.crop
    assert np.array_equal(np.asarray(found.image), np.asarray(from_file.image))


@pytest.mark.parametrize("name", ["focus", "smartcrop"])
def test_python_and_the_command_agree(tmp_path, name):
    from salient_crop.cli.main import main

    folder = tmp_path / "in"
    folder.mkdir()
    for sample in ("coffee.jpg", "rocket.jpg"):
        (folder / sample).write_bytes((ROOT / "samples" / sample).read_bytes())
    words = ["--ratios", "3:2,9:16", "--resolution", "256", "--cropper", name, "--format", "png"]
    assert main(["crop", str(folder), "--out", str(tmp_path / "out"), *words]) == 0
    for record in read_manifest(tmp_path / "out" / "manifest.jsonl"):
        (listed,) = record.crops
        found = salient_crop.crop(folder / record.source, "3:2,9:16", cropper=name, resolution=256)
        assert (str(found.ratio), tuple(found.box.as_list())) == (listed.ratio, listed.box)
        assert found.source_size == record.size
        assert found.score == pytest.approx(listed.score, abs=1e-5)
        with Image.open(tmp_path / "out" / listed.file) as written:
            assert np.array_equal(np.asarray(written), np.asarray(found.image))


def test_a_crop_reads_well(from_file):
    assert str(from_file) == (
        f"341×512 at 2:3: box x={from_file.box.x} y=0 width=341 height=512 of 512×512,"
        f" score {from_file.score:.2f}, keeps {from_file.kept:.0%} of the heat"
    )
    assert repr(from_file) == f"<CroppedPicture {from_file}>"
    assert from_file.ratio == salient_crop.Ratio(2, 3)
    assert from_file.terms["size"] == 1
    assert from_file.image.mode == "RGB"


GREY = np.full((40, 60, 3), 90, np.uint8)


def test_warnings_are_read_with_the_crop(from_file):
    warnings = [salient_crop.CropWarning("head-cut", f"the head {where} is cut") for where in ("left", "right")]
    warned = replace(from_file, crop=replace(from_file.crop, warnings=tuple(warnings)))
    assert warned.warnings == tuple(warnings)
    assert str(warned) == f"{from_file}\n  warning: the head left is cut\n  warning: the head right is cut"
    assert repr(warned) == f"<CroppedPicture {from_file}; warnings: head-cut>"


def test_the_example_of_the_readme_is_true(samples, tmp_path, monkeypatch, capsys):
    text = (ROOT / "README.md").read_text("utf-8")
    code, printed = re.search(r"## Python\n\n```python\n(.+?)```\n\n(.+?)\n\n", text, re.DOTALL).groups()
    (tmp_path / "photo.jpg").write_bytes((samples / "astronaut.jpg").read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(code, {})  # noqa: S102
    assert capsys.readouterr().out.strip() == printed.strip()
    assert Image.open("photo-2x3.jpg").size == (341, 512)


def test_a_crop_without_its_subject_warns(samples):
    found = salient_crop.crop(samples / "astronaut.jpg", "21:9")
    assert "subject-left-out" in {each.code for each in found.warnings}
    assert str(found).count("\n  warning: ") == len(found.warnings)


GREY = np.full((40, 60, 3), 90, np.uint8)


def test_ratios_and_constraint_and_cropper():
    crop = salient_crop.crop
    assert crop(GREY, cropper="centre").ratio == salient_crop.Ratio(3, 2)  # the picture's own
    narrow = salient_crop.Constraint(ratios=(salient_crop.Ratio(1, 2),), keep=((0.9, 0.0, 1.0, 0.1),))
    found = crop(GREY, cropper="centre", constraint=narrow)
    assert found.ratio == salient_crop.Ratio(1, 2)
    assert found.box.right == 60
    found = crop(GREY, salient_crop.Ratio(1, 1), cropper=salient_crop.load_cropper("centre"), constraint=narrow)
    assert found.box.as_list() == [20, 0, 40, 40]
    with pytest.raises(salient_crop.UnsatisfiableError, match="^no 1:4 crop of a 60×40 picture"):
        tall = salient_crop.Constraint(keep=((0.0, 0.0, 1.0, 1.0),), policy="error")
        crop(GREY, "1:4", cropper="centre", constraint=tall)


def test_resolution_and_background():
    clear = np.dstack([GREY, np.zeros((40, 60), np.uint8)])
    assert salient_crop.crop(clear, "1:1", cropper="centre", resolution=64).image.size == (64, 64)
    for background, pixel in (("white", (255, 255, 255)), ("#010203", (1, 2, 3)), ((4, 5, 6), (4, 5, 6))):
        assert salient_crop.crop(clear, "1:1", cropper="centre", background=background).image.getpixel((5, 5)) == pixel
    kept = salient_crop.crop(clear, "1:1", cropper="centre", background=None).image
    assert kept.mode == "RGBA"
    assert kept.getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"picture": 5}, TypeError, "picture"),
        ({"picture": GREY.astype(float)}, ValueError, "picture"),
        ({"picture": "nowhere.jpg"}, salient_crop.PictureError, "nowhere.jpg"),
        ({"picture": b"nothing"}, salient_crop.PictureError, "picture"),
        ({"ratio": "2:0"}, ValueError, "2:0"),
        ({"ratio": ""}, ValueError, "ratio"),
        ({"ratio": []}, ValueError, "ratio"),
        ({"ratio": 1.5}, TypeError, "ratio"),
        ({"ratio": [(2, 3)]}, TypeError, "ratio"),
        ({"cropper": "nonesuch"}, FileNotFoundError, "nonesuch"),
        ({"cropper": 7}, TypeError, "cropper"),
        ({"resolution": 4}, ValueError, "resolution"),
        ({"background": "nocolour"}, ValueError, "nocolour"),
        ({"background": (1, 2)}, TypeError, "background"),
        ({"background": (0, 0, 256)}, ValueError, "background"),
        ({"device": "tpu"}, ValueError, "device"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(arguments, kind, words):
    given = {"picture": GREY, "ratio": "1:1", "cropper": "centre", **arguments}
    with pytest.raises(kind, match=words):
        salient_crop.crop(given.pop("picture"), given.pop("ratio"), **given)


# crop_folder


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
            {"ratios": "1:1,2:3", "each": True, "resolution": 64, "enlarge": False, "format": "webp"},
            ["--ratios", "1:1,2:3", "--each", "--resolution", "64", "--no-enlarge", "--format", "webp"],
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
        ({"background": "nocolour"}, ValueError, "nocolour"),
        ({"background": None}, ValueError, "transparen"),  # of a jpg
        ({"masks": "nowhere"}, ValueError, "^masks"),
        ({"workers": 0}, ValueError, "^workers"),
        ({"each": True, "constraint": salient_crop.Constraint()}, ValueError, "^each"),
        ({"each": True, "buckets": "sdxl"}, ValueError, "each"),
        ({"buckets": "nonesuch"}, ValueError, "^buckets"),
        ({"dataset": "kohya"}, ValueError, "^dataset: does nothing without buckets"),
        ({"batch_size": 1}, ValueError, "^batch_size: does nothing without buckets"),
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


# plan_buckets


def test_a_plan_of_a_folder_is_that_of_its_run_and_writes_nothing(photos, tmp_path):
    before = tree(photos)
    words = {"cropper": "smartcrop", "resolution": 256, "smallest": 1}
    report = salient_crop.plan_buckets(photos, "auto:2", **words)
    assert report == salient_crop.crop_folder(photos, tmp_path, buckets="auto:2", **words).report
    assert tree(photos) == before
    assert sum(report.planned.counts.values()) == 3


def test_a_plan_of_sizes_is_that_of_pictures_whose_every_part_is_worth_the_same():
    sizes = [(1000, 667), (667, 1001), (1920, 1080), (300, 300), (1000, 667)]
    settings = BucketSettings(parse_grid("kohya", 512), 512, smallest=1, most_enlarged=1.5)
    uniform = salient_crop.Analysis(torch.ones(1, 1))
    for size in sizes:
        exact = measure_picture(uniform, size, salient_crop.Constraint(min_share=1.0), settings)
        for quick, slow in zip(measure_size(size, settings), exact, strict=True):
            assert (quick.bucket, quick.box[2:]) == (slow.bucket, slow.box[2:])
            assert quick.box[:2] == pytest.approx(slow.box[:2], abs=1)
            assert quick.kept == pytest.approx(slow.kept, abs=1e-6)
    report = salient_crop.plan_buckets(sizes, "kohya", resolution=512, smallest=1, most_enlarged=1.5)
    assert sum(report.planned.counts.values()) == 4
    assert report.left_out == ["4: 300x300: would have to be enlarged beyond the limit in every bucket"]


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
