"""One way from pixels to analyses: the same photograph gives the same crop through every door."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.cli import main as cli
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.images.decode import Picture
from salient_crop.jobs.analyse import (
    ANALYSIS_SIDE,
    analyse_thumbnails,
    batch_size_on,
    sketch_of_tensor,
    thumbnail_of_tensor,
)
from salient_crop.jobs.picture import crop
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import best_crops

# A JPEG decoder reduces large photographs itself, a tensor is reduced by averaging: the thumbnails differ by a few
# levels, and so may the boxes, by a few pixels.
JPEG_LEVELS, JPEG_OVERLAP = 6, 0.97


class Recorder(Cropper):
    """Notes the shape of each batch; a picture's heat is its own brightness."""

    name = "recorder"

    def __init__(self):
        self.batches = []

    def analyse(self, images):
        self.batches.append(tuple(images.shape))
        return [Analysis(image.mean(0) + 0.01) for image in images]


def overlap(first, second):
    """Intersection over union of two boxes (x, y, width, height)."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(0, width) * max(0, height)
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)


def box_of_command(photo, folder, cropper, *words):
    source, out = folder / "in", folder / "out"
    source.mkdir(parents=True)
    shutil.copy(photo, source)
    assert cli.main(["crop", str(source), "--out", str(out), "--cropper", cropper, "--min-area", "0.6", *words]) == 0
    return json.loads((out / "manifest.jsonl").read_text("utf-8"))["crops"][0]["box"]


def boxes_through_every_door(photo, folder, cropper, nodes):
    """The box of a photograph's 2:3 crop by the name of the door."""
    boxes = {
        "command": box_of_command(photo, folder / "command", cropper, "--ratios", "2:3"),
        "bucket run": box_of_command(photo, folder / "bucket", cropper, "--buckets", "512x768", "--smallest", "1"),
    }
    pixels = np.asarray(Image.open(photo).convert("RGB"))
    (hosted,) = nodes["SalientCrop_LoadCropper"].execute(cropper=cropper).result
    image = torch.from_numpy(pixels.astype(np.float32) / 255)[None]
    box = (
        nodes["SalientCrop_ConstrainedCrop"]
        .execute(image=[image], ratio=["2:3"], width=[0], height=[0], cropper=[hosted])
        .result[2][0]
    )
    boxes["node"] = [box["x"], box["y"], box["width"], box["height"]]
    sources = {"path": photo, "bytes": photo.read_bytes(), "PIL": Image.open(photo), "array": pixels, "tensor": image}
    for door, source in sources.items():
        found = crop(source, "2:3", cropper=cropper, device="cpu")
        boxes[f"Python, {door}"] = found.box.as_list()
    thumbnails = {"path": Picture(photo).small(ANALYSIS_SIDE), "tensor": thumbnail_of_tensor(image[0])}
    for door, thumbnail in thumbnails.items():
        analyses = analyse_thumbnails(load_cropper(cropper), [thumbnail])
        boxes[door] = best_crops(analyses, [pixels.shape[1::-1]], Constraint((Ratio(2, 3),)))[0].box.as_list()
    return boxes


@pytest.mark.parametrize(("cropper", "suffix"), [("focus", ".jpg"), ("smartcrop", ".png")])
def test_a_photograph_gets_the_same_box_through_every_door(samples, tmp_path, nodes, cropper, suffix):
    photo = tmp_path / f"coffee{suffix}"  # 600×400: larger than the croppers' own size, smaller than what is drafted
    with Image.open(samples / "coffee.jpg") as image:
        image.save(photo, quality=90)
    boxes = boxes_through_every_door(photo, tmp_path, cropper, nodes)
    assert len(boxes) == 10
    assert set(map(tuple, boxes.values())) == {tuple(boxes["path"])}


def test_a_large_jpeg_gets_nearly_the_same_box_as_a_tensor(samples, tmp_path, nodes):
    boxes = boxes_through_every_door(samples / "two-dogs.jpg", tmp_path, "focus", nodes)
    files, pixels = (
        ("command", "bucket run", "path", "Python, path", "Python, bytes"),
        ("node", "tensor", "Python, array"),
    )
    assert len({tuple(boxes[door]) for door in files}) == 1
    assert len({tuple(boxes[door]) for door in (*pixels, "Python, tensor")}) == 1
    assert overlap(boxes["path"], boxes["tensor"]) >= JPEG_OVERLAP


@pytest.mark.parametrize(
    ("size", "thumbnail"),
    [
        ((1, 1), (1, 1)),
        ((300, 200), (300, 200)),  # never enlarged
        ((512, 512), (512, 512)),
        ((600, 513), (599, 512)),
        ((1500, 1030), (746, 512)),
        ((513, 5130), (410, 4096)),  # beyond 8:1 the long side is limited
    ],
)
def test_tensors_and_files_give_thumbnails_of_the_same_size(tmp_path, size, thumbnail):
    coarse = np.random.default_rng(0).integers(0, 255, (9, 7, 3), np.uint8)
    pixels = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))
    for suffix, levels in ((".png", 0), (".jpg", JPEG_LEVELS)):
        Image.fromarray(pixels).save(tmp_path / f"a{suffix}", quality=95)
        with Image.open(tmp_path / f"a{suffix}") as image:
            whole = np.asarray(image.convert("RGB"))
        ours = thumbnail_of_tensor(torch.from_numpy(whole.astype(np.float32) / 255))
        assert ours.shape[1::-1] == thumbnail
        small = Picture(tmp_path / f"a{suffix}").small(ANALYSIS_SIDE)
        assert small.shape == ours.shape
        assert np.abs(small.astype(int) - ours.astype(int)).max() <= levels


def test_tensors_of_any_range_and_kind_become_levels():
    values = torch.tensor([-0.5, 0.0, 0.5 / 255 - 1e-4, 0.5 / 255 + 1e-4, 1.0, 2.0])
    image = torch.stack([values, values, values, values - 9], 1)[None]  # the fourth channel is alpha
    assert thumbnail_of_tensor(image)[0, :, 1].tolist() == [0, 0, 0, 1, 255, 255]
    assert thumbnail_of_tensor(image.half())[0, :, 0].tolist() == [0, 0, 0, 1, 255, 255]


@pytest.mark.parametrize(("value", "level"), [(-0.5, 0), (1.5, 255), (-1e-6, 0), (1 + 1e-6, 255)])
def test_values_outside_the_range_become_its_ends(value, level):
    for side in (8, 1100):  # as it is, and reduced
        image = torch.full((side, side, 3), 0.5)
        image[: side // 2] = value
        assert thumbnail_of_tensor(image)[0, 0].tolist() == [level] * 3


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 0, 3), (4, 4, 2), (4, 4), (1, 4, 4, 3)])
def test_malformed_tensors_are_refused_by_name(shape):
    with pytest.raises(ValueError, match="image: expected"):
        thumbnail_of_tensor(torch.zeros(shape))


@pytest.mark.parametrize(("device", "size"), [("cpu", 1), (torch.device("cpu"), 1), ("cuda:1", 8), ("mps", 8)])
def test_only_a_gpu_works_in_batches(device, size):
    assert batch_size_on(device) == size


@pytest.mark.parametrize(
    ("widths", "batch_size", "batches"),
    [
        ([], 3, []),
        ([5], None, [1]),
        ([5, 5, 5], None, [1, 1, 1]),
        ([5], 3, [3]),  # filled up with copies
        ([5, 6, 5, 5, 5], 3, [3, 3, 3]),
    ],
)
def test_batches_are_full_and_of_one_size_and_answers_keep_their_order(widths, batch_size, batches):
    cropper = Recorder()
    thumbnails = [np.full((4, width, 3), 20 * index, np.uint8) for index, width in enumerate(widths)]
    for index, thumbnail in enumerate(thumbnails):
        thumbnail[0, index % 4] = 255
    analyses = analyse_thumbnails(cropper, thumbnails, "cpu", batch_size)
    assert [shape[0] for shape in cropper.batches] == batches
    assert [analysis.heatmap.shape[1] for analysis in analyses] == widths
    for index, analysis in enumerate(analyses):
        assert int(analysis.heatmap[0].argmax()) == index % 4


def test_values_reach_the_cropper_as_shares_of_the_range():
    seen = []

    class Looker(Recorder):
        def analyse(self, images):
            seen.append(images)
            return super().analyse(images)

    analyse_thumbnails(Looker(), [np.array([[[0, 51, 255]]], np.uint8)])
    assert seen[0].dtype == torch.float32
    assert seen[0].flatten().tolist() == pytest.approx([0, 0.2, 1])


def test_a_sketch_looks_like_the_thumbnail_and_is_made_of_fewer_pixels(samples):
    photo = np.asarray(Image.open(samples / "raccoon.jpg").convert("RGB").resize((1200, 900)))
    tensor = torch.from_numpy(photo.copy()).float() / 255
    sketch = sketch_of_tensor(tensor, 100)
    smooth = np.asarray(Image.fromarray(photo).resize((133, 100), Image.Resampling.BOX)).astype(float)
    assert sketch.shape == (100, 133, 3)
    assert np.abs(sketch - smooth).mean() < 8
    assert sketch_of_tensor(tensor[:2, :3], 100).shape == (2, 3, 3)
