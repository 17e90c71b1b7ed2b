"""From a manifest to tiles."""

import os
import weakref
from collections import Counter

import pytest

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import CropWarning
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.manifest import FAILED, OK, CropRecord, PictureRecord, read_manifest
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.preview import assurance_of, collect_tiles, most_doubtful, picture_tile, sample_records
from salient_crop.jobs.reopen import noted_ground


@pytest.mark.parametrize(
    ("total", "count", "kept"),
    [
        (0, 3, []),
        (1, 3, [0]),
        (3, 3, [0, 1, 2]),
        (4, 3, [0, 1, 2]),
        (5, 3, [0, 1, 3]),
        (7, 3, [0, 2, 4]),
        (100, 4, [0, 24, 50, 74]),
        (5, 1, [0]),
        (1000, 3, [0, 320, 672]),
    ],
)
def test_records_are_sampled_evenly_in_one_pass(total, count, kept):
    records = (PictureRecord(str(index), None, OK) for index in range(total))
    found, number = sample_records(records, count)
    assert [int(record.source) for record in found] == kept
    assert number == total


def crop_of(confidence, *codes):
    warnings = tuple(CropWarning(code, code) for code in codes)
    size = (9, 9)
    return CropRecord(None, "1:1", None, (0, 0, *size), 0.5, {}, 0.5, (0, 0), size, size, warnings, confidence)


DOUBTS = {
    "none": [crop_of(0.0)],
    "sure": [crop_of(0.9)],
    "two": [crop_of(0.95), crop_of(0.3)],
    "unknown": [crop_of(None)],
    "cut, sure": [crop_of(0.8, "head-sliced", "head-cut")],
    "sliced": [crop_of(0.4, "head-sliced")],
    "cut, unknown": [crop_of(None, "head-cut")],
    "failed": [],
    "cut": [crop_of(1.0), crop_of(0.2, "head-cut")],
    "none too": [crop_of(0.0)],
}
MOST_DOUBTFUL = ["cut", "cut, sure", "cut, unknown", "none", "none too", "two", "sliced", "sure", "unknown", "failed"]


@pytest.mark.parametrize("count", [1, 3, 10, 20])
def test_cut_heads_are_the_most_doubtful_and_what_is_unknown_the_least(count):
    records = (PictureRecord(name, (9, 9), OK, None, tuple(crops)) for name, crops in DOUBTS.items())
    found, total = most_doubtful(records, count, assurance_of)
    assert [record.source for record in found] == MOST_DOUBTFUL[:count]
    assert total == len(DOUBTS)


def test_of_many_records_only_those_that_are_shown_are_kept():
    alive = weakref.WeakSet()

    class Watched(str):
        """A name that tells while it is held."""

    def records():
        for index in range(500):
            name = Watched(index)
            alive.add(name)
            yield PictureRecord(name, (9, 9), OK, None, (crop_of(1 - index / 500),))
            del name
            assert len(alive) < 10

    found, total = most_doubtful(records(), 3, assurance_of)
    assert [record.source for record in found] == ["499", "498", "497"]
    assert total == 500
    assert most_doubtful(iter(()), 3, assurance_of) == ([], 0)


def test_tiles_come_in_order_with_a_step_each(folder, scripted):
    folder.crop()
    (folder.photos / "b.png").unlink()
    records = [*read_manifest(folder.out / "manifest.jsonl"), PictureRecord("z.jpg", None, FAILED, "truncated")]
    steps = []
    with Analyser(scripted()) as analyser:
        tiles = collect_tiles(records, folder.photos, analyser, 2, steps.append)
    assert [tile.name for tile in tiles] == ["a.png", "b.png", "trip/c.png", "z.jpg"]
    assert [(step.stage, step.done, step.total, step.record) for step in steps] == [
        ("drawing", index + 1, 4, record) for index, record in enumerate(records)
    ]
    assert tiles[1].note == "there is no such file (moved, deleted, or a broken link)"
    assert tiles[3].note == "failed: truncated"
    assert [tile.pixels is None for tile in tiles] == [False, True, False, True]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_picture_behind_a_link_out_of_the_folder_is_not_shown_but_said_how(folder, scripted, tmp_path):
    folder.crop()
    (folder.photos / "b.png").rename(tmp_path / "away.png")
    (folder.photos / "b.png").symlink_to(tmp_path / "away.png")
    with Analyser(scripted()) as analyser:
        tiles = collect_tiles(list(read_manifest(folder.out / "manifest.jsonl")), folder.photos, analyser, 1, print)
    assert tiles[1].note == "a link that leads out of the folder; --follow-links shows it"


def test_a_tile_names_ratio_and_size_of_a_crop_that_is_no_square(folder, scripted):
    cropper = scripted(0.9, 0.5)
    folder.crop(folder.settings(cropper, constraint=Constraint(ratios=(Ratio(2, 3),))), cropper)
    record = next(read_manifest(folder.out / "manifest.jsonl"))
    (crop,) = picture_tile(record, folder.photos, None).crops
    width, height = record.crops[0].box[2:]
    assert width < height
    assert crop.title == f"2:3   {width} × {height}"


def test_a_tile_shows_the_picture_its_heat_and_where_its_crop_lies(folder, scripted):
    folder.crop(cropper=scripted(0.9, 0.5))
    record = next(read_manifest(folder.out / "manifest.jsonl"))
    tile = picture_tile(record, folder.photos, Analyser(scripted(0.9, 0.5)))
    assert (tile.name, tile.note, tile.pixels.shape) == ("a.png", "48 × 32", (220, 330, 3))
    assert tile.heat.shape == (16, 16)
    assert tile.heat.argmax() == 8 * 16 + 14
    (crop,) = tile.crops
    x, y, width, height = record.crops[0].box
    assert crop.region == pytest.approx((x / 48, y / 32, (x + width) / 48, (y + height) / 32))
    assert crop.title == f"1:1   {width} × {height}"
    assert crop.note == f"keeps {record.crops[0].kept:.0%}   sure {record.crops[0].confidence:.0%}"
    assert crop.pixels.shape == (220, 220, 3)
    assert crop.warning == ""
    assert picture_tile(record, folder.photos, None).heat is None


@pytest.mark.parametrize(("confidence", "note"), [(0.256, "keeps 50%   sure 26%"), (None, "keeps 50%")])
def test_a_crop_of_unknown_confidence_says_nothing_of_it(folder, confidence, note):
    record = PictureRecord("a.png", (48, 32), OK, None, (crop_of(confidence),))
    (crop,) = picture_tile(record, folder.photos, None).crops
    assert crop.note == note


@pytest.mark.parametrize(("fill", "colour"), [(None, (0, 0, 255)), ((255, 0, 0), (255, 0, 0)), ("edge", None)])
def test_a_crop_lies_on_what_its_run_filled_canvas_with(folder, fill, colour):
    settings = folder.settings(
        constraint=Constraint(ratios=(Ratio(4, 1),)), fit="whole", fit_side="right", fill=fill, background=(0, 0, 255)
    )
    folder.crop(settings)
    manifest = folder.out / "manifest.jsonl"
    record = next(read_manifest(manifest))
    ground = noted_ground(manifest)
    (crop,) = picture_tile(record, folder.photos, None, ground=ground).crops
    drawn = crop.pixels[crop.pixels.shape[0] // 2, -3]
    before = crop.pixels[crop.pixels.shape[0] // 2, crop.pixels.shape[1] * 48 // 128 - 3]
    assert tuple(drawn) == colour if colour else abs(drawn.astype(int) - before).max() < 40


def test_a_random_choice_takes_each_as_often_and_keeps_their_order():
    seen = Counter()
    for seed in range(400):
        found, total = sample_records(iter(range(20)), 5, seed)
        assert total == 20 and found == sorted(found) and len(set(found)) == 5
        seen.update(found)
    assert min(seen.values()) > 60 and max(seen.values()) < 140  # 100 each
    assert sample_records(iter(range(3)), 5, 1) == ([0, 1, 2], 3)
    assert sample_records(iter(range(100)), 5, 1) == sample_records(iter(range(100)), 5, 1)
