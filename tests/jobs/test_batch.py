"""CropBatch and MeasureBatch: columns in, columns out, whatever the rows hold."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image

import salient_crop
from salient_crop import CropBatch, MeasureBatch, assign_buckets
from salient_crop.bucketing.grids import parse_grid

GRID = {"buckets": "512x512,448x576", "resolution": 512}


@pytest.fixture
def photographs(samples):
    return [samples / f"{name}.jpg" for name in ("astronaut", "cat", "coffee")]


def quick(**more):
    return CropBatch(**{"cropper": "smartcrop", "ratios": "1:1", "resolution": 128, **more})


def opened(data):
    return Image.open(io.BytesIO(data))


def test_a_picture_is_the_same_in_every_form_and_other_columns_stay(photographs):
    path = photographs[0]
    image = Image.open(path).convert("RGB")
    forms = [str(path), path.read_bytes(), image, np.asarray(image), {"bytes": path.read_bytes(), "path": None}]
    forms.append({"bytes": None, "path": str(path)})
    batch = {"image": forms, "caption": np.array(list("abcdef")), "n": list(range(6))}
    found = quick(format="png")(batch)
    assert found["caption"] is batch["caption"] and found["n"] == batch["n"] and found["image"] is forms
    assert len({tuple(each) for each in found["box"]}) == 1 and not any(found["error"])
    assert {opened(each).size for each in found["crop"]} == {(128, 128)}


def test_the_bytes_are_those_of_a_folder_run(photographs, tmp_path):
    given = {"ratios": "1:1,3:2", "resolution": 256, "cropper": "smartcrop"}
    salient_crop.crop_folder(photographs, tmp_path, **given)
    found = CropBatch(**given, workers=3)({"image": [each.read_bytes() for each in photographs]})
    assert found["crop"] == [(tmp_path / each.name).read_bytes() for each in photographs]


@pytest.mark.parametrize("bad", [b"", b"no picture", None, 7, "missing.jpg", np.zeros((0, 4, 3), np.uint8), {}, []])
def test_a_bad_picture_fails_alone_and_says_why(photographs, bad):
    found = quick()({"image": [photographs[1], bad, photographs[2]]})
    assert [bool(each) for each in found["error"]] == [False, True, False]
    assert found["crop"][1] is None and found["box"][1] is None and found["warnings"][1] == []
    assert found["crop"][2]


def test_a_crop_that_cuts_a_head_is_an_error_where_it_is_to_be_dropped(samples):
    given = {"image": [samples / "astronaut.jpg"]}
    kept = CropBatch(ratios="8:1")(given)
    assert any("head" in each for each in kept["warnings"][0]) and not kept["error"][0]
    dropped = CropBatch(ratios="8:1", on_cut="drop")(given)
    assert "head" in dropped["error"][0] and dropped["crop"][0] is None


def test_it_travels_by_its_arguments_without_its_weights(photographs):
    stage = CropBatch(ratios="1:1", resolution=64, prefix="new_")
    before = stage({"image": photographs[:1]})
    packed = pickle.dumps(stage)
    assert len(packed) < 2000
    again = pickle.loads(packed)
    assert again == stage and again({"image": photographs[:1]})["new_crop"] == before["new_crop"]


def test_arrays_come_out_where_no_format_is_asked_for(photographs):
    found = quick(format=None, resolution=None)({"image": photographs[:1]})
    (crop,), ((x, y, width, height),) = found["crop"], found["box"]
    assert (crop == np.asarray(Image.open(photographs[0]).convert("RGB"))[y : y + height, x : x + width]).all()


def test_an_empty_batch_has_the_columns_too():
    found = quick()({"image": []})
    assert found["crop"] == found["error"] == [] and "box" in found


def test_buckets_are_those_of_the_plan_or_the_best_of_each_picture(photographs):
    alone = CropBatch(cropper="smartcrop", **GRID)({"image": photographs})
    planned = ["448x576", "512x512", ""]
    found = CropBatch(cropper="smartcrop", **GRID)({"image": photographs, "bucket": planned})
    assert [opened(each).size for each in found["crop"][:2]] == [(448, 576), (512, 512)]
    assert found["bucket"] == planned and "no bucket" in found["error"][2]
    assert [f"{opened(each).width}x{opened(each).height}" for each in alone["crop"]] == alone["bucket"]


def test_two_passes_are_the_bucket_run_of_a_folder(photographs, tmp_path):
    given = {"cropper": "smartcrop", **GRID}
    columns = {"image": [each.read_bytes() for each in photographs]}
    measured = MeasureBatch(**given)(columns)
    buckets = assign_buckets(measured["losses"], **GRID, batch_size=3)
    assert len(set(buckets)) == 1  # three pictures, all in one batch
    found = CropBatch(**given)({**columns, "bucket": buckets})
    salient_crop.crop_folder(photographs, tmp_path, batch_size=3, **given)
    assert found["crop"] == [(tmp_path / each.name).read_bytes() for each in photographs]


def test_a_bad_picture_goes_into_no_bucket(photographs):
    measured = MeasureBatch(cropper="centre", **GRID)({"image": [photographs[0], b"bad"]})
    assert measured["size"] == [[512, 512], None] and measured["error"][1]
    assert len(measured["losses"][0]) == len(parse_grid(GRID["buckets"], 512).sizes)
    assert assign_buckets(measured["losses"], **GRID, smallest=1)[1] == ""


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CropBatch(ratios="0:1"), "0:1"),
        (lambda: CropBatch(ratios="1:1", buckets="auto:3"), "^ratios: does nothing with buckets"),
        (lambda: CropBatch(buckets="quantile:3"), "^buckets: .*all of them at once"),
        (lambda: CropBatch(format="bmp"), "^format must be one of"),
        (lambda: CropBatch(background=None), "^background: a jpg cannot be transparent"),
        (lambda: CropBatch(workers=0), "^workers"),
        (lambda: CropBatch(on_cut="run"), "^on_cut must be one of"),
        (lambda: CropBatch(most_enlarged=2.0), "^most_enlarged: does nothing without buckets"),
        (lambda: MeasureBatch(), "^buckets: name a grid"),
        (lambda: assign_buckets([[0.0]], **GRID), "^losses: .* has 2 sizes"),
        (lambda: quick()({"picture": []}), "^image: the batch has no column 'image'; it has 'picture'"),
        (lambda: quick()({"image": [], "box": []}), "^prefix: the batch has a column 'box' of its own"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"image": "photo.jpg"}, r"image: column 'image' must be a list of pictures, got one \(str\); with datasets"),
        ({"image": b"bytes"}, r"got one \(bytes\)"),
        ({"image": {"bytes": b"", "path": "photo.jpg"}}, r"got one \(dict\)"),
        ({"image": Image.new("RGB", (8, 8))}, r"got one \(Image\)"),
        ({"image": np.zeros((20, 30, 3), np.uint8)}, r"image: column 'image' is one picture, \[20, 30, 3\]"),
        ({"image": ["photo.jpg"], "caption": "a cat"}, r"batch: column 'caption' must have 1 rows"),
        ({"image": ["photo.jpg"], "n": [1, 2]}, r"batch: column 'n' must have 1 rows"),
    ],
)
def test_a_single_row_is_no_batch(row, complaint):
    with pytest.raises(ValueError, match=complaint):
        quick()(row)


def test_arrays_of_one_size_are_a_batch(photographs):
    pictures = np.stack([np.asarray(Image.open(each).convert("RGB").resize((60, 40))) for each in photographs])
    assert quick()({"image": pictures})["error"] == ["", "", ""]


def test_a_bucket_that_the_grid_has_not_fails_its_row(photographs):
    stage = CropBatch(cropper="smartcrop", **GRID)
    found = stage({"image": photographs[:2], "bucket": ["7x7", "512x512"]})
    assert found["error"] == ["bucket: 7x7 is none of 512x512,448x576", ""] and found["crop"][0] is None
