"""Runs follow what masks and boxes say matters, through every door, and only what has changed is done again."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import salient_crop
from salient_crop.bucketing.grids import parse_grid
from salient_crop.cropping.box import Box
from salient_crop.cropping.correction import Correction
from salient_crop.cropping.margin import Margin
from salient_crop.datasets.formats import get_format
from salient_crop.datasets.manifest import FAILED, OK, read_manifest
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.guides import Guides, parse_labels
from salient_crop.jobs.reopen import noted_guides, reopen_run
from salient_crop.jobs.run import RunError
from salient_crop.jobs.save_corrections import save_corrections
from salient_crop.jobs.settings import BucketSettings

BUCKETS = BucketSettings(parse_grid("64x64", 64), 64, smallest=1)
LEFT, RIGHT = [0.0, 0.2, 0.2, 0.8], [0.8, 0.2, 1.0, 0.8]


@pytest.fixture
def notes(tmp_path):
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


def line(region, source="a.png", **more):
    return json.dumps({"source": source, "boxes": [{"region": region, **more}]})


def write(notes, *lines, name="boxes.jsonl"):
    (notes / name).write_text("\n".join(lines))


def boxes(folder, out=None):
    records = read_manifest((out or folder.out) / "manifest.jsonl")
    return {each.source: each.crops[0].box if each.crops else each.reason for each in records}


def settings(folder, notes, role="focus", **more):
    guides = Guides(**{role: notes}, **more.pop("guides", {}))
    return folder.settings(guides=guides, format="png", **more)


@pytest.mark.parametrize("more", [{}, {"buckets": BUCKETS}, {"frames": "still"}], ids=["plain", "buckets", "clip"])
@pytest.mark.parametrize(
    ("role", "region", "x"),
    [("focus", LEFT, 0), ("focus", RIGHT, 16), ("keep", LEFT, 0), ("keep", RIGHT, 16), ("avoid", LEFT, 16)],
)
def test_a_crop_follows_the_boxes_of_its_picture(folder, notes, role, region, x, more):
    for name in ("b.png", "trip/c.png"):
        (folder.photos / name).unlink()
    if role == "avoid":  # what there is beside it decides, evenly spread heat
        region = [0.0, 0.0, 0.7, 1.0]
    write(notes, line(region))
    strength = {"strength": 1.0} if role == "focus" else {}
    outcome = folder.crop(settings(folder, notes, role, guides=strength, **more))
    assert outcome.failed == 0
    found = boxes(folder)["a.png"][0]
    assert found >= x if role == "avoid" else found == x


def test_a_mask_and_a_box_of_the_same_place_give_the_same_crop(folder, notes, tmp_path):
    write(notes, line([0.0, 0.25, 0.25, 0.75]))
    folder.crop(settings(folder, notes))
    pixels = np.zeros((32, 48), np.uint8)
    pixels[8:24, :12] = 255
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(pixels).save(masks / "a.png")
    other = tmp_path / "other"
    folder.crop(settings(folder, masks), out=other)
    assert boxes(folder) == boxes(folder, other)


def test_the_margin_is_part_of_what_is_kept(folder, notes):
    write(notes, line([0.4, 0.2, 0.5, 0.3]))
    cropped = settings(folder, notes, "keep", guides={"margin": Margin(pixels=8)})
    folder.crop(replace(cropped, constraint=replace(cropped.constraint, min_share=0.1)))
    x, _, width, _ = boxes(folder)["a.png"]
    assert x <= 0.4 * 48 - 8 and x + width >= 0.5 * 48 + 8


def test_only_boxes_with_the_label_count(folder, notes):
    write(notes, line(LEFT, label="shoe"), line(RIGHT, label="hat"))
    for label, x in (("shoe", 0), ("hat", 16)):
        guides = {"labels": parse_labels(label), "strength": 1.0}
        folder.crop(settings(folder, notes, guides=guides))
        assert boxes(folder)["a.png"][0] == x


@pytest.mark.parametrize("more", [{}, {"buckets": BUCKETS}], ids=["plain", "buckets"])
def test_only_a_picture_whose_boxes_have_changed_is_done_again(folder, notes, more):
    write(notes, line(LEFT), line(LEFT, "b.png"))
    asked = settings(folder, notes, guides={"strength": 1.0}, **more)
    folder.crop(asked)
    before = boxes(folder)
    assert folder.crop(asked).resumed == (0 if more else 3)
    if more:  # a bucket run that is done keeps no measurements; one that was stopped does
        return
    write(notes, line(RIGHT), line(LEFT, "b.png"))
    assert folder.crop(asked).resumed == 2
    after = boxes(folder)
    assert after["a.png"] != before["a.png"] and after["b.png"] == before["b.png"]
    write(notes, line(RIGHT), line(LEFT, "b.png"), name="boxes.jsonl")  # another time, the same content
    assert folder.crop(asked).resumed == 3
    write(notes, "0 0.5 0.5 0.2 0.2", name="b.txt")
    assert folder.crop(asked).resumed == 2
    (notes / "b.txt").unlink()
    assert folder.crop(asked).resumed == 2


def test_other_guides_do_everything_again_and_are_named(folder, notes):
    write(notes, line(LEFT))
    folder.crop(settings(folder, notes))
    outcome = folder.crop(settings(folder, notes, guides={"strength": 0.25}))
    assert outcome.resumed == 0
    assert "guides.strength: 0.5 → 0.25" in outcome.notes[0]


@pytest.mark.parametrize("more", [{}, {"buckets": BUCKETS}, {"frames": "still"}], ids=["plain", "buckets", "clip"])
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("b.json", "{", "b.json: no JSON"),
        ("b.txt", "a caption", "b.txt: line 1"),
        ("b.png", "no picture", "b.png: "),
        ("more.jsonl", '{"source": "b.png", "boxes": 3}', "more.jsonl: line 1: boxes: must be a list"),
    ],
)
def test_a_picture_with_a_malformed_file_fails_alone_by_name(folder, notes, name, content, reason, more):
    write(notes, line(LEFT))
    write(notes, content, name=name)
    if more.get("frames"):
        (folder.photos / "b.png").unlink()
        folder.add("b.png")
    outcome = folder.crop(settings(folder, notes, **more))
    found = {each.source: each for each in read_manifest(folder.out / "manifest.jsonl")}
    assert outcome.failed == 1
    assert [each.status for each in found.values()] == [OK, FAILED, OK]
    assert reason in found["b.png"].reason


def test_a_file_for_many_pictures_that_is_damaged_stops_the_run_before_it_begins(folder, notes):
    write(notes, '{"images": [', name="all.json")
    with pytest.raises(RunError, match="all.json: no JSON"):
        folder.crop(settings(folder, notes))
    assert not folder.out.exists() or not any(folder.out.glob("*.png"))


def test_names_that_fit_no_picture_stop_the_run_and_some_are_noted(folder, notes):
    write(notes, line(LEFT, "x.jpg"))
    with pytest.raises(RunError, match="no mask and no boxes for any of the 3 pictures"):
        folder.crop(settings(folder, notes))
    write(notes, line(LEFT), "{")
    notes_told = folder.crop(settings(folder, notes)).notes
    assert any("no mask and no boxes for 2 of 3 pictures: b.png, trip/c.png" in each for each in notes_told)
    assert any("boxes.jsonl: line 2" in each for each in notes_told)


def test_masks_in_a_folder_below_are_no_pictures(folder):
    inside = folder.photos / "focus"
    inside.mkdir()
    Image.new("L", (48, 32), 255).save(inside / "a.png")
    assert folder.crop(settings(folder, inside)).pictures == 3


# What the cropper saw


@pytest.mark.parametrize("more", [{}, {"buckets": BUCKETS}, {"frames": "still"}], ids=["plain", "buckets", "clip"])
def test_heatmaps_show_what_crops_were_searched_on(folder, notes, more):
    if more.get("frames"):
        (folder.photos / "b.png").unlink()
    write(notes, line(LEFT))
    asked = settings(folder, notes, guides={"strength": 1.0}, save_heatmaps=True, **more)
    folder.crop(asked)
    heat = np.array(Image.open(folder.out / "heatmaps" / "a.png").convert("L"))
    assert heat.shape == (32, 48)
    assert heat[12:20, :6].min() == 255 and heat[:, 20:].max() == 0
    assert (folder.out / "heatmaps" / "trip" / "c.png").is_file()
    tree = folder.tree()
    (folder.out / "heatmaps" / "a.png").unlink()
    folder.crop(asked)
    assert folder.tree() == tree


def test_a_heatmap_of_somebody_else_is_kept(folder):
    other = folder.out / "heatmaps" / "a.png"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"mine")
    assert folder.crop(folder.settings(save_heatmaps=True)).failed == 1
    assert other.read_bytes() == b"mine"
    assert "heatmaps/a.png" in boxes(folder)["a.png"]


def test_a_crop_and_a_heatmap_of_one_name_have_places_of_their_own(folder):
    folder.add("heatmaps/a.png")
    outcome = folder.crop(folder.settings(save_heatmaps=True, format="png"))
    files = [path.relative_to(folder.out).as_posix() for path in folder.out.rglob("*.png")]
    assert outcome.failed == 0
    assert len(files) == len(set(files)) == 8
    assert "heatmaps/a.png" in files and "heatmaps/heatmaps/a.png" in files


def test_heatmaps_are_refused_where_a_trainer_would_read_them(folder):
    with pytest.raises(ValueError, match="save_heatmaps: kohya reads every picture"):
        folder.settings(save_heatmaps=True, buckets=BUCKETS, dataset=get_format("kohya")("cat", 1, 1))
    with pytest.raises(ValueError, match="save_heatmaps: a dry run"):
        folder.settings(save_heatmaps=True, dry_run=True)


# Corrections, previews


@pytest.mark.parametrize("more", [{}, {"buckets": BUCKETS}], ids=["plain", "buckets"])
def test_what_a_person_takes_back_follows_the_boxes_again(folder, notes, scripted, more):
    write(notes, line(RIGHT))
    folder.crop(settings(folder, notes, guides={"strength": 1.0}, **more))
    found = boxes(folder)

    def save(correction):
        run = reopen_run(folder.out / "manifest.jsonl")
        with Analyser(scripted()) as analyser, run.reader:
            assert not save_corrections(run, {"a.png": {0: correction}}, analyser, lambda step: None).failed

    save(Correction("box", Box(0, 0, 32, 32)))
    assert boxes(folder)["a.png"] == (0, 0, 32, 32)
    save(None)
    assert boxes(folder) == found


def test_the_guides_of_a_run_are_found_again_for_its_preview(folder, notes):
    write(notes, line(LEFT))
    folder.crop(settings(folder, notes))
    manifest = folder.out / "manifest.jsonl"
    assert noted_guides(manifest, folder.photos) is not None
    (notes / "boxes.jsonl").unlink()
    notes.rmdir()
    assert noted_guides(manifest, folder.photos) is None
    folder.crop(folder.settings())
    assert noted_guides(manifest, folder.photos) is None


# Python


def test_python_takes_the_same_words_as_the_command(folder, notes):
    write(notes, line(LEFT, label="shoe"), line(RIGHT, label="hat"))
    outcome = salient_crop.crop_folder(
        folder.photos, folder.out, "1:1", cropper="centre", focus=notes, labels="hat", focus_strength=1.0
    )
    assert outcome.failed == 0
    assert boxes(folder)["a.png"][0] == 16


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"focus": "nowhere"}, "focus: nowhere is neither a folder nor a file"),
        ({"keep": ""}, "keep: the path is empty"),
        ({"avoid": 3}, "avoid must be a path"),
        ({"labels": "shoe"}, "labels: does nothing without"),
        ({"margin": "10%"}, "margin: does nothing without keep"),
        ({"focus_strength": 2}, "focus_strength is a share in 0..1"),
    ],
)
def test_what_cannot_be_used_is_named(folder, more, words):
    with pytest.raises((TypeError, ValueError), match=words):
        salient_crop.crop_folder(folder.photos, folder.out, cropper="centre", **more)


def test_a_single_picture_takes_a_mask_boxes_or_the_folder(folder, notes):
    picture = folder.photos / "a.png"
    write(notes, line(LEFT))
    mask = np.zeros((32, 48), np.float32)
    mask[7:25, :9] = 1

    def x(**more):
        return salient_crop.crop(picture, "1:1", cropper="centre", **more).box.x

    assert x() == 8
    masks = mask, mask > 0, torch.from_numpy(mask > 0), Image.fromarray((mask * 255).astype(np.uint8))
    for given in (*masks, [tuple(LEFT)], notes, notes / "boxes.jsonl"):
        assert x(focus=given, focus_strength=1.0) == 0
        assert x(keep=given) <= 1
    assert x(avoid=[(0.0, 0.0, 0.7, 1.0)]) >= 16


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([(0.5, 0, 0.2, 1)], "focus region"),
        ([3], "focus region"),
        ({"x": 3}, "focus: expected a path"),
        (np.zeros((2, 2, 7)), "focus: an array must be"),
        ([(0, 0, 1, 1)] * 1001, "focus: 1001 boxes"),
    ],
)
def test_a_single_picture_names_what_cannot_be_used(folder, given, words):
    with pytest.raises((TypeError, ValueError), match=words):
        salient_crop.crop(folder.photos / "a.png", "1:1", cropper="centre", focus=given)


def test_a_picture_without_a_file_is_found_in_no_folder(notes):
    with pytest.raises(ValueError, match="focus: .* is found by the name of the picture, and this one has no file"):
        salient_crop.crop(np.zeros((8, 8, 3), np.uint8), "1:1", cropper="centre", focus=notes)


def test_buckets_are_planned_on_what_matters(folder, notes):
    write(notes, line(LEFT))
    report = salient_crop.plan_buckets(folder.photos, "64x64", cropper="centre", resolution=64, smallest=1, keep=notes)
    assert sum(report.planned.counts.values()) == 3
