"""`salient-crop crop`: what its arguments mean, and which are refused. What a run does is tested in `tests/jobs`."""

import errno
import itertools
import json
import os
import signal
import time

import pytest
import torch
from made_pictures import save_picture, tree
from PIL import Image

from salient_crop.cli.main import main
from salient_crop.cropping.subject import Subject
from salient_crop.datasets.output_folder import OutputFolder
from salient_crop.models import registry
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper

SIZES = {"a.jpg": (120, 80), "a.png": (80, 120), "trip/b ü.webp": (90, 90), "trip/deep/c.bmp": (150, 60)}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder that no test changes."""
    folder = tmp_path_factory.mktemp("crop") / "photos"
    for seed, (name, size) in enumerate(SIZES.items()):
        save_picture(folder / name, size, seed)
    (folder / "trip" / "b ü.txt").write_text("a caption", "utf-8")
    (folder / "a.txt").write_text("a caption", "utf-8")
    return folder


def crop(*words):
    """The exit status of `crop` with the fastest cropper."""
    try:
        return main(["crop", *map(str, words), "--cropper", "centre"])
    except SystemExit as exit:
        return exit.code


def records(out):
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]


def crops(out):
    """All files that a run wrote but the manifest and what lies beside it."""
    return {name: content for name, content in tree(out).items() if not name.startswith("manifest")}


# Which pictures


@pytest.fixture(scope="module")
def whole(photos, tmp_path_factory):
    """The output of a run over the whole folder."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert crop(photos, "--out", out) == 0
    return out


def test_one_folder_is_cropped_with_all_below_it(whole):
    assert [record["source"] for record in records(whole)] == list(SIZES)
    assert set(crops(whole)) == {
        *("a_jpg.jpg", "a_jpg.txt", "a_png.jpg", "a_png.txt"),
        *("trip/b ü.jpg", "trip/b ü.txt", "trip/deep/c.jpg"),
    }


@pytest.mark.parametrize(
    ("words", "sources"),
    [
        (["a.jpg"], ["a.jpg"]),
        (["a.png", "a.jpg", "./a.png"], ["a.jpg", "a.png"]),
        (["*.*"], ["a.jpg", "a.png"]),
        (["**/*.[pw]*"], ["a.png", "trip/b ü.webp"]),
        (["trip/deep/c.bmp", "a.jpg"], ["a.jpg", "trip/deep/c.bmp"]),
        (["*.gif", "a.jpg", "*/*.webp"], None),
    ],
)
def test_named_pictures_are_cropped_as_with_their_folder(photos, whole, tmp_path, words, sources):
    status = crop(*(photos / word for word in words), "--out", tmp_path / "out")
    if sources is None:  # one pattern matches nothing
        assert (status, list(tmp_path.iterdir())) == (2, [])
        return
    assert status == 0
    assert [record["source"] for record in records(tmp_path / "out")] == sources
    assert set(records_by_source(tmp_path / "out").items()) <= set(records_by_source(whole).items())
    made = crops(tmp_path / "out")
    assert made.items() <= crops(whole).items()
    assert len([name for name in made if name.endswith(".jpg")]) == len(sources)


def records_by_source(out):
    return {record["source"]: json.dumps(record) for record in records(out)}


def test_pictures_of_several_folders_are_named_from_the_folder_they_share(photos, tmp_path):
    assert crop(photos / "trip" / "b ü.webp", photos / "trip" / "deep" / "*", "--out", tmp_path / "out") == 0
    assert [record["source"] for record in records(tmp_path / "out")] == ["b ü.webp", "deep/c.bmp"]
    noted = json.loads((tmp_path / "out" / "manifest.run.json").read_text("utf-8"))
    assert (tmp_path / "out" / noted["folder"]).resolve() == (photos / "trip").resolve()


def test_pictures_that_are_added_are_cropped_and_the_others_are_kept(photos, tmp_path, capsys):
    out = tmp_path / "out"
    assert crop(photos / "a.jpg", photos / "a.png", "--out", out) == 0
    times = {path: path.stat().st_mtime_ns for path in out.glob("*.jpg")}
    capsys.readouterr()
    assert crop(photos / "*.*", photos / "trip" / "*.webp", "--out", out) == 0
    assert "2 had been done before" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_a_pattern_does_not_match_the_crops(tmp_path):
    save_picture(tmp_path / "photos" / "a.jpg")
    for _ in range(2):
        assert crop(tmp_path / "photos" / "**" / "*.jpg", "--out", tmp_path / "photos" / "out") == 0
    assert [record["source"] for record in records(tmp_path / "photos" / "out")] == ["a.jpg"]


def test_buckets_of_named_pictures(photos, tmp_path):
    words = ["--buckets", "quantile:2", "--resolution", "128", "--smallest", "1", "--dataset", "kohya"]
    assert crop(photos / "**" / "*.[jpw]*", "--out", tmp_path / "out", *words) == 0
    files = [each["file"] for record in records(tmp_path / "out") for each in record["crops"]]
    assert files == ["1_picture/a_jpg.jpg", "1_picture/a_png.jpg", "1_picture/trip_b ü.jpg"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["{photos}", "{photos}/trip"], "{photos}: a folder among other words"),
        (["{photos}/none.jpg"], "{photos}/none.jpg: "),
        (["{photos}/none.jpg", "{photos}/a.jpg"], "{photos}/none.jpg: there is no such file or folder"),
        (["{photos}/*.gif"], "{photos}/*.gif: no picture matches"),
        (["{photos}/a.txt"], "{photos}/a.txt: not the name of a picture"),
        (["{photos}/a.jpg", "--out", "{photos}"], "{photos}: the crops would overwrite their sources"),
    ],
)
def test_pictures_that_cannot_be_cropped_are_named(photos, tmp_path, words, complaint, capsys):
    before = tree(photos)
    assert crop(*(word.format(photos=photos) for word in ["--out", str(tmp_path / "out"), *words])) == 2
    assert f"salient-crop: {complaint.format(photos=photos)}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert tree(photos) == before


# Flags


def test_framed_as_people_crop_every_crop_is_smaller_and_a_run_is_done_anew(tmp_path, capsys):
    """Unless the smallest share was asked for, which then holds."""
    save_picture(tmp_path / "photos" / "a.jpg", (120, 90))

    def area(*words):
        assert main(["crop", str(tmp_path / "photos"), "--out", str(tmp_path / "out"), "--ratios", "7:5", *words]) == 0
        _, _, width, height = records(tmp_path / "out")[0]["crops"][0]["box"]
        return width * height

    largest = area()
    capsys.readouterr()
    assert area("--framing", "as-people-crop") < 0.97 * largest
    assert "size_model" in capsys.readouterr().err
    assert area("--framing", "as people crop", "--min-area", "1") == largest


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        *((["--ratios", value], "--ratios") for value in ("2:0", ",", "a")),
        *((["--min-area", value], "--min-area") for value in ("0", "1.5", "nan", "inf", "x")),
        *((["--resolution", value], "--resolution") for value in ("0", "7", "1.5", "nan")),
        *((["--workers", value], "--workers") for value in ("0", "x")),
        *((["--memory", value], "--memory") for value in ("4", "0GB", "much")),
        (["--layout", "middle"], "--layout"),
        (["--layout", "left third, top"], "--layout"),
        (["--layout", ";"], "--layout"),
        (["--layout", "0,0,nan,1"], "--layout"),
        (["--background", "nocolour"], "--background"),
        (["--background", "keep"], "transparency"),  # of a jpg
        (["--format", "tiff"], "--format"),
        *((["--multiple-of", value], "--multiple-of") for value in ("0", "4", "x")),
        *((["--quality", value], "--quality") for value in ("0", "101", "9.5")),
        (["--quality", "90", "--format", "png"], "--quality"),
        *((["--name", value], "--name") for value in ("crop", "{name.__class__}", "../{name}", "{name}{width}", "")),
        (["--name", "{name}{bucket}"], "--name"),
        (["--ratios", "sdx"], "--ratios"),
        (["--ratios", "sdxl", "--multiple-of", "64"], "--multiple-of"),
        (["--ratios", "sdxl", "--resolution", "512"], "--resolution does nothing"),
        (["--buckets", "sdxl", "--multiple-of", "64"], "--multiple-of"),
        (["--policy", "none"], "--policy"),
        (["--on-cut", "skip"], "--on-cut"),
        (["--fit", "all"], "--fit"),
        (["--fit", "whole", "--fit-side", "up"], "--fit-side"),
        (["--fit", "whole", "--fill", "blurred"], "--fill"),
        *(
            (["--layout", "left", "--layout-frame", "crop", "--fill", "mirror", *more], "--fill: mirror would draw")
            for more in (["--policy", "pad"], ["--fit", "whole"])
        ),
        (["--framing", "close"], "--framing"),
        (["--per-subject", "face"], "--per-subject"),
        (["--per-subject", "head", "--subject-margin", "nan"], "--subject-margin"),
        (["--per-subject", "head", "--subject-overlap", "1.1"], "--subject-overlap"),
        (["--per-subject", "head", "--most-subjects", "101"], "--most-subjects"),
        (["--per-subject", "prompt"], "--subject WORDS"),
        (["--per-subject", "head", "--name", "{name}"], "--name"),
        (["--name", "{name}_{subject}"], "--name"),
        *(
            (["--per-subject", "head", *more], more[0])
            for more in (
                ["--buckets", "sdxl"],
                ["--frames", "still"],
                ["--fit", "whole"],
                ["--min-area", "0.5"],
                ["--framing", "as-people-crop"],
                ["--keep", "."],
            )
        ),
        (["--cropper", "nonesuch"], "--cropper"),
        (["--device", "tpu"], "--device"),
        (["--masks", "nowhere"], "--masks"),
        (["--each", "--buckets", "sdxl"], "--each"),
        (["--buckets", ""], "--buckets"),
        (["--buckets", "nonesuch"], "--buckets"),
        (["--buckets", "auto:0"], "--buckets"),
        (["--buckets", "sdxl", "--batch-size", "0"], "--batch-size"),
        (["--buckets", "sdxl", "--smallest", "0"], "--smallest"),
        *((["--buckets", "sdxl", "--most-enlarged", value], "--most-enlarged") for value in ("0", "-1", "nan", "inf")),
        (["--buckets", "sdxl", "--dataset", "kohya", "--repeats", "0"], "--repeats"),
        (["--buckets", "sdxl", "--dataset", "onetrainer", "--step", "0"], "--step"),
        (["--buckets", "sdxl", "--dataset", "kohya", "--step", "64"], "--step"),
        (["--buckets", "onetrainer:512,8", "--dataset", "onetrainer", "--step", "64"], "--step"),
        (["--buckets", "sdxl", "--dataset", "kohya", "--concept", "../x"], "--concept"),
        (["--buckets", "sdxl", "--duplicates", "delete"], "--duplicates"),
    ],
)
def test_a_malformed_flag_is_named(photos, tmp_path, words, flag, capsys):
    try:
        status = main(["crop", str(photos), "--out", str(tmp_path / "out"), *words])
    except SystemExit as exit:
        status = exit.code
    assert status == 2
    assert flag in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "flag", "missing"),
    [
        *(
            ([flag, value], flag, "--buckets GRID")
            for flag, value in {
                "--dataset": "plain",
                "--repeats": "1",
                "--concept": "picture",
                "--duplicates": "use",
                "--batch-size": "1",
                "--smallest": "2",
                "--remainder": "keep",
                "--most-enlarged": "1",
            }.items()
        ),
        *(
            ([flag, value], flag, "--per-subject KIND")
            for flag, value in {
                "--subject-framing": "head",
                "--subject-margin": "0.1",
                "--neighbours": "out",
                "--subject-order": "size",
                "--most-subjects": "3",
                "--smallest-crop": "64",
                "--subject-overlap": "0.5",
            }.items()
        ),
        (["--layout-hard"], "--layout-hard", "--layout WHERE"),
        (["--fit-side", "left"], "--fit-side", "--fit whole, --fit subject, --policy pad or --on-cut pad"),
        (["--fill", "blur"], "--fill", "--fit whole, --fit subject, --policy pad or --on-cut pad"),
        (["--layout-frame", "source"], "--layout-frame", "--layout WHERE"),
        (["--no-enlarge"], "--no-enlarge", "--resolution N, --buckets GRID or the sizes of a model"),
    ],
)
def test_a_flag_that_would_do_nothing_names_the_one_that_it_needs(photos, tmp_path, words, flag, missing, capsys):
    assert crop(photos, "--out", tmp_path / "out", *words) == 2
    assert capsys.readouterr().err.startswith(f"salient-crop: {flag} does nothing without {missing}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--ratios", "1:1"], "--ratios does nothing with --buckets"),
        (["--no-enlarge", "--most-enlarged", "2"], "--no-enlarge does nothing with --most-enlarged"),
        (["--remainder", "keep"], "--remainder does nothing without --batch-size N above 1"),
        (["--remainder", "drop", "--batch-size", "1"], "--remainder does nothing without --batch-size N above 1"),
        (["--concept", "cat"], "--concept: does nothing in the dataset format plain"),
        (["--repeats", "1"], "--repeats: does nothing in the dataset format plain"),
        *(
            (["--dataset", name, "--concept", "cat"], f"--concept: does nothing in the dataset format {name}")
            for name in ("ai-toolkit", "onetrainer", "diffusers")
        ),
    ],
)
def test_a_flag_that_would_do_nothing_in_a_bucket_run_is_named(photos, tmp_path, words, complaint, capsys):
    assert crop(photos, "--out", tmp_path / "out", "--buckets", "sdxl", *words) == 2
    assert capsys.readouterr().err.startswith(f"salient-crop: {complaint}")
    assert not (tmp_path / "out").exists()


def test_no_output_is_refused_but_for_a_dry_run_with_a_manifest(photos, tmp_path, capsys):
    assert crop(photos) == 2
    assert crop(photos, "--dry-run") == 2
    assert crop(photos, "--manifest", tmp_path / "plan.jsonl") == 2
    assert capsys.readouterr().err.count("--out OUT") == 3
    assert crop(photos, "--dry-run", "--manifest", tmp_path / "plan.jsonl") == 0
    assert "no pixels written" in capsys.readouterr().out


def test_every_flag_of_the_pixels_reaches_the_crops(photos, tmp_path):
    words = ["--each", "--ratios", "1:1,2:3", "--resolution", "64", "--format", "webp", "--background", "#00f"]
    words += ["--policy", "pad", "--layout", "0,0,1,1", "--layout-hard"]
    assert crop(photos / "a.png", "--out", tmp_path / "out", *words) == 0
    (record,) = records(tmp_path / "out")
    assert [each["file"] for each in record["crops"]] == ["1x1/a_png.webp", "2x3/a_png.webp"]
    with Image.open(tmp_path / "out" / "1x1" / "a_png.webp") as image:
        assert image.size == (64, 64)
        assert image.getpixel((1, 32)) == pytest.approx((0, 0, 255), abs=12)  # the canvas is extended at the sides


def test_names_sizes_and_quality_from_end_to_end_and_run_again(photos, tmp_path, capsys):
    out = tmp_path / "out"
    words = [photos, "--out", out, "--ratios", "2:3,3:2", "--multiple-of", "16", "--name", "{index:03}_{name}_{ratio}"]
    assert crop(*words) == 0
    shown = capsys.readouterr().out
    assert "sides are multiples of 16, ratios exact to within " in shown
    made = {each["source"]: each["crops"][0] for each in records(out)}
    assert list(made) == list(SIZES)
    for index, (source, each) in enumerate(made.items(), 1):
        stem = {"a.jpg": "a_jpg", "a.png": "a_png"}.get(source, source.rpartition("/")[2].rpartition(".")[0])
        folder = source.rpartition("/")[0]
        name = f"{index:03}_{stem}_{each['ratio'].replace(':', 'x')}"
        assert each["file"] == f"{folder}/{name}.jpg".lstrip("/")
        assert not any(side % 16 for side in (*each["target_size"], *each["box"][2:]))
    captions = {name for name in crops(out) if name.endswith(".txt")}
    assert captions == {made[source]["file"].replace(".jpg", ".txt") for source in ("a.jpg", "a.png", "trip/b ü.webp")}
    before = tree(out)
    assert crop(*words) == 0
    assert "4 had been done before" in capsys.readouterr().out
    assert tree(out) == before
    assert crop(*words, "--quality", "20") == 0
    assert "quality: none → 20" in capsys.readouterr().err
    assert sum(map(len, tree(out).values())) < sum(map(len, before.values()))


def test_whole_pictures_are_extended_and_the_manifest_says_by_how_much(photos, tmp_path, capsys):
    words = [photos / "a.*g", "--out", tmp_path / "out", "--ratios", "1:1", "--format", "png", "--fit", "whole"]
    assert crop(*words, "--fit-side", "left", "--fill", "#00f") == 0
    assert "with a warning" not in capsys.readouterr().out  # canvas was asked for
    wide, tall = (each["crops"][0] for each in records(tmp_path / "out"))
    assert (wide["box"], wide["added"]) == ([0, -20, 120, 120], pytest.approx(1 / 3, abs=1e-6))
    assert tall["box"] == [-40, 0, 120, 120]
    with Image.open(tmp_path / "out" / tall["file"]) as image:
        assert (image.getpixel((39, 60)), image.size) == ((0, 0, 255), (120, 120))
        assert image.getpixel((41, 60)) != (0, 0, 255)
    before = tree(tmp_path / "out")
    assert crop(*words, "--fit-side", "left", "--fill", "#00f") == 0
    assert "2 had been done before" in capsys.readouterr().out and tree(tmp_path / "out") == before
    assert crop(*words, "--fill", "blur") == 0
    assert "fill: 0, 0, 255 → blur, fit_side: left → auto" in capsys.readouterr().err
    now = tree(tmp_path / "out")
    assert not any(now[name] == before[name] for name in now if name.endswith(".png"))


def test_a_crop_that_gets_another_ratio_leaves_no_file_behind(photos, tmp_path):
    out, words = tmp_path / "out", [photos / "a.png", "--out", tmp_path / "out", "--name", "{name}-{ratio}"]
    assert crop(*words, "--ratios", "2:3") == 0
    assert set(crops(out)) == {"a_png-2x3.jpg", "a_png-2x3.txt"}
    assert crop(*words, "--ratios", "2:3,4:5,1:1", "--min-area", "1") == 0
    ((chosen,),) = (each["crops"] for each in records(out))
    assert {name for name in crops(out) if name.endswith(".jpg")} == {chosen["file"]}


def test_sizes_of_models_are_exact(tmp_path):
    save_picture(tmp_path / "photos" / "b.png", (120, 80))
    words = ["--name", "{width}/{name}", "--ratios", "wan-480p"]
    assert crop(tmp_path / "photos", "--out", tmp_path / "b", *words) == 0
    assert set(crops(tmp_path / "b")) == {"832/b.jpg"}
    with Image.open(tmp_path / "b" / "832" / "b.jpg") as image:
        assert image.size == (832, 480)


def test_names_of_crops_in_buckets(photos, tmp_path):
    words = ["--buckets", "96x64,64x96", "--smallest", "1", "--name", "{name}-{bucket}-{index}"]
    assert crop(photos / "a.*g", "--out", tmp_path / "out", *words) == 0
    made = {name for name in crops(tmp_path / "out") if name.endswith(".jpg")}
    assert made == {"a_jpg-96x64-1.jpg", "a_png-64x96-2.jpg"}
    before = tree(tmp_path / "out")
    assert crop(photos / "a.*g", "--out", tmp_path / "out", *words) == 0
    assert tree(tmp_path / "out") == before


def test_a_ratio_that_a_picture_cannot_give_fails_it_in_words(photos, tmp_path, capsys):
    assert crop(photos / "a.jpg", "--out", tmp_path / "out", "--ratios", "1:1000") == 1
    assert "failed: a.jpg: no 1:1000 crop of a 120×80 picture shows anything of it" in capsys.readouterr().err


# How it ends


@pytest.fixture
def many(tmp_path):
    """So many pictures that an interrupt comes before the end."""
    (tmp_path / "many").mkdir()
    for index in range(80):
        Image.new("RGB", (40, 30), (index, 0, 0)).save(tmp_path / "many" / f"{index:02}.bmp")
    return tmp_path / "many"


@pytest.fixture
def slow(monkeypatch):
    """Every crop takes a moment to be written."""
    save = Image.Image.save

    def slow_save(*words, **options):
        time.sleep(0.02)
        save(*words, **options)

    monkeypatch.setattr(Image.Image, "save", slow_save)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupt_stops_soon_leaves_no_half_file_and_says_how_to_go_on(
    many, tmp_path, slow, capsys, monkeypatch, request
):
    out, save, saves = tmp_path / "out", Image.Image.save, itertools.count(1)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores interrupts
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    def save_and_interrupt(image, *arguments, **options):
        if next(saves) == 20:
            os.kill(os.getpid(), signal.SIGINT)
        save(image, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", save_and_interrupt)
        assert crop(many, "--out", out, "--workers", 2) == 130
    assert "the same command goes on from here" in capsys.readouterr().err
    written = list(out.glob("*.jpg"))
    assert 10 < len(written) < 60
    for path in written:
        Image.open(path).load()
    files = {path.name for path in out.iterdir() if path.suffix != ".jpg"}
    assert files == {".salient-crop.jsonl", "manifest.jsonl.part"}  # no temporary file, no manifest yet
    assert crop(many, "--out", out) == 0
    assert "had been done before" in capsys.readouterr().out


def test_what_needs_more_memory_than_it_may_take_is_named(tmp_path, capsys):
    save_picture(tmp_path / "photos" / "large.png", (1000, 800))
    save_picture(tmp_path / "photos" / "small.png", (100, 80))
    assert crop(tmp_path / "photos", "--out", tmp_path / "out", "--memory", "20MB") == 1
    assert "large.png: it needs about 2" in capsys.readouterr().err
    assert crop(tmp_path / "photos", "--out", tmp_path / "out", "--memory", "1GB") == 0
    assert crops(tmp_path / "out").keys() == {"large.jpg", "small.jpg"}


def test_the_summary_says_what_was_done_and_the_status_is_1_where_pictures_failed(photos, tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "bad.jpg").write_text("no picture")
    save_picture(tmp_path / "photos" / "good.png", (60, 40))
    words = ["--out", tmp_path / "out", "--resolution", "256"]
    assert crop(tmp_path / "photos", *words) == 1
    shown = capsys.readouterr()
    assert shown.err.count("failed: bad.jpg: ") == 1
    manifest = tmp_path / "out" / "manifest.jsonl"
    assert shown.out == (
        f"1 of 2 pictures, 1 crops in {tmp_path / 'out'}, manifest {manifest}; 1 crops had to be enlarged"
        " (--no-enlarge leaves them as they are); 1 failed, each with its reason in the manifest\n"
    )
    assert crop(tmp_path / "photos", *words, "--no-enlarge") == 1
    assert "enlarged" not in capsys.readouterr().out


class CloseUps(Cropper):
    """Sees in every picture a head that goes from edge to edge."""

    name = "close-ups"

    def analyse(self, images):
        return [Analysis(torch.ones(4, 4), [Subject(0.02, 0.02, 0.98, 0.98, kind="face")]) for _ in images]


@pytest.fixture
def crop_heads(tmp_path, monkeypatch, capsys):
    """Crops two pictures, of which one is no square, with flags: the status, and what is shown."""
    monkeypatch.setattr(registry, "BUNDLED", {"close-ups": CloseUps})
    for name, size in {"square.png": (80, 80), "wide.png": (120, 80)}.items():
        save_picture(tmp_path / "photos" / name, size)

    def run(*flags):
        words = ["crop", tmp_path / "photos", "--out", tmp_path / "out", "--cropper", "close-ups", *flags]
        capsys.readouterr()
        return main(list(map(str, words))), capsys.readouterr()

    return run


def test_heads_that_are_cut_off_are_told_before_all_else_dropped_or_padded(crop_heads, tmp_path):
    where = f"in {tmp_path / 'out'}, manifest {tmp_path / 'out' / 'manifest.jsonl'}"
    cut = "a head in the middle is cut off: 31 % of it is outside the crop"
    status, shown = crop_heads("--ratios", "1:1")
    told = f"1 with a warning, 1 of them with a head cut off, told in the manifest: wide.png: {cut}"
    assert (status, shown.out) == (0, f"2 of 2 pictures, 2 crops {where}; {told}\n")
    status, shown = crop_heads("--ratios", "1:1", "--on-cut", "drop")
    assert (status, shown.out) == (0, f"1 of 2 pictures, 1 crops {where}; 1 left out as asked\n")
    assert f"dropped: wide.png: {cut}\n" in shown.err
    status, shown = crop_heads("--ratios", "1:1", "--on-cut", "pad", "--resolution", "64")
    told = "1 with a warning, told in the manifest: wide.png: 33 % of the crop is canvas added at the top and bottom"
    assert (status, shown.out) == (0, f"2 of 2 pictures, 2 crops {where}; {told}\n")
    with Image.open(tmp_path / "out" / "wide.jpg") as image:
        assert min(image.getpixel((32, 2))) > 240 and min(image.getpixel((32, 61))) > 240


def test_a_bucket_run_of_which_all_is_dropped_says_so(crop_heads):
    status, shown = crop_heads("--buckets", "512x128", "--on-cut", "drop")
    assert status == 0
    assert shown.out.startswith("there was no picture to sort into buckets\n0 of 2 pictures, 0 crops")
    assert shown.err.count("a head would be cut off in every crop that was asked for") == 2


def test_a_bucket_run_shows_its_report_and_where_it_lies(photos, tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    for name in ("a.png", "b.png"):
        save_picture(tmp_path / "photos" / name, (120, 80))
    words = ["--out", tmp_path / "out", "--buckets", "auto:1", "--resolution", "256", "--duplicates", "report"]
    assert crop(tmp_path / "photos", *words) == 0
    shown = capsys.readouterr()
    report = (tmp_path / "out" / "manifest.buckets.txt").read_text("utf-8")
    assert shown.out.startswith(report)
    assert f"a chart in {tmp_path / 'out' / 'manifest.buckets.html'}" in shown.out
    assert "--most-enlarged X sets a limit" in shown.out
    assert "duplicate: b.png: the same file as a.png\n" in shown.err


def test_a_full_disk_stops_the_run_with_status_1(photos, tmp_path, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(OutputFolder, "write", full)
    assert crop(photos, "--out", tmp_path / "out") == 1
    assert "salient-crop: stopped: " in (error := capsys.readouterr().err)
    assert "No space left on device; the same command goes on from here" in error
    assert not (tmp_path / "out" / "manifest.jsonl").exists()
    monkeypatch.undo()
    assert crop(photos, "--out", tmp_path / "out") == 0


# What matters


def test_masks_and_boxes_say_what_matters_and_what_was_searched_on_is_saved(photos, tmp_path, capsys):
    notes = tmp_path / "notes"
    notes.mkdir()
    line = {"source": "a.jpg", "boxes": [{"region": [0.9, 0, 1, 1], "label": "shoe"}]}
    (notes / "boxes.jsonl").write_text(json.dumps(line))
    out = tmp_path / "out"
    words = ("--focus", notes, "--labels", "Shoe=2", "--focus-strength", "1", "--save-heatmaps", "--ratios", "1:1")
    assert crop(photos, "--out", out, *words) == 0
    (found,) = (each for each in records(out) if each["source"] == "a.jpg")
    assert found["crops"][0]["box"] == [40, 0, 80, 80]
    assert (out / "heatmaps" / "trip" / "deep" / "c.png").is_file()
    assert "focus: no mask and no boxes for 3 of 4 pictures" in capsys.readouterr().err
    assert main(["preview", str(out / "manifest.jsonl"), "--out", str(tmp_path / "sheet.png")]) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--labels", "shoe"), "--labels: does nothing without focus, avoid or keep"),
        (("--labels", ""), "--labels: name a label"),
        (("--keep", ".", "--labels", "focus:shoe"), "--labels: focus:shoe does nothing without focus"),
        (("--margin", "10%"), "--margin: does nothing without keep"),
        (("--margin", "10"), "--margin"),
        (("--keep", ".", "--margin", "200%"), "--margin"),
        (("--focus-strength", "0.2"), "--focus-strength: does nothing without focus or subject"),
        (("--focus-strength", "nan"), "--focus-strength: 'nan' does not lie in 0..1"),
        (("--focus", "no such folder"), "--focus: no such folder is neither a folder nor a file"),
        (("--save-heatmaps", "--dry-run"), "--save-heatmaps: a dry run writes no pixels"),
    ],
)
def test_guides_that_cannot_be_used_are_refused_by_their_flag(photos, tmp_path, capsys, words, told):
    assert crop(photos, "--out", tmp_path / "out", *words) == 2
    assert told in capsys.readouterr().err.replace("argument --", "--")


def test_what_runs_the_network_is_a_setting_of_the_run(tmp_path, capsys):
    save_picture(tmp_path / "photos" / "a.jpg", (90, 60), 1)
    command = [
        "crop",
        str(tmp_path / "photos"),
        "--out",
        str(tmp_path / "out"),
        "--device",
        "cpu",
        "--runtime",
        "torch",
    ]
    assert main(command) == 0
    assert main(command) == 0
    assert "1 had been done before" in capsys.readouterr().out
    assert main([*command, "--precision", "bfloat16"]) == 0
    assert "(runtime: torch → torch bfloat16); all pictures are done again" in capsys.readouterr().err
