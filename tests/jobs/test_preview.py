"""From a manifest to tiles."""

import pytest

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.manifest import FAILED, OK, PictureRecord, read_manifest
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.preview import collect_tiles, picture_tile, sample_records


@pytest.mark.parametrize(
    ("total", "count", "kept"),
    [
        (0, 3, []),
        (1, 3, [0]),
        (3, 3, [0, 1, 2]),
        (4, 3, [0, 2]),  # every second: the third would make it uneven
        (5, 3, [0, 2, 4]),
        (7, 3, [0, 4]),
        (100, 4, [0, 32, 64, 96]),
        (5, 1, [0]),
    ],
)
def test_records_are_sampled_evenly_in_one_pass(total, count, kept):
    records = (PictureRecord(str(index), None, OK) for index in range(total))
    found, number = sample_records(records, count)
    assert [int(record.source) for record in found] == kept
    assert number == total


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
