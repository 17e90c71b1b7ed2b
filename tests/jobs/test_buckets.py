"""A folder into buckets on real files: captions, masks, duplicates, and what other runs left."""

import json
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest
from PIL import Image

from salient_crop.bucketing.grids import list_onetrainer_sizes, parse_grid
from salient_crop.cropping.subject import Subject
from salient_crop.datasets.formats import get_format
from salient_crop.datasets.manifest import DROPPED, FAILED, OK, read_manifest
from salient_crop.jobs.buckets import list_entries, sort_folder
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.run import RunError
from salient_crop.jobs.run_record import report_files
from salient_crop.jobs.settings import BucketSettings

SHAPES = ((90, 60), (60, 90), (75, 75))


@pytest.fixture
def photos(folder):
    """Nine pictures, three of each shape."""
    for path in list(folder.photos.rglob("*.png")):
        path.unlink()
    for index in range(9):
        width, height = SHAPES[index % 3]
        folder.add(f"{index}.png", (width + index, height), index)
    return folder


def settings(photos, grid="auto:2", dataset="plain", concept="picture", repeats=1, **more):
    names = {each.name for each in fields(BucketSettings)}
    buckets = {name: more.pop(name) for name in list(more) if name in names}
    layout = get_format(dataset)(concept, repeats, buckets.get("batch_size", 1))
    sorting = BucketSettings(parse_grid(layout.grid_name(grid), 256), 256, **buckets)
    whole = photos.settings(format="png", buckets=sorting, dataset=layout, **more)
    return replace(whole, constraint=replace(whole.constraint, ratios=(), min_share=1.0))


def records(photos):
    return list(read_manifest(photos.out / "manifest.jsonl"))


def buckets_of(photos):
    return Counter(crop.bucket for record in records(photos) for crop in record.crops)


def test_every_crop_has_exactly_the_size_of_its_bucket_in_full_batches(photos):
    outcome = photos.crop(settings(photos, batch_size=3))
    assert (outcome.pictures, outcome.crops, outcome.failed, outcome.dropped) == (9, 9, 0, 0)
    assert len(buckets_of(photos)) <= 2
    assert all(count % 3 == 0 for count in buckets_of(photos).values())
    for record in records(photos):
        (crop,) = record.crops
        assert Image.open(photos.out / crop.file).size == crop.bucket
        assert crop.target_size == crop.bucket[::-1]
    assert outcome.report.planned.counts == dict(
        sorted(buckets_of(photos).items(), key=lambda item: item[0][0] / item[0][1])
    )


def test_the_report_lies_beside_the_manifest_as_text_and_as_a_page(photos):
    outcome = photos.crop(settings(photos))
    text, page = report_files(photos.out / "manifest.jsonl")
    assert (text.name, page.name) == ("manifest.buckets.txt", "manifest.buckets.html")
    assert text.read_text("utf-8") == outcome.report.format_text() + "\n"
    assert page.read_bytes().startswith(b"<!doctype html>")
    assert outcome.report.format_text().splitlines()[0].encode() in page.read_bytes()
    assert json.loads((photos.out / "manifest.run.json").read_text("utf-8"))["settings"]["buckets"]["resolution"] == 256


def test_every_picture_is_measured_and_then_written(photos):
    photos.crop(settings(photos))
    assert [step.stage for step in photos.steps] == ["measuring"] * 9 + ["writing"] * 9
    assert [(step.done, step.total) for step in photos.steps] == [(index + 1, 18) for index in range(18)]


def test_captions_and_masks_follow_their_pictures(photos, tmp_path):
    captions = [{"file_name": f"{index}.png", "text": f"caption {index}"} for index in range(9)]
    (photos.photos / "metadata.jsonl").write_text("\n".join(map(json.dumps, captions)), "utf-8")
    for index in range(9):
        with Image.open(photos.photos / f"{index}.png") as image:  # the mask tells where each pixel came from
            width, height = image.size
        across = np.tile(np.linspace(0, 255, width), (height, 1)).astype(np.uint8)
        path = tmp_path / "masks" / f"{index}.png" if index % 2 else photos.photos / f"{index}-masklabel.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(across).save(path)
    photos.crop(settings(photos, dataset="kohya", masks=tmp_path / "masks"))
    for index, record in enumerate(records(photos)):
        (crop,) = record.crops
        assert (photos.out / crop.file).with_suffix(".txt").read_text("utf-8") == f"caption {index}\n"
        mask = np.asarray(Image.open(photos.out / "masks" / crop.file).convert("L"), float)
        assert mask.shape == crop.target_size
        x, _, width, _ = crop.box
        seen = np.array([x, x + width]) / record.size[0] * 255
        assert np.abs(mask[:, [0, -1]].mean(axis=0) - seen).max() < 3
    assert 'conditioning_data_dir = "masks/1_picture"' in (photos.out / "dataset.toml").read_text("utf-8")


def test_the_entries_of_an_index_hold_what_the_trainer_needs(photos):
    (photos.photos / "0.txt").write_text("a caption")
    Image.new("L", (90, 60)).save(photos.photos / "0-masklabel.png")
    chosen = settings(photos, dataset="diffusers")
    photos.crop(chosen)
    entries = list(list_entries(photos.run(chosen), records(photos)))
    first, second = records(photos)[0].crops[0], entries[1]
    assert (entries[0].file, entries[0].size, entries[0].caption) == ("0.png", first.bucket, "a caption")
    assert entries[0].mask == "masks/0.png"
    assert dict(entries[0].details) == {
        "original_size": first.original_size,
        "crop_coords": first.crop_coords,
        "target_size": first.target_size,
    }
    assert (second.caption, second.mask, len(entries)) == ("", None, 9)
    lines = (photos.out / "metadata.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["file_name"] for line in lines] == [f"{index}.png" for index in range(9)]


def test_pictures_that_fail_leave_no_gap_in_a_batch(photos):
    Image.new("L", (10, 10)).save(photos.photos / "4-masklabel.png")
    (photos.photos / "bad.png").write_text("no picture")
    outcome = photos.crop(settings(photos, batch_size=4))
    assert (outcome.pictures, outcome.failed, outcome.crops) == (10, 2, 8)
    failed = {each.source: each.reason for each in records(photos) if each.status == FAILED}
    assert failed["4.png"] == "4-masklabel.png: a mask of 10×10, but its picture has 64×90"
    assert failed["bad.png"] == "not a picture in a format that can be read here"
    assert all(count % 4 == 0 for count in buckets_of(photos).values())


def test_where_no_picture_can_be_measured_there_is_no_report(photos):
    for path in photos.photos.glob("*.png"):
        path.write_text("no picture")
    outcome = photos.crop(settings(photos))
    assert (outcome.pictures, outcome.failed, outcome.report) == (9, 9, None)
    assert not report_files(photos.out / "manifest.jsonl")[0].exists()


@pytest.fixture
def doubled(photos):
    """Two pictures more that repeat others, one of them smaller and first in order."""
    with Image.open(photos.photos / "3.png") as image:
        image.resize((image.width // 2, image.height // 2)).save(photos.photos / "0-small-3.png")
    (photos.photos / "z.png").write_bytes((photos.photos / "7.png").read_bytes())
    return photos


DUPLICATES = ["0-small-3.png: nearly the same picture as 3.png", "z.png: the same file as 7.png"]


def test_duplicates_are_used_where_nobody_asks(doubled):
    outcome = doubled.crop(settings(doubled))
    assert (outcome.crops, outcome.notes, outcome.report.duplicates) == (11, (), [])


def test_duplicates_are_named_and_used(doubled):
    outcome = doubled.crop(settings(doubled, duplicates="report"))
    assert outcome.crops == 11
    assert outcome.notes == tuple(f"duplicate: {line}" for line in DUPLICATES)
    assert outcome.report.duplicates == DUPLICATES
    stages = Counter(step.stage for step in doubled.steps)
    assert stages == {"comparing": 11, "measuring": 11, "writing": 11}
    assert [step.done for step in doubled.steps] == list(range(1, 34))
    assert {step.total for step in doubled.steps} == {33}


def test_duplicates_are_skipped_and_the_largest_stays(doubled):
    outcome = doubled.crop(settings(doubled, duplicates="skip", batch_size=3))
    assert (outcome.crops, outcome.dropped, outcome.notes) == (9, 2, ())
    dropped = [f"{each.source}: {each.reason}" for each in records(doubled) if each.status == DROPPED]
    assert dropped == DUPLICATES
    assert outcome.report.duplicates == DUPLICATES
    assert (doubled.steps[-1].done, doubled.steps[-1].total) == (33, 33)  # two were passed over, not measured
    assert Counter(step.stage for step in doubled.steps)["measuring"] == 9


def test_a_data_set_holds_nothing_but_what_was_planned(photos):
    photos.crop(settings(photos, dataset="onetrainer", batch_size=4, remainder="repeat"))
    assert len(list(photos.out.rglob("*.png"))) == 12
    repeated = [record for record in records(photos) if len(record.crops) > 1]
    assert len(repeated) == 3
    assert len({crop.file for record in repeated for crop in record.crops}) == 6
    (photos.out / "0.txt").write_text("a caption of a crop")
    outcome = photos.crop(settings(photos, dataset="onetrainer", batch_size=4, remainder="drop"))
    assert outcome.dropped == 1
    # A trainer would have read what the first run has left.
    assert {path.name for path in photos.out.rglob("*.png")} == {
        crop.file for each in records(photos) for crop in each.crops
    }
    assert len(list(photos.out.rglob("*.png"))) == 8


def test_pictures_of_another_origin_are_not_mixed_in(photos):
    chosen = settings(photos, dataset="onetrainer")
    photos.crop(chosen)
    Image.new("RGB", (64, 64)).save(photos.out / "mine.png")
    before = photos.tree()
    with pytest.raises(RunError, match="mine.png in it is none of this data set"):
        photos.crop(chosen)
    assert {name: each for name, each in photos.tree().items() if ".jsonl." not in name} == before
    photos.crop(settings(photos, dataset="plain"))  # no trainer reads all of it
    assert (photos.out / "mine.png").exists()


def test_auto_chooses_among_the_sizes_that_the_trainer_keeps(photos):
    photos.crop(settings(photos, dataset="onetrainer"))
    assert set(buckets_of(photos)) <= set(list_onetrainer_sizes(256))
    outcome = photos.crop(settings(photos, "256x192,192x256", dataset="onetrainer"))
    assert "256x192 to 320x192, at 256 in steps of 64" in outcome.report.recropped


def test_no_picture_is_enlarged_beyond_the_limit(photos):
    photos.add("large.png", (400, 400), 20)
    photos.add("larger.png", (500, 400), 21)
    outcome = photos.crop(settings(photos, most_enlarged=1.0))
    assert [each.source for each in records(photos) if each.crops] == ["large.png", "larger.png"]
    assert (outcome.enlarged, outcome.dropped) == (0, 9)
    reasons = {each.reason for each in records(photos) if each.status == DROPPED}
    assert reasons == {"would have to be enlarged beyond the limit in every bucket"}


def test_a_dry_run_plans_the_same_and_writes_no_pixels(photos):
    photos.crop(settings(photos, dataset="kohya", dry_run=True))
    planned = [(crop.file, crop.box) for record in records(photos) for crop in record.crops]
    assert set(photos.tree()) == {
        ".salient-crop.jsonl",
        "manifest.jsonl",
        "manifest.run.json",
        "manifest.buckets.txt",
        "manifest.buckets.html",
    }
    photos.crop(settings(photos, dataset="kohya"))
    assert [(None, crop.box) for record in records(photos) for crop in record.crops] == planned


class Stop(Exception):
    pass


@pytest.mark.parametrize("after", [4, 13])
def test_a_stopped_run_goes_on_where_it_was(photos, after):
    def stop(step):
        if step.done == after:
            raise Stop

    chosen = settings(photos, batch_size=3)
    with pytest.raises(Stop):
        photos.crop(chosen, progress=stop)
    outcome = photos.crop(chosen)
    assert outcome.resumed == min(after, 9)
    # A crop that was written is not written again; what is left is counted on from there.
    assert len(photos.steps) == 18 - after
    assert [step.done for step in photos.steps] == list(range(after + 1, 19))
    fresh = photos.out.with_name("fresh")
    photos.crop(chosen, out=fresh)
    assert photos.tree() == photos.tree(fresh)


def test_what_was_measured_with_other_settings_is_measured_again(photos):
    def stop(step):
        if step.done == 4:
            raise Stop

    with pytest.raises(Stop):
        photos.crop(settings(photos), progress=stop)
    outcome = photos.crop(settings(photos, smallest=3))
    assert outcome.resumed == 0
    assert "buckets.smallest: 2 → 3" in outcome.notes[0]


def test_a_picture_that_changed_since_it_was_measured_is_measured_again(photos):
    def stop(step):
        if step.done == 9:
            raise Stop

    with pytest.raises(Stop):
        photos.crop(settings(photos), progress=stop)
    photos.add("3.png", (120, 60), 33)
    outcome = photos.crop(settings(photos))
    assert outcome.resumed == 8
    assert [step.record.source for step in photos.steps if step.stage == "measuring"] == ["3.png"]
    assert records(photos)[3].size == (120, 60)


def test_a_run_without_buckets_is_not_sorted(photos, scripted):
    with Analyser(scripted()) as analyser, pytest.raises(ValueError, match="without buckets"):
        sort_folder(photos.run(), analyser, lambda step: None)


def test_a_picture_that_fails_while_it_is_written_is_named(photos):
    def spoil(step):
        if step.stage == "measuring" and step.done == 9:
            (photos.photos / "2.png").write_text("gone bad")

    outcome = photos.crop(settings(photos), progress=spoil)
    assert (outcome.failed, outcome.crops) == (1, 8)
    assert records(photos)[2] == replace(records(photos)[2], source="2.png", status=FAILED, crops=())
    assert records(photos)[0].status == OK


# A head of 70 % of a picture's rows and 20 % of its columns: of these pictures, only one of 90×60 holds it in 2:1.
TALL_HEAD = Subject(0.3, 0.1, 0.5, 0.8, kind="face")


@pytest.fixture
def portraits(photos, scripted):
    """Crops the folder, in every picture of which such a head is."""

    def crop(grid, **more):
        cropper = scripted(0.5, 0.5, [TALL_HEAD])
        return photos.crop(settings(photos, grid, cropper=cropper, smallest=1, **more), cropper)

    return crop


def test_no_picture_goes_where_its_head_would_be_cut_off(photos, portraits):
    outcome = portraits("256x128,128x256")
    assert (outcome.heads_cut, outcome.report.heads_cut, outcome.report.planned.heads_cut) == (0, [], 0)
    assert buckets_of(photos)[(128, 256)] >= 6


def test_heads_that_have_to_be_cut_off_are_in_the_report_beside_the_manifest(photos, portraits):
    outcome = portraits("256x128")
    cut = [f"{index}.png" for index in range(9) if index % 3]  # all but those of 90×60
    assert [line.split(": ")[0] for line in outcome.report.heads_cut] == cut
    assert (outcome.crops, outcome.heads_cut, outcome.report.caption_checks) == (9, 6, [])
    assert outcome.first_warned[0].startswith("1.png: a head in the middle is cut off: ")
    for file in report_files(photos.out / "manifest.jsonl"):
        text = file.read_text("utf-8")
        assert text.count("\nhead cut off: ") == 6
        assert "check the caption" not in text


def test_pictures_that_every_bucket_beheads_are_left_out_where_that_is_asked_for(photos, portraits):
    outcome = portraits("256x128", on_cut="drop")
    assert (outcome.crops, outcome.dropped, outcome.failed, outcome.heads_cut) == (3, 6, 0, 0)
    reason = "a head would be cut off in every crop that was asked for"
    dropped = [each for each in records(photos) if each.status == DROPPED]
    assert {(each.reason, each.crops) for each in dropped} == {(reason, ())}
    assert [each.source for each in dropped] == [f"{index}.png" for index in range(9) if index % 3]
    assert outcome.report.left_out == [f"{each.source}: {reason}" for each in dropped]
    assert len(list(photos.out.rglob("*.png"))) == 3
    outcome = portraits("256x128", on_cut="drop", batch_size=2, remainder="drop")
    assert (outcome.crops, outcome.dropped, len(outcome.report.left_out)) == (2, 7, 7)
    assert "multiple of the batch size" in outcome.report.left_out[0]
    assert portraits("256x128,128x256", on_cut="drop").dropped == 0


def test_where_every_picture_is_beheaded_there_is_no_report(photos, portraits):
    outcome = portraits("512x128", on_cut="drop")
    assert (outcome.crops, outcome.dropped, outcome.report) == (0, 9, None)
    assert not report_files(photos.out / "manifest.jsonl")[0].exists()


def test_a_canvas_is_extended_for_its_bucket(photos, portraits):
    outcome = portraits("256x128", on_cut="pad", background=(0, 0, 255))
    assert (outcome.crops, outcome.dropped, outcome.warned) == (9, 0, 6)
    for record in records(photos):
        (crop,) = record.crops
        x, _, width, _ = crop.box
        pixels = np.asarray(Image.open(photos.out / crop.file))
        assert pixels.shape == (128, 256, 3)
        padded = x < 0 or x + width > record.size[0]
        assert padded == (record.source[0] not in "0369")
        assert (pixels[:, -1] == (0, 0, 255)).all() == padded
