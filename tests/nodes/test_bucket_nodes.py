"""Bucket Sort, Crop Folder and Save Dataset in a stand-in host."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from comfy_stub import Interrupted
from PIL import Image
from sd_scripts import no_upscale_bucket

from salient_crop.datasets.formats import get_format

SIZES = [(600, 400), (400, 600), (620, 400), (500, 500), (390, 600), (610, 410), (512, 512), (900, 400)]


@pytest.fixture
def run(nodes):
    def call(name, /, **given):
        node = nodes[f"SalientCrop_{name}"]
        schema = node.define_schema()
        values = {each.id: each.default for each in schema.inputs if hasattr(each, "default")}
        values.update(given)
        if getattr(schema, "is_input_list", False):
            values = {key: value if isinstance(value, list) else [value] for key, value in values.items()}
        return node.execute(**values).result

    return call


@pytest.fixture
def cropper(run):
    (loaded,) = run("LoadCropper", cropper="smartcrop")
    return loaded


def pictures():
    """Grey pictures, each with a bright square at a place of its own, and a mask of that square."""
    images, masks = [], []
    for index, (width, height) in enumerate(SIZES):
        image, mask = torch.full((1, height, width, 3), 0.4), torch.zeros(1, height, width)
        left, top = (width - 100) * (index % 3) // 2, (height - 100) * (index % 2)
        image[:, top : top + 100, left : left + 100] = torch.tensor([0.9, 0.5 + index / 20, 0.4])
        mask[:, top : top + 100, left : left + 100] = 1
        images.append(image)
        masks.append(mask)
    return images, masks


def sorted_pictures(run, cropper, **more):
    images, masks = pictures()
    given = {"caption": [f"caption {i}" for i in range(8)], "name": [f"n{i}.jpg" for i in range(8)], "resolution": 512}
    return run("BucketSort", image=images, mask=masks, cropper=cropper, **{**given, "batch_size": 4, **more})


def test_every_picture_leaves_at_exactly_its_bucket_in_full_batches_and_in_step(run, cropper):
    images, captions, masks, buckets, indices, boxes, names, report, chart = sorted_pictures(run, cropper)
    assert sorted(indices) == list(range(8))
    assert captions == [f"caption {i}" for i in indices]
    assert names == [f"n{i}.jpg" for i in indices]
    seen = 0
    for image, mask, bucket, index, box in zip(images, masks, buckets, indices, boxes, strict=True):
        width, height = map(int, bucket.split("x"))
        assert image.shape == (1, height, width, 3)
        assert mask.shape == (1, height, width)
        # The mask shows the same square as the picture does, so both were cut alike.
        inside = mask[0] > 0.99
        if not inside.any():  # smartcrop sees more in edges than in this square
            continue
        seen += 1
        assert (image[0][inside][:, 0] - 0.9).abs().max() < 0.1  # what resizing rings
        assert box["x"] >= 0 and box["x"] + box["width"] <= SIZES[index][0]
    assert seen >= 6
    assert all(buckets.count(each) % 4 == 0 for each in set(buckets))
    assert buckets == sorted(buckets, key=ratio_of)
    assert "8 pictures in 2 buckets" in report
    assert chart.shape[0] == 1 and chart.shape[3] == 3


def ratio_of(bucket):
    width, height = map(int, bucket.split("x"))
    return width / height


def test_pictures_can_keep_their_order_and_repeat_to_fill_a_batch(run, cropper):
    images, *_, indices, _, _, report, _ = sorted_pictures(
        run, cropper, order="source", batch_size=5, remainder="repeat", buckets="auto:2"
    )
    assert indices == sorted(indices)
    assert len(indices) == 10
    assert set(indices) == set(range(8))
    assert report.count("used 2 times") == 2


def test_what_is_dropped_is_named(run, cropper):
    *_, indices, _, names, report, _ = sorted_pictures(run, cropper, batch_size=3, remainder="drop", buckets="auto:2")
    assert len(indices) == 6
    gone = {f"n{i}.jpg" for i in range(8)} - set(names)
    assert all(f"left out: {name}: the number of pictures is no multiple of the batch size" in report for name in gone)


def test_a_misspelt_grid_is_refused_by_name(run, cropper):
    with pytest.raises(ValueError, match="buckets: 'autos:3' is no bucket grid"):
        sorted_pictures(run, cropper, buckets="autos:3")


@pytest.mark.parametrize("layout", ["kohya", "ai-toolkit", "onetrainer", "diffusers", "comfyui", "plain"])
def test_a_saved_dataset_is_taken_by_its_trainer_as_it_is(run, cropper, host, layout):
    images, captions, masks, _, _, _, names, *_ = sorted_pictures(run, cropper)
    folder, report = run(
        "SaveDataset", image=images, caption=captions, mask=masks, name=names, layout=layout, concept="cat", repeats=3
    )
    out = host.base / "output" / "dataset"
    assert folder == str(out)
    files = [each for each in out.rglob("*.png") if "mask" not in each.relative_to(out).as_posix()]
    assert len(files) == 8
    for file in files:
        size = Image.open(file).size
        if layout == "kohya":
            assert no_upscale_bucket(size, 512 * 512) == size
        if layout == "ai-toolkit":
            assert get_format(layout)().recropped_size(size, 512) is None
        index = int(file.stem[1:])
        if layout != "diffusers":
            assert file.with_suffix(".txt").read_text(encoding="utf-8").strip() == f"caption {index}"
    if layout in ("kohya", "comfyui"):
        assert {each.parent.name for each in files} == {"3_cat"}
    if layout == "diffusers":
        lines = [json.loads(line) for line in (out / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
        assert [line["text"] for line in lines] == captions
        assert all((out / line["file_name"]).is_file() and (out / line["mask_file_name"]).is_file() for line in lines)
    assert len([each for each in out.rglob("*.png") if "mask" in each.relative_to(out).as_posix()]) == 8


def test_a_dataset_is_not_mixed_with_other_pictures(run, host):
    (host.base / "output" / "dataset").mkdir()
    Image.new("RGB", (8, 8)).save(host.base / "output" / "dataset" / "other.png")
    with pytest.raises(ValueError, match="already holds 1 other pictures"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], layout="onetrainer")
    with pytest.raises(ValueError, match="outside"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], folder="../../etc")
    with pytest.raises(ValueError, match="no name for a file"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], folder="new", name=["../up"])


def saved_folder(host):
    root = host.base / "input" / "set"
    root.mkdir()
    images, _ = pictures()
    for index, image in enumerate(images):
        Image.fromarray((image[0].numpy() * 255).astype(np.uint8)).save(root / f"p{index}.png")
        (root / f"p{index}.txt").write_text(f"caption {index}", encoding="utf-8")
    (root / "broken.png").write_bytes(b"no picture")
    return root


def test_a_folder_is_streamed_into_buckets_with_captions_and_its_failures_named(run, cropper, host):
    saved_folder(host)
    manifest, report, sheet = run(
        "CropFolder", folder="set", cropper=cropper, buckets="auto:2", resolution=512, batch_size=4, layout="kohya"
    )
    lines = [json.loads(line) for line in Path(manifest).read_text(encoding="utf-8").splitlines()]
    done = [line for line in lines if line["status"] == "ok"]
    assert len(done) == 8
    assert [line["source"] for line in lines if line["status"] == "failed"] == ["broken.png"]
    assert "broken.png" in report
    sizes = []
    for line in done:
        (crop,) = line["crops"]
        path = host.base / "output" / "crops" / crop["file"]
        assert list(Image.open(path).size) == crop["bucket"]
        assert path.with_suffix(".txt").read_text(encoding="utf-8").strip() == f"caption {line['source'][1]}"
        sizes.append(tuple(crop["bucket"]))
    assert all(sizes.count(each) % 4 == 0 for each in sizes)
    assert "p3.png" in " ".join(host.said)
    assert sheet.ndim == 4


def test_an_interrupted_folder_goes_on_where_it_was(run, cropper, host):
    saved_folder(host)
    given = {"folder": "set", "cropper": cropper, "buckets": "auto:2", "resolution": 512, "batch_size": 4}
    run("CropFolder", save_to="whole", **given)
    for after in (3, 4, 5):
        host.steps.clear()
        host.interrupt_after = after
        with pytest.raises(Interrupted):
            run("CropFolder", save_to="stopped", **given)
    host.interrupt_after = None
    run("CropFolder", save_to="stopped", **given)
    assert tree(host.base / "output" / "stopped") == tree(host.base / "output" / "whole")


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
