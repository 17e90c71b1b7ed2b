"""On saving, only what was decided on is written again, and all that lies beside it is in step."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.bucketing.grids import parse_grid
from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.correction import Correction
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.formats import get_format
from salient_crop.datasets.ledger import LEDGER
from salient_crop.datasets.manifest import DROPPED, OK, read_manifest, write_manifest
from salient_crop.jobs.corrections import BY_HAND
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.reopen import reopen_run
from salient_crop.jobs.run import RunError
from salient_crop.jobs.save_corrections import CHANGED_SINCE, save_corrections
from salient_crop.jobs.settings import BucketSettings

DRAWN = Correction("box", Box(3, 2, 24, 24))


@pytest.fixture
def save(folder, scripted):
    """Saves decisions about pictures, each with one crop unless places are named."""

    def saved(decisions, **more):
        run = reopen_run(folder.out / "manifest.jsonl", **more)
        places = {source: each if isinstance(each, dict) else {0: each} for source, each in decisions.items()}
        with Analyser(scripted()) as analyser, run.reader:
            return save_corrections(run, places, analyser, folder.steps.append)

    return saved


def records(folder):
    return {each.source: each for each in read_manifest(folder.out / "manifest.jsonl")}


def drop(folder, source, place=0):
    return Correction("drop", Box(*records(folder)[source].crops[place].box))


def changed(before, after):
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def files_of(folder, name):
    """A picture's crop, caption and mask."""
    return {file: each for file, each in folder.tree().items() if Path(file).stem.removesuffix("-masklabel") == name}


BESIDE = {"manifest.jsonl", "manifest.run.json", LEDGER}


def test_only_the_crop_that_was_drawn_is_written_again_to_the_pixel(folder, save):
    folder.crop(folder.settings(format="png"))
    before = folder.tree()
    saved = save({"a.png": DRAWN})
    assert (list(saved.records), saved.failed) == (["a.png"], {})
    assert changed(before, folder.tree()) == {"a.png", *BESIDE}
    source = np.asarray(Image.open(folder.photos / "a.png").convert("RGB"))
    assert (np.asarray(Image.open(folder.out / "a.png")) == source[2:26, 3:27]).all()


def test_a_run_afterwards_finds_all_done_and_changes_nothing(folder, save):
    folder.crop()
    save({"a.png": DRAWN, "b.png": drop(folder, "b.png")})
    before = folder.tree()
    outcome = folder.crop()
    # A picture that is wholly left out has no crop to look for, and so is done too.
    assert (outcome.resumed, outcome.corrected, outcome.dropped) == (3, 2, 1)
    assert folder.tree() == before


def test_the_same_bytes_as_a_run_with_the_corrections(folder, save):
    folder.crop()
    save({"a.png": DRAWN, "b.png": drop(folder, "b.png")})
    manifest = (folder.out / "manifest.jsonl").read_bytes()
    fresh = folder.out.with_name("fresh")
    fresh.mkdir()
    (fresh / "manifest.jsonl").write_bytes(manifest)
    folder.crop(out=fresh)
    assert (fresh / "manifest.jsonl").read_bytes() == manifest
    crops = {name: each for name, each in folder.tree(fresh).items() if name.endswith(".jpg")}
    assert crops == {name: each for name, each in folder.tree().items() if name.endswith(".jpg")}


def test_what_was_left_out_is_gone_with_its_caption_and_mask_and_comes_back_with_them(folder, save):
    (folder.photos / "a.txt").write_text("a cat")
    Image.new("L", (48, 32), 255).save(folder.photos / "a-masklabel.png")
    folder.crop()
    before = files_of(folder, "a")
    assert len(before) == 3
    save({"a.png": drop(folder, "a.png")})
    record = records(folder)["a.png"]
    assert (record.status, record.reason) == (DROPPED, BY_HAND)
    assert not files_of(folder, "a")
    save({"a.png": None})
    assert files_of(folder, "a") == before
    assert records(folder)["a.png"].status == OK


def test_a_correction_that_is_taken_back_is_forgotten_everywhere(folder, save):
    folder.crop()
    found = records(folder)["a.png"].crops[0].box
    save({"a.png": DRAWN})
    folder.crop(folder.settings(constraint=Constraint((Ratio(2, 3),))))  # so that the record of the run holds it too
    folder.crop()
    save({"a.png": None})
    assert records(folder)["a.png"].crops[0].box == found
    folder.crop(folder.settings(format="png"))
    assert records(folder)["a.png"].crops[0].correction is None


def test_of_several_ratios_only_the_one_that_was_decided_on(folder, save):
    settings = folder.settings(constraint=Constraint((Ratio(1, 1), Ratio(3, 2))), each=True)
    folder.crop(settings)
    before = folder.tree()
    save({"a.png": {1: Correction("box", Box(1, 1, 30, 20))}})
    assert changed(before, folder.tree()) == {"3x2/a.jpg", *BESIDE}
    save({"a.png": {0: drop(folder, "a.png", 0)}})
    square, wide = records(folder)["a.png"].crops
    assert (square.file, wide.box, wide.correction.decision) == (None, (1, 1, 30, 20), "box")
    assert not (folder.out / "1x1/a.jpg").exists()


def test_a_picture_that_is_another_one_now_fails_alone_and_keeps_its_crop(folder, save):
    folder.crop()
    folder.add("a.png", (48, 32), 77)
    (folder.photos / "trip" / "c.png").unlink()
    before = folder.tree()
    saved = save({"a.png": DRAWN, "trip/c.png": DRAWN, "b.png": Correction("box", Box(0, 4, 32, 32))})
    assert saved.failed["a.png"] == CHANGED_SINCE
    assert "no such file" in saved.failed["trip/c.png"].lower()
    assert changed(before, folder.tree()) == {"b.jpg", *BESIDE}
    assert records(folder)["a.png"].crops[0].correction is None
    run_record = json.loads((folder.out / "manifest.run.json").read_text("utf-8"))
    assert [each["source"] for each in run_record["corrections"] if each["corrections"]] == ["b.png"]


def test_a_crop_that_somebody_has_changed_is_kept(folder, save):
    folder.crop()
    (folder.out / "a.jpg").write_bytes(b"mine")
    saved = save({"a.png": DRAWN})
    assert "changed since a run wrote it" in saved.failed["a.png"]
    assert (folder.out / "a.jpg").read_bytes() == b"mine"


def test_nothing_is_saved_while_another_run_writes(folder, save):
    folder.crop()
    before = folder.tree()
    with folder.run().writing(), pytest.raises(RunError, match="another run is writing"):
        save({"a.png": DRAWN})
    assert folder.tree() == before


def test_stopped_anywhere_the_same_call_goes_on(folder, scripted, monkeypatch):
    folder.crop()
    run = reopen_run(folder.out / "manifest.jsonl")
    decisions = {"a.png": {0: DRAWN}, "b.png": {0: drop(folder, "b.png")}}

    def stop(step):
        if step.done == stop.at:
            raise KeyboardInterrupt

    with Analyser(scripted()) as analyser:
        for stop.at in (1, 2):
            before = (folder.out / "manifest.jsonl").read_bytes()
            with pytest.raises(KeyboardInterrupt), run.reader:
                save_corrections(run, decisions, analyser, stop)
            assert (folder.out / "manifest.jsonl").read_bytes() == before
        with run.reader:
            save_corrections(reopen_run(folder.out / "manifest.jsonl"), decisions, analyser, lambda step: None)
    assert [each.status for each in records(folder).values()] == [OK, DROPPED, OK]


def test_in_a_dry_run_only_the_manifest_changes(folder, save):
    folder.crop(folder.settings(dry_run=True))
    before = folder.tree()
    save({"a.png": DRAWN})
    assert changed(before, folder.tree()) == {"manifest.jsonl", "manifest.run.json"}
    assert records(folder)["a.png"].crops[0].box == (3, 2, 24, 24)


# Buckets


@pytest.fixture
def sorted_folder(folder):
    """Six pictures in two buckets of a kohya folder, one of them twice."""
    for path in list(folder.photos.rglob("*.png")):
        path.unlink()
    for index in range(6):
        folder.add(f"{index}.png", (90, 60) if index % 2 else (60, 90), 10 + index)
        (folder.photos / f"{index}.txt").write_text(f"picture {index}")
    settings = folder.settings(
        format="png",
        buckets=BucketSettings(parse_grid("64x96,96x64", 64), 64, batch_size=4, remainder="repeat"),
        dataset=get_format("diffusers")("cat", 1, 2),
        constraint=Constraint(min_share=1.0),
    )
    folder.crop(settings)
    folder.bucket_settings = settings
    return folder


def test_a_crop_of_a_bucket_stays_in_it_and_the_report_and_index_are_in_step(sorted_folder, save):
    folder = sorted_folder
    assert {len(each.crops) for each in records(folder).values()} == {1, 2}
    twice = next(each.source for each in records(folder).values() if len(each.crops) == 2)
    before = folder.tree()
    width, height = records(folder)[twice].size
    drawn = Correction("box", Box(0, 0, 30, 45) if height > width else Box(0, 0, 45, 30))
    other = next(each.source for each in records(folder).values() if len(each.crops) == 1)
    saved = save({twice: drawn, other: drop(folder, other)})
    assert not saved.failed
    record = records(folder)[twice]
    assert {crop.box for crop in record.crops} == {(*drawn.box.as_list(),)} and len(record.crops) == 2
    assert all(Image.open(folder.out / crop.file).size == crop.bucket for crop in record.crops)
    report = (folder.out / "manifest.buckets.txt").read_text("utf-8")
    assert "7 pictures in 2 buckets; 2 corrected by hand" in report
    assert f"left out: {other}: {BY_HAND}" in report
    assert saved.report.planned.upscaled >= 1
    listed = [json.loads(line)["file_name"] for line in (folder.out / "metadata.jsonl").read_text("utf-8").splitlines()]
    assert sorted(listed) == sorted(crop.file for each in records(folder).values() for crop in each.crops if crop.file)
    assert {"manifest.buckets.html", "metadata.jsonl"} <= changed(before, folder.tree())
    again = save({other: None})
    assert again.records[other].status == OK
    assert sum(again.report.planned.counts.values()) == 8
    assert BY_HAND not in (folder.out / "manifest.buckets.txt").read_text("utf-8")


def test_a_whole_run_afterwards_keeps_the_corrections(sorted_folder, save):
    folder = sorted_folder
    source = next(each.source for each in records(folder).values() if len(each.crops) == 1)
    width, height = records(folder)[source].size
    drawn = Correction("approve", Box(0, 0, 40, 60) if height > width else Box(0, 0, 60, 40))
    save({source: drawn})
    outcome = folder.crop(folder.bucket_settings)
    assert records(folder)[source].crops[0].box == (*drawn.box.as_list(),)
    assert outcome.report.corrected == 0  # the plan knows of it


# What cannot be reviewed


def test_without_the_record_of_its_run_a_manifest_is_refused(folder):
    folder.crop()
    (folder.out / "manifest.run.json").unlink()
    with pytest.raises(RunError, match=r"manifest\.run\.json: missing .*run the same crop command again"):
        reopen_run(folder.out / "manifest.jsonl")


def test_a_manifest_without_digests_is_refused(folder):
    folder.crop()
    write_manifest(folder.out / "manifest.jsonl", [replace(each, digest=None) for each in records(folder).values()])
    with pytest.raises(RunError, match=r"earlier version, without the digest of a\.png"):
        reopen_run(folder.out / "manifest.jsonl")


def test_pictures_that_were_moved_have_to_be_named(folder, save):
    folder.crop()
    moved = folder.photos.rename(folder.photos.with_name("moved"))
    with pytest.raises(RunError, match="--source FOLDER"):
        reopen_run(folder.out / "manifest.jsonl")
    assert not save({"a.png": DRAWN}, source=moved).failed


def test_crops_elsewhere_have_to_be_named(folder):
    folder.crop(folder.settings())
    elsewhere = folder.out.with_name("elsewhere")
    elsewhere.mkdir()
    for name in ("manifest.jsonl", "manifest.run.json"):
        (elsewhere / name).write_bytes((folder.out / name).read_bytes())
    with pytest.raises(RunError, match="--out OUT"):
        reopen_run(elsewhere / "manifest.jsonl")
    assert reopen_run(elsewhere / "manifest.jsonl", out=folder.out).out == folder.out


def test_links_are_followed_only_where_that_is_said_again(folder):
    folder.crop(folder.settings(follow_links=True))
    with pytest.raises(RunError, match="--follow-links"):
        reopen_run(folder.out / "manifest.jsonl")
    assert reopen_run(folder.out / "manifest.jsonl", follow_links=True).settings.follow_links
