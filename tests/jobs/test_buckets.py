"""`salient-crop crop --buckets` on real files: captions, masks, duplicates, other runs' leavings, kills."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.cli import main as cli

SHAPES = ((180, 120), (120, 180), (150, 150))


def picture(path, size, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for index in range(9):
        width, height = SHAPES[index % 3]
        picture(folder / f"{index}.png", (width + index, height), index)
    return folder


def sort(folder, out, *words):
    fixed = ("--cropper", "centre", "--workers", "2", "--resolution", "256", "--format", "png")
    return cli.main(["crop", str(folder), "--out", str(out), "--buckets", "auto:2", *fixed, *words])


def records(out):
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_captions_and_masks_follow_their_pictures(photos, tmp_path):
    captions = [{"file_name": f"{index}.png", "text": f"caption {index}"} for index in range(9)]
    (photos / "metadata.jsonl").write_text("\n".join(map(json.dumps, captions)), "utf-8")
    for index in range(9):
        with Image.open(photos / f"{index}.png") as image:  # the mask tells where each pixel came from
            width, height = image.size
        across = np.tile(np.linspace(0, 255, width), (height, 1)).astype(np.uint8)
        path = tmp_path / "masks" / f"{index}.png" if index % 2 else photos / f"{index}-masklabel.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(across).save(path)
    out = tmp_path / "out"
    assert sort(photos, out, "--dataset", "kohya", "--masks", str(tmp_path / "masks")) == 0
    assert len(records(out)) == 9
    for index, record in enumerate(records(out)):
        (crop,) = record["crops"]
        assert (out / crop["file"]).with_suffix(".txt").read_text("utf-8") == f"caption {index}\n"
        mask = np.asarray(Image.open(out / "masks" / crop["file"]).convert("L"), float)
        assert list(mask.shape) == crop["target_size"]
        x, _, width, _ = crop["box"]
        seen = np.array([x, x + width]) / record["size"][0] * 255
        assert np.abs(mask[:, [0, -1]].mean(axis=0) - seen).max() < 3
    assert 'conditioning_data_dir = "masks/1_picture"' in (out / "dataset.toml").read_text("utf-8")


def test_a_mask_of_another_size_fails_its_picture_before_the_counts_are_planned(photos, tmp_path, capsys):
    Image.new("L", (10, 10)).save(photos / "4-masklabel.png")
    assert sort(photos, tmp_path / "out", "--batch-size", "4") == 1
    assert capsys.readouterr().err.count("4.png: 4-masklabel.png: a mask of 10×10") == 1
    counts = Counter(tuple(each["crops"][0]["bucket"]) for each in records(tmp_path / "out") if each["crops"])
    assert sum(counts.values()) == 8 and all(count % 4 == 0 for count in counts.values())


def test_duplicates_are_told_or_skipped_and_the_largest_stays(photos, tmp_path, capsys):
    with Image.open(photos / "3.png") as image:
        image.resize((image.width // 2, image.height // 2)).save(photos / "0-small-3.png")
    (photos / "z.png").write_bytes((photos / "7.png").read_bytes())
    assert sort(photos, tmp_path / "told", "--duplicates", "report") == 0
    assert len([each for each in records(tmp_path / "told") if each["crops"]]) == 11
    report = (tmp_path / "told" / "manifest.buckets.txt").read_text("utf-8")
    lines = ["0-small-3.png: nearly the same picture as 3.png", "z.png: the same file as 7.png"]
    assert [line.removeprefix("duplicate: ") for line in report.splitlines() if "duplicate" in line] == lines
    assert all(f"duplicate: {line}" in capsys.readouterr().err for line in lines[:1])
    assert sort(photos, tmp_path / "skipped", "--duplicates", "skip", "--batch-size", "3") == 0
    dropped = {each["source"]: each["reason"] for each in records(tmp_path / "skipped") if not each["crops"]}
    assert [f"{source}: {reason}" for source, reason in dropped.items()] == lines


def test_a_data_set_holds_nothing_but_what_was_planned(photos, tmp_path, capsys):
    out = tmp_path / "out"
    layout = ("--dataset", "onetrainer", "--batch-size", "4")
    assert sort(photos, out, *layout, "--remainder", "repeat") == 0
    assert len(list(out.rglob("*.png"))) == 12
    assert sort(photos, out, *layout, "--remainder", "drop") == 0
    assert len(list(out.rglob("*.png"))) == 8  # a trainer would have taken what was left of the first run
    assert {path.name for path in out.rglob("*.png")} == {
        crop["file"] for each in records(out) for crop in each["crops"]
    }
    picture(out / "mine.png", (64, 64), 0)
    before = tree(out)
    assert sort(photos, out, *layout) == 2
    assert "mine.png in it is none of this data set" in capsys.readouterr().err
    assert {name: content for name, content in tree(out).items() if ".jsonl." not in name} == before


def test_auto_chooses_among_the_sizes_that_the_trainer_keeps(photos, tmp_path):
    from salient_crop.bucketing.grids import list_onetrainer_sizes

    assert sort(photos, tmp_path / "out", "--dataset", "onetrainer") == 0
    assert {tuple(each["crops"][0]["bucket"]) for each in records(tmp_path / "out")} <= set(list_onetrainer_sizes(256))
    assert sort(photos, tmp_path / "cut", "--dataset", "onetrainer", "--buckets", "256x192,192x256") == 0
    report = (tmp_path / "cut" / "manifest.buckets.txt").read_text("utf-8")
    assert "the trainer would crop: 256x192 to 320x192, at 256" in report


def test_no_picture_is_enlarged_where_that_is_not_wanted(photos, tmp_path):
    picture(photos / "large.png", (400, 400), 20)
    picture(photos / "larger.png", (500, 400), 21)
    assert sort(photos, tmp_path / "out", "--no-enlarge") == 0
    kept = [each["source"] for each in records(tmp_path / "out") if each["crops"]]
    assert kept == ["large.png", "larger.png"]


def test_killed_anywhere_and_run_again_gives_the_same_bytes(tmp_path):
    folder = tmp_path / "photos"
    for index in range(24):
        width, height = SHAPES[index % 3]
        picture(folder / f"{index:02}.jpg", (width + index, height), index)
        (folder / f"{index:02}.txt").write_text(f"{index}")
    words = ["--batch-size", "4", "--dataset", "kohya", "--duplicates", "skip"]
    undisturbed, out = tmp_path / "undisturbed", tmp_path / "out"
    assert sort(folder, undisturbed, *words) == 0
    chance, journals = random.Random(3), set()
    for sign in ("*.measured", "*.part", "*.png"):  # while measuring, while writing, and late
        process = started(folder, out, words)
        while process.poll() is None and not list(out.rglob(sign)):
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        process.wait()
        journals |= {path.suffix for path in out.glob("manifest.jsonl.*")}
    assert ".measured" in journals
    assert started(folder, out, words).wait() == 0
    assert tree(out) == tree(undisturbed)


def started(folder, out, words):
    """The command in a process of its own, slowed down so that kills find it at work."""
    root = Path(cli.__file__).parents[1]
    code = (
        "import importlib.util, sys, time\n"
        f"spec = importlib.util.spec_from_file_location('salient_crop', {str(root / '__init__.py')!r},"
        f" submodule_search_locations=[{str(root)!r}])\n"
        "sys.modules['salient_crop'] = importlib.util.module_from_spec(spec)\n"
        "from salient_crop.cli import main as cli\n"
        "from salient_crop.images.decode import Picture\n"
        "small, crop = Picture.small, Picture.crop\n"
        "Picture.small = lambda *given: (time.sleep(0.02), small(*given))[1]\n"
        "Picture.crop = lambda *given: (time.sleep(0.02), crop(*given))[1]\n"
        "sys.exit(cli.main(sys.argv[1:]))\n"
    )
    fixed = ["--cropper", "centre", "--workers", "2", "--resolution", "256", "--format", "png", "--buckets", "auto:2"]
    command = [sys.executable, "-c", code, "crop", str(folder), "--out", str(out), *fixed, *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
