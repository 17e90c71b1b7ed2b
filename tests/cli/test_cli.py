"""The command as people use it: on real files, in every kind of trouble, stopped and run again."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.cli import main as cli
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.manifest import read_manifest


def picture(path: Path, size=(120, 80), seed=0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def photos(tmp_path) -> Path:
    folder = tmp_path / "photos"
    for seed, (name, size) in enumerate(
        {
            "a.jpg": (160, 120),
            "a.png": (90, 160),
            "trip/b ü 日本.webp": (100, 100),
            "trip/deep/c.bmp": (300, 100),
        }.items()
    ):
        picture(folder / name, size, seed)
    (folder / "trip" / "b ü 日本.txt").write_text("a caption", "utf-8")
    return folder


def crop(folder: Path, out: Path, *words: str) -> int:
    return cli.main(["crop", str(folder), "--out", str(out), "--cropper", "centre", "--workers", "2", *words])


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]


def test_a_folder_is_cropped_and_the_manifest_tells_it(photos, tmp_path, capsys):
    before = tree(photos)
    out = tmp_path / "out"
    assert crop(photos, out) == 0
    assert tree(photos) == before
    told = lines(out)
    assert [line["source"] for line in told] == ["a.jpg", "a.png", "trip/b ü 日本.webp", "trip/deep/c.bmp"]
    assert [line["crops"][0]["file"] for line in told] == [
        "a_jpg.jpg",
        "a_png.jpg",
        "trip/b ü 日本.jpg",
        "trip/deep/c.jpg",
    ]
    for line in told:
        (made,) = line["crops"]
        x, y, width, height = made["box"]
        ratio = Ratio.parse(made["ratio"])
        assert made["ratio"] in ("1:1", "2:3", "3:2")
        assert abs(width - height * ratio.value) <= max(1, ratio.value)
        assert 0 <= x <= x + width <= line["size"][0]
        assert 0 <= y <= y + height <= line["size"][1]
        assert Image.open(out / made["file"]).size == (width, height)
        assert made["target_size"] == [height, width]
        assert made["original_size"] == line["size"][::-1]
        assert made["crop_coords"] == [y, x]
    assert (out / "trip" / "b ü 日本.txt").read_text("utf-8") == "a caption"
    assert "4 of 4 pictures" in capsys.readouterr().out


def test_each_ratio_and_a_resolution(photos, tmp_path):
    out = tmp_path / "out"
    assert crop(photos, out, "--each", "--ratios", "1:1,2:3", "--resolution", "64", "--format", "png") == 0
    for line in lines(out):
        assert [made["ratio"] for made in line["crops"]] == ["1:1", "2:3"]
        assert [Image.open(out / made["file"]).size for made in line["crops"]] == [(64, 64), (48, 72)]
        for made in line["crops"]:
            scale = made["target_size"][1] / made["box"][2]
            assert made["crop_coords"] == pytest.approx([made["box"][1] * scale, made["box"][0] * scale], abs=2)
    assert (out / "2x3" / "trip" / "b ü 日本.txt").exists()


def test_small_crops_are_enlarged_only_where_that_is_wanted(photos, tmp_path, capsys):
    assert crop(photos, tmp_path / "1", "--resolution", "512") == 0
    assert "4 crops had to be enlarged" in capsys.readouterr().out
    assert crop(photos, tmp_path / "2", "--resolution", "512", "--no-enlarge") == 0
    assert all(made["target_size"] == made["box"][:1:-1] for line in lines(tmp_path / "2") for made in line["crops"])


def test_transparent_pictures(tmp_path):
    (tmp_path / "in").mkdir()
    Image.new("RGBA", (60, 60), (255, 0, 0, 0)).save(tmp_path / "in" / "a.png")
    assert crop(tmp_path / "in", tmp_path / "1", "--background", "#00f") == 0
    assert Image.open(tmp_path / "1" / "a.jpg").getpixel((5, 5)) == pytest.approx((0, 0, 255), abs=3)
    assert crop(tmp_path / "in", tmp_path / "2", "--background", "keep", "--format", "png") == 0
    assert Image.open(tmp_path / "2" / "a.png").getpixel((5, 5))[3] == 0
    assert crop(tmp_path / "in", tmp_path / "3", "--background", "keep") == 2


def test_bad_pictures_fail_alone_by_name_and_reason(photos, tmp_path, capsys):
    good = tmp_path / "good"
    assert crop(photos, good) == 0
    (photos / "empty.jpg").touch()
    (photos / "text.png").write_text("no picture")
    (photos / "cut.jpg").write_bytes((photos / "a.jpg").read_bytes()[:900])
    out = tmp_path / "out"
    assert crop(photos, out) == 1
    failed = {line["source"]: line["reason"] for line in lines(out) if line["status"] == "failed"}
    assert set(failed) == {"empty.jpg", "text.png", "cut.jpg"}
    assert failed["empty.jpg"] == "empty file"
    assert len(lines(out)) == 7
    assert all(not line["crops"] for line in lines(out) if line["status"] == "failed")
    shown = capsys.readouterr().err
    assert "failed: cut.jpg: truncated" in shown
    kept = {name: content for name, content in tree(out).items() if "manifest" not in name}
    assert kept == {name: content for name, content in tree(good).items() if "manifest" not in name}


def test_a_caption_that_cannot_be_read_fails_its_picture(photos, tmp_path, monkeypatch):
    read = Path.read_bytes

    def refuse(path):
        if path.suffix == ".txt":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert crop(photos, tmp_path / "out") == 1
    (line,) = [line for line in lines(tmp_path / "out") if line["status"] == "failed"]
    assert line["reason"] == "b ü 日本.txt: no permission to read it"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_out_of_the_folder(photos, tmp_path):
    picture(tmp_path / "elsewhere" / "x.jpg")
    (photos / "x.jpg").symlink_to(tmp_path / "elsewhere" / "x.jpg")
    (photos / "gone.jpg").symlink_to(tmp_path / "gone.jpg")
    assert crop(photos, tmp_path / "1") == 1
    assert "leads out" in next(line["reason"] for line in lines(tmp_path / "1") if line["source"] == "x.jpg")
    assert crop(photos, tmp_path / "2", "--follow-links") == 1
    assert [line["source"] for line in lines(tmp_path / "2") if line["status"] == "failed"] == ["gone.jpg"]
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "trip").symlink_to(tmp_path / "elsewhere")
    assert crop(photos, tmp_path / "3") == 2


def test_an_output_folder_among_the_pictures_is_not_read_again(photos):
    out = photos / "out"
    assert crop(photos, out) == 0
    assert crop(photos, out) == 0
    assert len(lines(out)) == 4
    assert crop(photos, out, "--dry-run", "--manifest", str(out / "plan.jsonl")) == 0
    assert len(list(read_manifest(out / "plan.jsonl"))) == 4


def test_every_hard_layout_is_held_and_an_impossible_one_follows_the_policy(photos, tmp_path, capsys):
    out, regions = tmp_path / "out", ((0.0, 0.2, 0.1, 0.8), (0.7, 0.3, 0.9, 0.6))
    words = ("--ratios", "4:3", "--layout", "left; 0.7,0.3,0.9,0.6", "--layout-hard")
    assert crop(photos, out, *words) == 0
    wide, *_ = lines(out)
    x, y, width, height = wide["crops"][0]["box"]
    for x1, y1, x2, y2 in regions:
        assert x <= x1 * 160 + 1 and y <= y1 * 120 + 1 and x + width >= x2 * 160 - 1 and y + height >= y2 * 120 - 1
    assert crop(photos, tmp_path / "strict", *words, "--policy", "error") == 1
    failed = [line["source"] for line in lines(tmp_path / "strict") if line["status"] == "failed"]
    assert failed == ["a.png", "trip/deep/c.bmp"]  # 90×160 cannot hold 96 rows in 4:3, nor 300×100 270 columns
    assert "c.bmp" in capsys.readouterr().err


def test_runs_that_would_harm_something_are_refused(photos, tmp_path, capsys):
    before = tree(tmp_path)
    (photos / "photos").mkdir()
    shutil.copy(photos / "a.jpg", photos / "photos" / "a.jpg")
    before = tree(tmp_path)
    assert crop(photos, photos) == 2  # every crop would replace its source
    assert crop(photos, tmp_path) == 2  # photos/photos/a.jpg would be written to photos/a.jpg
    assert crop(photos, tmp_path / "out", "--manifest", str(photos / "a.jpg")) == 2
    assert crop(photos, tmp_path / "out", "--manifest", str(photos / "trip" / "b ü 日本.txt")) == 2
    assert crop(tmp_path / "nowhere", tmp_path / "out") == 2
    assert crop(photos, photos / "a.jpg") == 2
    (tmp_path / "empty").mkdir()
    assert crop(tmp_path / "empty", tmp_path / "out") == 2
    assert "no pictures in it" in capsys.readouterr().err
    assert tree(tmp_path) == before


def test_a_dry_run_writes_no_pixels(photos, tmp_path):
    manifest = tmp_path / "plan.jsonl"
    assert cli.main(["crop", str(photos), "--cropper", "centre", "--dry-run", "--manifest", str(manifest)]) == 0
    planned = list(read_manifest(manifest))
    assert all(record.crops[0].file is None for record in planned)
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "plan.jsonl", "plan.run.json"}
    assert crop(photos, tmp_path / "out") == 0
    wet = list(read_manifest(tmp_path / "out" / "manifest.jsonl"))
    assert [record.crops[0].box for record in wet] == [record.crops[0].box for record in planned]
    assert cli.main(["crop", str(photos), "--dry-run"]) == 2


def test_a_second_run_does_only_what_changed(photos, tmp_path, capsys):
    out = tmp_path / "out"
    crop(photos, out)
    first = {path: path.stat().st_mtime_ns for path in out.rglob("*.jpg")}
    picture(photos / "new.jpg")
    picture(photos / "trip" / "deep" / "c.bmp", (64, 64), seed=9)
    (photos / "trip" / "b ü 日本.txt").write_text("a better caption", "utf-8")
    capsys.readouterr()
    assert crop(photos, out) == 0
    assert "2 had been done before" in capsys.readouterr().out
    assert (out / "trip" / "b ü 日本.txt").read_text("utf-8") == "a better caption"
    untouched = [path for path, time in first.items() if path.stat().st_mtime_ns == time]
    assert {path.name for path in untouched} == {"a_jpg.jpg", "a_png.jpg"}
    fresh = tmp_path / "fresh"
    crop(photos, fresh)
    assert tree(fresh) == tree(out)
    # Other settings: everything again.
    assert crop(photos, out, "--ratios", "1:1") == 0
    assert {line["crops"][0]["ratio"] for line in lines(out)} == {"1:1"}


def test_the_number_of_workers_changes_no_byte(photos, tmp_path):
    for workers in ("1", "3"):
        cli.main(["crop", str(photos), "--out", str(tmp_path / workers), "--workers", workers])
    assert tree(tmp_path / "1") == tree(tmp_path / "3")


def command(photos: Path, out: Path) -> list[str]:
    """A process of its own that is slow enough to be killed half-way."""
    code = (
        "import importlib.util, sys, time\n"
        f"root = {str(Path(cli.__file__).parents[1])!r}\n"
        "spec = importlib.util.spec_from_file_location('salient_crop', root + '/__init__.py', "
        "submodule_search_locations=[root])\n"
        "sys.modules['salient_crop'] = importlib.util.module_from_spec(spec)\n"
        "from salient_crop.cli import main as cli\n"
        "from PIL import Image\n"
        "save = Image.Image.save\n"
        "def slow(image, file, *args, **options):\n"
        "    file.write(b'half a picture'); file.flush(); time.sleep(0.03); file.seek(0); file.truncate()\n"
        "    save(image, file, *args, **options)\n"
        "Image.Image.save = slow\n"
        "print('ready', flush=True)\n"
        "sys.exit(cli.main(sys.argv[1:]))\n"
    )
    words = ["crop", str(photos), "--out", str(out), "--cropper", "centre", "--each", "--workers", "2"]
    return [sys.executable, "-c", code, *words]


def started(photos: Path, out: Path) -> subprocess.Popen:
    process = subprocess.Popen(command(photos, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def many(tmp_path) -> Path:
    for index in range(12):
        picture(tmp_path / "many" / f"{index:02}.jpg", (150 + index, 100), index)
    (tmp_path / "many" / "03.txt").write_text("three")
    (tmp_path / "many" / "bad.jpg").write_text("no picture")
    return tmp_path / "many"


def test_killed_anywhere_and_run_again_gives_the_same_bytes(many, tmp_path):
    undisturbed = tmp_path / "undisturbed"
    assert started(many, undisturbed).wait() == 1
    out, kills = tmp_path / "out", 0
    chance = random.Random(7)
    for _ in range(3):
        process = started(many, out)
        wait_until(lambda: list(out.rglob("*.part")), process)
        time.sleep(chance.uniform(0.0, 0.5))
        process.kill()
        process.wait()
        kills += not (out / "manifest.jsonl").exists()
        for path in out.rglob("*.jpg"):  # whatever has its name is whole
            Image.open(path).load()
    assert kills
    assert started(many, out).wait() == 1
    assert tree(out) == tree(undisturbed)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupt_stops_soon_and_leaves_no_half_file(many, tmp_path):
    for index in range(12, 100):  # so many that the interrupt comes before the end, however fast the machine
        picture(many / f"{index:02}.jpg", (150 + index, 100), index)
    process = started(many, tmp_path / "out")
    wait_until(lambda: list((tmp_path / "out").rglob("*.jpg")), process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert len(list((tmp_path / "out").rglob("*.jpg"))) < 300
    assert "goes on from here" in errors
    assert "Traceback" not in errors
    assert not list((tmp_path / "out").rglob(".salient-crop-*"))


def wait_until(condition, process: subprocess.Popen) -> None:
    while process.poll() is None and not condition():
        time.sleep(0.005)


def test_a_full_disk_stops_the_run_and_is_told(photos, tmp_path, monkeypatch, capsys):
    from salient_crop.jobs import stages

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stages, "write_picture", full)
    assert crop(photos, tmp_path / "out") == 1
    assert "No space left on device" in capsys.readouterr().err
    assert not (tmp_path / "out" / "manifest.jsonl").exists()
    monkeypatch.undo()
    assert crop(photos, tmp_path / "out") == 0
