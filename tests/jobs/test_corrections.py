"""What people decided is honoured by every later run, by content, and by nothing else."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from salient_crop.bucketing.grids import parse_grid
from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.correction import Correction
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.datasets.formats.plain import Plain
from salient_crop.datasets.manifest import DROPPED, FAILED, OK, read_manifest, write_manifest
from salient_crop.jobs.corrections import BY_HAND, Corrections, pick_correction, read_corrections
from salient_crop.jobs.settings import BucketSettings

DRAWN = Correction("box", Box(3, 2, 24, 24))
WIDE, HIGH = Ratio(3, 2), Ratio(2, 3)


def records(folder):
    return {each.source: each for each in read_manifest(folder.out / "manifest.jsonl")}


def decide(folder, source, correction, at=0):
    """Writes a correction of one crop into the manifest, as a hand edit would."""
    changed = records(folder)
    record = changed[source]
    crops = list(record.crops)
    crops[at] = replace(crops[at], correction=correction)
    changed[source] = replace(record, crops=tuple(crops))
    write_manifest(folder.out / "manifest.jsonl", changed.values())


def the_crop(folder, source):
    (crop,) = records(folder)[source].crops
    return crop


def test_every_picture_has_the_digest_of_its_file(folder):
    folder.crop()
    digests = {each.digest for each in records(folder).values()}
    assert len(digests) == 3 and None not in digests


def test_a_box_drawn_by_hand_is_cut_to_the_pixel_and_only_its_picture_is_done_again(folder):
    folder.crop(folder.settings(format="png"))
    decide(folder, "a.png", DRAWN)
    outcome = folder.crop(folder.settings(format="png"))
    assert (outcome.resumed, outcome.corrected, [step.record.source for step in folder.steps]) == (2, 1, ["a.png"])
    crop = the_crop(folder, "a.png")
    assert (crop.box, crop.correction) == ((3, 2, 24, 24), DRAWN)
    source = np.asarray(Image.open(folder.photos / "a.png").convert("RGB"))
    assert (np.asarray(Image.open(folder.out / "a.png")) == source[2:26, 3:27]).all()
    before = folder.tree()
    assert folder.crop(folder.settings(format="png")).resumed == 3
    assert folder.tree() == before


def test_a_correction_is_found_again_under_another_name(folder):
    folder.crop()
    decide(folder, "a.png", DRAWN)
    (folder.photos / "moved").mkdir()
    os.rename(folder.photos / "a.png", folder.photos / "moved" / "z.png")
    folder.crop()
    assert the_crop(folder, "moved/z.png").box == (3, 2, 24, 24)


def test_another_picture_of_the_same_name_is_not_corrected(folder):
    folder.crop()
    decide(folder, "a.png", DRAWN)
    folder.add("a.png", (48, 32), 99)
    folder.crop()
    assert the_crop(folder, "a.png").correction is None


def test_of_two_copies_each_keeps_its_own_decision(folder):
    (folder.photos / "copy.png").write_bytes((folder.photos / "a.png").read_bytes())
    folder.crop()
    decide(folder, "copy.png", Correction("drop", Box(*the_crop(folder, "copy.png").box)))
    folder.crop()
    folder.crop(folder.settings(format="png"))
    found = records(folder)
    assert (found["a.png"].status, found["copy.png"].status) == (OK, DROPPED)


def test_a_dropped_picture_has_no_crop_and_stays_listed(folder):
    folder.crop()
    file = the_crop(folder, "a.png").file
    decide(folder, "a.png", Correction("drop", Box(*the_crop(folder, "a.png").box)))
    for _ in range(2):
        outcome = folder.crop()
        assert (outcome.pictures, outcome.crops, outcome.dropped, outcome.failed) == (3, 2, 1, 0)
        record = records(folder)["a.png"]
        assert (record.status, record.reason, record.crops[0].file) == (DROPPED, BY_HAND, None)
        assert not (folder.out / file).exists()


def test_an_approved_crop_stays_whatever_the_weights_say_later(folder, scripted):
    folder.crop()
    box = the_crop(folder, "a.png").box
    decide(folder, "a.png", Correction("approve", Box(*box)))
    decide_nothing = the_crop(folder, "b.png").box
    folder.crop(cropper=scripted(0.05, 0.05))
    assert the_crop(folder, "a.png").box == box
    assert the_crop(folder, "b.png").box != decide_nothing


def test_in_another_ratio_a_box_shows_the_same_place_and_is_back_in_its_own(folder):
    folder.crop()
    decide(folder, "a.png", DRAWN)
    folder.crop(folder.settings(constraint=Constraint((HIGH,))))
    x, y, width, height = the_crop(folder, "a.png").box
    assert abs(x + width / 2 - 15) <= 1 and abs(y + height / 2 - 14) <= 3 and width * 3 == pytest.approx(height * 2, 3)
    folder.crop()
    assert the_crop(folder, "a.png").box == (3, 2, 24, 24)


def test_a_run_over_other_pictures_forgets_nothing(folder):
    folder.crop()
    decide(folder, "a.png", DRAWN)
    folder.crop(sources=("b.png",))
    assert list(records(folder)) == ["b.png"]
    folder.crop()
    assert the_crop(folder, "a.png").box == (3, 2, 24, 24)


def test_with_each_ratio_a_crop_is_dropped_alone(folder):
    settings = folder.settings(constraint=Constraint((WIDE, HIGH)), each=True)
    folder.crop(settings)
    drawn = Correction("box", Box(1, 1, 30, 20))
    decide(folder, "a.png", drawn, 0)
    decide(folder, "a.png", Correction("drop", Box(*records(folder)["a.png"].crops[1].box)), 1)
    for _ in range(2):
        folder.crop(settings)
        wide, high = records(folder)["a.png"].crops
        assert (wide.box, high.file, records(folder)["a.png"].status) == ((1, 1, 30, 20), None, OK)
    assert len(list(folder.out.rglob("*.jpg"))) == 5


def test_a_correction_tells_what_it_costs(folder, scripted):
    head = Subject(0.0, 0.0, 0.4, 0.5, kind="face", confidence=0.9)
    cropper = scripted(subjects=(head,))
    folder.crop(folder.settings(cropper, on_cut="drop"), cropper)
    decide(folder, "a.png", Correction("box", Box(16, 0, 32, 32)))
    outcome = folder.crop(folder.settings(cropper, on_cut="drop"), cropper)
    crop = the_crop(folder, "a.png")
    assert [each.code for each in crop.warnings] == ["head-cut"]
    assert crop.confidence is not None and crop.file  # the hand wins over on_cut too
    assert outcome.heads_cut == 1


@pytest.mark.parametrize("box", [Box(48, 0, 10, 10), Box(-5000, 0, 5020, 5020), Box(0, 0, 2**53, 2**53)])
def test_a_box_that_cannot_be_of_this_picture_fails_it_alone_by_name(folder, box):
    folder.crop()
    decide(folder, "a.png", Correction("box", box))
    outcome = folder.crop()
    record = records(folder)["a.png"]
    assert (outcome.failed, record.status) == (1, FAILED)
    assert "the corrected box" in record.reason and "correct it anew" in record.reason


def test_a_run_that_was_stopped_goes_on_with_the_corrections(folder):
    folder.crop()
    decide(folder, "b.png", Correction("box", Box(0, 10, 32, 32)))

    def stop(step):
        raise KeyboardInterrupt

    other = folder.settings(format="png")
    with pytest.raises(KeyboardInterrupt):
        folder.crop(other, progress=stop)
    decide(folder, "a.png", DRAWN)  # while it was stopped
    folder.crop(other)
    assert (the_crop(folder, "a.png").box, the_crop(folder, "b.png").box) == ((3, 2, 24, 24), (0, 10, 32, 32))


def test_a_manifest_without_digests_is_done_again_once(folder):
    folder.crop()
    write_manifest(folder.out / "manifest.jsonl", [replace(each, digest=None) for each in records(folder).values()])
    assert [folder.crop().resumed, folder.crop().resumed] == [0, 3]


@pytest.mark.parametrize(
    "noted", [5, [5], [{"digest": "x"}], [{"digest": "0" * 32, "source": "../a", "corrections": []}]]
)
def test_malformed_corrections_in_the_record_are_named(folder, noted):
    folder.crop()
    record = folder.out / "manifest.run.json"
    record.write_text(json.dumps({**json.loads(record.read_text("utf-8")), "corrections": noted}), "utf-8")
    with pytest.raises(ValueError, match=r"manifest\.run\.json: corrections"):
        read_corrections(folder.out / "manifest.jsonl")


SQUARE, TALL, DROPPED_TALL = DRAWN, Correction("approve", Box(0, 0, 20, 30)), Correction("drop", Box(0, 0, 20, 30))


@pytest.mark.parametrize(
    ("corrections", "alone", "each"),
    [
        ([], None, None),
        ([SQUARE], SQUARE, None),
        ([SQUARE, TALL], TALL, TALL),
        ([DROPPED_TALL, SQUARE], SQUARE, DROPPED_TALL),
        ([DROPPED_TALL], DROPPED_TALL, DROPPED_TALL),
        ([Correction("drop", SQUARE.box)], Correction("drop", SQUARE.box), None),
    ],
)
def test_of_several_corrections_the_one_of_the_crops_shape_goes_first(corrections, alone, each):
    assert pick_correction(corrections, [HIGH]) == alone
    assert pick_correction(corrections, [HIGH], alone=False) == each


def test_nothing_is_known_of_no_content():
    corrections = Corrections([("0" * 32, "a.png", (DRAWN,))])
    assert corrections.of("a.png", None) == ()
    assert corrections.of("a.png", "1" * 32) == ()
    assert corrections.of("b.png", "0" * 32) == (DRAWN,)
    assert list(Corrections()) == []


# Buckets


@pytest.fixture
def sorted_folder(folder):
    for index in range(4):
        folder.add(f"more/{index}.png", (90, 60) if index % 2 else (60, 90), 10 + index)
    grid = parse_grid("64x96,96x64", 64)
    settings = folder.settings(
        format="png", buckets=BucketSettings(grid, 64), dataset=Plain(), constraint=Constraint(min_share=1.0)
    )
    folder.crop(settings)
    folder.bucket_settings = settings
    return folder


def test_a_corrected_picture_keeps_its_box_and_its_bucket(sorted_folder):
    assert the_crop(sorted_folder, "more/0.png").bucket == (64, 96)
    decide(sorted_folder, "more/0.png", Correction("box", Box(6, 20, 45, 30)))  # of the other bucket
    outcome = sorted_folder.crop(sorted_folder.bucket_settings)
    crop = the_crop(sorted_folder, "more/0.png")
    assert (crop.bucket, crop.box, outcome.corrected) == ((96, 64), (6, 20, 45, 30), 1)
    source = Image.open(sorted_folder.photos / "more/0.png").convert("RGB")
    written = np.asarray(Image.open(sorted_folder.out / crop.file).convert("RGB")).astype(int)
    expected = np.asarray(source.crop((6, 20, 51, 50)).resize((96, 64), Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(written - expected).mean() < 4


def test_a_dropped_picture_is_in_no_bucket_and_told_in_the_report(sorted_folder):
    file = the_crop(sorted_folder, "more/0.png").file
    decide(sorted_folder, "more/0.png", Correction("drop", Box(*the_crop(sorted_folder, "more/0.png").box)))
    outcome = sorted_folder.crop(sorted_folder.bucket_settings)
    record = records(sorted_folder)["more/0.png"]
    assert (record.status, record.reason, len(record.crops)) == (DROPPED, BY_HAND, 1)
    assert outcome.report.left_out == [f"more/0.png: {BY_HAND}"]
    assert not (sorted_folder.out / file).exists()
    again = sorted_folder.crop(sorted_folder.bucket_settings)
    assert (again.dropped, again.crops) == (1, 6)


def test_a_stopped_bucket_run_measures_a_corrected_picture_again(sorted_folder):
    other = replace(sorted_folder.bucket_settings, format="jpg")

    def stop(step):
        if step.done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sorted_folder.crop(other, progress=stop)
    decide(sorted_folder, "more/0.png", Correction("approve", Box(0, 10, 60, 40)))
    outcome = sorted_folder.crop(other)
    assert (the_crop(sorted_folder, "more/0.png").box, outcome.resumed) == ((0, 10, 60, 40), 6)
